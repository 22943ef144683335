(** * Requests of different size: the least loaded first is within 2 - 1/k of the best split

    Requests are not alike: one takes a millisecond, one a minute. Giving each to the node that has least to do is
    then no longer the best there is, as it is for requests of one size (LeastConnections.v): a large one may come
    last, when all nodes are equally full. How bad can it get? Two nodes never differ by more than the largest single
    request. And the fullest node never has more than 2 - 1/k times what the best split would give its fullest node,
    even if that split is made by somebody who saw all requests beforehand. The factor is reached: Example
    list_factor_is_reached.

    The model of a pick is the engine's scan for a load that nodes tell of themselves; ties are drawn by lot, and
    nobody leaves. Loads are whole numbers here (of bytes, of microseconds). The bound is of R. L. Graham, 1966.

    How the proof goes. When a request of size s comes to the least loaded node, that node has at most the mean, so
    afterwards k times its load is at most the total and k - 1 times s. And the best split has at least the mean on
    its fullest node, and at least s on the node that takes this request. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require LeastConnections.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** The algorithm *)

(** Looks at the loads from the [index]-th node on: the best so far with its load, how many equal it, the lots not drawn
    yet. At lot 0 the newcomer takes the place of its equals. *)
Fixpoint least (index : nat) (best : option (nat * nat)) (equals : nat) (lots loads : seq nat) : option nat :=
  if loads is own :: later then
    if best is Some (_, so_far) then
      if so_far < own then least index.+1 best equals lots later
      else if own == so_far then
        let best := if head 0 lots %% equals.+1 == 0 then Some (index, own) else best in
        least index.+1 best equals.+1 (behead lots) later
      else least index.+1 (Some (index, own)) 1 lots later
    else least index.+1 (Some (index, own)) 1 lots later
  else omap fst best.

(** A request of this size comes, and these lots are drawn for it. *)
Definition place (loads : seq nat) (request : nat * seq nat) : seq nat :=
  if least 0 None 1 request.2 loads is Some i then
    mkseq (fun j => nth 0 loads j + (if j == i then request.1 else 0)) (size loads)
  else loads.

(** The loads of k nodes, idle at first, after these requests. *)
Definition schedule k (requests : seq (nat * seq nat)) : seq nat := foldl place (nseq k 0) requests.

(** ** The scan finds the least *)

Lemma least_from before loads best equals lots :
  (if best is Some (i, l) then [/\ i < size before, nth 0 before i = l & all (leq l) before] else before = [::]) ->
  if least (size before) best equals lots loads is Some i then
    i < size (before ++ loads) /\ all (leq (nth 0 (before ++ loads) i)) (before ++ loads)
  else before ++ loads = [::].
Proof.
elim: loads before best equals lots => [|own later IH] before best equals lots known /=.
  by rewrite cats0; case: best known => [[i l] [ib <-]|].
have stays i l : i < size before -> nth 0 before i = l -> all (leq l) before -> l <= own ->
    [/\ i < size (rcons before own), nth 0 (rcons before own) i = l & all (leq l) (rcons before own)].
  by move=> ib il low le; rewrite size_rcons ltnS ltnW // nth_rcons ib all_rcons low le.
have comes : all (leq own) before ->
    [/\ size before < size (rcons before own), nth 0 (rcons before own) (size before) = own &
     all (leq own) (rcons before own)].
  by move=> low; rewrite size_rcons ltnSn nth_rcons ltnn eqxx all_rcons leqnn low.
rewrite -(size_rcons before own) -cat_rcons; case: best known => [[i l] [ib il low]|none]; last first.
  by apply: IH; apply: comes; rewrite none.
case: ltngtP => [gt|lt|same]; apply: IH.
- by apply: stays => //; apply: ltnW.
- by apply: comes; apply: sub_all low => m; apply/leq_trans/ltnW.
- by case: eqP => _; [apply: comes; rewrite -same | apply: stays; rewrite // same].
Qed.

Lemma place_least loads request : 0 < size loads -> exists2 i, i < size loads &
  place loads request = mkseq (fun j => nth 0 loads j + (if j == i then request.1 else 0)) (size loads) /\
  forall j, j < size loads -> nth 0 loads i <= nth 0 loads j.
Proof.
move=> k0; have := @least_from [::] loads None 1 request.2 erefl; rewrite /place /=.
case: least => [i [il low]|none]; last by rewrite none in k0.
by exists i => //; split=> // j jl; apply: (all_nthP 0 low).
Qed.

Section Bounds.
Variable k : nat.
Hypothesis some_node : 0 < k.

Definition total (requests : seq (nat * seq nat)) := sumn [seq r.1 | r <- requests].
Definition largest (requests : seq (nat * seq nat)) := \max_(r <- requests) r.1.

Lemma largest_rcons requests r : largest (rcons requests r) = maxn (largest requests) r.1.
Proof. by rewrite /largest -cats1 big_cat big_seq1. Qed.

Lemma total_rcons requests r : total (rcons requests r) = total requests + r.1.
Proof. by rewrite /total map_rcons sumn_rcons. Qed.

Lemma schedule_rcons requests r : schedule k (rcons requests r) = place (schedule k requests) r.
Proof. by rewrite /schedule -cats1 foldl_cat. Qed.

Lemma size_schedule requests : size (schedule k requests) = k.
Proof.
elim/last_ind: requests => [|rs r IH]; first by rewrite size_nseq.
by rewrite schedule_rcons /place; case: least => [i|] //; rewrite size_mkseq.
Qed.

Lemma sum_placed x i s : i < size x ->
  sumn (mkseq (fun j => nth 0 x j + (if j == i then s else 0)) (size x)) = sumn x + s.
Proof.
move=> ix; rewrite !LeastConnections.sumn_nth size_mkseq.
rewrite (eq_bigr (fun j : 'I_(size x) => nth 0 x j + (if j == i :> nat then s else 0))); last first.
  by move=> j _; rewrite nth_mkseq.
rewrite big_split; congr (_ + _); rewrite (bigD1 (Ordinal ix)) //= eqxx big1 ?addn0 // => j.
by rewrite -val_eqE /= => /negbTE ->.
Qed.

(** What one more request does: it goes to a node i that has the least. *)
Lemma scheduled requests r : exists2 i, i < k &
  (forall j, j < k -> nth 0 (schedule k (rcons requests r)) j =
    nth 0 (schedule k requests) j + (if j == i then r.1 else 0)) /\
  (forall j, j < k -> nth 0 (schedule k requests) i <= nth 0 (schedule k requests) j).
Proof.
have [|i] := @place_least (schedule k requests) r; rewrite size_schedule // => ik [placed low].
by exists i => //; split=> // j jk; rewrite schedule_rcons placed nth_mkseq.
Qed.

Lemma sum_schedule requests : sumn (schedule k requests) = total requests.
Proof.
elim/last_ind: requests => [|rs r IH]; first by rewrite /schedule /= sumn_nseq.
rewrite schedule_rcons total_rcons -IH.
have [|i ik [-> _]] := @place_least (schedule k rs) r; first by rewrite size_schedule.
by rewrite sum_placed.
Qed.

Lemma least_below_mean requests i :
  (forall j, j < k -> nth 0 (schedule k requests) i <= nth 0 (schedule k requests) j) ->
  k * nth 0 (schedule k requests) i <= total requests.
Proof.
move=> low; rewrite -sum_schedule LeastConnections.sumn_nth size_schedule -{1}[k]card_ord -sum_nat_const.
by apply: leq_sum => j _; apply: low.
Qed.

(** While nobody leaves, the loads of two nodes differ by at most the largest request that ever came.
    Law: sizes_differ_by_the_largest. Engine: crates/core/src/pick/least.rs. *)
Theorem list_differs_by_the_largest requests i j : i < k -> j < k ->
  nth 0 (schedule k requests) i <= nth 0 (schedule k requests) j + largest requests.
Proof.
elim/last_ind: requests i j => [|rs r IH] i j ik jk; first by rewrite nth_nseq ik.
have [e ek [placed low]] := scheduled rs r; rewrite !placed // largest_rcons; have := IH i j ik jk; have := low j jk.
by case: eqP => [->|_]; case: (j == e); lia.
Qed.

Lemma list_near_mean requests i : i < k ->
  k * nth 0 (schedule k requests) i <= total requests + (k - 1) * largest requests.
Proof.
elim/last_ind: requests i => [|rs r IH] i ik; first by rewrite nth_nseq ik muln0.
have [e ek [-> // low]] := scheduled rs r; rewrite largest_rcons total_rcons.
have more : (k - 1) * largest rs <= (k - 1) * maxn (largest rs) r.1 by rewrite leq_mul2l leq_maxl orbT.
have mine : (k - 1) * r.1 <= (k - 1) * maxn (largest rs) r.1 by rewrite leq_mul2l leq_maxr orbT.
have := IH i ik; case: eqP => [ie|_]; last by rewrite addn0; lia.
by move=> _; rewrite ie mulnDr; have := least_below_mean low; have : k * r.1 = r.1 + (k - 1) * r.1 by [nia]; lia.
Qed.

(** ** Against every other split *)

(** Somebody else's split names a node for each request; what node i then carries. *)
Definition carried (requests : seq (nat * seq nat)) (split : seq nat) i :=
  \sum_(p <- zip [seq r.1 | r <- requests] split | p.2 == i) p.1.

Lemma carried_total requests split : size split = size requests -> all (fun i => i < k) split ->
  \sum_(i < k) carried requests split i = total requests.
Proof.
move=> same inside; rewrite /carried (exchange_big_dep xpredT) //= /total sumnE.
rewrite -{2}(@unzip1_zip _ _ [seq r.1 | r <- requests] split) ?size_map ?same // big_map.
rewrite big_seq [RHS]big_seq; apply: eq_bigr => -[s i] /=.
move/(map_f snd); rewrite -/unzip2 unzip2_zip ?size_map ?same //= => /(allP inside) ik.
by rewrite (big_pred1 (Ordinal ik)) // => j; rewrite eq_sym.
Qed.

Lemma carried_largest requests split m : size split = size requests -> all (fun i => i < k) split ->
  (forall i, i < k -> carried requests split i <= m) -> largest requests <= m.
Proof.
move=> same inside low; apply/bigmax_leqP_seq => r rin _.
have : r.1 \in [seq r.1 | r <- requests] by apply: map_f.
rewrite -{1}(@unzip1_zip _ _ [seq r.1 | r <- requests] split) ?size_map ?same // => /mapP[[s i] pin /= ->].
have ik : i < k by apply: (allP inside); have := map_f snd pin; rewrite -/unzip2 unzip2_zip ?size_map ?same.
by apply: leq_trans (low i ik); rewrite /carried (big_rem _ pin) /= eqxx leq_addr.
Qed.

(** While nobody leaves: if any split of the same requests, made by somebody who knows them all beforehand, keeps
    every node at m or below, then the least loaded first keeps every node at (2 - 1/k) m or below.
    Law: sizes_differ_by_the_largest. Engine: crates/core/src/pick/least.rs. *)
Theorem list_makespan requests split m i : size split = size requests -> all (fun i => i < k) split ->
  (forall i, i < k -> carried requests split i <= m) -> i < k -> k * nth 0 (schedule k requests) i <= (2 * k - 1) * m.
Proof.
move=> same inside low ik; have large := carried_largest same inside low.
have mean : total requests <= k * m.
  rewrite -(carried_total same inside) -[X in X * _]card_ord -sum_nat_const.
  by apply: leq_sum => j _; apply: low.
have := list_near_mean requests ik; have : (k - 1) * largest requests <= (k - 1) * m by rewrite leq_mul2l large orbT.
nia.
Qed.

(** While nobody leaves, the least load is at least 1 - k s/T of the greatest, with s the largest request and T their
    sum.
    Law: sizes_differ_by_the_largest. Engine: crates/core/src/pick/least.rs. *)
Theorem list_efficiency requests i j : i < k -> j < k ->
  (forall h, h < k -> nth 0 (schedule k requests) h <= nth 0 (schedule k requests) j) ->
  total requests * nth 0 (schedule k requests) j <=
  total requests * nth 0 (schedule k requests) i + k * largest requests * nth 0 (schedule k requests) j.
Proof.
move=> ik jk top; have := list_differs_by_the_largest requests jk ik.
have : total requests <= k * nth 0 (schedule k requests) j.
  rewrite -sum_schedule LeastConnections.sumn_nth size_schedule -[X in X * _]card_ord -sum_nat_const.
  by apply: leq_sum => h _; apply: top.
move=> mean near; apply: leq_trans (leq_mul (leqnn _) near) _.
by rewrite mulnDr leq_add2l mulnAC leq_mul2r mean orbT.
Qed.

End Bounds.

(** Three nodes, six requests of size 1, then one of size 3: the fullest node has 5, and 3 was possible.
    Law: sizes_differ_by_the_largest. Engine: crates/core/src/pick/least.rs. *)
Example list_factor_is_reached : let requests := [seq (s, [::]) | s <- [:: 1; 1; 1; 1; 1; 1; 3]] in
  (\max_(x <- schedule 3 requests) x, [seq carried requests [:: 0; 0; 0; 1; 1; 1; 2] i | i <- iota 0 3]) =
  (5, [:: 3; 3; 3]).
Proof. by rewrite /carried !unlock; vm_compute. Qed.
