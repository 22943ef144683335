(** * The largest first: within 4/3 - 1/(3k) of the best split

    Whoever can hold back a batch of requests of known size and hand out the largest first, each to the node with
    least to do, does much better than whoever hands them out as they come (ListScheduling.v): the fullest node has at
    most 4/3 - 1/(3k) times what the best split would give its fullest node. This is how shards, tenants or partitions
    are laid over nodes: sort by size, then fill up. The factor is reached: Example largest_first_factor_is_reached.

    The model is that of ListScheduling.v, with sizes that never grow. The bound is of R. L. Graham, 1969.

    How the proof goes. Take a request of size s that comes to the least loaded node. If s is a third of the best peak
    m or less, the mean does it. If it is more, no node of the best split holds three requests, for none is smaller.
    Suppose the least loaded node had more than m - s. Then every node holds two requests or one above m - s: that
    needs 2k requests before this one, where those above m - s count twice. But in the best split a request above m -
    s is alone, so with this one there are at most 2k, counted so. One too many. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Import ListScheduling.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section LargestFirst.
Variable k : nat.
Hypothesis some_node : 0 < k.

(** Requests, each with its node: how many a node has, how many of those are above [v], and their sum. *)
Definition held (jobs : seq (nat * nat)) i := count (fun p => p.2 == i) jobs.
Definition held_above v (jobs : seq (nat * nat)) i := count (fun p => (p.2 == i) && (v < p.1)) jobs.
Definition load (jobs : seq (nat * nat)) i := \sum_(p <- jobs | p.2 == i) p.1.

Lemma sum_held (jobs : seq (nat * nat)) (p : pred (nat * nat)) : all (fun j => j.2 < k) jobs ->
  \sum_(i < k) count (fun j => (j.2 == i :> nat) && p j) jobs = count p jobs.
Proof.
elim: jobs => [_|j jobs IH] /=; first by rewrite big1.
case/andP => jk /IH{}IH; rewrite big_split /= IH; congr (_ + _).
rewrite (bigD1 (Ordinal jk)) //= eqxx big1 ?addn0 // => i.
by rewrite -val_eqE /= eq_sym => /negbTE ->.
Qed.

Lemma load_cons size n jobs i : load ((size, n) :: jobs) i = (if n == i then size else 0) + load jobs i.
Proof. by rewrite /load big_cons /=; case: (n == i). Qed.

Lemma full_needs_two v jobs i : v < load jobs i -> 2 <= held jobs i + held_above v jobs i.
Proof.
elim: jobs => [|[size n] jobs IH]; first by rewrite /load big_nil.
rewrite load_cons /= -/(held jobs i) -/(held_above v jobs i); case: (n == i) => //=.
case: (posnP (held jobs i)) => [none|some] more; last by lia.
have : load jobs i = 0 by rewrite /load big_hasC // has_count -/(held jobs i) none.
by move=> idle; rewrite idle addn0 in more; rewrite more; lia.
Qed.

Lemma load_above s v jobs i : (forall j, j \in jobs -> s <= j.1) ->
  s * held jobs i <= load jobs i /\ (0 < held_above v jobs i -> v.+1 + s * held jobs i <= load jobs i + s).
Proof.
elim: jobs => [|[size n] jobs IH] least; first by rewrite /load big_nil /= muln0.
have [|few many] := IH; first by move=> j jin; apply: least; rewrite inE jin orbT.
have := least _ (mem_head _ _); rewrite load_cons /= -/(held jobs i) -/(held_above v jobs i).
case: (n == i) => //= le; rewrite mulnDr muln1; split=> [|]; first by lia.
by case: (ltnP v size) => [above|_] /= some; [lia | have := many some; lia].
Qed.

Lemma best_holds_two m s jobs i : (forall j, j \in jobs -> s <= j.1) -> s <= m -> m < 3 * s -> load jobs i <= m ->
  held jobs i + held_above (m - s) jobs i <= 2.
Proof.
move=> least sm m3 low; have [few many] := load_above (m - s) i least.
have : held_above (m - s) jobs i <= held jobs i by apply: sub_count => j /andP[].
have s0 : 0 < s by lia.
case: (posnP (held_above (m - s) jobs i)) many => [->|some /(_ isT)] many le.
  by rewrite addn0 -ltnS -(ltn_pmul2l s0) (mulnC s 3); lia.
suff : held jobs i <= 1 by lia.
by rewrite -ltnS -(ltn_pmul2l s0) (mulnC s 2); lia.
Qed.

(** Which nodes the schedule gives its requests to. *)
Lemma schedule_splits requests : exists split, [/\ size split = size requests, all (fun i => i < k) split &
  forall i, i < k -> nth 0 (schedule k requests) i = carried requests split i].
Proof.
elim/last_ind: requests => [|rs r [split [same inside loads]]].
  by exists [::]; split=> // i ik; rewrite nth_nseq ik /carried big_nil.
have [e ek [placed _]] := scheduled some_node rs r; exists (rcons split e).
split=> [||i ik]; [by rewrite !size_rcons same | by rewrite all_rcons ek inside |].
rewrite placed // loads // /carried map_rcons zip_rcons ?size_map // -cats1 big_cat big_cons big_nil /= addn0 eq_sym.
by case: (e == i).
Qed.

Definition jobs_of (requests : seq (nat * seq nat)) (split : seq nat) := zip [seq r.1 | r <- requests] split.

Lemma nodes_inside requests split : size split = size requests -> all (fun i => i < k) split ->
  all (fun j => j.2 < k) (jobs_of requests split).
Proof. by move=> same; rewrite -(@all_map _ _ snd (fun i => i < k)) -/unzip2 unzip2_zip ?size_map ?same. Qed.

Lemma count_jobs requests split v : size split = size requests ->
  count (fun j => v < j.1) (jobs_of requests split) = count (fun r => v < r.1) requests.
Proof.
by move=> same; rewrite -(count_map fst (fun s => v < s)) -/unzip1 unzip1_zip ?size_map ?same // count_map.
Qed.

Lemma sum_twice requests split v : size split = size requests -> all (fun i => i < k) split ->
  \sum_(i < k) (held (jobs_of requests split) i + held_above v (jobs_of requests split) i) =
  size requests + count (fun r => v < r.1) requests.
Proof.
move=> same inside; have jk := nodes_inside same inside; rewrite big_split /= -(count_jobs v same) -(sum_held _ jk).
congr (_ + _); have <- : size (jobs_of requests split) = size requests by rewrite size_zip size_map same minnn.
rewrite -(count_predT (jobs_of requests split)) -(sum_held predT jk).
by apply: eq_bigr => i _; apply: eq_count => j /=; rewrite andbT.
Qed.

(** The least loaded node has room below the peak of any other split for one more request, if that is no larger than
    those before and more than a third of the peak. *)
Lemma room_below_peak rs r split m : size split = size (rcons rs r) -> all (fun i => i < k) split ->
  (forall i, i < k -> carried (rcons rs r) split i <= m) -> (forall q, q \in rs -> r.1 <= q.1) -> m < 3 * r.1 ->
  exists2 i, i < k & nth 0 (schedule k rs) i + r.1 <= m.
Proof.
move=> same inside low least m3.
have sm : r.1 <= m.
  have := carried_largest same inside low; rewrite largest_rcons; exact: leq_trans (leq_maxr _ _).
case: (pickP (fun i : 'I_k => nth 0 (schedule k rs) i + r.1 <= m)) => [i room|full]; first by exists i.
exfalso; have [ours [same' inside' loads]] := schedule_splits rs.
have : \sum_(i < k) 2 <= \sum_(i < k) (held (jobs_of rs ours) i + held_above (m - r.1) (jobs_of rs ours) i).
  apply: leq_sum => i _; apply: full_needs_two.
  have -> : load (jobs_of rs ours) i = nth 0 (schedule k rs) i by rewrite loads.
  by have := full i; lia.
have : \sum_(i < k) (held (jobs_of (rcons rs r) split) i + held_above (m - r.1) (jobs_of (rcons rs r) split) i)
    <= \sum_(i < k) 2.
  apply: leq_sum => i _; apply: best_holds_two sm m3 (low i _) => // j.
  move=> jin; have : j.1 \in unzip1 (jobs_of (rcons rs r) split) by apply: map_f.
  rewrite unzip1_zip ?size_map ?same // => /mapP[q + ->].
  by rewrite mem_rcons inE => /predU1P[->|/least].
by rewrite !sum_twice // size_rcons -cats1 count_cat; lia.
Qed.

(** While nobody leaves and the largest requests come first: if any split of the same requests keeps every node at m or
    below, then the least loaded first keeps every node at (4/3 - 1/(3k)) m or below.
    Law: the_largest_first. Engine: crates/core/src/pick/least.rs. *)
Theorem largest_first requests split m i : sorted geq [seq r.1 | r <- requests] ->
  size split = size requests -> all (fun i => i < k) split ->
  (forall i, i < k -> carried requests split i <= m) -> i < k ->
  3 * k * nth 0 (schedule k requests) i <= (4 * k - 1) * m.
Proof.
elim/last_ind: requests split i => [|rs r IH] split i down same inside low ik; first by rewrite nth_nseq ik muln0.
have [e ek [placed lowest]] := scheduled some_node rs r.
have geq_trans : transitive geq by move=> b a c ab bc; apply: leq_trans bc ab.
have /andP[/allP smallest down'] : all (geq^~ r.1) [seq q.1 | q <- rs] && pairwise geq [seq q.1 | q <- rs].
  by rewrite -pairwise_rcons -map_rcons -sorted_pairwise.
have least q : q \in rs -> r.1 <= q.1 by move=> qin; apply/smallest/map_f.
have earlier : exists2 split', size split' = size rs /\ all (fun i => i < k) split' &
    forall i, i < k -> carried rs split' i <= m.
  case/lastP: split same inside low => [|split' n]; rewrite ?size_rcons // => -[same].
  rewrite all_rcons => /andP[_ inside] low; exists split' => // j jk; apply: leq_trans (low j jk).
  by rewrite /carried map_rcons zip_rcons ?size_map ?same // -cats1 big_cat leq_addr.
have sorted_rs : sorted geq [seq r.1 | r <- rs].
  by rewrite sorted_pairwise.
case: earlier => split' [same' inside'] low'.
rewrite placed //; case: eqP => [ie|_]; last by rewrite addn0; apply: (IH split').
case: (ltnP m (3 * r.1)) => [large|small].
  have [j jk room] := room_below_peak same inside low least large.
  have : nth 0 (schedule k rs) i + r.1 <= m by rewrite ie; have := lowest j jk; lia.
  by move: (nth _ _ _ + _) => load; nia.
have mean := least_below_mean some_node lowest.
have most : total (rcons rs r) <= k * m.
  rewrite -(carried_total same inside) -[X in X * _]card_ord -sum_nat_const.
  by apply: leq_sum => j _; apply: low.
by rewrite total_rcons in most; rewrite ie; nia.
Qed.

End LargestFirst.

(** Two nodes, requests of sizes 3, 3, 2, 2, 2: the fullest node has 7, and 6 was possible.
    Law: the_largest_first. Engine: crates/core/src/pick/least.rs. *)
Example largest_first_factor_is_reached : let requests := [seq (s, [::]) | s <- [:: 3; 3; 2; 2; 2]] in
  (\max_(x <- schedule 2 requests) x, [seq carried requests [:: 0; 0; 1; 1; 1] i | i <- iota 0 2]) = (7, [:: 6; 6]).
Proof. by rewrite /carried !unlock; vm_compute. Qed.
