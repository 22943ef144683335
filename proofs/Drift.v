(** * Drift: why joining the shortest queue is stable

    That the total load is conserved says nothing of stability: two nodes that swap all they have conserve it and
    never come to rest. What keeps queues short is that joining the shortest one pushes the sum of the squares of
    the queues down whenever there is much work. What is promised, with arrivals lambda, speeds mu_i, M = sum mu_i
    and rho = lambda / M < 1: from an empty start the mean of sum mu_i x_i never exceeds (lambda + M) / (2 (1 -
    rho)), over any number of events, whatever the speeds are and however ties are broken; and from any start it
    comes down to that.

    The model: Poisson arrivals, exponential service, one queue for each node, seen at the events of one common
    clock. Left out: weights (all are equal), requests of other sizes, and a limit for ever: the bound is for each
    finite time.

    The proof: the shortest queue is no longer than any mean of the queues, be it weighed by speed. So the sum of
    squares changes by at most lambda + M - 2 (1 - rho) sum mu_i x_i a second; and what it falls by it must have
    had. Source: F. G. Foster, On the stochastic matrices associated with certain queuing processes, 1953. *)
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

(** ** What it means for the queues

    The chain seen at its events: at rate lambda + M something happens, which is an arrival with chance
    lambda / (lambda + M), and an end at node j with chance mu_j / (lambda + M) (of nothing, if j is idle). [lot x i] is
    the chance that an arrival joins i: ties between shortest queues are broken by chance, in any proportion. *)
Implicit Types x : 'I_k -> nat.
Variable lot : ('I_k -> nat) -> 'I_k -> R.
Hypothesis lot_ge0 : forall x i, 0 <= lot x i.
Hypothesis lot_sum1 : forall x, \sum_i lot x i = 1.
Hypothesis lot_shortest : forall x e, lot x e != 0 -> forall i, (x e <= x i)%N.
Hypothesis rho_lt1 : rho < 1.
Let rate := lam + M.

Definition arrive x e i := (x i + (i == e))%N.
Definition depart x j i := (x i - (i == j))%N.

(** The mean of f over all that can have happened after n events, from the state x on. *)
Fixpoint mean n (f : ('I_k -> nat) -> R) x : R :=
  if n is m.+1 then
    lam / rate * (\sum_e lot x e * mean m f (arrive x e)) + \sum_j mu j / rate * mean m f (depart x j)
  else f x.

Definition squares x : R := \sum_i (x i)%:R ^+ 2.
Definition work x : R := \sum_i mu i * (x i)%:R.

Lemma rate_gt0 : 0 < rate. Proof. exact: ltr_paddl. Qed.

Lemma squares_change x y e : (forall i, i != e -> y i = x i) ->
  squares y = squares x + ((y e)%:R ^+ 2 - (x e)%:R ^+ 2).
Proof.
move=> same; rewrite /squares (bigD1 e) //= [in RHS](bigD1 e) //=.
by rewrite [RHS]addrC addrA subrK; congr (_ + _); apply: eq_bigr => i /same ->.
Qed.

Lemma mean_step n f x : rate * mean n.+1 f x =
  lam * (\sum_e lot x e * mean n f (arrive x e)) + \sum_j mu j * mean n f (depart x j).
Proof.
have rate0 : rate != 0 by rewrite gt_eqF ?rate_gt0.
have cancel a b : rate * (a / rate * b) = a * b by field.
by rewrite /= mulrDr cancel; congr (_ + _); rewrite mulr_sumr; apply: eq_bigr => j _; rewrite cancel.
Qed.

(** Averaged over the ties, a constant stays, and a shortest queue is joined. *)
Lemma lot_const x (a : R) : \sum_e lot x e * a = a.
Proof. by rewrite -mulr_suml lot_sum1 mul1r. Qed.

Lemma lot_drift x : \sum_e lot x e * square_drift x e <= rate - 2%:R * (1 - rho) * work x.
Proof.
rewrite -[X in _ <= X](lot_const x); apply: ler_sum => e _.
have [->|/lot_shortest/jsq_square_drift le] := eqVneq (lot x e) 0; first by rewrite !mul0r.
exact: (ler_wpmul2l (lot_ge0 x e) le).
Qed.

(** The mean sum of squares after an event is what it was, and the drift over the rate. *)
Lemma mean_squares x :
  lam * (\sum_e lot x e * squares (arrive x e)) + \sum_j mu j * squares (depart x j) =
  rate * squares x + \sum_e lot x e * square_drift x e.
Proof.
pose ends := \sum_i mu i * (0 < x i)%:R * ((x i).-1%:R ^+ 2 - (x i)%:R ^+ 2).
have ended : \sum_j mu j * squares (depart x j) = M * squares x + ends.
  rewrite mulr_suml -big_split; apply: eq_bigr => j _ /=.
  rewrite (@squares_change x (depart x j) j) => [|i /negbTE ne]; last by rewrite /depart ne subn0.
  rewrite /depart eqxx subn1 [LHS]mulrDr; congr (_ + _).
  by case: (x j) => [|m] /=; rewrite ?mulr1 // subrr !mulr0.
have joined e : lam * squares (arrive x e) = lam * squares x + (square_drift x e - ends).
  rewrite (@squares_change x (arrive x e) e) => [|i /negbTE ne]; last by rewrite /arrive ne addn0.
  by rewrite /arrive eqxx addn1 (mulrDr lam (squares x)) /square_drift addrK.
have -> : lam * (\sum_e lot x e * squares (arrive x e)) =
    lam * squares x + (\sum_e lot x e * square_drift x e - ends).
  rewrite mulr_sumr -{1}(lot_const x (lam * squares x)) -[X in _ - X](lot_const x) -sumrB -big_split /=.
  by apply: eq_bigr => e _; rewrite mulrCA joined mulrDr mulrBr.
by rewrite ended /rate mulrDl addrACA subrK.
Qed.

Lemma work_bound n x :
  2%:R * (1 - rho) * (\sum_(t < n) mean t work x) <= rate * (n%:R + squares x).
Proof.
elim: n x => [|n IH] x.
  rewrite big_ord0 mulr0 add0r mulr_ge0 ?(ltW rate_gt0) // sumr_ge0 // => i _; exact: sqr_ge0.
have rate0 := rate_gt0; set q := 2%:R * (1 - rho).
have q0 : 0 <= q by rewrite mulr_ge0 ?ler0n // subr_ge0 ltW.
pose G y := \sum_(t < n) mean t work y.
have later : rate * (\sum_(t < n) mean t.+1 work x) =
    lam * (\sum_e lot x e * G (arrive x e)) + \sum_j mu j * G (depart x j).
  transitivity (\sum_(t < n) (lam * (\sum_e lot x e * mean t work (arrive x e)) +
      \sum_j mu j * mean t work (depart x j))).
    by rewrite mulr_sumr; apply: eq_bigr => t _; rewrite mean_step.
  rewrite big_split /= -mulr_sumr; congr (_ * _ + _); rewrite exchange_big.
    by apply: eq_bigr => e _; rewrite mulr_sumr.
  by apply: eq_bigr => j _; rewrite mulr_sumr.
have bound : rate * (q * \sum_(t < n) mean t.+1 work x) <=
    rate * (rate * (n%:R + squares x) + \sum_e lot x e * square_drift x e).
  have -> : rate * (n%:R + squares x) + \sum_e lot x e * square_drift x e =
      lam * (\sum_e lot x e * (n%:R + squares (arrive x e))) + \sum_j mu j * (n%:R + squares (depart x j)).
    rewrite mulrDr -addrA -mean_squares; under [in RHS]eq_bigr do rewrite mulrDr.
    under [X in _ = _ + X]eq_bigr do rewrite mulrDr.
    by rewrite !big_split /= lot_const -mulr_suml mulrDr /rate mulrDl addrACA.
  rewrite mulrCA later (mulrDr q) (mulrDr rate) (mulrCA q) (mulrCA rate lam); apply: ler_add.
    apply: (ler_wpmul2l lam_ge0); rewrite [q * _]mulr_sumr [rate * _]mulr_sumr; apply: ler_sum => e _.
    by rewrite (mulrCA q) (mulrCA rate); apply: (ler_wpmul2l (lot_ge0 x e) (IH _)).
  rewrite [q * _]mulr_sumr [rate * _]mulr_sumr; apply: ler_sum => j _.
  by rewrite (mulrCA q) (mulrCA rate); apply: (ler_wpmul2l (mu_ge0 j) (IH _)).
have -> : \sum_(t < n.+1) mean t work x = work x + \sum_(t < n) mean t.+1 work x.
  by rewrite big_ord_recl; congr (_ + _); apply: eq_bigr => t _; rewrite lift0.
rewrite (mulrDr q); rewrite ler_pmul2l // in bound; apply: le_trans (ler_add (lexx _) bound) _.
apply: le_trans (ler_add (lexx _) (ler_add (lexx _) (lot_drift x))) _; rewrite -/q mulrS.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** From an empty start, and for every number of events, the mean of sum mu_i x_i over them is at most
    (lambda + M) / (2 (1 - rho)).
    Law: shortest_queues_stay_short. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem jsq_stays_short n : (0 < n)%N ->
  (\sum_(t < n) mean t work (fun _ => 0%N)) / n%:R <= (lam + M) / (2%:R * (1 - rho)).
Proof.
move=> n0; have q0 : 0 < 2%:R * (1 - rho) by rewrite mulr_gt0 ?ltr0n // subr_gt0.
have empty : squares (fun _ => 0%N) = 0 by rewrite /squares big1 // => i _; rewrite expr0n.
have := work_bound n (fun _ => 0%N); rewrite empty.
rewrite addr0 => le; rewrite ler_pdivr_mulr ?ltr0n // mulrAC ler_pdivl_mulr //.
by rewrite [_ * (2%:R * _)]mulrC; exact: le.
Qed.

(** From any start the mean comes down to that: it is more by at most (lambda + M) sum x_i^2 / (2 (1 - rho) n).
    Law: shortest_queues_stay_short. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem jsq_recovers n x : (0 < n)%N ->
  (\sum_(t < n) mean t work x) / n%:R <=
  (lam + M) / (2%:R * (1 - rho)) + (lam + M) * squares x / (2%:R * (1 - rho) * n%:R).
Proof.
move=> n0; have q0 : 0 < 2%:R * (1 - rho) by rewrite mulr_gt0 ?ltr0n // subr_gt0.
have nR : 0 < n%:R :> R by rewrite ltr0n.
rewrite ler_pdivr_mulr // -(ler_pmul2l q0); apply: le_trans (work_bound n x) _.
have qn : 2%:R * (1 - rho) != 0 by rewrite gt_eqF.
rewrite le_eqVlt; apply/orP; left; apply/eqP; move: qn (lt0r_neq0 nR); rewrite -/rate.
by move: (2%:R * (1 - rho)) (n%:R) => q m qn mn; field; rewrite qn mn.
Qed.
End Drift.
