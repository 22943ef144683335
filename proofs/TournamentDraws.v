(** * The tournament's lots: who is drawn is whom a scan would draw

    A pick draws a lot at the root of the tournament (Tournament.v) and follows it down to a member. Promised here:
    after any changes a lot leads to whom it would lead in a scan of all members; whoever wins can be lent, and
    nobody's score is less; each of the least wins by exactly as many lots as are its own; and nobody wins only when
    nobody can be lent.

    The model is that of Tournament.v. The proof: every entry above is the [least] of its group, so all is told by
    the lowest floor, and a lot that goes down one floor stays the same lot of the whole. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From Evenly Require Import Tournament.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.POrderTheory Order.TotalTheory.
Local Open Scope order_scope.

Section Draws.
Variables (disp : unit) (T : orderType disp).
Variables (width : nat) (inf : T).
Hypothesis wide : (1 < width)%N.
Notation entry := (entry T).
Local Notation out := (out inf).
Local Notation level := (level inf).
Local Notation least := (least inf).
Local Notation tournament := (tournament width inf).
Local Notation changed := (changed inf).
Local Notation updated := (updated width inf).
Local Notation winner := (winner width inf).
Local Notation drum := (drum inf).
Local Notation stands := (stands width inf).
Local Notation sound := (sound width inf).
Local Notation step_down := (step_down width).
Local Notation tally_beyond := (@tally_beyond disp T inf).
Local Notation le_level := (@le_level disp T inf).
Local Notation tournament_sound := (@tournament_sound disp T width inf wide).
Local Notation tournament_updates_are_rebuilding := (@tournament_updates_are_rebuilding disp T width inf wide).

Fixpoint locate (s : T) (es : seq entry) (lot : nat) : nat * nat :=
  if es is e :: rest then
    if (lot < own s e)%N then (0%N, lot)
    else let: (p, q) := locate s rest (lot - own s e) in (p.+1, q)
  else (0%N, lot).

Lemma child_of_locate s es lot : child_of s lot es = locate s es lot.
Proof.
have stay p a b es' : (lot < a)%N -> let r := foldl (count_on s lot) (p, a, b) es' in (r.1.1, r.2) = (p, b).
  elim: es' a => //= e es' IH a lt; rewrite leqNgt (leq_trans lt) ?leq_addr //=.
  by apply: IH; rewrite (leq_trans lt) ?leq_addr.
rewrite /child_of.
have gen p c : (c <= lot)%N -> let r := foldl (count_on s lot) (p, c, c) es in
    (r.1.1, lot - r.2)%N = ((p + (locate s es (lot - c)).1)%N, (locate s es (lot - c)).2).
  elim: es p c => [|e es IH] p c le; first by rewrite /= addn0.
  rewrite /=; case: (leqP (c + own s e) lot) => [le'|lt].
    have -> : (lot - c < own s e)%N = false by lia.
    rewrite IH // subnDA; case: (locate _ _ _) => a b; by rewrite addSnnS.
  have -> : (lot - c < own s e)%N by lia.
  by have := stay p (c + own s e)%N c es lt; case: (foldl _ _ _) => [[x y] z] /= [-> ->]; rewrite addn0.
have := gen 0%N 0%N (leq0n _); case: (foldl _ _ _) => [[x y] z] /= [-> ->].
by rewrite subn0 add0n; case: locate.
Qed.

Lemma locate_cat s a b lot :
  locate s (a ++ b) lot =
  if (lot < tally s a)%N then locate s a lot
  else let: (p, q) := locate s b (lot - tally s a) in ((size a + p)%N, q).
Proof.
elim: a lot => [|e a IH] lot; first by rewrite /= subn0; case: locate.
rewrite cat_cons [locate s (e :: _) _]/= [locate s (e :: a) _]/= [tally _ _]/tally /= -/(tally s a).
case: (ltnP lot (own s e)) => le; first by rewrite (leq_trans le) ?leq_addr.
rewrite IH subnDA ltn_subLR //; case: ifP => // _.
by case: locate.
Qed.

Lemma own_least s es : s <= level es -> own s (least es) = tally s es.
Proof.
move=> le; rewrite /own /=; case: leP => [ge|lt]; last by rewrite tally_beyond.
by have -> : level es = s by apply/le_anti; rewrite le ge.
Qed.

Lemma level_cat a b : level (a ++ b) = Order.min (level a) (level b).
Proof.
elim: a => [|e a IH] /=; last by rewrite IH minA.
by apply/esym/min_idPr; have := le_level (level b) b; rewrite lexx => /esym/andP[].
Qed.

Lemma stands_level floor upper : stands floor upper -> level upper = level floor.
Proof.
elim: upper floor => [|u us IH] floor /=; first by move/eqP->.
case/and3P=> _ /eqP-> /IH->; rewrite -{3}(cat_take_drop width floor) level_cat.
by congr Order.min.
Qed.

Lemma stands_tally s floor upper : stands floor upper -> s <= level floor -> tally s upper = tally s floor.
Proof.
elim: upper floor => [|u us IH] floor /=; first by move/eqP->.
case/and3P=> _ /eqP-> st; rewrite -{1 3}(cat_take_drop width floor) level_cat le_minr tally_cat => /andP[l1 l2].
by rewrite [LHS]/tally /= -/(tally s us) own_least // (IH _ st).
Qed.

Lemma stands_locate s floor upper lot :
  stands floor upper -> s <= level floor -> (lot < tally s upper)%N ->
  locate s floor lot = step_down s (locate s upper lot) floor.
Proof.
elim: upper floor lot => [|u us IH] floor lot //=.
case/and3P=> szf /eqP eu st; rewrite -{1 2}(cat_take_drop width floor) level_cat le_minr => /andP[l1 l2].
rewrite [tally _ _]/tally /= -/(tally s us) locate_cat.
have -> : tally s (take width floor) = own s u by rewrite eu own_least.
case: (ltnP lot (own s u)) => [lt _|ge lt].
  by rewrite /step_down child_of_locate /group mul0n drop0; case: locate.
rewrite IH ?ltn_subLR //; case: (locate s us _) => p q; rewrite /step_down groupS.
case: (child_of _ _ _) => a b; congr (_, _); case/orP: szf => [/size_takel->|/eqP E]; first by rewrite mulSn addnA.
by move: lt; rewrite (stands_tally st l2) eu own_least // E take_oversize.
Qed.

Lemma stands_bounded floor upper : stands floor upper -> all (fun e => score e <= inf) upper.
Proof.
elim: upper floor => //= u us IH floor /and3P[_ /eqP-> /IH->]; rewrite andbT.
by have := le_level (level (take width floor)) (take width floor); rewrite lexx => /esym/andP[].
Qed.

(** The root tells the least score of all members, and how many lots have it. *)
Lemma root_least fs root :
  sound (rcons fs root) -> all (fun e => score e <= inf) (head [::] (rcons fs root)) ->
  nth out root 0 = least (head [::] (rcons fs root)).
Proof.
elim: fs => [|f fs IH] /=.
  case: root => [|e [|]] //= _; rewrite andbT /least /= => le.
  by rewrite (min_idPl le) /tally /= /own lexx addn0; case: e {le}.
have [u [us E]] : exists u us, rcons fs root = u :: us by case: (fs) => [|v vs] /=; do 2 eexists.
rewrite E in IH *; case/andP=> st so _; rewrite (IH so (stands_bounded st)) /least (stands_level st).
by rewrite (stands_tally st).
Qed.

Lemma walk_down fs root s lot :
  sound (rcons fs root) -> s <= level (head [::] (rcons fs root)) ->
  (lot < tally s (head [::] (rcons fs root)))%N ->
  foldl (step_down s) (0%N, lot) (rev fs) = locate s (head [::] (rcons fs root)) lot.
Proof.
elim: fs => [|f fs IH] /=.
  by case: root => [|e [|]] //= _ _; rewrite /tally /= addn0 => ->.
have [u [us E]] : exists u us, rcons fs root = u :: us by case: (fs) => [|v vs] /=; do 2 eexists.
rewrite E in IH *; case/andP=> st so le lt.
rewrite -(stands_level st) in le; rewrite -(stands_tally st) -?(stands_level st) // in lt.
by rewrite rev_cons foldl_rcons (IH so le lt) (stands_locate st) -?(stands_level st).
Qed.

Lemma drumE s i es lot : (lot < tally s es)%N -> nth 0%N (drum_from s i es) lot = (i + (locate s es lot).1)%N.
Proof.
elim: es i lot => //= e es IH i lot; rewrite [tally _ _]/tally /= -/(tally s es) => lt.
rewrite nth_cat size_nseq nth_nseq; case: ltnP => [_|le]; first by rewrite addn0.
by rewrite IH ?ltn_subLR //; case: (locate _ _ _) => p q; rewrite addSnnS.
Qed.

Lemma drum_size (s : T) i es : size (drum_from s i es) = tally s es.
Proof. by elim: es i => //= e es IH i; rewrite size_cat size_nseq IH. Qed.

Lemma tally_outs (s : T) n : tally s (nseq n out) = 0%N.
Proof. by elim: n => //= n; rewrite /tally /= /own /=; case: ifP. Qed.

Lemma level_outs n : level (nseq n out) = inf.
Proof. by elim: n => //= n ->; rewrite minxx. Qed.

Lemma level_inf es : level es <= inf.
Proof. by have := le_level (level es) es; rewrite lexx => /esym/andP[]. Qed.

(** Who is drawn is whom the same lot draws in a scan of all members as they are now, after any changes; if nobody has a
    lot, nobody.
    Law: tournament_lends_a_least, tournament_is_fair. Engine: crates/core/src/pick/tournament.rs. *)
Theorem tournament_draws_as_a_scan ms us lot :
  all (fun u => u.1 < size ms)%N us -> all (fun e => score e <= inf) (changed ms us) ->
  (lot < maxn 1 (size (drum (changed ms us))))%N ->
  winner (updated (tournament ms) us) lot = ohead (drop lot (drum (changed ms us))).
Proof.
move=> /tournament_updates_are_rebuilding->; move: {us} (changed ms us) => {}ms le lt.
have [so [m E]] := tournament_sound ms.
rewrite /winner; move: so E; case/lastP: (tournament ms) => // fs root so E; rewrite rev_rcons.
have lB : level (ms ++ nseq m out) = level ms by rewrite level_cat level_outs (min_idPl (level_inf ms)).
have tB s : tally s (ms ++ nseq m out) = tally s ms by rewrite tally_cat tally_outs addn0.
have leB : all (fun e => score e <= inf) (head [::] (rcons fs root)).
  by rewrite E all_cat le /=; apply/allP => e /nseqP[->] /=.
have dr : tally (level ms) ms = size (drum ms) by rewrite drum_size.
have := root_least so leB; rewrite E /least lB tB dr => ER; rewrite ER /=.
case: posnP => [Z|pos]; first by rewrite drop_oversize ?Z.
have lt' : (lot < size (drum ms))%N by rewrite (maxn_idPr pos) in lt.
rewrite (walk_down so) E ?lB ?tB ?dr // locate_cat dr lt'.
by rewrite (drop_nth 0%N lt') /= drumE ?dr // add0n.
Qed.

Lemma drum_count (s : T) i es j :
  count_mem j (drum_from s i es) = if (i <= j < i + size es)%N then own s (nth out es (j - i)) else 0%N.
Proof.
elim: es i => [|e es IH] i /=; first by rewrite addn0; case: ifP => //; lia.
rewrite count_cat count_nseq /= IH; case: (ltngtP i j) => [lt|gt|->] /=.
- by rewrite mul0n add0n addnS addSn -(subnSK lt).
- by rewrite mul0n.
by rewrite addnS ltnS leq_addr subnn mul1n addn0.
Qed.

Lemma drum_fair ms i :
  all (fun e => score e <= inf) ms -> (i < size ms)%N ->
  count_mem i (drum ms) = if all (fun e => score (nth out ms i) <= score e) ms then lots (nth out ms i) else 0%N.
Proof.
move=> le lt; rewrite drum_count /= lt subn0 /own le_level.
by move/(all_nthP out): (le) => ->.
Qed.

(** Of all lots each member with the least score wins by exactly as many as it has, the others by none, after any
    changes.
    Law: tournament_is_fair. Engine: crates/core/src/pick/tournament.rs, crates/core/src/pick/join_idle.rs. *)
Theorem tournament_is_fair ms us i (now := changed ms us) :
  all (fun u => u.1 < size ms)%N us -> all (fun e => score e <= inf) now -> (i < size now)%N ->
  count (fun lot => winner (updated (tournament ms) us) lot == Some i) (iota 0 (size (drum now))) =
  if all (fun e => score (nth out now i) <= score e) now then lots (nth out now i) else 0%N.
Proof.
move=> ok le lt; rewrite -drum_fair // -[in RHS](mkseq_nth 0%N (drum now)) count_map.
apply: eq_in_count => lot; rewrite mem_iota add0n => /andP[_ sz].
rewrite tournament_draws_as_a_scan //; last by rewrite (leq_trans sz) ?leq_maxr.
by rewrite (drop_nth 0%N sz).
Qed.

(** Whoever wins can be lent, and nobody's score is less: after any changes the tournament finds what argmin names.
    Law: tournament_lends_a_least. Engine: crates/core/src/pick/tournament.rs. *)
Theorem tournament_lends_a_least ms us lot i (now := changed ms us) :
  all (fun u => u.1 < size ms)%N us -> all (fun e => score e <= inf) now -> (lot < maxn 1 (size (drum now)))%N ->
  winner (updated (tournament ms) us) lot = Some i ->
  [/\ (i < size now)%N, (0 < lots (nth out now i))%N
    & forall j, (j < size now)%N -> score (nth out now i) <= score (nth out now j)].
Proof.
move=> ok le lt; rewrite tournament_draws_as_a_scan //.
case E: (drop _ _) => [|j r] //= [ij]; have: i \in drum now by rewrite (mem_drop (n0 := lot)) // E ij mem_head.
rewrite -has_pred1 has_count; case: (ltnP i (size now)) => [lti|ge]; last first.
  by rewrite drum_count add0n (ltnNge i) ge andbF.
by rewrite drum_fair //; case: ifP => // /(all_nthP out) least_i.
Qed.

(** Nobody wins exactly when nobody can be lent; a member that can has a finite score and at least one lot.
    Law: tournament_lends_a_least. Engine: crates/core/src/pick/tournament.rs. *)
Theorem tournament_finds_somebody ms us lot (now := changed ms us) :
  all (fun u => u.1 < size ms)%N us ->
  all (fun e => (e == out) || (score e < inf) && (0 < lots e)%N) now -> (lot < maxn 1 (size (drum now)))%N ->
  (winner (updated (tournament ms) us) lot == None) = all (fun e => e == out) now.
Proof.
move=> ok proper lt.
have le : all (fun e => score e <= inf) now.
  by apply: sub_all proper => e /orP[/eqP->|/andP[/ltW]] /=.
rewrite tournament_draws_as_a_scan //; move: lt; rewrite drum_size.
have [/allP a|/allPn[e en ne]] := boolP (all _ _).
  rewrite drop_oversize ?eqxx // drum_size /tally sumnE big_map big_seq big1 // => e /a /eqP->.
  by rewrite /own /=; case: ifP.
have [f fn fl] : exists2 f, f \in now & score f = level now.
  have: level now < inf.
    apply: (@le_lt_trans _ _ (score e)); last by move/allP: proper => /(_ e en); rewrite (negbTE ne) => /andP[].
    by have := le_level (level now) now; rewrite lexx => /esym/andP[_ /allP]; apply.
  elim: (now) => [|c cs IH] /=; first by rewrite ltxx.
  rewrite minElt; case: ifP => _; first by exists c; rewrite ?mem_head.
  by move=> /IH[f fc <-]; exists f; rewrite // in_cons fc orbT.
have pos : (0 < tally (level now) now)%N.
  have pf : (0 < own (level now) f)%N.
    rewrite /own fl lexx; have /allP/(_ f fn) := proper.
    case: eqP => [fo|_ /andP[]] //.
    move: fl; rewrite fo /= => fl; have := le_level (level now) now; rewrite lexx => /esym/andP[_ /allP/(_ e en)].
    by have /allP/(_ e en) := proper; rewrite (negbTE ne) -fl => /andP[/lt_geF->].
  by case/splitPr: fn pf => a b; rewrite tally_mid -/now; lia.
rewrite (maxn_idPr pos) => lt.
by rewrite (drop_nth 0%N) // drum_size.
Qed.

End Draws.
