(** * The tournament: the least of ten thousand nodes without looking at all of them

    Least connections must find the least loaded node at every pick. Above 32 nodes the engine keeps a tournament: a
    tree of wide floors, the members lowest, each entry above telling the least score of its 16 children and how many
    lots have it. A pick draws a lot at the root and follows it down; a change of one member is passed up as a
    difference, mostly without asking the other children. That is fast and easy to get wrong. Promised here: whatever
    changes came in whatever order, the tree is the one built anew. Whom a lot finds in it is in TournamentDraws.v, and
    what it does for least connections in TournamentLeast.v.

    The model is the engine's algorithm, with its floors, lots, differences and the loop that counts them; scores are of
    any totally ordered type, as floating point numbers without NaN are, and the width is any from 2. Left out are the
    lock around it and the widths of the counters (the lots of all members fit in 64 bits).

    The proof keeps one fact: every entry above is the [least] of its group. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.

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

End Tournament.
