(** * Merging a ring: a changed membership costs no sorting

    When a node joins, leaves or changes weight, the engine does not sort millions of points again: it drops the points
    of those who left, renumbers those who stayed, and merges the new ones in between; points that meet at one place it
    puts in order afterwards, one tie after the other. If that ever gave another ring than building it anew, two
    callers that came to the same nodes by different ways would send the same key to different nodes. It never does.

    The model is the engine's: points carry the number of a member, which changes from one membership to the next, and a
    rank by which points at one place are ordered. The rank may be any.

    The proof: the merged points are in order of place and are all there; then each tie settled leaves all points up to
    it in order of place and rank, and nothing but that order is left to choose. *)

From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect zify.
From Evenly Require Import Ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope N_scope.

Section Merge.
Variable rank : nat -> nat.
(** The number that a member of the old ring has now, if it is still there with as many points. *)
Variable moved : nat -> option nat.

Definition by_place (p q : point) : bool := place p <=? place q.
Definition by_rank (p q : point) : bool := (rank (owner p) <= rank (owner q))%N.
Definition ordered (p q : point) : bool := (place p <? place q) || ((place p =? place q) && by_rank p q).

(** The points that stay, under their owners' new numbers. *)
Definition kept (old : seq point) : seq point :=
  pmap (fun q => omap (pair (place q)) (moved (owner q))) old.

(** The points that stay with the new ones in between. *)
Fixpoint merged (old new : seq point) : seq point :=
  if new is p :: rest then
    let until := find (fun q => place p <? place q) old in
    kept (take until old) ++ p :: merged (drop until old) rest
  else kept old.

(** Where a point stands at the same place as the one before it. *)
Definition ties (places : seq N) : seq nat :=
  [seq at_ <- iota 1 (size places).-1 | nth 0 places at_.-1 =? nth 0 places at_].

(** All points at the place of a tie, up to it, by rank. *)
Definition settle (points : seq point) (tie : nat) : seq point :=
  let here := nth 0 (map place points) tie in
  let from := find (fun p => here <=? place p) points in
  take from points ++ sort by_rank (drop from (take tie.+1 points)) ++ drop tie.+1 points.

(** The ring of other owners: [new] are the points of those who joined or have other weights. *)
Definition renewed (old new : seq point) : seq point :=
  let points := merged old (sort along new) in foldl settle points (ties (map place points)).

(** ** Merging *)

Lemma kept_all (P : pred N) old : all (fun p => P (place p)) old -> all (fun p => P (place p)) (kept old).
Proof. by elim: old => //= q old IH /andP[Pq /IH]; case: (moved _) => //= n ->; rewrite Pq. Qed.

Lemma kept_cat a b : kept (a ++ b) = kept a ++ kept b.
Proof. exact: pmap_cat. Qed.

Lemma kept_pairwise old : pairwise by_place old -> pairwise by_place (kept old).
Proof.
elim: old => //= q old IH /andP[qa /IH]; case: (moved _) => //= n ->.
by rewrite andbT; apply: (@kept_all (N.leb (place q))).
Qed.

Lemma merged_perm old new : perm_eq (merged old new) (kept old ++ new).
Proof.
elim: new old => [|p new IH] old /=; first by rewrite cats0.
set n := find _ _; rewrite -{3}(cat_take_drop n old) kept_cat -catA perm_cat2l.
by rewrite perm_sym -[p :: new]cat1s perm_catCA perm_cons perm_sym IH.
Qed.

Lemma by_place_trans : transitive by_place.
Proof. by move=> q p r; rewrite /by_place; lia. Qed.

Lemma merged_sorted old new :
  pairwise by_place old -> pairwise by_place new -> pairwise by_place (merged old new).
Proof.
elim: new old => [|p new IH] old /= so; first by move=> _; apply: kept_pairwise.
case/andP=> pa sn; set n := find _ _.
have low : all (fun q => place q <=? place p) (take n old).
  rewrite /n; elim: (old) => //= q s IHs; case: ifP => //= h; rewrite IHs andbT; lia.
have high : all (fun q => place p <=? place q) (drop n old).
  rewrite /n; elim: (old) so => //= q s IHs /andP[qa /IHs]; case: ifP => //= h _.
  by rewrite (_ : _ <=? _) ?(sub_all _ qa) // => [r|]; rewrite /by_place; lia.
have /and3P[_ st sd] : [&& allrel by_place (take n old) (drop n old), pairwise by_place (take n old)
                          & pairwise by_place (drop n old)] by rewrite -pairwise_cat cat_take_drop.
have pm : all (by_place p) (merged (drop n old) new).
  rewrite (perm_all _ (merged_perm _ _)) all_cat pa andbT.
  exact: (@kept_all (N.leb (place p))).
rewrite pairwise_cat /= pm kept_pairwise ?IH // !andbT.
apply/allrelP => q r /(allP (@kept_all (N.leb^~ (place p)) _ low)) qp; rewrite in_cons => /predU1P[->|/(allP pm)] //.
by move: qp; rewrite /by_place; move: (place q) (place p); clear=> x y; lia.
Qed.

(** ** Settling ties *)

Lemma place_cut points here :
  pairwise by_place points -> let from := find (fun p => here <=? place p) points in
  all (fun p => here <=? place p) (drop from points) /\ all (fun p => place p <? here) (take from points).
Proof.
elim: points => //= p points IH /andP[pa /IH [hi lo]]; case: ifP => h /=; last first.
  by split=> //; rewrite lo andbT; move: h; lia.
by rewrite h; split=> //; apply: sub_all pa => q; rewrite /by_place; move: h; lia.
Qed.

Lemma same_place here points : all (fun p => place p =? here) points -> map place points = nseq (size points) here.
Proof. by elim: points => //= p points IH /andP[/N.eqb_spec-> /IH->]. Qed.

(** What is so when the ties up to [n] are settled. *)
Definition done (points now : seq point) (n : nat) :=
  [/\ map place now = map place points, perm_eq now points & pairwise ordered (take n now)].

Lemma settle_next points now n :
  pairwise by_place points -> (0 < n < size points)%N -> done points now n ->
  done points (if nth 0 (map place points) n.-1 =? nth 0 (map place points) n then settle now n else now) n.+1.
Proof.
move=> so /andP[n0 lt] [ep pe od].
have sz : size now = size points by rewrite -(size_map place) ep size_map.
have sn : pairwise by_place now.
  by rewrite -(pairwise_map place N.leb) ep pairwise_map.
have d : point := (0, 0%N).
rewrite -ep !(nth_map d) ?sz //; last by lia.
case: N.eqb_spec => tie.
  rewrite /settle (nth_map d) ?sz //; set here := place (nth d now n).
  set from := find _ now.
  have [after below] := place_cut here sn; rewrite -/from in after below.
  have fn : (from <= n)%N.
    by rewrite leqNgt; apply/negP => /(before_find d); rewrite N.leb_refl.
  set A := take from now in below *; set B := drop from _; set C := drop n.+1 now.
  have AB : take n.+1 now = A ++ B by rewrite /A -(@take_take _ from n.+1) ?cat_take_drop // ltnW.
  have E : now = A ++ B ++ C by rewrite catA -AB cat_take_drop.
  have hB : all (fun p => place p =? here) B.
    apply/allP => p pB; have := allP after p; rewrite E drop_size_cat; last first.
      by rewrite size_takel // sz ltnW // (leq_ltn_trans fn).
    rewrite mem_cat pB => /(_ isT) ge; have : p \in take n.+1 now by rewrite AB mem_cat pB orbT.
    rewrite (take_nth d) ?sz // mem_rcons in_cons => /predU1P[->|pt]; first by rewrite N.eqb_refl.
    have : allrel by_place (take n now) (drop n now).
      by move: sn; rewrite -{1}(cat_take_drop n now) pairwise_cat => /and3P[].
    rewrite (drop_nth d) ?sz // allrel_consr => /andP[/allP/(_ _ pt)]; rewrite /by_place -/here => le _.
    by move: (place p) ge le; clear=> x; lia.
  have sB : perm_eq (sort by_rank B) B by rewrite perm_sort.
  have hS : all (fun p => place p =? here) (sort by_rank B) by rewrite (perm_all _ sB).
  split.
  - by rewrite -ep [in RHS]E !map_cat !(same_place hB) (same_place hS) size_sort.
  - by apply: perm_trans pe; rewrite [X in perm_eq _ X]E perm_cat2l perm_cat2r.
  rewrite catA take_size_cat; last by rewrite size_cat size_sort -size_cat -AB size_takel ?sz.
  rewrite pairwise_cat; apply/and3P; split.
  - apply/allrelP => p q /(allP below) pl /(allP hS)/N.eqb_spec ql.
    by rewrite /ordered ql pl.
  - by apply: subseq_pairwise od; rewrite /A -(@take_take _ from n) // take_subseq.
  apply: (@sub_in_pairwise _ [pred p | place p =? here] by_rank ordered) hS _.
    by move=> p q /= /N.eqb_spec ph /N.eqb_spec qh r; rewrite /ordered r ph qh N.eqb_refl orbT.
  have tr : transitive by_rank by move=> y x z; rewrite /by_rank; apply: leq_trans.
  by rewrite -(sorted_pairwise tr); apply: sort_sorted => p q; apply: leq_total.
split=> //; rewrite (take_nth d) ?sz // -cats1 pairwise_cat od /= !andbT allrel1r.
apply/allP => p pt; rewrite /ordered; apply/orP; left.
have En : take n now = rcons (take n.-1 now) (nth d now n.-1) by rewrite -take_nth ?prednK // sz; lia.
have: pairwise by_place (rcons (take n now) (nth d now n)).
  by apply: subseq_pairwise sn; rewrite -take_nth ?sz // take_subseq.
rewrite -cats1 pairwise_cat allrel1r En => /and3P[/allP lel pr _].
have := lel (nth d now n.-1); rewrite mem_rcons mem_head => /(_ isT).
move: pt; rewrite En mem_rcons in_cons => /predU1P[->|pt]; first by rewrite /by_place; move: tie; lia.
move: pr; rewrite -cats1 pairwise_cat allrel1r => /and3P[/allP/(_ _ pt)]; rewrite /by_place => x _ _ y.
by move: x y tie; lia.
Qed.

Lemma settled_done points :
  pairwise by_place points -> done points (foldl settle points (ties (map place points))) (size points).
Proof.
move=> so; rewrite /ties size_map.
suff H n : (n < size points)%N ->
    done points (foldl settle points
      [seq at_ <- iota 1 n | nth 0 (map place points) at_.-1 =? nth 0 (map place points) at_]) n.+1.
  case: (posnP (size points)) => [z|pos]; last by have := H (size points).-1; rewrite prednK //; apply.
  by rewrite z /=; split=> //; rewrite take0.
elim: n => [|n IH] lt; first by split=> //; case: (points) => //= p s; rewrite take0.
have -> : iota 1 n.+1 = iota 1 n ++ [:: n.+1] by rewrite -{1}[n.+1]addn1 iotaD add1n.
rewrite filter_cat foldl_cat.
have /IH := ltnW lt; set now := foldl _ _ _ => D.
have := settle_next so _ D; rewrite lt => /(_ isT) /=.
by case: ifP.
Qed.

(** Owners by their rank. *)
Definition ranked (p : point) : point := (place p, rank (owner p)).

(** A ring into which those who came were merged, and from which those who left were dropped, is the ring built anew.
    Law: merged_ring_is_built_anew. Engine: crates/core/src/pick/ring.rs. *)
Theorem merged_ring_is_built_anew old new :
  sorted by_place old -> map ranked (renewed old new) = ring (map ranked (kept old ++ new)).
Proof.
rewrite (sorted_pairwise by_place_trans) => so; set points := merged old (sort along new).
have sn : pairwise by_place (sort along new).
  rewrite -(sorted_pairwise by_place_trans); have := ring_sorted new; rewrite /ring.
  by apply: sub_sorted => p q; rewrite /along /by_place; lia.
have sp : pairwise by_place points by apply: merged_sorted.
have [_ pe] := settled_done sp; rewrite -/(renewed old new).
have -> : take (size points) (renewed old new) = renewed old new.
  by apply: take_oversize; rewrite -(perm_size pe).
move=> od; apply: (sorted_eq along_trans) => //.
- by move=> [p i] [q j]; rewrite /along /place /owner /= => h; congr (_, _); lia.
- rewrite sorted_map; apply: pairwise_sorted; apply: sub_pairwise od => p q; by [].
- exact: ring_sorted.
rewrite /ring perm_sym perm_sort; apply: perm_map; rewrite perm_sym (permPl pe) /points.
by rewrite (permPl (merged_perm _ _)) perm_cat2l perm_sort.
Qed.
End Merge.

(** Member 1 leaves, 0 and 2 are now called 1 and 0, and 2 joins; of the two at place 5 the higher number comes first.
    Law: merged_ring_is_built_anew. Engine: crates/core/src/pick/ring.rs. *)
Example a_tie_of_old_and_new_is_settled_by_rank :
  renewed (fun index => 9 - index)%N (fun index => nth None [:: Some 1; None; Some 0]%N index)
    [:: (2, 0%N); (5, 1%N); (5, 0%N); (7, 2%N)] [:: (5, 2%N); (1, 2%N)]
  = [:: (1, 2%N); (2, 1%N); (5, 2%N); (5, 1%N); (7, 0%N)].
Proof. by vm_compute. Qed.
