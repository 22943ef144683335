(** * Efficiency: how even the most even split can be

    A textbook promise says that a good balancer keeps the least loaded node at 1 - 1/k of the most loaded one or
    better. Of one request over two nodes that is false, whoever balances. Requests are whole: T of them over k nodes
    cannot be split more evenly than with floor(T/k) here and ceil(T/k) there. So the promise can be kept if and only
    if k divides T, or T is above k (k - 1): an alarm on the ratio of the least to the most loaded node is worth
    nothing below that many requests.

    The model: a split is any way to give k nodes whole numbers of requests that add up to T. The engine's least
    connections reaches the best split at every T (LeastConnections.v), round robin does whenever it starts afresh
    (RoundRobin.v).

    How the proof goes: some node has floor(T/k) or less and some has ceil(T/k) or more, so no split beats the best
    one; for that one the question is an inequality between whole numbers. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Efficiency.
Variable k : nat.

(** All that T requests can be split into. *)
Definition split_of T (x : 'I_k -> nat) := \sum_i x i = T.

(** The least loaded node has at least 1 - 1/k of what the most loaded one has (0 of 0 is all of it). *)
Definition efficient (x : 'I_k -> nat) := forall i j, (k - 1) * x j <= k * x i.

(** The best split: one request more for the first T mod k nodes. *)
Definition best T (i : nat) := T %/ k + (i < T %% k).

Lemma best_splits T : 0 < k -> split_of T (best T).
Proof.
move=> k0; rewrite /split_of big_split /= sum_nat_const card_ord mulnC {3}(divn_eq T k); congr (_ + _).
rewrite -(big_mkord xpredT (fun i => nat_of_bool (i < T %% k))).
rewrite (@big_cat_nat _ _ _ (T %% k)) ?(ltnW (ltn_pmod T k0)) //=.
rewrite (@eq_big_nat _ _ _ 0 _ _ (fun=> 1)); last by move=> i /andP[_ ->].
rewrite (@eq_big_nat _ _ _ _ k _ (fun=> 0)); last by move=> i /andP[le _]; rewrite ltnNge le.
by rewrite !sum_nat_const_nat subn0 muln1 muln0 addn0.
Qed.

Lemma someone_has_little T x : split_of T x -> 0 < k -> exists i, x i <= T %/ k.
Proof.
move=> xT k0; case: (pickP (fun i => x i <= T %/ k)) => [i le|no]; first by exists i.
have : \sum_(i < k) (T %/ k).+1 <= T by rewrite -{2}xT; apply: leq_sum => i _; rewrite ltnNge no.
by rewrite sum_nat_const card_ord mulnC leqNgt {1}(divn_eq T k) mulSn addnC ltn_add2r ltn_pmod.
Qed.

Lemma someone_has_much T x : split_of T x -> 0 < k -> exists i, T %/ k + (0 < T %% k) <= x i.
Proof.
move=> xT k0; case: (pickP (fun i => T %/ k + (0 < T %% k) <= x i)) => [i le|no]; first by exists i.
have : \sum_i (x i + 1) <= \sum_(i < k) (T %/ k + (0 < T %% k)).
  by apply: leq_sum => i _; rewrite addn1 ltnNge no.
rewrite big_split /= xT !sum_nat_const card_ord muln1.
by have := divn_eq T k; have := ltn_pmod T k0; case: posnP => ?; nia.
Qed.

(** No split of T whole requests over k nodes is more even than the one into floor(T/k) and ceil(T/k): whatever part
    of its greatest share its least share is, of that one it is as much or more.
    Law: efficiency. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem no_split_is_more_even T x (a b : nat) : 0 < k -> split_of T x ->
  (forall i j, a * x j <= b * x i) -> forall i j, a * best T j <= b * best T i.
Proof.
move=> k0 xT even i j; have [l lo] := someone_has_little xT k0; have [h hi] := someone_has_much xT k0.
have bj : best T j <= x h by apply: leq_trans hi; rewrite leq_add2l; case: (T %% k) => [|n]; rewrite ?ltn0 ?leq_b1.
have bi : x l <= best T i by apply: (leq_trans lo); rewrite leq_addr.
by apply: (leq_trans (leq_mul (leqnn a) bj)); apply: leq_trans (even l h) _; rewrite leq_mul2l bi orbT.
Qed.

(** T whole requests can be split over k nodes with least/greatest >= 1 - 1/k if and only if k divides T or T > k (k -
    1).
    Law: efficiency. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem efficiency_iff T : 0 < k ->
  (exists2 x, split_of T x & efficient x) <-> (k %| T \/ k * (k - 1) < T).
Proof.
move=> k0; have := divn_eq T k; have := ltn_pmod T k0; rewrite /dvdn.
set q := T %/ k; set r := T %% k => rk eqT; split=> [[x xT ex]|good].
  case: (posnP r) => [r0|r0]; [by left; apply/eqP | right].
  have := @no_split_is_more_even T x (k - 1) k k0 xT ex (Ordinal rk) (Ordinal k0).
  by rewrite /best -/q -/r ltnn r0 /=; nia.
exists (best T); first exact: best_splits.
move=> i j; rewrite /best -/q -/r.
by case: good => [/eqP r0|big]; [rewrite r0 !ltn0; nia | case: (i < r); case: (j < r) => /=; nia].
Qed.

End Efficiency.
