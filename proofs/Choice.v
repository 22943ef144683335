(** * Choice: a key's own order of the nodes, and why so few keys ever move

    Every hash strategy gives each key an order of its own over the nodes: around a ring, clockwise from the key's
    place; by rendezvous, by score. A request goes to the first node of that order that may be lent. That alone,
    whatever the hash, is why a cache keeps its contents and a session its server: a node that joins takes keys only to
    itself, a node that leaves, fails or is full gives up only its own, and what it gave up comes back with it.

    The model: a score for each node, the least is the best, no two alike (the engine settles ties by the node's id). By
    rendezvous the score is the place in the descending order of w / -ln u. On a ring each point has a score, its
    distance clockwise from the key, and a node has many points, more of them when it is heavier; that is said apart.
    How hashes are computed is left out: nothing here depends on it. That the engine finds the point at the least
    distance is proved in Ring.v.

    The proofs only compare: what was the least of more nodes is the least of fewer, while it is among them.
    (D. Karger et al., Consistent hashing and random trees, STOC 1997; D. Thaler, C. Ravishankar, 1996.) *)
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** A key's node among the nodes of S: the one with the least score. *)
Definition is_pick (N : finType) (score : N -> nat) (S : {set N}) (n : N) :=
  n \in S /\ forall m, m \in S -> score n <= score m.

Section OneKey.
Variables (N : finType) (score : N -> nat).
Hypothesis no_ties : injective score.
Implicit Types (S D : {set N}) (n m : N).

(** As long as the nodes stand, a key has one node and no other.
    Law: affinity. Engine: crates/core/src/pick/rendezvous.rs, crates/core/src/pick/consistent_hash.rs. *)
Theorem pick_uniq S n m : is_pick score S n -> is_pick score S m -> n = m.
Proof. by move=> [nS hn] [mS hm]; apply/no_ties/eqP; rewrite eqn_leq hn ?hm. Qed.

(** As soon as there is a node, every key has one: no key falls off the end, as it does without a wrap-around.
    Law: every_key_has_a_node. Engine: crates/core/src/pick/rendezvous.rs, crates/core/src/pick/consistent_hash.rs. *)
Theorem pick_exists S m : m \in S -> exists n, is_pick score S n.
Proof. by move=> mS; exists [arg min_(n < m | n \in S) score n]; case: arg_minnP => // n nS le; split. Qed.

(** After nodes have joined, a key is where it was, or on one of the new nodes.
    Law: joining_is_monotone. Engine: crates/core/src/pick/rendezvous.rs, crates/core/src/pick/consistent_hash.rs. *)
Theorem join_monotone S D n n' : is_pick score S n -> is_pick score (S :|: D) n' -> n' = n \/ n' \in D.
Proof.
move=> pn [n'SD h]; move: (n'SD); rewrite inE => /orP[n'S|]; last by right.
by left; apply: pick_uniq pn; split=> // m mS; apply: h; rewrite inE mS.
Qed.

(** After nodes have left, a key whose node stayed is where it was: only the keys of those that left are elsewhere.
    Law: leaving_is_minimal. Engine: crates/core/src/pick/rendezvous.rs, crates/core/src/pick/consistent_hash.rs. *)
Theorem leave_minimal S D n n' : is_pick score S n -> n \notin D -> is_pick score (S :\: D) n' -> n' = n.
Proof.
move=> [nS h] nD pn'; apply: pick_uniq pn' _; split; first by rewrite inE nD.
by move=> m /setDP[mS _]; apply: h.
Qed.
End OneKey.

Section Points.
Variables (P N : finType) (distance : P -> nat) (owner : P -> N).
Hypothesis no_two_alike : injective distance.

(** On a ring a node is its points: when a node joins, or grows heavier and has more of them, a key is where it was or
    on that node.
    Law: joining_is_monotone, reweighing_is_monotone. Engine: crates/core/src/pick/consistent_hash.rs. *)
Theorem more_points_take_to_themselves (S D : {set P}) new p p' : (forall q, q \in D -> owner q = new) ->
  is_pick distance S p -> is_pick distance (S :|: D) p' -> owner p' = owner p \/ owner p' = new.
Proof. by move=> own /(join_monotone no_two_alike) mono /mono[->|/own]; [left|right]. Qed.

(** When a node leaves a ring, or grows lighter and has fewer points, only its own keys are elsewhere.
    Law: leaving_is_minimal, reweighing_is_monotone. Engine: crates/core/src/pick/consistent_hash.rs. *)
Theorem fewer_points_give_their_own (S D : {set P}) gone p p' : (forall q, q \in D -> owner q = gone) ->
  is_pick distance S p -> owner p != gone -> is_pick distance (S :\: D) p' -> owner p' = owner p.
Proof.
move=> own pp stays pp'; congr owner; apply: (leave_minimal no_two_alike pp) pp'.
by apply: contra stays => /own->.
Qed.
End Points.

Section Weights.
Variables (N : finType) (before after : N -> nat) (S : {set N}) (changed n n' : N).
Hypotheses (no_ties_before : injective before) (no_ties_after : injective after).
Hypothesis others_stand : forall m m', m != changed -> m' != changed -> (after m <= after m') = (before m <= before m').

(** When a node grows heavier, it comes before more of the others and the others stand among themselves as they did:
    a key stays where it was, or moves to that node.
    Law: reweighing_is_monotone. Engine: crates/core/src/pick/rendezvous.rs. *)
Theorem heavier_takes_to_itself :
  is_pick before S n -> is_pick after S n' ->
  (forall m, before changed <= before m -> after changed <= after m) -> n' = n \/ n' = changed.
Proof.
move=> [nS hn] [n'S hn'] up; case: (altP (n' =P changed)) => [->|n'c]; [by right|left].
case: (altP (n =P changed)) => [nc|nc]; last first.
  by apply/no_ties_before/eqP; rewrite eqn_leq -others_stand ?hn' ?hn.
by apply/no_ties_after/eqP; rewrite eqn_leq hn' //= nc up // -nc hn.
Qed.

(** When a node grows lighter, only its own keys move.
    Law: reweighing_is_monotone. Engine: crates/core/src/pick/rendezvous.rs. *)
Theorem lighter_gives_only_its_own :
  is_pick before S n -> is_pick after S n' ->
  (forall m, before m <= before changed -> after m <= after changed) -> n != changed -> n' = n.
Proof.
move=> [nS hn] [n'S hn'] down nc; apply/no_ties_after/eqP; rewrite eqn_leq hn' //=.
case: (altP (n' =P changed)) => [n'c|n'c]; last by rewrite others_stand ?hn.
by rewrite n'c down // -n'c hn.
Qed.
End Weights.

(** The engine's walk: the first of the key's own order that the gate lets through. A ring names a node once for each
    of its points; only the first time counts. *)
Definition walk (T : Type) (order : seq T) (lets : pred T) : option T := ohead (filter lets order).

Lemma walkP (T : eqType) (order : seq T) (lets : pred T) n :
  walk order lets = Some n <->
  [/\ n \in order, lets n & forall m, m \in order -> lets m -> index n order <= index m order].
Proof.
rewrite /walk; elim: order => [|a order IH] /=; first by split=> // -[].
case: ifP => la; split=> /=.
- by case=> <-; rewrite mem_head eqxx; split.
- by case=> _ _ /(_ a (mem_head _ _) la); rewrite eqxx; case: eqP => // ->.
- case/IH => nin ln le; have an : (a == n) = false by apply: contraFF la => /eqP->.
  split=> // [|m]; first by rewrite inE nin orbT.
  rewrite an inE eq_sym; case: (a =P m) => [<-|_] /=; first by rewrite la.
  by move=> min lm; rewrite ltnS le.
- case=> nin ln le; have an : (a == n) = false by apply: contraFF la => /eqP->.
  apply/IH; split=> // [|m min lm]; first by move: nin; rewrite inE eq_sym an.
  have am : (a == m) = false by apply: contraFF la => /eqP->.
  by have := le m; rewrite inE min orbT an am ltnS; apply.
Qed.

(** Walking the key's own order past the nodes that are out is choosing the least score among those that are in: so what
    is true of nodes that join and leave is true of nodes that are drained, ejected, full and back again.
    Law: affinity_survives. Engine: crates/core/src/pick/bounded.rs. *)
Theorem walk_is_pick (N : finType) (order : seq N) : (forall m, m \in order) ->
  injective (index^~ order) /\
  forall lets n, walk order lets = Some n <-> is_pick (index^~ order) [set m | lets m] n.
Proof.
move=> all; split=> [m n|lets n]; first by rewrite -{2}(nth_index m (all m)) => /= ->; rewrite nth_index.
rewrite walkP; split=> [[_ ln le]|[ln le]]; first by split=> [|m]; rewrite inE //; apply: le.
by rewrite inE in ln; split=> // m _ lm; apply: le; rewrite inE.
Qed.

(** A node that is passed over is to every key as if it had never been listed.
    Law: out_is_as_if_gone. Engine: crates/core/src/pick/bounded.rs. *)
Theorem out_is_absent (T : Type) (order : seq T) (lets stays : pred T) :
  walk order (predI lets stays) = walk (filter stays order) lets.
Proof. by rewrite /walk filter_predI. Qed.

(** While nodes are away, their keys move and no others; and when all of them are back, every key is where it was.
    Law: affinity_survives. Engine: crates/core/src/pick/bounded.rs. *)
Theorem away_moves_only_its_own (T : eqType) (order : seq T) (lets stays : pred T) n :
  let away := predI lets stays in
  let back := predU away (predI lets (predC stays)) in
  walk order lets = Some n -> (walk order away == Some n) = stays n /\ walk order back = Some n.
Proof.
move=> away back own; split.
  apply/eqP/idP => [/walkP[_ /andP[]] // | sn]; move: own => /walkP[nin ln le].
  by apply/walkP; split=> //=; [rewrite ln | move=> m min /andP[lm _]; apply: le].
by rewrite -own; congr ohead; apply: eq_filter => m /=; rewrite -andb_orr orbN andbT.
Qed.

(** The walk along a key's order finds a node whenever the order names one that may be lent.
    Law: capacity. Engine: crates/core/src/pick/bounded.rs. *)
Theorem walk_finds (T : eqType) (order : seq T) (lets : pred T) m :
  m \in order -> lets m -> exists2 n, walk order lets = Some n & lets n.
Proof.
move=> min lm; rewrite /walk; case E: (filter lets order) => [|n s] /=.
  by have := mem_filter lets m order; rewrite E lm min.
by exists n => //; have := mem_filter lets n order; rewrite E mem_head => /esym/andP[].
Qed.

(** A ring of three nodes with two points each: node 2 is the key's own; while it is out the next is 0, and while that
    is out too, 1.
    Law: affinity_survives. Engine: crates/core/src/pick/consistent_hash.rs. *)
Example walk_around_a_ring :
  let order := [:: 2; 0; 2; 1; 0; 1] in
  [:: walk order xpredT; walk order (predC1 2); walk order (fun n => n == 1); walk order xpred0]
  = [:: Some 2; Some 0; Some 1; None].
Proof. by vm_compute. Qed.
