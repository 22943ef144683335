(** * Two bounds that no order keeps at once

    While weights stand, `deadline` keeps every node within one request of its share. When they change, the best that
    can be kept is smooth weighted round robin's bound: the nodes of a set S are together at most |S| (H_k - H_|S|)
    requests behind. One would like a rule that keeps both, so that a change of weights in the middle of a period costs
    nothing. There is none: with the weights 1, 27, 243 and 243, each order of requests breaks one of the two bounds
    within 146 requests. This is why the engine, when weights change after a time in which they stood, allows the sets
    .31 requests more for each of their nodes.

    The model: whole lags, in parts of 1/514 of a request. The sets' bounds are multiplied by 12, which makes the
    harmonic numbers up to H_4 whole.

    The proof is a search of all orders, breadth first: of those that keep both bounds there are never more than 3 to
    follow, and after 146 requests none is left. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import ssrZ.
From Evenly Require Import SmoothInteger.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Local Open Scope Z_scope.

Definition hard : seq Z := [:: 1; 27; 243; 243].

(* The lags after one more request, which node i has. *)
Definition after (lags : seq Z) (i : nat) : seq Z :=
  let lags := credit 1 hard lags in set_nth 0 lags i (nth 0 lags i - total hard).

Definition lags_of (order : seq nat) : seq Z := foldl after [:: 0; 0; 0; 0] order.

(* Nobody is more than a request off its share. *)
Definition near (lags : seq Z) : bool := all (fun lag => Z.abs lag <=? total hard) lags.

(* 12 H_n, for n up to 4. *)
Definition twelve_H (n : nat) : Z := nth 0 [:: 0; 12; 18; 22; 25] n.

(* Every way to choose some of n nodes. *)
Fixpoint choices (n : nat) : seq bitseq :=
  if n is n.+1 then [seq b :: chosen | b <- [:: true; false], chosen <- choices n] else [:: [::]].

(* The nodes of every set S are together at most |S| (H_4 - H_|S|) requests behind. *)
Definition sets_in_bounds (lags : seq Z) : bool :=
  all (fun chosen => let S := mask chosen lags in
    12 * total S <=? Z.of_nat (size S) * (twelve_H 4 - twelve_H (size S)) * total hard) (choices 4).

Definition both (lags : seq Z) : bool := near lags && sets_in_bounds lags.

(* The lags that n requests can lead to with both bounds kept all along. *)
Fixpoint kept (n : nat) : seq (seq Z) :=
  if n is n.+1 then undup [seq lags <- [seq after lags i | lags <- kept n, i <- iota 0 4] | both lags]
  else [:: lags_of [::]].

Lemma keptS n :
  kept n.+1 = undup [seq lags <- [seq after lags i | lags <- kept n, i <- iota 0 4] | both lags].
Proof. by []. Qed.

Lemma kept_finds_all order : all (gtn 4%N) order ->
  (forall n, (0 < n <= size order)%N -> both (lags_of (take n order))) -> lags_of order \in kept (size order).
Proof.
elim/last_ind: order => [|order i IH] //; rewrite all_rcons size_rcons => /andP[i4 all4] good.
rewrite keptS mem_undup mem_filter.
have -> : both (lags_of (rcons order i)).
  by have := good (size order).+1; rewrite take_oversize ?size_rcons //; apply; rewrite leqnn.
rewrite andTb; apply/allpairsP; exists (lags_of order, i); rewrite mem_iota /lags_of foldl_rcons; split=> //.
by apply: IH => // n /andP[n0 nle]; have := good n; rewrite -cats1 takel_cat //; apply; rewrite n0 leqW.
Qed.

Lemma none_is_left : kept 146 = [::].
Proof. by vm_compute. Qed.

(** With weights 1, 27, 243 and 243 each order of 146 requests at some time puts a node more than one request off its
    share, or owes some set S more than |S| (H_4 - H_|S|) requests: no rule keeps both bounds.
    Law: no_rule_keeps_both_bounds. Engine: crates/core/src/pick/deadline.rs. *)
Theorem no_order_keeps_both_bounds order : size order = 146%N -> all (gtn 4%N) order ->
  exists n, (n <= 146)%N /\ ~~ (near (lags_of (take n order)) && sets_in_bounds (lags_of (take n order))).
Proof.
move=> sz all4; case: (altP (@allP _ (fun n => both (lags_of (take n order))) (iota 1 146))) => [good|].
  have := kept_finds_all all4; rewrite sz none_is_left => /(_ _) absurd; have // : false.
  by apply: absurd => n n146; apply: good; rewrite mem_iota add1n ltnS.
by move=> /allPn[n]; rewrite mem_iota => /andP[_ n146] bad; exists n; split=> //; rewrite -ltnS.
Qed.
