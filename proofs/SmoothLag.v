(** * Smooth weighted round robin: how far behind or ahead a node can be

    Every node has a weight, and its share of the requests is its weight over the sum of the weights. Requests are
    whole, so that no order of picks gives everybody exactly its share all the time: at some moments a node is behind,
    at others ahead. Smooth weighted round robin (nginx, 2012) keeps account: at every request each node's lag grows by
    its share, the node with the greatest lag is picked, and a whole request is taken from its lag. Promised here: for k
    nodes nobody is ever more than H_k - 1 requests behind (1 + 1/2 + ... + 1/k less 1: 1.93 for ten nodes, 6.49 for a
    thousand) nor more than 1 - 1/k ahead. The shares may be others at every step, set by an operator, a controller, or
    an opponent.

    The model: lags are exact fractions, ties go to anybody, and whoever is picked is lent. Left out are nodes that are
    out (SmoothOut.v), and the engine's slow start, which passes over turns of a new node by lot. The engine's whole
    numbers are in SmoothInteger.v.

    How the proof goes: one bound for all sets of nodes at once. The nodes of a set S lag together by at most
    |S| (H_k - H_|S|). When the pick falls into S, the set gains at most 1 and loses 1. When it falls on e outside S,
    nobody in S is further behind than e, so that S has at most its fair part of what S with e has together; and S with
    e is a larger set, of which we know the bound. A set of one is the theorem. Ahead is easier: the node that is
    picked is furthest behind, so at least as far as the average, 1/k. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Evenly Require Import Harmonic.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section SmoothLag.
Variable R : realFieldType.
Variable k' : nat.
Let k := k'.+1.
Implicit Types (p L : 'I_k -> R) (e i : 'I_k) (S : {set 'I_k}).

(* The shares of one step: none below nothing, and together 1. *)
Definition dist p := (forall i, 0 <= p i) /\ \sum_i p i = 1.

(* Everybody's lag grows by its share, and who was picked, e, has had a request. *)
Definition step p L e : 'I_k -> R := fun i => L i + p i - (i == e)%:R.

(* The pick is furthest behind; among equals, anybody. *)
Definition greedy p L e := forall i, L i + p i <= L e + p e.

(* The lags that can come about, whatever the shares are from step to step. *)
Inductive reach : ('I_k -> R) -> Prop :=
| reach0 : reach (fun _ => 0)
| reachS p L e : dist p -> reach L -> greedy p L e -> reach (step p L e).

(* What a set is owed together, with a margin of c for each of its nodes: the margin is for lags that were rounded. *)
Definition within c L := forall S, \sum_(i in S) L i <= #|S|%:R * (H k - H #|S| + c).

Lemma sum_step p L e S : \sum_(i in S) step p L e i = \sum_(i in S) L i + \sum_(i in S) p i - (e \in S)%:R.
Proof.
rewrite /step sumrB big_split /=; congr (_ - _).
case: (boolP (e \in S)) => eS; last by rewrite big1 // => i iS; case: eqP => // ie; rewrite -ie iS in eS.
by rewrite (bigD1 e) //= eqxx big1 ?addr0 // => i /andP[_ /negbTE ->].
Qed.

Lemma sum_step_all p L e : dist p -> \sum_i step p L e i = \sum_i L i.
Proof.
have all (F : 'I_k -> R) : \sum_i F i = \sum_(i in [set: 'I_k]) F i by apply: eq_bigl => i; rewrite inE.
by case=> _ p1; rewrite !all sum_step -(all p) p1 inE addrK.
Qed.

Lemma sum_shares_le1 p S : dist p -> \sum_(i in S) p i <= 1.
Proof. by case=> p0 <-; rewrite [X in _ <= X](bigID (mem S)) ler_addl sumr_ge0. Qed.

Lemma card_leq_k S : (#|S| <= k)%N.
Proof. by rewrite -[k in (_ <= k)%N]card_ord max_card. Qed.

Lemma within_step c p L e : dist p -> greedy p L e -> within c L -> within c (step p L e).
Proof.
move=> dp gr IH S; rewrite sum_step; case: (boolP (e \in S)) => eS.
  (* The pick is inside S: it gains at most 1, and loses 1. *)
  by apply: le_trans (IH S); rewrite -addrA ger_addl subr_le0 sum_shares_le1.
(* The pick is outside: what S and e are owed together, Y + y, is bounded, and S has at most its part of that. *)
rewrite subr0 -big_split /=; set Y := \sum_(i in S) _; set y := L e + p e.
have Yy : Y <= #|S|%:R * y by rewrite mulr_natl -sumr_const; apply: ler_sum => i _; apply: gr.
have eS_k := IH (e |: S); have eS_1 := sum_shares_le1 (e |: S) dp.
rewrite !big_setU1 //= cardsU1 eS add1n HS in eS_k eS_1.
set j := #|S| in Yy eS_k *; have j0 : 0 < j.+1%:R :> R by rewrite ltr0n.
have both : Y + y <= j.+1%:R * (H k - H j + c).
  have -> : j.+1%:R * (H k - H j + c) = j.+1%:R * (H k - (H j + j.+1%:R^-1) + c) + 1.
    by field; rewrite -mulrS pnatr_eq0.
  by rewrite /Y /y big_split /= addrC addrACA ler_add.
rewrite -(ler_pmul2l j0) mulrCA; apply: (@le_trans _ _ (j%:R * (Y + y))); last by apply: ler_wpmul2l; rewrite ?ler0n.
by rewrite mulrS mulrDl mul1r mulrDr addrC ler_add2l.
Qed.

(** The lags always add up to nothing: what some are behind, the others are ahead.
    Law: smooth_bounds. Engine: crates/core/src/pick/turns.rs. *)
Theorem reach_sum0 L : reach L -> \sum_i L i = 0.
Proof. by elim=> [|p {}L e dp _ IH _]; [rewrite big1 | rewrite sum_step_all]. Qed.

(** The nodes of a set S are together at most |S| (H_k - H_|S|) requests behind their shares, also when the weights
    are others at every step.
    Law: smooth_bounds, smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem swrr_set L : reach L -> forall S, \sum_(i in S) L i <= #|S|%:R * (H k - H #|S|).
Proof.
move=> rL S; rewrite -[_ - _]addr0.
elim: rL S => [|p {}L e dp _ IH gr]; last exact: within_step.
by move=> S; rewrite big1 // addr0 mulr_ge0 ?ler0n // subr_ge0 H_leq // card_leq_k.
Qed.

(** No node is ever more than H_k - 1 requests behind its share, also when the weights are others at every step.
    Law: smooth_bounds, smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem swrr_lag L i : reach L -> L i <= H k - 1.
Proof. by move=> rL; have := swrr_set rL [set i]; rewrite big_set1 cards1 mul1r H1. Qed.

(* The greatest is at least the average, and all together are 1: so whoever is picked is at least 1/k behind. *)
Lemma lead_step c p L e : 0 <= c -> dist p -> greedy p L e -> \sum_i L i = 0 ->
  (forall i, - (1 - k%:R^-1 + c) <= L i) -> forall i, - (1 - k%:R^-1 + c) <= step p L e i.
Proof.
move=> c0 [p0 p1] gr L0 IH i; rewrite /step; case: eqP => [->|_]; last first.
  by rewrite subr0; apply: le_trans (IH i) _; rewrite ler_addl.
have k0 : 0 < k%:R :> R by rewrite ltr0n.
rewrite opprD opprB -addrA addrC -[X in _ <= X]addrC -addrA ler_add2l.
apply: (@le_trans _ _ k%:R^-1); first by rewrite ger_addr oppr_le0.
rewrite -(ler_pmul2l k0) mulfV ?gt_eqF //.
apply: (@le_trans _ _ (\sum_j (L j + p j))); first by rewrite big_split /= L0 p1 add0r.
by rewrite mulr_natl -[k in _ *+ k]card_ord -sumr_const; apply: ler_sum => j _; apply: gr.
Qed.

(** No node is ever more than 1 - 1/k requests ahead of its share, also when the weights are others at every step.
    Law: smooth_bounds, smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem swrr_lead L i : reach L -> - (1 - k%:R^-1) <= L i.
Proof.
move=> rL; rewrite -[_ - _]addr0.
elim: rL i => [|p {}L e dp rL IH gr]; last by apply: lead_step => //; apply: reach_sum0.
by move=> i; rewrite addr0 oppr_le0 subr_ge0 invf_le1 ?ltr0n // ler1n.
Qed.

End SmoothLag.
