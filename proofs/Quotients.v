(** * Loads as floating point numbers: as good as fractions

    A load is a quotient, (requests in flight + 1) / weight, and which of two is less decides who is lent. The engine
    divides in 64-bit floating point, which rounds: could two loads that differ become equal, or change places, or two
    equal ones differ, so that a tie no longer falls to chance? Not below limits that no cluster reaches.

    The model takes any way of rounding a quotient that errs by at most one part in 2^p; for 64-bit floating point p is
    53. The proof: two different fractions a/b and c/d differ by at least 1 / (b d), and rounding moves them towards
    each other by less than that while a d + c b < 2^p. *)

From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.POrderTheory Order.TotalTheory GRing.Theory Num.Theory.
Local Open Scope order_scope.

(** All that is asked of rounding, and what IEEE 754 promises of 64-bit floating point with p = 53. *)
Definition rounds_well (p : nat) (rounded : rat -> rat) :=
  forall a b, (0 < a < 2 ^ p)%N -> (0 < b < 2 ^ p)%N ->
  let q := (a%:R / b%:R)%R in (`|rounded q - q| <= q / (2 ^ p)%:R)%R.

Section Quotients.
Variables (p : nat) (rounded : rat -> rat).
Hypothesis close : rounds_well p rounded.

Lemma rounded_lt a b c d :
  (0 < a)%N -> (0 < b)%N -> (0 < c)%N -> (0 < d)%N -> (a * d + c * b < 2 ^ p)%N -> (a * d < c * b)%N ->
  rounded (a%:R / b%:R)%R < rounded (c%:R / d%:R)%R.
Proof.
move=> a0 b0 c0 d0 small lt; set x : rat := (_ / _)%R; set y : rat := (_ / _)%R; set P : rat := (2 ^ p)%:R%R.
have P0 : (0 < P)%R by rewrite ltr0n expn_gt0.
have B0 : (0 < b%:R :> rat)%R by rewrite ltr0n.
have D0 : (0 < d%:R :> rat)%R by rewrite ltr0n.
have [la ld] := (leq_pmulr a d0, leq_pmull d a0); have [lc lb] := (leq_pmulr c b0, leq_pmull b c0).
have cx : (`|rounded x - x| <= x / P)%R by apply: close; rewrite ?a0 ?b0 /=; lia.
have cy : (`|rounded y - y| <= y / P)%R by apply: close; rewrite ?c0 ?d0 /=; lia.
have : (x + x / P < y - y / P)%R.
  rewrite -(ltr_pmul2r B0) -(ltr_pmul2r D0) -(ltr_pmul2r P0).
  have -> : ((x + x / P) * b%:R * d%:R * P = a%:R * d%:R * (P + 1))%R.
    by rewrite /x; field; rewrite !gt_eqF.
  have -> : ((y - y / P) * b%:R * d%:R * P = c%:R * b%:R * (P - 1))%R.
    by rewrite /y; field; rewrite !gt_eqF.
  have s' : (a%:R * d%:R + c%:R * b%:R < P)%R by rewrite -!natrM -natrD ltr_nat.
  have l' : (a%:R * d%:R + 1 <= c%:R * b%:R :> rat)%R by rewrite -!natrM -mulrSr ler_nat.
  rewrite mulrDr mulrBr !mulr1 ltr_subr_addr.
  apply: (@lt_le_trans _ _ ((a%:R * d%:R + 1) * P)%R); last by rewrite ler_pmul2r.
  by rewrite mulrDl mul1r -addrA ltr_add2l.
move: cx cy; rewrite !ler_distl => /andP[_ lx] /andP[ly _] lt'.
by apply: le_lt_trans lx (lt_le_trans lt' ly).
Qed.

(** Quotients that are rounded to p bits, by whatever rule, stand to each other as the fractions themselves, as long as
    the crosswise products add up to less than 2^p.
    Law: tournament_lends_a_least. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem rounded_quotients_compare_exactly a b c d :
  (0 < a)%N -> (0 < b)%N -> (0 < c)%N -> (0 < d)%N -> (a * d + c * b < 2 ^ p)%N ->
  (rounded (a%:R / b%:R)%R <= rounded (c%:R / d%:R)%R) = (a * d <= c * b)%N.
Proof.
move=> a0 b0 c0 d0 small; case: (ltngtP (a * d)%N (c * b)%N) => [lt|gt|E].
- by rewrite ltW // rounded_lt.
- by apply/negbTE; rewrite -ltNge rounded_lt // addnC.
rewrite [X in rounded X](_ : _ = (c%:R / d%:R)%R) ?lexx //; apply/eqP.
by rewrite eqr_div ?pnatr_eq0 -?lt0n // -!natrM E.
Qed.
End Quotients.

(** With the greatest weight, 65,535, and 2^32 requests in flight the products add up to less than a 16th of 2^53.
    Law: tournament_lends_a_least. Engine: crates/core/src/cluster.rs, crates/core/src/pick/least_connections.rs. *)
Example loads_are_far_below_the_limit : (16 * (2 ^ 32 * 65535 + 2 ^ 32 * 65535) <? 2 ^ 53)%num = true.
Proof. by vm_compute. Qed.
