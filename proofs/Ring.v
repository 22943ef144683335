(** * The ring: a key goes to the next point clockwise

    Consistent hashing puts every node on a circle of 2^64 places, at as many points as it has virtual nodes. A key goes
    to the node of the first point at or after its own place, and past the last point to the first one. The textbook's
    formula forgets that wrapping around; an engine that searches millions of points at every pick can get it wrong in
    more ways: at the ends, among points at one place, in an index that is one off.

    Promised here: whom the engine finds is, of all points, the one with the least clockwise distance from the key, the
    first by rank of several at one place; and the walk on from there meets all points in the order of their distance,
    so a node that is out is stepped over in the key's own order.

    The model is the engine's algorithm: sorted points, a table of where the points with given leading bits begin, and a
    search from there; and also a search by halves, which finds the same. Owners are numbered by their rank (the order
    of their ids, where no other library's ring is copied). The places come from a hash, of which nothing is assumed.

    The proof: the table may only begin too early, never too late; and a sorted circle, cut at the key, is sorted by the
    distance from it. Source: D. Karger et al., Consistent hashing and random trees, STOC 1997. *)

From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope N_scope.

(** A point: its place on the circle, and the rank of its owner. *)
Definition point := (N * nat)%type.
Definition place (p : point) : N := p.1.
Definition owner (p : point) : nat := p.2.

(** The circle has 2^64 places. *)
Definition circle : N := 2 ^ 64.

(** The order along the circle from 0; points at one place by rank. *)
Definition along (p q : point) : bool :=
  (place p <? place q) || ((place p =? place q) && (owner p <= owner q)%N).
Definition ring (points : seq point) : seq point := sort along points.

(** How far a point is from a key, clockwise; and the order by it, ties by rank. *)
Definition distance (key : N) (p : point) : N := (place p + circle - key) mod circle.
Definition closer (key : N) (p q : point) : bool :=
  (distance key p <? distance key q) || ((distance key p =? distance key q) && (owner p <= owner q)%N).

(** The engine's table: about as many slots as points, by the leading bits of a place. *)
Definition bits (points : seq point) : N := N.max 1 (N.log2_up (N.of_nat (size points))).
Definition leading (points : seq point) (key : N) : nat := N.to_nat (N.shiftr key (64 - bits points)).
Fixpoint begins (slots : nat) (lead : N -> nat) (points : seq point) (at_ filled : nat) : seq nat :=
  if points is p :: rest then
    let upto := (lead (place p)).+1 in
    nseq (upto - filled) at_ ++ begins slots lead rest at_.+1 (maxn upto filled)
  else nseq (slots - filled) at_.
Definition starts (points : seq point) : seq nat :=
  begins (N.to_nat (2 ^ bits points)) (leading points) points 0 0.

(** The engine's search: from where the table says, step by step to the first point not before the key. *)
Definition index_of (points : seq point) (key : N) : nat :=
  let from := nth 0%N (starts points) (leading points key) in
  (from + find (fun p => key <=? place p) (drop from points))%N.
Definition clockwise (points : seq point) (key : N) : seq point := rot (index_of points key) points.
Definition lookup (points : seq point) (key : N) : option nat :=
  let at_ := index_of points key in
  if (at_ < size points)%N then omap owner (ohead (drop at_ points)) else omap owner (ohead points).

(** The search by halves: between [low] and [high] lies the first point not before the key. *)
Fixpoint halve (fuel low high : nat) (points : seq point) (key : N) : nat :=
  if fuel is n.+1 then
    if (low < high)%N then
      let middle := ((low + high) %/ 2)%N in
      if place (nth (0, 0%N) points middle) <? key then halve n middle.+1 high points key
      else halve n low middle points key
    else low
  else low.
Definition halving (points : seq point) (key : N) : nat := halve (size points) 0 (size points) points key.

(** ** Orders *)

Lemma along_total : total along.
Proof. by move=> [p i] [q j]; rewrite /along /place /owner /=; lia. Qed.

Lemma along_trans : transitive along.
Proof. by move=> [q j] [p i] [r k]; rewrite /along /place /owner /=; lia. Qed.

Lemma closer_trans key : transitive (closer key).
Proof.
move=> q p r; rewrite /closer; move: (distance key p) (distance key q) (distance key r) => x y z.
by move: (owner p) (owner q) (owner r) => i j k; lia.
Qed.

Lemma closer_total key : total (closer key).
Proof. by move=> p q; rewrite /closer; move: (distance key p) (distance key q) => x y; lia. Qed.

Lemma ring_sorted points : sorted along (ring points).
Proof. exact: sort_sorted along_total _. Qed.

Lemma ring_perm points : perm_eql (ring points) points.
Proof. by apply/permPl; rewrite perm_sort. Qed.

Lemma distanceE key p :
  key < circle -> place p < circle ->
  distance key p = if key <=? place p then place p - key else place p + circle - key.
Proof.
move=> kc pc; rewrite /distance; case: N.leb_spec => h.
  by rewrite (_ : place p + circle - key = place p - key + 1 * circle) ?N.mod_add ?N.mod_small //; lia.
by rewrite N.mod_small //; lia.
Qed.

(** ** The table begins early enough *)

Lemma begins_nth slots lead points at_ filled b :
  (filled <= b < slots)%N ->
  nth 0%N (begins slots lead points at_ filled) (b - filled) = (at_ + find (fun p => b <= lead (place p))%N points)%N.
Proof.
elim: points at_ filled => [|p points IH] at_ filled /andP[le lt] /=.
  by rewrite nth_nseq addn0; case: ifP => //; lia.
rewrite nth_cat size_nseq nth_nseq; case: (leqP b (lead (place p))) => h.
  by rewrite (_ : b - filled < _)%N ?addn0; lia.
rewrite ifN; last by rewrite -leqNgt; lia.
rewrite addnS -addSn -(IH _ (maxn (lead (place p)).+1 filled)); last by rewrite geq_max h le.
by congr nth; lia.
Qed.

Lemma leading_small points key : key < circle -> (leading points key < N.to_nat (2 ^ bits points))%N.
Proof.
move=> kc; rewrite /leading; suff: N.shiftr key (64 - bits points) < 2 ^ bits points.
  by move: (N.shiftr _ _) (2 ^ _) => x y; lia.
rewrite N.shiftr_div_pow2; apply: N.div_lt_upper_bound; first by lia.
rewrite -N.pow_add_r; apply: N.lt_le_trans kc _; apply: N.pow_le_mono_r; lia.
Qed.

Lemma drop_find (P : pred point) n points :
  (n <= find P points)%N -> (n + find P (drop n points))%N = find P points.
Proof.
elim: points n => [|p points IH] [|n] //=; case: ifP => // _; rewrite ltnS => /IH E.
by rewrite addSn E.
Qed.

Lemma index_ofE points key :
  key < circle -> index_of points key = find (fun p => key <=? place p) points.
Proof.
move=> kc; rewrite /index_of /starts -(subn0 (leading points key)) begins_nth; last by rewrite leading_small.
rewrite add0n drop_find //; apply: sub_find => p /N.leb_spec0 le; rewrite /leading.
suff: N.shiftr key (64 - bits points) <= N.shiftr (place p) (64 - bits points).
  by move: (N.shiftr _ _) (N.shiftr _ _) => x y; lia.
by rewrite !N.shiftr_div_pow2; apply: N.div_le_mono => //; apply: N.pow_nonzero.
Qed.

(** ** A sorted circle, cut at the key, is sorted by the distance from it *)

Lemma sorted_cut points key :
  sorted along points ->
  let P := fun p => key <=? place p in
  all P (drop (find P points) points) /\ all (predC P) (take (find P points) points).
Proof.
move=> so P; split.
  elim: points so => //= p points IH so; case: ifP => Pp /=; last by apply/IH/(path_sorted so).
  rewrite Pp; apply: sub_all (order_path_min along_trans so) => q.
  by move: Pp; rewrite /P /along; lia.
by elim: points {so} => //= p points IH; case: ifP => //= ->.
Qed.

Definition on_circle (points : seq point) := all (fun p => place p <? circle) points.

Lemma cut_sorted points key :
  key < circle -> on_circle points -> sorted along points ->
  sorted (closer key) (rot (find (fun p => key <=? place p) points) points).
Proof.
move=> kc oc so; have [] := sorted_cut key so; set n := find _ _ => after before_.
move: so oc; rewrite /rot -{1 2}(cat_take_drop n points) /on_circle all_cat.
move: (take n points) (drop n points) before_ after => a b ha hb.
rewrite (sorted_pairwise along_trans) (sorted_pairwise (@closer_trans key)) !pairwise_cat.
case/and3P=> _ sa sb /andP[ca cb]; apply/and3P; split.
- apply/allrelP => p q /[dup] pb /(allP hb) hp /[dup] qa /(allP ha) /= hq.
  have /N.ltb_spec0 cp := allP cb _ pb; have /N.ltb_spec0 cq := allP ca _ qa.
  rewrite /closer !distanceE // hp (negbTE hq).
  by move: (place p) (place q) (owner p <= owner q)%N hp hq cp cq kc; clear=> x y o; lia.
- apply: (@sub_in_pairwise _ [pred p | (key <=? place p) && (place p <? circle)] along) sb.
    move=> p q /andP[/= hp cp] /andP[/= hq cq]; rewrite /closer /along !distanceE ?hp ?hq; lia.
  by rewrite all_predI hb cb.
apply: (@sub_in_pairwise _ [pred p | ~~ (key <=? place p) && (place p <? circle)] along) sa.
  move=> p q /andP[/= hp cp] /andP[/= hq cq].
  rewrite /closer /along !distanceE ?(negbTE hp) ?(negbTE hq); lia.
by rewrite all_predI ha ca.
Qed.

Lemma closer_anti key points :
  key < circle -> on_circle points -> {in points &, antisymmetric (closer key)}.
Proof.
move=> kc /allP oc [p i] [q j] /oc /= cp /oc /= cq; rewrite /closer /owner !distanceE /place /=; try lia.
by case: N.leb_spec; case: N.leb_spec => h1 h2 h; congr (_, _); move: h; lia.
Qed.

Lemma ring_on_circle points : on_circle (ring points) = on_circle points.
Proof. by rewrite /on_circle (perm_all _ (permEl (ring_perm points))). Qed.

(** From a key on the engine meets all points in the order of their clockwise distance, at one place by rank: walking
    the ring from where its search ends is sorting all points by the distance from the key.
    Law: next_point_clockwise, next_point_steps_over_the_unfit. Engine: crates/core/src/pick/ring.rs. *)
Theorem ring_walk_is_by_distance points key :
  key < circle -> on_circle points -> clockwise (ring points) key = sort (closer key) points.
Proof.
move=> kc oc; have pe : perm_eq (clockwise (ring points) key) (sort (closer key) points).
  by rewrite perm_rot perm_sym perm_sort perm_sym; apply/permPl/ring_perm.
apply: (@sorted_eq_in _ (closer key)) => //.
- by move=> p q r _ _ _; apply: closer_trans.
- apply: closer_anti => //; rewrite /on_circle (perm_all _ pe) (perm_all _ (permEl (perm_sort _ _))) //.
- by rewrite /clockwise index_ofE //; apply: cut_sorted; rewrite ?ring_on_circle // ring_sorted.
by apply: sort_sorted; apply: closer_total.
Qed.

Lemma lookupE points key : lookup points key = omap owner (ohead (clockwise points key)).
Proof.
rewrite /lookup /clockwise /rot; case: ltnP => [lt|ge]; last by rewrite drop_oversize // take_oversize.
by rewrite (drop_nth (0, 0%N) lt).
Qed.

(** A key's node is the owner of the point at the least clockwise distance from the key, of several at one place that of
    the first rank; past the last point it is the first, and there is always one when there is any point.
    Law: next_point_clockwise. Engine: crates/core/src/pick/ring.rs, crates/core/src/pick/consistent_hash.rs. *)
Theorem ring_finds_the_next_clockwise points key :
  key < circle -> on_circle points ->
  if lookup (ring points) key is Some node
  then exists2 p, p \in points & owner p = node /\ forall q, q \in points -> closer key p q
  else points = [::].
Proof.
move=> kc oc; rewrite lookupE ring_walk_is_by_distance //.
have so : sorted (closer key) (sort (closer key) points) by apply: sort_sorted; apply: closer_total.
have me := mem_sort (closer key) points; have := size_sort (closer key) points.
case: (sort _ _) so me => [|p r] /= so me; first by case: points {oc me}.
move=> _; exists p; first by rewrite -me mem_head.
split=> // q; rewrite -me in_cons => /predU1P[->|qr]; first by have := closer_total key p p; rewrite orbb.
by have /allP := order_path_min (@closer_trans key) so; apply.
Qed.

(** A walk that steps over nodes that are out is the walk of the ring without them, whoever they are; so a key finds the
    node that it would have if only the others were there.
    Law: next_point_steps_over_the_unfit. Engine: crates/core/src/pick/ring.rs, crates/core/src/pick/bounded.rs. *)
Theorem ring_steps_over_the_unfit (fit : pred nat) points key :
  key < circle -> on_circle points ->
  [seq p <- clockwise (ring points) key | fit (owner p)] =
  clockwise (ring [seq p <- points | fit (owner p)]) key.
Proof.
move=> kc oc; have oc' : on_circle [seq p <- points | fit (owner p)].
  by rewrite /on_circle all_filter; apply: sub_all oc => p /= ->; rewrite implybT.
by rewrite !ring_walk_is_by_distance // filter_sort //; [apply: closer_total | apply: closer_trans].
Qed.

(** A search by halves finds the same place as the table of leading bits.
    Law: next_point_clockwise. Engine: crates/core/src/pick/ring.rs. *)
Theorem halving_finds_the_same points key :
  key < circle -> sorted along points -> halving points key = index_of points key.
Proof.
move=> kc so; rewrite index_ofE // /halving.
have [after before_] := sorted_cut key so; move: after before_; set n := find _ _ => after before_.
have n_le : (n <= size points)%N by apply: find_size.
have cut m : (m < size points)%N -> (place (nth (0, 0%N) points m) <? key) = (m < n)%N.
  move=> lm; case: ltnP => h.
    have /(all_nthP (0, 0%N))/(_ m) := before_; rewrite size_takel // nth_take // => /(_ h) /=; lia.
  have /(all_nthP (0, 0%N))/(_ (m - n)%N) := after.
  rewrite size_drop nth_drop subnKC // ltn_sub2r ?(leq_ltn_trans h) // => /(_ isT) /=; lia.
suff gen fuel low high : (high - low <= fuel)%N -> (low <= n <= high)%N -> (high <= size points)%N ->
    halve fuel low high points key = n.
  by apply: gen; rewrite ?subn0.
elim: fuel low high => [|f IH] low high fu /andP[ln nh] hs /=; first by lia.
case: ltnP => [lt|ge]; last by lia.
rewrite cut; last by lia.
by case: ltnP => h; apply: IH; lia.
Qed.

(** Nodes at 2, 7 and 11: a key at 2 or before goes to 2, and so does one past 11; of two at 7 the first by rank has it.
    Law: next_point_clockwise. Engine: crates/core/src/pick/ring.rs. *)
Example past_the_last_point_is_the_first :
  map (lookup (ring [:: (7, 1%N); (11, 2%N); (2, 0%N); (7, 3%N)])) [:: 0; 2; 3; 7; 8; 11; 12; 2 ^ 64 - 1]
  = map Some [:: 0; 0; 1; 1; 2; 2; 0; 0]%N.
Proof. by vm_compute. Qed.
