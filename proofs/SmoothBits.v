(** * Smooth weighted round robin in 64 bits: nothing overflows

    The engine keeps lags in 64-bit numbers, in parts of 1 / (W 2^20) requests. A lag that left them would turn from far
    behind to far ahead, and its node would starve. Promised here: with the greatest weight that the engine takes and up
    to four million nodes, no number of a step comes near.

    The model is that of SmoothInteger.v; weights stand. While they change, see SmoothChanges.v.

    How the proof goes: lags are at most W (H_k - 1), and H_k is at most 23 for 2^22 nodes. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ssrZ ring.
From Evenly Require Import Harmonic SmoothLag SmoothInteger.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope Z_scope.

(* The engine's greatest weight (crates/core/src/cluster.rs), and a number of nodes beyond any cluster's. *)
Definition max_weight : Z := 65535.
Definition max_nodes : nat := 2 ^ 22.

Definition fits_i64 (x : Z) : Prop := - 9223372036854775808 <= x <= 9223372036854775807.

Lemma Z_pow2 n : Z.of_nat (2 ^ n)%N = 2 ^ Z.of_nat n.
Proof. by elim: n => // n IH; rewrite expnS Nat2Z.inj_succ Z.pow_succ_r; lia. Qed.

Lemma total_bounds weights : all (Z.ltb 0) weights -> all (fun w => w <=? max_weight) weights ->
  0 <= total weights <= Z.of_nat (size weights) * max_weight.
Proof.
elim: weights => [|w ws IH] //= /andP[w0 ws0] /andP[wm wsm]; have := IH ws0 wsm.
by rewrite /max_weight in wm *; lia.
Qed.

(** While weights stand: with weights up to 65,535 and up to 4,194,304 nodes no number of any step leaves 64 bits,
    neither the unit, nor the lags before the pick, nor those after it.
    Law: smooth_bounds_with_the_greatest_weights. Engine: crates/core/src/pick/turns.rs. *)
Theorem nothing_overflows weights n :
  weighted weights -> all (fun w => w <=? max_weight) weights -> (size weights <= max_nodes)%N ->
  let lags := lags_after engine_fine weights n in
  [/\ fits_i64 (total weights * engine_fine), forall x, x \in credit engine_fine weights lags -> fits_i64 x
    & forall x, x \in lags -> fits_i64 x].
Proof.
rewrite /max_nodes => wd wmax kmax; set lags := lags_after _ _ _.
have [k0 w0] := andP wd; have [_ Wmax] := total_bounds w0 wmax.
have W0 := total_gt0 wd; have f0 : 0 < engine_fine by [].
have kZ : Z.of_nat (size weights) <= 4194304.
  by move: kmax (Z_pow2 22); rewrite -[2 ^ Z.of_nat 22]/4194304; move: (2 ^ 22)%N; lia.
have Wk : total weights <= 274873712640 by rewrite /max_weight in Wmax; lia.
have H23 : (H (size weights) <= q 23)%R.
  by rewrite -[23]/(Z.of_nat 23) q_nat; apply: le_trans (H_leq _ kmax) (H_pow2 _ 22).
set U := total weights * engine_fine; have U0 : (0 < q U)%R by rewrite (q_lt 0) /U; lia.
have bounds i : (i < size weights)%N -> - U <= nth 0 lags i <= U * 22.
  move=> ilt; have /andP[lo hi] := whole_lags_in_bounds f0 wd n ilt.
  split; apply/Z.leb_le; rewrite -q_le.
    by apply: le_trans lo; rewrite qN ler_opp2 ger_pmulr // ler_subl_addr ler_addl invr_ge0 ler0n.
  by apply: le_trans hi _; rewrite [q (_ * 22)]qM ler_pmul2l // ler_subl_addr.
have szl : size lags = size weights by rewrite turns_size ?size_nseq.
have {W0 Wk Wmax} U_fits : 0 <= U <= 288225978105200640 by rewrite /U /engine_fine; lia.
have fit i : (i < size weights)%N -> fits_i64 (nth 0 lags i) by move=> /bounds; rewrite /fits_i64; lia.
split=> [|x|x]; first by rewrite /fits_i64; lia.
  move=> /(nthP 0)[i]; rewrite size_credit // szl => ilt <-; rewrite nth_credit ?szl //.
  have := bounds i ilt; have := all_nthP 0 w0 i ilt; have := all_nthP 0 wmax i ilt.
  by rewrite /fits_i64 /engine_fine /max_weight; lia.
by move=> /(nthP 0)[i]; rewrite szl => ilt <-; apply: fit.
Qed.
