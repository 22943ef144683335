(** * Harmonic numbers: how far behind the last in line can fall

    H_k = 1 + 1/2 + ... + 1/k. This is the number that the fairness of turns by weight is counted in: among k nodes,
    smooth weighted round robin leaves nobody more than H_k - 1 requests behind. It grows like the logarithm of k,
    so that a node among a thousand is less than 7 requests behind, and a node among four billion less than 33.

    The steps here are what the other files need: the next number from this one, and that H doubles slowly: from
    n to 2n it grows by at most 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* H n = 1 + 1/2 + ... + 1/n, in any ordered field. *)
Definition H {R : realFieldType} (n : nat) : R := \sum_(1 <= j < n.+1) j%:R^-1.

Section Harmonic.
Variable R : realFieldType.
Implicit Types n m : nat.

Lemma H0 : H 0 = 0 :> R.
Proof. by rewrite /H big_geq. Qed.

Lemma HS n : H n.+1 = H n + n.+1%:R^-1 :> R.
Proof. by rewrite /H big_nat_recr. Qed.

Lemma H1 : H 1 = 1 :> R.
Proof. by rewrite HS H0 add0r invr1. Qed.

Lemma H_leq n m : (n <= m)%N -> H n <= H m :> R.
Proof.
elim: m => [|m IH]; first by rewrite leqn0 => /eqP ->.
rewrite leq_eqVlt => /orP[/eqP -> //|nm]; rewrite HS.
by apply: le_trans (IH nm) _; rewrite ler_addl invr_ge0 ler0n.
Qed.

(* n more terms, none of them above 1/n: at most 1 more. *)
Lemma H_double n : H (n + n) <= H n + 1 :> R.
Proof.
case: n => [|n]; first by rewrite H0 add0r ler01.
have more m : H (n.+1 + m) <= H n.+1 + m%:R / n.+1%:R :> R.
  elim: m => [|m IH]; first by rewrite addn0 mul0r addr0.
  rewrite addnS HS -[m.+1]addn1 natrD mulrDl addrA; apply: ler_add => //.
  by rewrite mul1r lef_pinv ?posrE ?ltr0n // ler_nat leqW ?leq_addr.
by apply: le_trans (more n.+1) _; rewrite mulfV ?pnatr_eq0.
Qed.

Lemma H_pow2 n : H (2 ^ n) <= n.+1%:R :> R.
Proof.
elim: n => [|n IH]; first by rewrite expn0 H1.
rewrite expnS mul2n -addnn; apply: le_trans (H_double _) _.
by rewrite -[n.+2]addn1 natrD ler_add2r.
Qed.

End Harmonic.
