(** * The breaker: an ejected node comes back by a single request

    A node that fails its requests is ejected: its breaker opens. After a while it may be well again, but nobody knows,
    and a node that is still ill must not be given everybody's requests to find that out. So its breaker becomes half
    open, and one request, the probe, may try it. When the probe passes, the node is back; when it fails, the node is
    out again.

    The model is the engine's table of moves, and around it one node with its flag that a probe is out and the places
    that are taken on it: ordinary ones, and that of the probe. When a breaker trips, and how long it stays open, is an
    argument of the events; in a panic, when no other node is left, an ejected node may be lent as well, but not as a
    probe.

    The proofs go through the events: the flag is set exactly while the one probe is out, and no way leads from open to
    closed but through the end of the wait and a probe that passed. *)
From mathcomp Require Import all_ssreflect zify.

Inductive breaker := Closed | Open | HalfOpen.
Inductive happening := Tripped | WaitEnded | ProbePassed | ProbeFailed.

(** Every way a breaker moves; [MOVES] of the engine. A pair that is not listed leaves it where it was. *)
Definition moves : seq (breaker * happening * breaker) :=
  [:: (Closed,   Tripped,     Open);
      (Open,     WaitEnded,   HalfOpen);
      (HalfOpen, ProbePassed, Closed);
      (HalfOpen, ProbeFailed, Open)].

Definition same_breaker a b :=
  match a, b with Closed, Closed | Open, Open | HalfOpen, HalfOpen => true | _, _ => false end.

Definition same_happening a b :=
  match a, b with
  | Tripped, Tripped | WaitEnded, WaitEnded | ProbePassed, ProbePassed | ProbeFailed, ProbeFailed => true
  | _, _ => false
  end.

Fixpoint look_up table b h : breaker :=
  if table is (from, on, to) :: rest then
    if same_breaker from b && same_happening on h then to else look_up rest b h
  else b.

Definition move := look_up moves.

(** How a request ended. *)
Inductive outcome := Success | Failure | Cancelled.

(** One node: its breaker, whether a probe is out, and the places that are taken, ordinary ones and those of probes. *)
Record node := Node { state : breaker; probing : bool; loans : nat; probes : nat }.

Definition fresh := Node Closed false 0 0.

(** What happens to it. *)
Inductive event :=
  | Propose                                 (* the strategy proposes it, and it is lent if it may *)
  | Panic                                   (* there is nobody else *)
  | Leave (how : outcome) (trips : bool)    (* an ordinary loan ends; [trips]: that was one failure too many *)
  | LeaveProbe (how : outcome)              (* the probe ends *)
  | Wait.                                   (* the ejection, if there is one, has lasted its time *)

Definition step (n : node) (e : event) : node :=
  let: Node b p l q := n in
  match e with
  | Propose =>
      match b with
      | Closed => Node b p l.+1 q
      | HalfOpen => if p then n else Node b true l q.+1
      | Open => n
      end
  | Panic => if b is Closed then n else Node b p l.+1 q
  | Leave how trips =>
      if l is l'.+1 then
        Node (if how is Failure then if trips then move b Tripped else b else b) p l' q
      else n
  | LeaveProbe how =>
      if q is q'.+1 then
        let b' := match how with
                  | Success => move b ProbePassed | Failure => move b ProbeFailed | Cancelled => b
                  end in Node b' false l q'
      else n
  | Wait => Node (move b WaitEnded) p l q
  end.

Definition run := foldl step.

Lemma flag_is_probes n e : probes n = probing n -> probes (step n e) = probing (step n e).
Proof. by case: n => [[] [] l q] /= E; case: e => [||[] []|[]|] //=; case: l => //; rewrite ?E // => -[]. Qed.

(** However many requests there are, at every moment at most one of them is out as the probe of an ejected node.
    Law: half_open_lends_one_probe. Engine: crates/core/src/balancer/pick.rs, crates/core/src/health/breaker.rs. *)
Theorem one_probe_at_a_time events : probes (run fresh events) <= 1.
Proof.
have: probes fresh = probing fresh by [].
rewrite /run; elim: events fresh => [|e es IH] n E /=; first by rewrite E; case: (probing n).
by apply: IH; apply: flag_is_probes.
Qed.

(** A proposal to a closed breaker is met by an ordinary loan; to a half-open one by the probe, if none is out; else by
    nothing: an open breaker, and a half-open one whose probe is out, lend to nobody.
    Law: half_open_lends_one_probe. Engine: crates/core/src/balancer/pick.rs, crates/core/src/health/breaker.rs. *)
Theorem half_open_lends_one_probe events : let n := run fresh events in let after := step n Propose in
  loans after = loans n + (if state n is Closed then 1 else 0) /\
  probes after = probes n + (if state n is HalfOpen then probes n == 0 else false).
Proof.
have flag : probes (run fresh events) = probing (run fresh events).
  rewrite -[events]cat0s; elim/last_ind: events => [|es e IH] //.
  by rewrite cat0s /run foldl_rcons; apply: flag_is_probes; rewrite cat0s in IH.
move: flag; case: (run fresh events) => -[] p l q //= ->; rewrite ?addn0 ?addn1 //.
by case: p; rewrite ?addn0 ?addn1.
Qed.

Lemma closes_by_a_probe n events : state n <> Closed -> state (run n events) = Closed ->
  exists before rest, [/\ events = before ++ LeaveProbe Success :: rest,
    state (run n before) = HalfOpen & 0 < probes (run n before)].
Proof.
elim: events n => [|e es IH] n // out back.
have [[-> half one]|far] : [/\ e = LeaveProbe Success, state n = HalfOpen & 0 < probes n] \/ state (step n e) <> Closed.
- case: n out {back} => [[] p l q] //= _; case: e => [||how trips|how|] /=; try by right.
  + by right; case: l => //= l; case: how; case: trips.
  + by right; case: q => //= q; case: how.
  + by right; case: p.
  + by right; case: l => //= l; case: how; case: trips.
  + by case: q => [|q]; [right | case: how; [left | right | right]].
- by exists [::], es.
- have [before [rest [-> half one]]] := IH _ far back; by exists (e :: before), rest.
Qed.

(** No ejected node comes back but by the end of its wait and, after that, the one probe of a half-open node, passed.
    Law: ejected_comes_back_by_a_probe. Engine: crates/core/src/health/breaker.rs. *)
Theorem ejected_comes_back_by_a_probe n events : state n = Open -> state (run n events) = Closed ->
  exists before between rest, let half_open := run n (before ++ Wait :: between) in
  [/\ events = before ++ Wait :: between ++ LeaveProbe Success :: rest,
      state half_open = HalfOpen & 0 < probes half_open].
Proof.
elim: events n => [|e es IH] n /= out; first by rewrite out.
have [E|stays] : e = Wait \/ state (step n e) = Open.
  case: n out => [b p l q] /= ->; case: e => [||how trips|how|] /=; try by [left | right].
    by right; case: l => //= l; case: how; case: trips.
  by right; case: q => //= q; case: how.
- subst e => back; have half : state (step n Wait) = HalfOpen by case: n out {back} => [b p l q] /= ->.
  have [|before [rest [E E1 E2]]] := closes_by_a_probe _ _ _ back; first by rewrite half.
  by exists [::], before, rest; rewrite /= E.
- move=> back; have [before [between [rest [-> half one]]]] := IH _ stays back.
  by exists (e :: before), between, rest.
Qed.

(** What a trace shows: after each event the state of the breaker, and the places that are taken. *)
Definition trace n events := map (fun n => (state n, loans n + probes n)) (scanl step n events).

(** One failure too many ejects; nothing is lent until the wait is over; then a single probe, which fails; and after the
    next wait another, which passes.
    Law: half_open_lends_one_probe. Engine: crates/core/src/health/breaker.rs. *)
Example out_and_back :
  trace fresh [:: Propose; Leave Failure true; Propose; Wait; Propose; Propose; LeaveProbe Failure; Wait; Propose;
                  LeaveProbe Success; Propose] =
  [:: (Closed, 1); (Open, 0); (Open, 0); (HalfOpen, 0); (HalfOpen, 1); (HalfOpen, 1); (Open, 0); (HalfOpen, 0);
      (HalfOpen, 1); (Closed, 0); (Closed, 1)].
Proof. by vm_compute. Qed.
