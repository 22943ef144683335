(** * The tournament: the least of ten thousand nodes without looking at all of them

    Least connections must find the least loaded node at every pick. Above 32 nodes the engine keeps a tournament: a
    tree of wide floors, the members lowest, each entry above telling the least score of its 16 children and how many
    lots have it. A pick draws a lot at the root and follows it down; a change of one member is passed up as a
    difference, mostly without asking the other children. That is fast and easy to get wrong. Promised here: whatever
    changes came in whatever order, the tree is the one built anew, whoever is lent is a least one of those that can be
    lent, each by exactly its lots, and comparing loads as floating point numbers is as good as comparing them exactly.

    The model is the engine's algorithm, with its floors, lots, differences and the loop that counts them; scores are of
    any totally ordered type, as floating point numbers without NaN are, and the width is any from 2. Left out are the
    lock around it and the widths of the counters (the lots of all members fit in 64 bits).

    The proof keeps one fact: every entry above is the [least] of its group. Then all is told by the lowest floor, and a
    lot that goes down one floor stays the same lot of the whole. *)

From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From Evenly Require Import Quotients.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.POrderTheory Order.TotalTheory.
Local Open Scope order_scope.

Section Tournament.
Variables (disp : unit) (T : orderType disp).
Variables (width : nat) (inf : T).
Hypothesis wide : (1 < width)%N.

(** How a member stands: its score, the less the better, and its lots. *)
Definition entry := (T * nat)%type.
Definition score (e : entry) := e.1.
Definition lots (e : entry) := e.2.

(** Who cannot be lent loses against everybody. *)
Definition out : entry := (inf, 0%N).

(** The least score of some, the lots of those that a score [s] lets in, and both together. *)
Definition level (es : seq entry) : T := foldr (fun e least => Order.min (score e) least) inf es.
Definition own (s : T) (e : entry) : nat := if score e <= s then lots e else 0%N.
Definition tally (s : T) (es : seq entry) : nat := sumn [seq own s e | e <- es].
Definition least (es : seq entry) : entry := (level es, tally (level es) es).

(** The entry above after a child has changed from [before] to [now]; nothing when the other children must be asked. *)
Definition follow (above before now : entry) : option entry :=
  if score now < score above then Some now
  else let left := (lots above - own (score above) before + own (score above) now)%N in
       if (0 < left)%N then Some (score above, left) else None.

(** The [place]-th children of a floor. *)
Definition group (floor : seq entry) (place : nat) : seq entry := take width (drop (place * width) floor).

(** A floor filled up to a multiple of the width, and the floor above it. *)
Definition padded (floor : seq entry) : seq entry :=
  floor ++ nseq (maxn 1 ((size floor + width.-1) %/ width) * width - size floor) out.
Fixpoint groups (many : nat) (floor : seq entry) : seq (seq entry) :=
  if many is n.+1 then take width floor :: groups n (drop width floor) else [::].
Definition above (floor : seq entry) : seq entry := map least (groups (size floor %/ width) floor).

(** The entry above some children, one of which has changed. *)
Definition renewed (above before now : entry) (children : seq entry) : entry :=
  if follow above before now is Some e then e else least children.

(** All floors, from the members to the root. *)
Fixpoint raise (fuel : nat) (floor : seq entry) : seq (seq entry) :=
  if fuel is n.+1 then
    if size floor == 1%N then [:: floor] else padded floor :: raise n (above (padded floor))
  else [:: floor].
Definition tournament (members : seq entry) := raise (size members).+1 members.

(** One member's new entry is passed up as a difference, as far as something changes. *)
Fixpoint update (floors : seq (seq entry)) (place : nat) (now : entry) : seq (seq entry) :=
  if floors is floor :: upper then
    let before := nth out floor place in
    if before == now then floors else
    let floor' := set_nth out floor place now in
    if upper is up :: _ then
      let parent := (place %/ width)%N in
      floor' :: update upper parent (renewed (nth out up parent) before now (group floor' parent))
    else [:: floor']
  else [::].

(** Of some children the one that holds the [lot]-th lot, and which of its own lots that is: the engine's loop. *)
Definition count_on (s : T) (lot : nat) (seen : nat * nat * nat) (child : entry) : nat * nat * nat :=
  let: (passed, all, before) := seen in
  let all := (all + own s child)%N in
  if (all <= lot)%N then (passed.+1, all, all) else (passed, all, before).
Definition child_of (s : T) (lot : nat) (children : seq entry) : nat * nat :=
  let: (passed, _, before) := foldl (count_on s lot) (0, 0, 0)%N children in (passed, (lot - before)%N).

(** From the root down to the member that holds the lot. *)
Definition step_down (s : T) (at_ : nat * nat) (floor : seq entry) : nat * nat :=
  let: (place, lot) := at_ in
  let: (passed, lot) := child_of s lot (group floor place) in ((place * width + passed)%N, lot).
Definition winner (floors : seq (seq entry)) (lot : nat) : option nat :=
  if rev floors is top :: below then
    let root := nth out top 0%N in
    if lots root == 0%N then None else Some (foldl (step_down (score root)) (0%N, lot) below).1
  else None.

(** What a scan of all members finds: the numbers of those with the least score, each as often as it has lots. *)
Fixpoint drum_from (s : T) (place : nat) (members : seq entry) : seq nat :=
  if members is e :: rest then nseq (own s e) place ++ drum_from s place.+1 rest else [::].
Definition drum (members : seq entry) : seq nat := drum_from (level members) 0 members.

(** Members and the tree after changes, each of one member's entry. *)
Definition changed := foldl (fun members (change : nat * entry) => set_nth out members change.1 change.2).
Definition updated := foldl (fun floors (change : nat * entry) => update floors change.1 change.2).

(** ** What an entry above others says *)

Lemma le_level s es : (s <= level es) = (s <= inf) && all (fun e => s <= score e) es.
Proof. by elim: es => [|e es IH] /=; rewrite ?andbT // le_minr IH andbCA. Qed.

Lemma tally_beyond s es : s < level es -> tally s es = 0%N.
Proof.
by elim: es => //= e es IH; rewrite lt_minr => /andP[lt /IH]; rewrite /tally /= /own leNgt lt => ->.
Qed.

Lemma level_mid a e b : level (a ++ e :: b) = Order.min (score e) (level (a ++ b)).
Proof. by elim: a => //= c a ->; rewrite minCA. Qed.

Lemma tally_cat s a b : tally s (a ++ b) = (tally s a + tally s b)%N.
Proof. by rewrite /tally map_cat sumn_cat. Qed.

Lemma tally_mid s a e b : tally s (a ++ e :: b) = (own s e + tally s (a ++ b))%N.
Proof. by rewrite !tally_cat addnCA. Qed.

Lemma follow_least a b before now e :
  follow (least (a ++ before :: b)) before now = Some e -> e = least (a ++ now :: b).
Proof.
rewrite /follow /least /score /lots /= -/(score now) !level_mid tally_mid addKn addnC.
set r := level (a ++ b); set L := Order.min _ r.
have Lr : L <= r by rewrite le_minl lexx orbT.
case: ltP => [nL [<-]|Ln].
  have nr := lt_le_trans nL Lr; rewrite (min_idPl (ltW nr)) tally_mid tally_beyond //.
  by rewrite /own lexx addn0; case: now {nL nr}.
case: ifP => // pos [<-]; suff -> : Order.min (score now) r = L by rewrite tally_mid.
apply/le_anti; rewrite le_minr Ln Lr andbT.
have [nL|nL] := leP (score now) L; first by rewrite le_minl nL.
have [rL|rL] := leP r L; first by rewrite le_minl rL orbT.
by move: pos; rewrite (tally_beyond rL) /own [score now <= L]leNgt nL.
Qed.

(** ** A floor stands on the one below it *)

Fixpoint stands (floor upper : seq entry) : bool :=
  if upper is u :: us then
    [&& (width <= size floor)%N || (floor == [::]), u == least (take width floor) & stands (drop width floor) us]
  else floor == [::].

Fixpoint sound (floors : seq (seq entry)) : bool :=
  match floors with
  | [::] => false
  | [:: root] => size root == 1%N
  | floor :: (upper :: _) as rest => stands floor upper && sound rest
  end.

Lemma groupS floor p : group floor p.+1 = group (drop width floor) p.
Proof. by rewrite /group drop_drop mulSn addnC. Qed.

Lemma stands_size floor upper : stands floor upper -> (size floor <= size upper * width)%N.
Proof.
elim: upper floor => [|u us IH] floor /=; first by move/eqP->.
by case/and3P=> _ _ /IH; rewrite size_drop mulSn leq_subLR.
Qed.

Lemma stands_above floor n m :
  size floor = (n * width)%N -> stands floor (map least (groups n floor) ++ nseq m out).
Proof.
elim: n floor => [|n IH] floor sz /=.
  by rewrite (size0nil sz); elim: m => //= m ->; rewrite orbT andbT; apply/eqP; case: width.
by rewrite eqxx IH ?size_drop sz mulSn ?addKn // leq_addr.
Qed.

Lemma stands_uniq floor u v : size u = size v -> stands floor u -> stands floor v -> u = v.
Proof.
elim: u v floor => [|a u IH] [|b v] floor //= [sz].
by case/and3P=> _ /eqP-> du /and3P[_ /eqP-> dv]; rewrite (IH _ _ sz du dv).
Qed.

(** A sound tree of a given shape is all told by its members. *)
Lemma sound_uniq fs gs :
  map size fs = map size gs -> sound fs -> sound gs -> head [::] fs = head [::] gs -> fs = gs.
Proof.
elim: fs gs => [|f [|u fs] IH] [|g [|v gs]] // [sf]; cbn [sound head]; first by move=> _ _ ->.
move=> su sh; case/andP=> st so; case/andP=> sv to E; subst g; congr (_ :: _).
by apply: IH => //; [rewrite /= su sh | apply: stands_uniq su st sv].
Qed.

Lemma set_cat (a b : seq entry) i e :
  set_nth out (a ++ b) i e =
  if (i < size a)%N then set_nth out a i e ++ b else a ++ set_nth out b (i - size a) e.
Proof.
elim: a i => [|x a IH] [|i] //=.
by rewrite IH ltnS subSS; case: ifP.
Qed.

Lemma stands_set floor upper i e :
  stands floor upper -> (i < size floor)%N ->
  let floor' := set_nth out floor i e in
  stands floor' (set_nth out upper (i %/ width) (least (group floor' (i %/ width)))).
Proof.
elim: upper floor i => [|u us IH] floor i /=; first by move/eqP->.
case/and3P=> le0 /eqP-> st ltl.
have le : (width <= size floor)%N by case/orP: le0 ltl => // /eqP->.
have sa : size (take width floor) = width by rewrite size_takel.
have E := cat_take_drop width floor; move: ltl.
move: (take width floor) (drop width floor) E sa st => a b <- {floor le le0} sa st ltl.
rewrite set_cat sa; case: ltnP => [lt|ge].
  have sa' : size (set_nth out a i e) = width by rewrite size_set_nth sa; apply/maxn_idPr.
  by rewrite divn_small //= /group mul0n drop0 take_size_cat // drop_size_cat // eqxx st size_cat sa' leq_addr.
rewrite (_ : i %/ width = ((i - width) %/ width).+1)%N; last first.
  by rewrite -{1}(subnK ge) divnDr ?divnn // ?(ltnW wide) ?addn1 //; lia.
rewrite /= groupS take_size_cat // drop_size_cat // eqxx size_cat sa leq_addr /=.
by apply: IH => //; move: ltl; rewrite size_cat; lia.
Qed.

Lemma nth_mid (floor : seq entry) i :
  (i < size floor)%N -> exists a b, [/\ floor = a ++ nth out floor i :: b & size a = i].
Proof.
move=> lt; exists (take i floor), (drop i.+1 floor).
by rewrite -drop_nth // cat_take_drop size_takel // ltnW.
Qed.

Lemma set_mid (a b : seq entry) x e : set_nth out (a ++ x :: b) (size a) e = a ++ e :: b.
Proof. by rewrite set_cat ltnn subnn. Qed.

Lemma group_mid (a b : seq entry) x p :
  (p * width <= size a < p.+1 * width)%N ->
  group (a ++ x :: b) p = drop (p * width) a ++ x :: take (p.+1 * width - (size a).+1) b.
Proof.
rewrite mulSn => /andP[ge lt]; rewrite /group drop_cat; case: ltnP => [lt'|ge'].
  rewrite take_cat size_drop ifN; last by rewrite -leqNgt; lia.
  congr (_ ++ _).
  rewrite (_ : width - (size a - p * width) = (width + p * width - (size a).+1).+1)%N //; lia.
have E : (p * width = size a)%N by lia.
by rewrite E subnn drop0 drop_size; case: width wide lt => //= w _ _; rewrite addSn subSS addnK.
Qed.

Lemma stands_nth floor upper p :
  stands floor upper -> (p < size upper)%N -> nth out upper p = least (group floor p).
Proof.
elim: upper floor p => [|u us IH] floor [|p] //= /and3P[_ /eqP E st] lt; last by rewrite groupS; apply: IH.
by rewrite E /group mul0n drop0.
Qed.

Lemma renewedE floor upper i e (p := (i %/ width)%N) :
  stands floor upper -> (i < size floor)%N ->
  renewed (nth out upper p) (nth out floor i) e (group (set_nth out floor i e) p) =
  least (group (set_nth out floor i e) p).
Proof.
move=> st lt; have [a [b [E sa]]] := nth_mid lt.
have pw : (p * width <= size a < p.+1 * width)%N.
  by rewrite sa leq_trunc_div ltn_ceil // ltnW.
rewrite (stands_nth st); last by rewrite ltn_divLR ?(ltnW wide) // (leq_trans lt) ?stands_size.
move: (nth out floor i) E => before ->; rewrite -sa set_mid !group_mid // /renewed.
by case F: follow => [n|] //; apply: follow_least F.
Qed.

Lemma set_same (floor : seq entry) i : (i < size floor)%N -> set_nth out floor i (nth out floor i) = floor.
Proof.
by move=> lt; have [a [b [E sa]]] := nth_mid lt; move: (nth out floor i) E => x ->; rewrite -sa set_mid.
Qed.

Lemma update_up f u fs i e (p := (i %/ width)%N) :
  update (f :: u :: fs) i e =
  if nth out f i == e then f :: u :: fs
  else set_nth out f i e
       :: update (u :: fs) p (renewed (nth out u p) (nth out f i) e (group (set_nth out f i e) p)).
Proof. by []. Qed.

(** What [update] leaves is sound again, on the changed members. *)
Lemma update_sound fs i e :
  sound fs -> (i < size (head [::] fs))%N ->
  sound (update fs i e) /\ head [::] (update fs i e) = set_nth out (head [::] fs) i e.
Proof.
elim: fs i e => [|f [|u fs] IH] i e //.
  move=> /= /eqP sf lt; case: eqP => [<-|_] /=; first by rewrite sf set_same.
  by rewrite size_set_nth sf; split=> //; lia.
move=> so lt; have /andP[st su] : stands f u && sound (u :: fs) by [].
rewrite update_up; case: eqP => [<-|_]; first by rewrite set_same.
rewrite renewedE //; set p := (i %/ width)%N; set n := least _.
have lu : (p < size u)%N by rewrite ltn_divLR ?(ltnW wide) // (leq_trans lt) ?stands_size.
have [] := IH p n su lu; case: (update (u :: fs) p n) => [|v vs] // sv Ev.
split=> //; apply/andP; split=> //; rewrite [v]Ev.
exact: stands_set st lt.
Qed.

Lemma padded_size floor :
  size (padded floor) = (maxn 1 ((size floor + width.-1) %/ width) * width)%N.
Proof.
rewrite size_cat size_nseq subnKC //.
have := leq_trunc_div (size floor + width.-1) width.
have := ltn_ceil (size floor + width.-1) (ltnW wide); rewrite mulSn.
set k := ((_ + _) %/ _)%N; case: (posnP k) => [->|]; first by rewrite mul0n mul1n; lia.
by move=> /maxn_idPr-> ; move: (k * width)%N; lia.
Qed.


Lemma groups_size many floor : size (groups many floor) = many.
Proof. by elim: many floor => //= n IH floor; rewrite IH. Qed.

Lemma raise_sound fuel floor :
  (size floor <= fuel.+1)%N -> (size floor == 0%N) ==> (0 < fuel)%N ->
  sound (raise fuel floor) /\ exists m, head [::] (raise fuel floor) = floor ++ nseq m out.
Proof.
elim: fuel floor => [|n IH] floor le pos /=.
  by split; [move: le pos; case: floor => [|? []] | exists 0%N; rewrite cats0].
case: eqP => ne1; first by split; [apply/eqP | exists 0%N; rewrite cats0].
split; last by eexists.
set up := above _; have sp := padded_size floor.
have su : size up = maxn 1 ((size floor + width.-1) %/ width).
  by rewrite size_map groups_size sp mulnK // ltnW.
have [] := IH up; rewrite ?su; last 1 first.
- move=> so [m E]; move: so; case: (raise n up) E => [|u us] //= -> so.
  by apply/andP; split=> //; rewrite /up /above sp mulnK ?(ltnW wide) //; apply: stands_above.
- rewrite geq_max /= -ltnS ltn_divLR ?(ltnW wide) //.
  have : (n.+1 * 2 <= n.+1 * width)%N by rewrite leq_mul2l wide orbT.
  by rewrite [(n.+2 * width)%N]mulSn; lia.
by rewrite -leqn0 geq_max.
Qed.

Lemma raise_shape fuel f g : size f = size g -> map size (raise fuel f) = map size (raise fuel g).
Proof.
elim: fuel f g => [|n IH] f g sz /=; first by rewrite sz.
have sp : size (padded f) = size (padded g) by rewrite !padded_size sz.
rewrite sz; case: ifP => _ /=; rewrite ?sz // sp; congr (_ :: _); apply: IH.
by rewrite !size_map !groups_size sp.
Qed.

Lemma update_shape fs i e :
  (i < size (head [::] fs))%N -> sound fs -> map size (update fs i e) = map size fs.
Proof.
elim: fs i e => [|f [|u fs] IH] i e //.
  by move=> /= lt _; case: eqP => _ //=; rewrite size_set_nth (maxn_idPr lt).
move=> lt so; have /andP[st su] : stands f u && sound (u :: fs) by [].
rewrite update_up; case: eqP => _ //.
rewrite [map _ _]/= IH // ?size_set_nth ?(maxn_idPr lt) //.
by rewrite ltn_divLR ?(ltnW wide) // (leq_trans lt) ?stands_size.
Qed.

Lemma tournament_sound ms :
  sound (tournament ms) /\ exists m, head [::] (tournament ms) = ms ++ nseq m out.
Proof. by apply: raise_sound; [rewrite -addn2 leq_addr | rewrite implybT]. Qed.

Lemma tournament_update_is_rebuilding ms i e :
  (i < size ms)%N -> update (tournament ms) i e = tournament (set_nth out ms i e).
Proof.
move=> lt; have [so [m E]] := tournament_sound ms; have [so' [m' E']] := tournament_sound (set_nth out ms i e).
have lth : (i < size (head [::] (tournament ms)))%N by rewrite E size_cat ltn_addr.
have [us uh] := update_sound e so lth; have ss : size (set_nth out ms i e) = size ms.
  by rewrite size_set_nth; apply/maxn_idPr.
have sh : map size (update (tournament ms) i e) = map size (tournament (set_nth out ms i e)).
  by rewrite update_shape // /tournament ss; apply: raise_shape.
apply: sound_uniq => //; rewrite uh E E' set_cat lt; congr (_ ++ nseq _ _).
have hs (fs : seq (seq entry)) : head 0%N (map size fs) = size (head [::] fs) by case: fs.
by have := congr1 (head 0%N) sh; rewrite !hs uh E E' set_cat lt !size_cat !size_nseq => /addnI.
Qed.

(** After any changes the tree, of which each touched one path only, is the one built anew from all members as they are.
    Law: tournament_is_as_built_anew. Engine: crates/core/src/pick/tournament.rs. *)
Theorem tournament_updates_are_rebuilding ms us :
  all (fun u => u.1 < size ms)%N us -> updated (tournament ms) us = tournament (changed ms us).
Proof.
elim: us ms => //= [[i e] us] IH ms /= /andP[lt le]; rewrite tournament_update_is_rebuilding //.
by apply: IH; rewrite size_set_nth (maxn_idPr lt).
Qed.

(** ** From a lot to its member *)

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

Lemma drum_size s i es : size (drum_from s i es) = tally s es.
Proof. by elim: es i => //= e es IH i; rewrite size_cat size_nseq IH. Qed.

Lemma tally_outs s n : tally s (nseq n out) = 0%N.
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

Lemma drum_count s i es j :
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
End Tournament.

(** ** Least connections: scores in floating point *)

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
