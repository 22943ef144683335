(** * Filling up: no node in use that was not needed

    Who pays by the machine wants the last machines of the list to stand idle. The strategy [first] lends the first
    node that has room, and the next one only when all before it are full. What is promised: if node number m (from
    0) is in use, then at some moment more requests were in flight than the nodes before it have places; and at that
    moment every policy whatsoever needed a node of number m or more.

    The model is the engine's pick and its counters; a capacity of 0 is none. Left out: nodes that are out.

    The proof: whoever is passed over is full, so the places before m are all taken. *)
From mathcomp Require Import all_ssreflect zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** Whether there is room on a node of capacity c with x requests in flight, and the first node that has some. *)
Definition room (c x : nat) := (c == 0) || (x < c).
Fixpoint first (C x : seq nat) : option nat :=
  match C, x with
  | c :: C, y :: x => if room c y then Some 0 else omap succn (first C x)
  | _, _ => None
  end.

(** Somebody asks, or a request on a node ends. *)
Inductive event := Ask | Leave of nat.
Definition step C x e :=
  match e with
  | Ask => if first C x is Some m then incr_nth x m else x
  | Leave m => if 0 < nth 0 x m then set_nth 0 x m (nth 0 x m).-1 else x
  end.
Definition run C es := foldl (step C) (nseq (size C) 0) es.

(** The places of the first m nodes, or the requests on them. *)
Definition before m (l : seq nat) := sumn (take m l).

Lemma first_full C x m : first C x = Some m ->
  [/\ m < size x, before m C <= before m x & all (fun c => 0 < c) (take m C)].
Proof.
rewrite /before; elim: C x m => [|c C IH] [|y x] m //=; rewrite /room.
case: ifP => [_ [<-] //|/negbT full]; case E: first => [j|] //= [<-] /=.
have [lt le limits] := IH _ _ E; move: full; rewrite negb_or -leqNgt -lt0n => /andP[c0 full].
by rewrite ltnS lt c0 limits leq_add.
Qed.

Lemma before_le m x : before m x <= sumn x.
Proof. by rewrite -[X in _ <= sumn X](cat_take_drop m) sumn_cat leq_addr. Qed.

Lemma sumn_incr_nth x m : sumn (incr_nth x m) = (sumn x).+1.
Proof.
elim: x m => [|y x IH] [|m] //=; rewrite ?IH ?addnS //.
by rewrite -/(incr_nth [::] m); elim: m.
Qed.

(** By `first`, if node m (counted from 0) is in use after some events, then at some moment up to then more requests
    were in flight than the nodes before m have places.
    Law: no_node_more_than_needed. Engine: crates/core/src/pick/first.rs. *)
Theorem in_use_was_needed C es m : 0 < nth 0 (run C es) m ->
  exists2 j, j <= size es & before m C < sumn (run C (take j es)).
Proof.
elim/last_ind: es => [|es e IH]; first by rewrite /run nth_nseq if_same.
rewrite size_rcons; have [was|in_use] := posnP (nth 0 (run C es) m); last first.
  move=> _; have [j le lt] := IH in_use; exists j; first exact: leqW.
  by rewrite -cats1 takel_cat.
have last : run C (rcons es e) = step C (run C es) e by rewrite /run -cats1 foldl_cat.
move=> now; exists (size es).+1 => //; rewrite take_oversize ?size_rcons // last.
move: now; rewrite last; case: e {last} => [|l] /=; last first.
  case: ifP => pos; last by rewrite was.
  rewrite nth_set_nth /=; case: (m =P l) => [E|_]; last by rewrite was.
  by rewrite -E was in pos.
case E: first => [n|]; last by rewrite was.
have [lt le _] := first_full E; rewrite nth_incr_nth was addn0; case: eqP => // <- _.
by rewrite sumn_incr_nth ltnS (leq_trans le) // before_le.
Qed.

(** Places of a node with capacity c that hold y requests. *)
Definition holds (c y : nat) := (c == 0) || (y <= c).

(** When [first] takes node m, every way to spread as many requests within the capacities uses a node of number m or
    more: no policy does with fewer nodes of that order.
    Law: no_node_more_than_needed. Engine: crates/core/src/pick/first.rs. *)
Theorem no_policy_does_with_fewer C x m (y : seq nat) :
  first C x = Some m -> size y = size C -> (forall i, i < size C -> holds (nth 0 C i) (nth 0 y i)) ->
  sumn y = sumn (step C x Ask) -> exists2 i, m <= i & 0 < nth 0 y i.
Proof.
move=> E sy within same; have [lt le limits] := first_full E.
case: (boolP (has (fun v => 0 < v) (drop m y))) => [/(has_nthP 0)[i _ pos]|none].
  by exists (m + i); rewrite ?leq_addr // -nth_drop.
have rest0 : sumn (drop m y) = 0 by elim: (drop m y) none => //= v l IH; rewrite negb_or; lia.
have : sumn y <= before m C.
  rewrite -(cat_take_drop m y) sumn_cat rest0 addn0 /before.
  move: limits within sy; clear; elim: C m y => [|c C IH] [|m] [|v y] //= /andP[c0 cs] within [sy].
  rewrite leq_add //; first by have := within 0 isT; rewrite /holds /=; case: eqP c0 => //= ->.
  by apply: IH => // i lt; apply: (within i.+1).
move: same; rewrite /= E sumn_incr_nth => ->.
by rewrite leqNgt ltnS (leq_trans le) // before_le.
Qed.

(** Capacities 2, 1, 3: three ask, one leaves node 0, one asks: node 0 again, and the last node was never used.
    Law: no_node_more_than_needed. Engine: crates/core/src/pick/first.rs. *)
Example the_last_stays_idle : run [:: 2; 1; 3] [:: Ask; Ask; Ask; Leave 0; Ask] = [:: 2; 1; 0].
Proof. by vm_compute. Qed.
