(** * The supermarket: how long queues get with two choices

    With very many nodes, each request drawing d of them and joining the shortest, the share of queues of at least i
    requests is s_i = lambda^((d^i - 1)/(d - 1)): doubly exponential in i, where a random choice has lambda^i. At 90
    % load one queue in 26 holds five requests or more, and with a random choice every second one does (.59).

    The model is the limit of many nodes, ds_i/dt = lambda (s_{i-1}^d - s_i^d) - (s_i - s_{i+1}): arrivals that find
    all d drawn nodes at i - 1 or more, less departures. Proved is the rest point of these equations: that s_i is
    one, that it is the only one whose throughput is what arrives, and that it is below the random choice's. That
    queues of many nodes follow the equations, and the mean response times, are cited and measured, not proved here.

    The proofs are inductions on i. Sources: N. Vvedenskaya, R. Dobrushin, F. Karpelevich 1996; M. Mitzenmacher
    2001. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The exponent of lambda in s_i, as the closed form computes it: times d, plus 1, from 0 on. *)
Fixpoint exponent (d i : nat) : nat := if i is j.+1 then (exponent d j * d + 1)%N else 0%N.

(** With d choices the share of queues of i requests or more is lambda to the power (d^i - 1)/(d - 1): the closed form
    computes this exponent.
    Law: tails_of_many_queues. Engine: python/evenly/theory/closed/power_of_d.py. *)
Theorem supermarket_exponent d i : (0 < d)%N -> (exponent d i * (d - 1) + 1 = d ^ i)%N.
Proof. by case: d => // d _; rewrite subn1 /=; elim: i => //= i IH; rewrite expnS -IH; lia. Qed.

Section Supermarket.
Variables (R : realFieldType) (lam : R) (d : nat).

(** The share of queues that hold at least i requests. *)
Definition tail i : R := lam ^+ exponent d i.

Lemma tailS i : tail i.+1 = lam * tail i ^+ d.
Proof. by rewrite /tail /= addn1 exprS exprM. Qed.

(** With shares s_i = lambda^((d^i - 1)/(d - 1)) what comes to queues of i requests and more is what goes: lambda
    (s_{i-1}^d - s_i^d) = s_i - s_{i+1}.
    Law: tails_of_many_queues. Engine: python/evenly/theory/closed/power_of_d.py. *)
Theorem supermarket_equilibrium i :
  lam * (tail i ^+ d - tail i.+1 ^+ d) - (tail i.+1 - tail i.+2) = 0.
Proof. by rewrite mulrBr -!tailS subrr. Qed.

(** No other shares s_i of queues of i requests or more are at rest while all that arrives is served, s_1 = lambda.
    Law: tails_of_many_queues. Engine: python/evenly/theory/closed/power_of_d.py. *)
Theorem supermarket_unique (s : nat -> R) : s 0%N = 1 -> s 1%N = lam ->
  (forall i, lam * (s i ^+ d - s i.+1 ^+ d) = s i.+1 - s i.+2) -> s =1 tail.
Proof.
move=> s0 s1 rest; have rec i : s i.+1 = lam * s i ^+ d.
  elim: i => [|i IH]; first by rewrite s1 s0 expr1n mulr1.
  by have /eqP := rest i; rewrite mulrBr -IH (inj_eq (addrI _)) eqr_opp => /eqP.
by elim=> [|i IH]; rewrite ?s0 // rec IH tailS.
Qed.

Lemma exponent_ge i : (0 < d)%N -> (i <= exponent d i)%N.
Proof. by move=> d0; elim: i => //= i IH; rewrite addn1 ltnS (leq_trans IH) // leq_pmulr. Qed.

(** With d >= 1 choices no share of queues of i requests or more is above that of a random choice: s_i <= lambda^i.
    Law: tails_of_many_queues. Engine: python/evenly/theory/closed/power_of_d.py. *)
Theorem supermarket_dominates i : (0 < d)%N -> 0 <= lam <= 1 -> tail i <= lam ^+ i.
Proof. by move=> d0 /andP[l0 l1]; apply: ler_wiexpn2l; rewrite ?exponent_ge // unfold_in l0. Qed.
End Supermarket.

(** With d = 2 the exponents are 0, 1, 3, 7, 15, 31; with d = 1 they are 0, 1, 2, 3: a random choice.
    Law: tails_of_many_queues. Engine: python/evenly/theory/closed/power_of_d.py. *)
Example exponents_of_two_choices :
  ([seq exponent 2 i | i <- iota 0 6], [seq exponent 1 i | i <- iota 0 4]) = ([:: 0; 1; 3; 7; 15; 31], iota 0 4)%N.
Proof. by vm_compute. Qed.
