(** * Least connections by the tournament: exact, although its scores are rounded

    Above 32 nodes the engine's least connections draws from the tournament (Tournament.v), whose scores are quotients
    in floating point. Promised here: whom it lends has the least (in flight + 1) / weight of all that can be lent,
    exactly. The walk below is the engine's, pick by pick, with the random bits that it is given; it runs beside it.

    The model of rounding is that of Quotients.v. The proof puts that and TournamentDraws.v together. *)

From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From Evenly Require Import Quotients Tournament TournamentDraws.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.POrderTheory Order.TotalTheory.
Local Open Scope order_scope.

Section LeastConnections.
Variables (p : nat) (rounded : rat -> rat).
(** All that is asked of rounding, and what IEEE 754 promises of 64-bit floating point with p = 53. *)
Hypothesis close : rounds_well p rounded.

(** A member as least connections sees it: requests in flight, weight, and whether it can be lent. *)
Definition member := (nat * nat * bool)%type.
Definition flying (m : member) := m.1.1.
Definition weight (m : member) := m.1.2.
Definition fit (m : member) := m.2.
Variables (width : nat) (inf : rat).
Hypothesis wide : (1 < width)%N.
Definition connections (m : member) : entry rat_orderType :=
  if fit m then (rounded ((flying m).+1%:R / (weight m)%:R)%R, 1%N) else out inf.

(** Whom the tournament lends has the least (in flight + 1) / weight of all that can be lent, exactly, although scores
    are floating point: with 53 bits, weights up to 65,535 and at most 2^32 requests, always.
    Law: tournament_lends_a_least.
    Engine: crates/core/src/pick/least_connections.rs, crates/core/src/pick/tournament.rs. *)
Theorem tournament_refines_least_connections ms us (now : seq member) lot i (m0 : member) :
  all (fun u => u.1 < size ms)%N us -> changed inf ms us = map connections now ->
  all (fun m => 0 < weight m)%N now -> all (fun e => score e <= inf) (map connections now) ->
  (forall m n, m \in now -> n \in now -> (flying m).+1 * weight n + (flying n).+1 * weight m < 2 ^ p)%N ->
  (lot < maxn 1 (size (drum inf (changed inf ms us))))%N ->
  winner width inf (updated width inf (tournament width inf ms) us) lot = Some i ->
  let e := nth m0 now i in
  fit e /\ forall j, (j < size now)%N -> fit (nth m0 now j) ->
    ((flying e).+1 * weight (nth m0 now j) <= (flying (nth m0 now j)).+1 * weight e)%N.
Proof.
move=> ok E /(all_nthP m0) w0 le small lt W e.
have [] := tournament_lends_a_least wide ok _ lt W; rewrite E // size_map => lti pos low.
have fe : fit e by move: pos; rewrite (nth_map m0) // /connections -/e; case: (fit e).
split=> // j ltj fj; have := low j ltj.
rewrite !(nth_map m0) // /connections -/e fe fj /score /=.
rewrite (rounded_quotients_compare_exactly close) ?w0 //.
by apply: small; apply: mem_nth.
Qed.
End LeastConnections.

(** ** The engine's walk *)

(** A number below [bound] from 64 random bits, as the engine makes one. *)
Definition below (bits : N) (bound : nat) : nat := N.to_nat (N.shiftr (bits * N.of_nat bound) 64).

Section Walk.
(** Scores are exact here: fractions of weights that divide [unit], in units of 1 / [unit]. *)
Variable unit : nat.
Definition most := (unit * 1000)%N.
Definition exact (m : member) : entry [orderType of nat] :=
  if fit m then ((flying m).+1 * (unit %/ weight m), 1)%N else out most.

(** A pick with 64 random bits, a node's request given back, a node drained or taken in again. *)
Inductive event := Pick of N | Back of nat | Drain of nat | Undrain of nat.

Definition nobody : member := (0, 1, false)%N.
Definition told (i : nat) (m : member) (state : seq member * seq (seq (entry [orderType of nat]))) :=
  (set_nth nobody state.1 i m, update 16 most state.2 i (exact m)).

Fixpoint walk_from (state : seq member * seq (seq (entry [orderType of nat]))) (events : seq event)
  : seq (option nat) :=
  if events is event :: rest then
    let at_ i := nth nobody state.1 i in
    match event with
    | Pick bits =>
        let root := head (out most) (last [::] state.2) in
        let lent := winner 16 most state.2 (below bits (lots root)) in
        let next := if lent is Some i then told i ((flying (at_ i)).+1, weight (at_ i), fit (at_ i)) state else state in
        lent :: walk_from next rest
    | Back i => walk_from (told i ((flying (at_ i)).-1, weight (at_ i), fit (at_ i)) state) rest
    | Drain i => walk_from (told i (flying (at_ i), weight (at_ i), false) state) rest
    | Undrain i => walk_from (told i (flying (at_ i), weight (at_ i), true) state) rest
    end
  else [::].

(** Whom the tournament lends, pick by pick, to idle nodes of these weights. *)
Definition walk (weights : seq nat) (events : seq event) : seq (option nat) :=
  let members := [seq (0, w, true)%N | w <- weights] in
  walk_from (members, tournament 16 most (map exact members)) events.
End Walk.

(** Forty idle equals, none of whom gives back: each is lent once, and then each once more.
    Law: tournament_lends_a_least. Engine: crates/core/src/pick/tournament.rs. *)
Example forty_equals_take_turns : walk 1 (nseq 40 1%N) (nseq 80 (Pick 0)) = map Some (iota 0 40 ++ iota 0 40).
Proof. by vm_compute. Qed.
