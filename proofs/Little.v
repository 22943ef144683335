(** * Little's law on a finite run, exactly

    The number in the system, added up over time, is the sum of the times that requests spend in it. So the mean number
    is the arrival rate times the mean time (L = lambda W), and the response time that users see is the sum over nodes
    of the numbers in flight, divided by the rate: what a dashboard counts and what a user feels are one figure.

    Little's theorem is usually told of long-run means of random processes. On one finite run that begins and ends empty
    nothing is random and nothing is a limit: it is an identity of two sums. The model is the log of a balancer: time
    passes, a request is lent, one of those out is given back, in any order and on any nodes. Times are of any kind that
    can be added and subtracted: ticks, nanoseconds, rational seconds.

    The proof: at every moment the area so far is the time of those that are back, plus the age of those that are out.
    (J. D. C. Little, A proof for the queuing formula L = lambda W, 1961; S. Stidham, A last word on it, 1974.) *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section OneRun.
Variable time : zmodType.

(** Some time passes; a request is lent; the i-th of those that are out comes back. *)
Inductive event := Pass of time | Lend | Back of nat.

(** What a balancer knows at a moment. *)
Record moment := Moment {
  now : time;
  since : seq time;   (** when each request that is out was lent *)
  area : time;        (** the number in flight, added up over time *)
  spent : time;       (** the sum of the response times of those that are back *)
  count_back : nat
}.

Definition happens (m : moment) (e : event) : moment :=
  let: Moment t out a s n := m in
  match e with
  | Pass d => Moment (t + d) out (a + d *+ size out) s n
  | Lend => Moment t (t :: out) a s n
  | Back i =>
      if (i < size out)%N then Moment t (take i out ++ drop i.+1 out) a (s + (t - nth 0 out i)) n.+1 else m
  end.

Definition start : moment := Moment 0 [::] 0 0 0.
Definition log (events : seq event) : moment := foldl happens start events.

Lemma ages_later (t d : time) out : \sum_(x <- out) (t + d - x) = \sum_(x <- out) (t - x) + d *+ size out.
Proof. by elim: out => [|x out IH]; rewrite ?big_nil ?addr0 // !big_cons IH mulrS [t + d - x]addrAC addrACA. Qed.

Lemma ages_without (t : time) out i : (i < size out)%N ->
  \sum_(x <- out) (t - x) = t - nth 0 out i + \sum_(x <- take i out ++ drop i.+1 out) (t - x).
Proof.
move=> lt; rewrite -{1}(cat_take_drop i out) (drop_nth 0 lt) !big_cat big_cons /=.
by rewrite addrCA.
Qed.

(** At every moment the number in flight, added up over the time so far, is the time that those who are back have spent
    plus the age of those who are out.
    Law: little. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem little_at_every_moment events :
  area (log events) = spent (log events) + \sum_(x <- since (log events)) (now (log events) - x).
Proof.
rewrite /log; have : area start = spent start + \sum_(x <- since start) (now start - x) by rewrite big_nil addr0.
elim: events start => //= e events IH [t out a s n] /= eq_a; apply: IH; case: e => [d||i] /=.
- by rewrite eq_a ages_later addrA.
- by rewrite big_cons subrr add0r.
- by case: ifP => lt //=; rewrite eq_a (ages_without _ lt) addrA.
Qed.

(** On a run that begins and ends empty the number in flight, added up over time, is the sum of the response times.
    Law: little. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem little events : since (log events) = [::] -> area (log events) = spent (log events).
Proof. by move=> empty; rewrite little_at_every_moment empty big_nil addr0. Qed.
End OneRun.
Arguments Lend {time}.
Arguments Back {time} i.

Section Means.
Variable R : numFieldType.

(** On any run that begins and ends empty L = lambda W, exactly: the mean number in flight is the rate of requests times
    the mean of their response times.
    Law: little_means. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem little_means (events : seq (event [zmodType of R])) :
  let m := log events in since m = [::] -> now m != 0 -> (0 < count_back m)%N ->
  area m / now m = ((count_back m)%:R / now m) * (spent m / (count_back m)%:R).
Proof.
move=> m empty t0 n0; rewrite little // -/m mulf_div [_%:R * _]mulrC -mulf_div divff ?mulr1 //.
by rewrite pnatr_eq0 -lt0n.
Qed.

(** On a run that begins and ends empty on every node, with mean numbers L_n in flight on them and requests at the rate
    lambda over all of them, the mean response of all requests is sum L_n / lambda.
    Law: little_means. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem little_by_node k (events : 'I_k -> seq (event [zmodType of R])) (t : R) :
  let node i := log (events i) in
  let requests := (\sum_i count_back (node i))%N in
  (forall i, since (node i) = [::]) -> t != 0 ->
  (\sum_i spent (node i)) / requests%:R = \sum_i (area (node i) / t) / (requests%:R / t).
Proof.
move=> node requests empty t0; rewrite mulr_suml; apply: eq_bigr => i _; rewrite little; last exact: empty.
have per_time (s n : R) : s / n = s / t / (n / t) by rewrite invf_div mulrA mulfVK.
exact: per_time.
Qed.
End Means.

Section Log.
Variable R : realDomainType.
Implicit Types (requests : seq (R * R)) (marks : seq R) (a d t : R).

(** How many of the requests, each with its arrival and departure, are there at t. *)
Definition present requests t : nat := count (fun r => r.1 <= t < r.2) requests.

(** The area under a step function that changes at marks only. *)
Fixpoint integral (f : R -> R) marks : R :=
  if marks is l :: later then (if later is r :: _ then f l * (r - l) else 0) + integral f later else 0.

Lemma integral1 f l : integral f [:: l] = 0.
Proof. exact: addr0. Qed.

Lemma integralS f l r later : integral f [:: l, r & later] = f l * (r - l) + integral f (r :: later).
Proof. by []. Qed.

Lemma integral_sum f g marks : integral (fun t => f t + g t) marks = integral f marks + integral g marks.
Proof.
elim: marks => [|l [|r later] IH]; rewrite ?integral1 ?addr0 //.
by rewrite !integralS IH mulrDl addrACA.
Qed.

Lemma eq_integral f g marks : f =1 g -> integral f marks = integral g marks.
Proof. by move=> fg; elim: marks => [|l [|r later] IH]; rewrite ?integral1 // !integralS IH fg. Qed.

Lemma nobody_after a d l later : path <=%R l later -> d <= l ->
  integral (fun t => (a <= t < d)%R%:R) (l :: later) = 0.
Proof.
elim: later l => [|r later IH] l; first by rewrite integral1.
case/andP=> lr later_r dl; rewrite integralS IH ?(le_trans dl lr) //.
by rewrite [l < d]ltNge dl andbF mul0r addr0.
Qed.

Lemma there_until_it_leaves a d l later : path <=%R l later -> a <= l -> d \in l :: later ->
  integral (fun t => (a <= t < d)%R%:R) (l :: later) = d - l.
Proof.
elim: later l => [|r later IH] l pl al; first by rewrite inE => /eqP->; rewrite integral1 subrr.
case: (ltP l d) => [ld|dl din]; last first.
  rewrite nobody_after //; apply/esym/eqP; rewrite subr_eq0 eq_le dl /=.
  by move: din; rewrite inE => /orP[/eqP->//|]; move/(order_path_min le_trans)/allP: pl; apply.
rewrite inE gt_eqF //; case/andP: pl => lr pr din.
by rewrite integralS IH ?(le_trans al lr) // al ld mul1r addrC subrKA.
Qed.

Lemma one_request a d marks : sorted <=%R marks -> a \in marks -> d \in marks -> a <= d ->
  integral (fun t => (a <= t < d)%R%:R) marks = d - a.
Proof.
elim: marks => // l later IH pl; case: (ltP l a) => [la|al].
  rewrite !inE (gt_eqF la) => ain + ad; rewrite (gt_eqF (lt_le_trans la ad)) => din.
  case: later IH pl ain din => // r later IH pl ain din.
  by rewrite integralS leNgt la mul0r add0r IH // (path_sorted pl).
move=> ain din ad; have {ain} la : l = a.
  apply/eqP; rewrite eq_le al andbT; move: ain; rewrite inE => /orP[/eqP->//|].
  by move/(order_path_min le_trans)/allP: pl; apply.
by rewrite -la; apply: there_until_it_leaves.
Qed.

(** Of any log of arrivals and departures the area under the number of those present is the sum of the times between the
    two.
    Law: little_of_a_log. Engine: python/evenly/theory/model/load.py. *)
Theorem little_of_a_log requests marks : sorted <=%R marks ->
  all (fun r => [&& r.1 <= r.2, r.1 \in marks & r.2 \in marks]) requests ->
  integral (fun t => (present requests t)%:R) marks = \sum_(r <- requests) (r.2 - r.1).
Proof.
move=> up; elim: requests => [_|[a d] requests IH /= /andP[/and3P[ad ain din] /IH eq_rest]].
  by rewrite big_nil; elim: marks {up} => [|l [|r later] IH] //; rewrite ?integral1 // integralS IH mul0r addr0.
rewrite big_cons -eq_rest -(one_request up ain din ad) -integral_sum /=.
by apply: eq_integral => t; rewrite -natrD.
Qed.
End Log.

(** Three requests, out from 0 to 5, from 2 to 3 and from 3 to 9: 12 request-seconds, either way.
    Law: little. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Example three_requests :
  let m := log [:: Lend; Pass 2%Z; Lend; Pass 1%Z; Back 0; Lend; Pass 2%Z; Back 1; Pass 4%Z; Back 0] in
  (area m, spent m, now m, since m) = (12, 12, 9, [::])%Z.
Proof. by vm_compute. Qed.
