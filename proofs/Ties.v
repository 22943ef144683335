(** * Ties: each of several equals is as likely, also when they are met one by one

    Ten idle nodes are equally good; a balancer that always took the first of them would leave the last one cold. So
    ties are drawn by lot. The engine does it on the way, without a list of the equals: at the second of them it
    throws a coin (1 in 2 for the newcomer), at the third a die with three sides (1 in 3), and so on; and it forgets
    them all when a better one comes. It looks as if the last had the best chances. It has not: each of m equals has
    exactly 1/m.

    The model is the scan of LeastConnections.v. Chance is counted and not measured: at every tie all numbers that may
    be drawn are drawn, and all ways through the scan count the same, as they do for dice that are fair.

    How the proof goes. By induction on the nodes looked at: if each of e equals was kept in 1 of e ways, then after
    one more tie the newcomer is kept in 1 of e + 1 ways, and each of the others in e of e + 1 of its ways, which is 1
    of e + 1 of all. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Import LeastConnections.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** All that can be drawn *)

(** Whether this node equals the best so far, so that a lot is drawn. *)
Definition ties_with (so : looked) (n : node) := fit n && ((in_flight n).+1 * its so == least so * weight n).

(** How many sides each die has that the scan throws on its way over these nodes. *)
Fixpoint dice (so : looked) (nodes : seq node) : seq nat :=
  if nodes is n :: later then
    (if ties_with so n then [:: (equals so).+1] else [::]) ++ dice (see so n) later
  else [::].

(** All that these dice can show, one after the other. *)
Definition throws (sides : seq nat) : seq (seq nat) :=
  foldl (fun shown e => [seq rcons lots lot | lots <- shown, lot <- iota 0 e]) [:: [::]] sides.

Definition all_lots nodes := throws (dice (first_look [::]) nodes).

(** ** Lots decide who is kept, and nothing else *)

Definition with_lots (so : looked) drawn :=
  Looked (index so) (best so) (least so) (its so) (equals so) drawn.

Definition frame (so : looked) := (index so, least so, its so, equals so).

Arguments see : simpl never.

Lemma see_frame so so' n : frame so = frame so' -> frame (see so n) = frame (see so' n).
Proof.
case: so => i b l w e d; case: so' => i' b' l' w' e' d' [-> -> -> ->]; rewrite /see /=.
by case: (fit n) => //; case: ltnP => // _; case: eqP.
Qed.

Lemma dice_frame so so' nodes : frame so = frame so' -> dice so nodes = dice so' nodes.
Proof.
elim: nodes so so' => //= n later IH so so' same; rewrite (IH _ _ (see_frame n same)); congr (_ ++ _).
by rewrite /ties_with; move: same; case: so => i b l w e d; case: so' => i' b' l' w' e' d' [_ -> -> ->].
Qed.

Lemma see_all_frame so so' nodes : frame so = frame so' -> frame (foldl see so nodes) = frame (foldl see so' nodes).
Proof. by elim: nodes so so' => //= n later IH so so' same; apply/IH/see_frame. Qed.

Lemma dice_rcons so nodes n :
  dice so (rcons nodes n) = dice so nodes ++
    (if ties_with (foldl see so nodes) n then [:: (equals (foldl see so nodes)).+1] else [::]).
Proof. by elim: nodes so => [|m nodes IH] so /=; rewrite ?cats0 // IH catA. Qed.

(** One look consumes a lot only at a tie. *)
Lemma see_lots so n d : see (with_lots so d) n =
  if ties_with so n then with_lots (see (with_lots so [:: head 0 d]) n) (behead d) else with_lots (see so n) d.
Proof.
case: so => i b l w e d'; rewrite /with_lots /ties_with /see /=; case: (fit n) => //=.
by case: ltngtP => //= _; case: d => [|lot d].
Qed.

Lemma see_all_lots so nodes d r : size d = size (dice so nodes) ->
  foldl see (with_lots so (d ++ r)) nodes = with_lots (foldl see (with_lots so d) nodes) r.
Proof.
elim: nodes so d => [|n nodes IH] so d; first by move/size0nil ->; case: so.
rewrite /= [see (with_lots so (d ++ r)) n]see_lots [see (with_lots so d) n]see_lots size_cat.
case: ifP => tie /=; last by move=> sd; rewrite IH.
case: d => // lot d [sd] /=; rewrite IH // sd; congr size; apply: dice_frame.
by case: so tie {sd} => i b l w e d'; rewrite /ties_with /see /with_lots /= => /andP[-> /eqP->]; rewrite ltnn eqxx.
Qed.

(** ** Each of the equals is as likely *)

(** Whether this node is better than the best so far. *)
Definition beats (so : looked) (n : node) := fit n && ((in_flight n).+1 * its so < least so * weight n).

Lemma best_see so n : best (see so n) =
  if beats so n || (ties_with so n && (head 0 (lots so) %% (equals so).+1 == 0)) then Some (index so) else best so.
Proof.
case: so => i b l w e d; rewrite /beats /ties_with /see /=; case: (fit n) => //=.
by case: ltngtP => //= _; case: eqP.
Qed.

Lemma frame_see so n : frame (see so n) =
  if beats so n then ((index so).+1, (in_flight n).+1, weight n, 1)
  else ((index so).+1, least so, its so, if ties_with so n then (equals so).+1 else equals so).
Proof.
case: so => i b l w e d; rewrite /beats /ties_with /see /frame /=; case: (fit n) => //=.
by case: ltngtP.
Qed.

Lemma count_throws sides e (p : pred (seq nat)) :
  count p (throws (rcons sides e)) = sumn [seq count (fun lot => p (rcons d lot)) (iota 0 e) | d <- throws sides].
Proof.
rewrite /throws -cats1 foldl_cat /= count_flatten -map_comp; congr sumn.
by apply: eq_map => d /=; rewrite count_map.
Qed.

Lemma size_throws sides e : size (throws (rcons sides e)) = size (throws sides) * e.
Proof. by rewrite /throws -cats1 foldl_cat /= size_allpairs size_iota. Qed.

Lemma throws_size sides d : d \in throws sides -> size d = size sides.
Proof.
elim/last_ind: sides d => [|sides e IH] d; first by rewrite inE => /eqP->.
rewrite /throws -cats1 foldl_cat /= cats1 size_rcons => /allpairsP[[d' lot] [/= din _ ->]].
by rewrite size_rcons IH.
Qed.

Section Fair.
Variable nodes : seq node.
Hypothesis positive : all (fun n => 0 < weight n) nodes.
Let so := foldl see (first_look [::]) nodes.
Let after d := foldl see (first_look d) nodes.

Lemma frame_after d : frame (after d) = frame so.
Proof. exact: see_all_frame. Qed.

Lemma one_more_lot d lot : d \in all_lots nodes ->
  foldl see (first_look (rcons d lot)) nodes = with_lots (after d) [:: lot].
Proof. by move/throws_size => sd; rewrite -cats1; apply: (@see_all_lots (first_look [::])). Qed.

Lemma kept_before d i : best (after d) = Some i -> i < size nodes.
Proof. by have [_ _ _] := scan_knows d positive; rewrite /after => + bi; rewrite bi => -[]. Qed.

Lemma index_so : index so = size nodes.
Proof. by case: (scan_knows [::] positive). Qed.

End Fair.

Lemma sumn_scaled (T : Type) (s : seq T) (p : pred T) e : sumn [seq e * p d | d <- s] = e * count p s.
Proof. by elim: s => [|d s IH] /=; rewrite ?muln0 // IH mulnDr. Qed.

Lemma each_tie nodes i (so := foldl see (first_look [::]) nodes) (ways := all_lots nodes) :
  all (fun n => 0 < weight n) nodes -> i < size nodes -> ties_with so (nth nobody nodes i) ->
  equals so * count (fun lots => scan nodes lots == Some i) ways = size ways.
Proof.
rewrite {}/so {}/ways; elim/last_ind: nodes i => // nodes n IH i; rewrite all_rcons => /andP[n0 positive].
set so := foldl see (first_look [::]) nodes; set ways := all_lots nodes in IH *.
pose after d := foldl see (first_look d) nodes; have frames d : frame (after d) = frame so by exact: frame_after.
have idx : index so = size nodes by exact: index_so.
rewrite foldl_rcons -/so size_rcons ltnS => il.
have same_ways : ~~ ties_with so n -> all_lots (rcons nodes n) = ways.
  by move=> no; rewrite /all_lots dice_rcons -/so (negbTE no) cats0.
have scan_rcons d : scan (rcons nodes n) d = best (see (after d) n) by rewrite /scan foldl_rcons.
have beats_same d : beats (after d) n = beats so n by rewrite /beats; case: (frames d) => _ -> ->.
have ties_same d : ties_with (after d) n = ties_with so n by rewrite /ties_with; case: (frames d) => _ -> ->.
have index_same d : index (after d) = size nodes by rewrite -idx; case: (frames d).
have kept d : best (after d) = Some (size nodes) -> False by move/(kept_before positive); rewrite ltnn.
have := frame_see so n; case beat : (beats so n) => -[_ least' its' equals'].
  rewrite equals' mul1n; have no : ties_with so n = false.
    by move: beat; rewrite /beats /ties_with; case: (fit n) => //=; case: ltngtP.
  rewrite same_ways ?no //; rewrite /ties_with least' its' nth_rcons => /andP[fi /eqP tie].
  have is_last : i = size nodes.
    apply/eqP; move: il; rewrite leq_eqVlt => /predU1P[-> //|ilt]; rewrite ilt in fi tie.
    exfalso; have [_ l0 low _] := scan_knows [::] positive; rewrite -/so in l0 low.
    have := all_nthP nobody low i ilt; rewrite /no_more fi /= => lowi.
    have wi : 0 < weight (nth nobody nodes i) by exact: (all_nthP nobody positive).
    by move: beat; rewrite /beats => /andP[_]; move: tie lowi wi n0; nia.
  rewrite (eq_in_count (a2 := predT)) ?count_predT // => d _.
  by rewrite scan_rcons best_see beats_same beat /= index_same is_last eqxx.
case tie : (ties_with so n) in equals' *; last first.
  rewrite same_ways ?tie // equals' /ties_with least' its' -/(ties_with so _) nth_rcons => tied.
  have ilt : i < size nodes.
    move: il tied; rewrite leq_eqVlt => /predU1P[->|//]; rewrite ltnn eqxx -/(ties_with so n).
    by move: tie; rewrite /ties_with => ->.
  rewrite ilt in tied; rewrite -(IH i positive ilt tied); congr (_ * _); apply: eq_count => d.
  by rewrite scan_rcons best_see beats_same beat ties_same tie.
rewrite equals' => tied.
have -> : all_lots (rcons nodes n) = throws (rcons (dice (first_look [::]) nodes) (equals so).+1).
  by rewrite /all_lots dice_rcons -/so tie cats1.
rewrite size_throws count_throws -/(all_lots nodes) -/ways.
have scan_tie d lot : d \in ways -> lot < (equals so).+1 ->
    scan (rcons nodes n) (rcons d lot) = if lot == 0 then Some (size nodes) else best (after d).
  move=> din small; rewrite /scan foldl_rcons one_more_lot // best_see.
  have -> : beats (with_lots (after d) [:: lot]) n = false by rewrite -beat; exact: beats_same.
  have -> : ties_with (with_lots (after d) [:: lot]) n = true by rewrite -tie; exact: ties_same.
  have -> : equals (with_lots (after d) [:: lot]) = equals so by case: (frames d).
  by rewrite /= modn_small // index_same.
have /eq_in_map -> : {in ways,
    (fun d => count (fun lot => scan (rcons nodes n) (rcons d lot) == Some i) (iota 0 (equals so).+1)) =1
    (fun d => (size nodes == i) + equals so * (scan nodes d == Some i))}.
  move=> d din; rewrite /= scan_tie // eqxx; congr (_ + _).
  rewrite (eq_in_count (a2 := fun=> scan nodes d == Some i)); last first.
    by move=> lot; rewrite mem_iota => /andP[l0 l1]; rewrite scan_tie // -leqn0 leqNgt l0.
  by case: eqP => _; rewrite ?count_predT ?count_pred0 ?size_iota ?muln1 ?muln0.
move: il tied; rewrite leq_eqVlt => /predU1P[->|ilt] tied.
  have /eq_in_map -> : {in ways, (fun d => (size nodes == size nodes) + equals so * (scan nodes d == Some (size nodes)))
      =1 (fun d => 1 * predT d)}.
    by move=> d _; rewrite eqxx; case: eqP => [/kept|]; rewrite // muln0.
  by rewrite sumn_scaled count_predT mul1n mulnC.
have -> : (size nodes == i) = false by rewrite gtn_eqF.
rewrite sumn_scaled -(IH i positive ilt); last first.
  by move: tied; rewrite /ties_with least' its' nth_rcons ilt.
by rewrite mulnC.
Qed.

(** The nodes that may be lent and whose (in flight + 1)/weight is the least of all that may. *)
Definition leasts nodes :=
  let no_less n m := fit m ==> ((in_flight n).+1 * weight m <= (in_flight m).+1 * weight n) in
  [seq i <- iota 0 (size nodes) | fit (nth nobody nodes i) && all (no_less (nth nobody nodes i)) nodes].

Lemma sum_over_outcomes (ways : seq (seq nat)) (js : seq nat) (outcome : seq nat -> option nat) : uniq js ->
  {in ways, forall d, exists2 j, j \in js & outcome d = Some j} ->
  \sum_(j <- js) count (fun d => outcome d == Some j) ways = size ways.
Proof.
move=> once inside; rewrite -sum1_size [RHS]big_seq.
rewrite (eq_bigr (fun j => \sum_(d <- ways | outcome d == Some j) 1)); last by move=> j _; rewrite sum1_count.
rewrite (exchange_big_dep xpredT) //= big_seq; apply: eq_bigr => d /inside[j jin ->].
by rewrite sum1_count (eq_count (a2 := pred1 j)) ?count_uniq_mem ?jin // => h; rewrite /= eq_sym.
Qed.

(** When m nodes are equally good, each of them is lent in exactly 1 of m ways in which the lots can fall.
    Law: least_connections_ties. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem ties_fall_evenly nodes i (m := size (leasts nodes)) (ways := all_lots nodes) :
  all (fun n => 0 < weight n) nodes -> i \in leasts nodes ->
  m * count (fun lots => scan nodes lots == Some i) ways = size ways.
Proof.
move=> positive il; set so := foldl see (first_look [::]) nodes.
have fair j : j \in leasts nodes -> equals so * count (fun lots => scan nodes lots == Some j) ways = size ways.
  rewrite mem_filter mem_iota => /andP[/andP[fj low] /andP[_ js]]; apply: each_tie => //.
  rewrite -/so /ties_with fj /=.
  have [_ l0 below] := scan_knows [::] positive; rewrite -/so in l0 below *.
  have := all_nthP nobody below j js; rewrite /no_more fj /= => lo.
  case: (best so) => [b|w0]; last first.
    have wj : 0 < weight (nth nobody nodes j) by exact: (all_nthP nobody positive).
    by move: lo; rewrite w0 muln0; move: l0 wj; nia.
  case=> bs fb w1 eb; have := all_nthP nobody low b bs; rewrite fb /= => hi.
  rewrite eqn_leq lo andbT -(leq_pmul2r (_ : 0 < (in_flight (nth nobody nodes b)).+1)) //.
  by move: hi eb; nia.
have every : \sum_(j <- leasts nodes) count (fun lots => scan nodes lots == Some j) ways = size ways.
  apply: sum_over_outcomes; first by rewrite filter_uniq ?iota_uniq.
  move=> d _; have := scan_finds_a_least d positive; case: scan => [j [js fj low]|none].
    exists j => //; rewrite mem_filter mem_iota fj js !andbT; apply/(all_nthP nobody) => h hs; apply/implyP; exact: low.
  by move: il; rewrite mem_filter mem_iota => /andP[/andP[fi _] /andP[_ /none]]; rewrite fi.
case: (posnP (size ways)) => [none|some].
  by rewrite none; move: none => /size0nil ->; rewrite muln0.
suff -> : m = equals so by exact: fair.
apply/eqP; rewrite -(eqn_pmul2r some) -{2}every big_distrr /= big_seq (eq_bigr (fun=> size ways)) //.
by rewrite -big_seq big_const_seq count_predT iter_addn_0 mulnC.
Qed.

(** Two idle nodes beside a busy one: the first is kept at one side of the coin, the second at the other, the busy one
    never.
    Law: least_connections_ties. Engine: crates/core/src/pick/least_connections.rs. *)
Example a_coin_between_two : let nodes := [:: Node 0 1 true; Node 1 1 true; Node 0 1 true] in
  [seq scan nodes lots | lots <- all_lots nodes] = [:: Some 2; Some 0].
Proof. by vm_compute. Qed.
