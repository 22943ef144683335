(** * Drift: why joining the shortest queue is stable

    That the total load is conserved says nothing of stability: two nodes that swap all they have conserve it and
    never come to rest. What keeps queues short is that a balancer which joins the shortest one pushes the sum of
    the squares of the queues down whenever there is much work: in every state its expected change per second is at
    most lambda + M - 2 (1 - rho) sum mu_i x_i, with arrivals lambda, speeds mu_i, M = sum mu_i and rho = lambda /
    M.

    The model: Poisson arrivals, exponential service, one queue for each node; what is summed below is the rate of
    each event times what it changes. That a drift below 0 outside a finite set means a stationary state, with E sum
    mu_i x_i <= (lambda + M) / (2 (1 - rho)), is Foster's theorem: it is cited, not proved here.

    The proof: the shortest queue is no longer than any mean of the queues, be it weighed by speed. Source: F. G.
    Foster, On the stochastic matrices associated with certain queuing processes, 1953. *)
From mathcomp Require Import all_ssreflect all_algebra ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Drift.
Variables (R : realFieldType) (k : nat).
Variables (lam : R) (mu : 'I_k -> R).
Hypothesis lam_ge0 : 0 <= lam.
Hypothesis mu_ge0 : forall i, 0 <= mu i.
Let M := \sum_i mu i.
Hypothesis M_gt0 : 0 < M.
Let rho := lam / M.

(** In every state lambda min x - sum mu x <= -(1 - rho) sum mu x, whatever the speeds are.
    Law: shortest_queue_drift. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem jsq_drift (x : 'I_k -> R) (m : R) : (forall i, m <= x i) ->
  lam * m - \sum_i mu i * x i <= - (1 - rho) * (\sum_i mu i * x i).
Proof.
move=> mx; set S := \sum_i mu i * x i.
have mS : m * M <= S by rewrite mulr_sumr; apply: ler_sum => i _; rewrite mulrC; apply: ler_wpmul2l.
rewrite mulNr mulrBl mul1r opprB ler_add2r -mulrA; apply: ler_wpmul2l => //.
by rewrite mulrC ler_pdivl_mulr.
Qed.

(** What is expected of sum x_i^2 in a second, in the state x, when arrivals join e: each event's rate times what it
    adds. An empty queue serves nobody. *)
Definition square_drift (x : 'I_k -> nat) (e : 'I_k) : R :=
  lam * ((x e).+1%:R ^+ 2 - (x e)%:R ^+ 2)
  + \sum_i mu i * (0 < x i)%:R * ((x i).-1%:R ^+ 2 - (x i)%:R ^+ 2).

Lemma departure n : (0 < n)%:R * (n.-1%:R ^+ 2 - n%:R ^+ 2) <= 1 - 2%:R * n%:R :> R.
Proof.
case: n => [|n]; rewrite ?mul0r ?mulr0 ?subr0 ?ler01 //= mul1r mulrS.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** When arrivals join a shortest queue, sum x_i^2 changes by at most lambda + M - 2 (1 - rho) sum mu_i x_i a second:
    with rho < 1 it falls in expectation whenever there is much work.
    Law: shortest_queue_drift. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem jsq_square_drift (x : 'I_k -> nat) e : (forall i, x e <= x i)%N ->
  square_drift x e <= lam + M - 2%:R * (1 - rho) * (\sum_i mu i * (x i)%:R).
Proof.
move=> least; set S := \sum_i mu i * (x i)%:R.
have down : \sum_i mu i * (0 < x i)%:R * ((x i).-1%:R ^+ 2 - (x i)%:R ^+ 2) <= M - 2%:R * S.
  rewrite /S mulr_sumr -sumrB; apply: ler_sum => i _; rewrite -mulrA.
  apply: le_trans (ler_wpmul2l (mu_ge0 i) (departure (x i))) _.
  by rewrite mulrBr mulr1 mulrCA.
have up : lam * ((x e).+1%:R ^+ 2 - (x e)%:R ^+ 2) = lam + 2%:R * (lam * (x e)%:R) by rewrite mulrS; ring.
have := @jsq_drift (fun i => (x i)%:R) (x e)%:R; rewrite -/S => drift.
have {drift} {}least : lam * (x e)%:R - S <= - (1 - rho) * S by apply: drift => i; rewrite ler_nat.
rewrite /square_drift up; apply: le_trans (ler_add (lexx _) down) _.
have -> : lam + 2%:R * (lam * (x e)%:R) + (M - 2%:R * S) = lam + M + 2%:R * (lam * (x e)%:R - S) by ring.
by rewrite ler_add2l -mulrA -mulrN -mulNr ler_pmul2l ?ltr0n.
Qed.
End Drift.
