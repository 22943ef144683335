(** * Shares: how many keys a node has, and how many a new one takes

    A good hash prefers no node: for a random key every ranking of the nodes is as likely as any other. So shares can
    be counted, and no probability is needed: of all (k+1)! rankings of k+1 equal nodes, the new node is first in k!,
    which is one in k+1. That is what a join costs a cache on average: 1/(k+1) of its keys, and not the 1/k that is
    often told. The same number is what a departure costs.

    A node of weight w takes part with w tickets, as a ring gives it so many times more points; then it is first in
    exactly w/W of the rankings, W being all tickets. Rendezvous by -w / ln u has the same share for weights that are no
    whole numbers, which needs an integral and is not proved here.

    The proofs exchange two nodes in every ranking: that pairs off the rankings that the one leads with those that the
    other leads. *)
From mathcomp Require Import all_ssreflect all_fingroup.
From Evenly Require Import Choice.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Rankings.
Variable n : nat.
(** A ranking gives each of n+1 nodes a place; place 0 is the first. *)
Implicit Types (s : {perm 'I_n.+1}) (i j : 'I_n.+1) (S : {set 'I_n.+1}).

(** The rankings that node i leads. *)
Definition first i := [set s : {perm 'I_n.+1} | s i == ord0].

Lemma leaderP s i : (s \in first i) = ((s^-1)%g ord0 == i).
Proof. by rewrite inE; apply/eqP/eqP => [<-|<-]; rewrite ?permK ?permKV. Qed.

(** Of equal nodes each leads as many rankings as any other.
    Law: new_node_share. Engine: crates/core/src/pick/consistent_hash.rs, crates/core/src/pick/rendezvous.rs. *)
Theorem first_card_eq i j : #|first i| = #|first j|.
Proof.
have inj : injective (fun s : {perm 'I_n.+1} => tperm i j * s)%g by move=> s1 s2 /mulgI.
rewrite -(card_imset _ inj); apply: eq_card => s; apply/imsetP/idP => [[s' + ->]|].
  by rewrite !inE permM tpermR.
rewrite inE => sj; exists (tperm i j * s)%g; last by rewrite mulgA tperm2 mul1g.
by rewrite inE permM tpermL.
Qed.

(** One of k+1 equal nodes leads 1/(k+1) of all (k+1)! rankings, exactly.
    Law: new_node_share. Engine: crates/core/src/pick/consistent_hash.rs, crates/core/src/pick/rendezvous.rs. *)
Theorem new_node_share i : n.+1 * #|first i| = (n.+1)`!.
Proof.
rewrite -card_Sn -[RHS]sum1_card (partition_big (fun s : {perm 'I_n.+1} => (s^-1)%g ord0) xpredT) //=.
rewrite (eq_bigr (fun _ => #|first i|)) ?sum_nat_const ?card_ord // => j _.
by rewrite (first_card_eq i j) -sum1_card; apply: eq_bigl => s; rewrite leaderP.
Qed.

(** The node of a key that ranks the nodes so, among those of S; None if there is no node. *)
Definition node_of s S := [pick j | (j \in S) && [forall m in S, s j <= s m]].

Lemma node_ofP s S j : node_of s S = Some j <-> is_pick (fun i => s i) S j.
Proof.
have inj : injective (fun i => s i : nat) by move=> a b /val_inj/perm_inj.
rewrite /node_of; case: pickP => [a /andP[aS /forallP le]|none]; split=> //.
- by case=> <-; split=> // m mS; have := le m; rewrite mS.
- by move=> pj; congr Some; apply: pick_uniq pj => //; split=> // m mS; have := le m; rewrite mS.
- by case=> jS le; have := none j; rewrite jS => /negbT/forallPn[m]; rewrite negb_imply => /andP[/le->].
Qed.

(** When a node joins k others, exactly 1/(k+1) of all rankings give the key another node than before; when one of k+1
    nodes leaves, it is as many.
    Law: new_node_share. Engine: crates/core/src/pick/consistent_hash.rs, crates/core/src/pick/rendezvous.rs. *)
Theorem moved_share new : n.+1 * #|[set s : {perm 'I_n.+1} | node_of s setT != node_of s (~: [set new])]| = (n.+1)`!.
Proof.
rewrite -(new_node_share new); congr (_ * _); apply: eq_card => s; rewrite leaderP inE.
have all : node_of s setT = Some ((s^-1)%g ord0) by apply/node_ofP; split=> // m _; rewrite permKV.
rewrite all; have [<-|ne] := altP (_ =P new).
  by apply/eqP => /esym/node_ofP[]; rewrite !inE eqxx.
apply/negbTE; rewrite negbK; apply/eqP/esym/node_ofP; split=> [|m _]; first by rewrite !inE.
by rewrite permKV.
Qed.

(** Tickets: ticket t is that of node [owner t], and a node weighs as much as it has tickets. *)
Variables (k : nat) (owner : 'I_n.+1 -> 'I_k).
Definition weight (i : 'I_k) := #|[set t | owner t == i]|.
(** The rankings of all tickets that begin with one of node i. *)
Definition wins (i : 'I_k) := [set s : {perm 'I_n.+1} | owner ((s^-1)%g ord0) == i].

(** Of all rankings of W tickets exactly w/W begin with one of the w tickets of a node: with so many points for each
    unit of weight, that is its share of a ring, on average over rings.
    Law: tickets_share. Engine: crates/core/src/pick/consistent_hash.rs. *)
Theorem ticket_share (i : 'I_k) : n.+1 * #|wins i| = weight i * (n.+1)`!.
Proof.
rewrite -(new_node_share ord0) mulnCA; congr (_ * _).
rewrite /weight -[in RHS]sum1dep_card big_distrl /= -sum1_card.
rewrite (partition_big (fun s : {perm 'I_n.+1} => (s^-1)%g ord0) (fun t => owner t == i)) /=; last first.
  by move=> s; rewrite inE.
apply: eq_bigr => t /eqP ti; rewrite mul1n (first_card_eq ord0 t) -sum1_card; apply: eq_bigl => s.
by rewrite leaderP inE; have [->|_] := altP (_ =P t); rewrite ?ti ?eqxx ?andbF.
Qed.
End Rankings.

(** Weights 1, 2 and 1: of the 24 orders of four tickets, 6, 12 and 6 begin with one of the node's.
    Law: tickets_share. Engine: crates/core/src/pick/consistent_hash.rs. *)
Example four_tickets :
  let owner t := nth 0 [:: 0; 1; 1; 2] t in
  let orders := permutations (iota 0 4) in
  [seq count (fun order => owner (head 0 order) == i) orders | i <- [:: 0; 1; 2]] = [:: 6; 12; 6].
Proof. by vm_compute. Qed.
