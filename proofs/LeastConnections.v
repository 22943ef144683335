(** * Least connections: no policy, not even one that knows the future, has a lower peak

    The rule: lend the node with the least (in flight + 1)/weight. It is often said to make the greatest number of
    connections least. At an instant that is false: whoever leaves may leave two connections on one node and none on
    another, and no balancer can move them. What is true is better for planning: from an empty start, the highest
    level that any node ever reached (in flight/weight) is the least possible. Whoever dimensions nodes by their worst
    moment cannot gain by another policy, even by one that knew all arrivals and departures beforehand. Of equal nodes
    that peak is a formula: the greatest number of connections there ever was, over k, rounded up.

    The model of a pick is the engine's scan, node by node: fractions are compared crosswise, nodes that may not be
    lent are stepped over, and ties are drawn by lot. Above 32 nodes the engine keeps a tree instead (Tournament.v).
    All theorems hold for any lots. Left out: the engine's 32-bit counts (products of two fit its 64 bits) and threads
    in the middle of a pick.

    How the proof goes. When a connection comes, the rule has A - 1 connections where the other policy has A, so on
    some node j the rule has fewer. There it could put the new one without exceeding the other's level, and where it
    does put it, the level is no higher than at j. Departures only lower levels. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Efficiency.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** The scan *)

Record node := Node { in_flight : nat; weight : nat; fit : bool }.
Definition nobody := Node 0 1 false.

(** The scan as far as it has come: how many were looked at, the best of them, its (in flight + 1) and weight, how many
    equal it, and the lots not drawn yet. Nobody yet is worse than anybody: 1/0. *)
Record looked := Looked { index : nat; best : option nat; least : nat; its : nat; equals : nat; lots : seq nat }.
Definition first_look drawn := Looked 0 None 1 0 1 drawn.

(** One more node is looked at. A lot is one of as many numbers as there are equals; at 0 the newcomer takes the
    place. *)
Definition see (so : looked) (n : node) : looked :=
  let: Looked index best least its equals lots := so in
  if fit n then
    let own := (in_flight n).+1 in
    if own * its < least * weight n then Looked index.+1 (Some index) own (weight n) 1 lots
    else if own * its == least * weight n then
      let best := if head 0 lots %% equals.+1 == 0 then Some index else best in
      Looked index.+1 best least its equals.+1 (behead lots)
    else Looked index.+1 best least its equals lots
  else Looked index.+1 best least its equals lots.

Definition scan (nodes : seq node) (drawn : seq nat) : option nat := best (foldl see (first_look drawn) nodes).

(** [(l / w)] is no more than the level of this node, if it is fit. *)
Definition no_more l w n := fit n ==> (l * weight n <= (in_flight n).+1 * w).

(** What the scan knows of the nodes that it has looked at. *)
Definition knows (nodes : seq node) (so : looked) :=
  [/\ index so = size nodes, 0 < least so, all (no_more (least so) (its so)) nodes &
    if best so is Some i then
      let n := nth nobody nodes i in
      [/\ i < size nodes, fit n, 0 < its so & (in_flight n).+1 * its so = least so * weight n]
    else its so = 0].

Lemma still_no_more l w nodes n : 0 < w -> 0 < weight n -> (in_flight n).+1 * w <= l * weight n ->
  all (no_more l w) nodes -> all (no_more (in_flight n).+1 (weight n)) nodes.
Proof.
move=> w0 n0 le; apply: sub_all => m; rewrite /no_more; case: (fit m) => //= low.
by rewrite -(leq_pmul2r w0); have := leq_mul le (leqnn (weight m)); have := leq_mul low (leqnn (weight n)); nia.
Qed.

Lemma scan_knows nodes drawn : all (fun n => 0 < weight n) nodes -> knows nodes (foldl see (first_look drawn) nodes).
Proof.
elim/last_ind: nodes => [|nodes n IH] //; rewrite all_rcons -cats1 foldl_cat cats1 /= => /andP[n0 /IH].
case: (foldl _ _ _) => i b l w e d [/= -> l0 low known]; rewrite /knows /see.
have old j : j < size nodes -> nth nobody (rcons nodes n) j = nth nobody nodes j by rewrite nth_rcons => ->.
have new : nth nobody (rcons nodes n) (size nodes) = n by rewrite nth_rcons ltnn eqxx.
case fn: (fit n); last first.
  rewrite /= size_rcons all_rcons {1}/no_more fn low; split=> //.
  by case: b known => // j [js fj w0 ej]; rewrite old // ltnS ltnW.
case: ltngtP => [less|more|same] /=; rewrite size_rcons all_rcons {1}/no_more fn.
- rewrite leqnn new ltnSn fn n0; split=> //=.
  case: b known => [j [_ _ w0 _]|w0].
    exact: still_no_more (ltnW less) low.
  by apply: sub_all low => m; rewrite w0 /no_more; case: (fit m) => //=; rewrite muln0 leqn0; nia.
- rewrite low (ltnW more) /=; split=> //.
  by case: b known => // j [js fj w0 ej]; rewrite old // ltnS ltnW.
- rewrite low same leqnn /=; split=> //; case: b known => [j [js fj w0 ej]|w0].
    by case: eqP => _; [rewrite new ltnSn fn | rewrite old // ltnS ltnW].
  by move: same; rewrite w0; nia.
Qed.

(** The scan of least connections finds a node that may be lent and whose (in flight + 1)/weight is the least of all
    that may; it finds nobody only when none may. Whatever the lots.
    Law: least_connections_lends_a_least. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem scan_finds_a_least nodes drawn (at_place := nth nobody nodes) : all (fun n => 0 < weight n) nodes ->
  if scan nodes drawn is Some i then
    [/\ i < size nodes, fit (at_place i) & forall j, j < size nodes -> fit (at_place j) ->
      (in_flight (at_place i)).+1 * weight (at_place j) <= (in_flight (at_place j)).+1 * weight (at_place i)]
  else forall j, j < size nodes -> ~~ fit (at_place j).
Proof.
rewrite /at_place => w0; have := scan_knows drawn w0; rewrite /scan; case: (foldl _ _ _) => i b l w e d [/= _ l0 low].
have {}low j : j < size nodes -> 0 < weight (nth nobody nodes j) /\ no_more l w (nth nobody nodes j).
  by move=> js; split; [exact: (all_nthP nobody w0) | exact: (all_nthP nobody low)].
case: b => [i' [is' fi w1 ei]|w1 j /low[m0]]; last first.
  by rewrite /no_more; case: (fit _) => //=; rewrite w1 muln0 leqn0; nia.
split=> // j /low[m0]; rewrite /no_more => + fj; rewrite fj /= => le.
by rewrite -(leq_pmul2r w1); have := leq_mul le (leqnn (weight (nth nobody nodes i'))); nia.
Qed.

(** ** Runs *)

(** What happens: a connection comes (these lots are drawn for it), or one of a node's leaves. *)
Inductive event := Come (drawn : seq nat) | Go (i : nat).

(** How many each node has in flight. *)
Definition loads := seq nat.

Definition cluster (weights : seq nat) (x : loads) : seq node := [seq Node n.1 n.2 true | n <- zip x weights].
Definition more (x : loads) i := mkseq (fun j => nth 0 x j + (j == i)) (size x).
Definition less (x : loads) i := mkseq (fun j => nth 0 x j - (j == i)) (size x).

Definition serve weights x e :=
  match e with
  | Come drawn => if scan (cluster weights x) drawn is Some i then more x i else x
  | Go i => less x i
  end.

(** The loads at the beginning and after each event. *)
Definition run weights x events : seq loads := x :: scanl (serve weights) x events.
Definition empty (weights : seq nat) : loads := nseq (size weights) 0.

(** No node is above the level a/b: x_i/w_i <= a/b. *)
Definition within a b weights (x : loads) := forall i, i < size weights -> nth 0 x i * b <= a * nth 0 weights i.

Lemma nth_more x i j : j < size x -> nth 0 (more x i) j = nth 0 x j + (j == i).
Proof. exact: nth_mkseq. Qed.

Lemma nth_less x i j : j < size x -> nth 0 (less x i) j = nth 0 x j - (j == i).
Proof. exact: nth_mkseq. Qed.

Lemma sumn_nth x : sumn x = \sum_(j < size x) nth 0 x j.
Proof. by rewrite sumnE (big_nth 0) big_mkord. Qed.

Lemma sumn_more x i : i < size x -> sumn (more x i) = (sumn x).+1.
Proof.
move=> ix; rewrite !sumn_nth size_mkseq (eq_bigr (fun j : 'I_(size x) => nth 0 x j + (j == i :> nat))); last first.
  by move=> j _; rewrite nth_more.
rewrite big_split /= -addn1; congr (_ + _); rewrite (bigD1 (Ordinal ix)) //= eqxx big1 // => j.
by rewrite -val_eqE /= => /negbTE ->.
Qed.

Lemma pigeon (x y : loads) : size x = size y -> sumn x < sumn y -> exists2 j, j < size y & nth 0 x j < nth 0 y j.
Proof.
move=> xy; rewrite !sumn_nth xy => lt.
case: (pickP (fun j : 'I_(size y) => nth 0 x j < nth 0 y j)) => [j lj|no]; first by exists j.
by move: lt; rewrite ltnNge leq_sum // => j _; rewrite leqNgt no.
Qed.

Section Runs.
Variable weights : seq nat.
Hypothesis positive : all (fun w => 0 < w) weights.
Let k := size weights.

Lemma size_serve x e : size x = k -> size (serve weights x e) = k.
Proof. by case: e => [drawn|i] /=; [case: scan => [i|] | ]; rewrite ?size_mkseq. Qed.

Lemma size_run x es y : size x = k -> y \in run weights x es -> size y = k.
Proof.
elim: es x => [|e es IH] x xk; first by rewrite inE => /eqP->.
by rewrite inE => /predU1P[->|] //; apply: IH (size_serve e xk).
Qed.

Lemma cluster_fit x : all (fun n => 0 < weight n) (cluster weights x).
Proof.
by elim: weights positive x => [_ []|w ws IH /andP[w0 ok] [|n x]] //=; rewrite w0 IH.
Qed.

Lemma size_cluster x : size x = k -> size (cluster weights x) = k.
Proof. by move=> xk; rewrite size_map size_zip xk minnn. Qed.

Lemma nth_cluster x i : size x = k -> i < k ->
  nth nobody (cluster weights x) i = Node (nth 0 x i) (nth 0 weights i) true.
Proof. by move=> xk ik; rewrite (nth_map (0, 0)) ?nth_zip //= size_zip xk minnn. Qed.

(** Who is lent a new connection: a node on which it makes the least level. *)
Lemma lends_a_least x drawn : size x = k -> 0 < k ->
  exists i, [/\ i < k, serve weights x (Come drawn) = more x i &
    forall j, j < k -> (nth 0 x i).+1 * nth 0 weights j <= (nth 0 x j).+1 * nth 0 weights i].
Proof.
move=> xk k0; have := scan_finds_a_least drawn (cluster_fit x); rewrite /= size_cluster //.
case: scan => [i [ik _ low]|none]; last by have := none _ k0; rewrite nth_cluster.
exists i; split=> // j jk; have := low j jk; rewrite !nth_cluster //=; exact.
Qed.

Lemma peak_from a b x es ys : size x = k -> within a b weights x ->
  map sumn ys = map sumn (run weights x es) -> (forall y, y \in ys -> size y = k /\ within a b weights y) ->
  forall z, z \in run weights x es -> within a b weights z.
Proof.
elim: es x ys => [|e es IH] x ys xk wx; first by move=> _ _ z; rewrite inE => /eqP->.
case: ys => [|y [|y' ys]] // [_ sum' sums] low z; rewrite inE => /predU1P[->|] //.
have low' : forall y, y \in y' :: ys -> size y = k /\ within a b weights y.
  by move=> v vys; apply: low; rewrite inE vys orbT.
have xk' : size (serve weights x e) = k := size_serve e xk.
suff wx' : within a b weights (serve weights x e) by apply: (IH _ (y' :: ys)); rewrite //= sum' sums.
have [yk wy] := low' y' (mem_head _ _).
case: e {IH sums xk' low low'} sum' => [drawn|i] sum' j jk; last first.
  by rewrite /= nth_less ?xk //; apply: leq_trans (wx j jk); rewrite leq_mul2r leq_subr orbT.
have [e [ek moved lowest]] := lends_a_least drawn xk (leq_ltn_trans (leq0n _) jk).
rewrite moved in sum' *; rewrite nth_more ?xk //; case: eqP => [->|_]; last by rewrite addn0 wx.
have [h hk xy] : exists2 h, h < k & nth 0 x h < nth 0 y' h.
  by rewrite -yk; apply: pigeon; rewrite ?yk // sum' sumn_more ?xk.
have wh : 0 < nth 0 weights h by exact: (all_nthP 0 positive).
rewrite addn1 -(leq_pmul2r wh); have := leq_mul (lowest h hk) (leqnn b).
have := leq_trans (leq_mul xy (leqnn b)) (wy h hk); move: (nth 0 x e).+1 (nth 0 x h).+1 => p q.
by move=> le; have := leq_mul le (leqnn (nth 0 weights e)); nia.
Qed.

(** From an empty start, at every moment: if the loads of some other policy were within a level a/b all the while with
    as many connections as these, then the loads of least connections were within it as well. So no policy has a lower
    peak, not even one that knows the future; whatever the weights, the lots, and who leaves when.
    Law: least_connections_peak. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem lc_peak_optimal a b events (ours := run weights (empty weights) events) (theirs : seq loads) :
  map sumn theirs = map sumn ours -> (forall y, y \in theirs -> size y = k /\ within a b weights y) ->
  forall x, x \in ours -> within a b weights x.
Proof.
apply: peak_from; first by rewrite size_nseq.
by move=> i ik; rewrite nth_nseq; case: ifP.
Qed.

(** While nobody leaves, the counts of two nodes of equal weight differ by at most 1.
    Law: least_connections_arrivals. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem lc_arrivals w (lots_of_each : seq (seq nat)) x i j : weights = nseq k w ->
  x \in run weights (empty weights) [seq Come drawn | drawn <- lots_of_each] ->
  i < k -> j < k -> nth 0 x i <= (nth 0 x j).+1.
Proof.
move=> eqw; have w_at h : h < k -> nth 0 weights h = w by rewrite eqw nth_nseq => ->.
have : size (empty weights) = k by rewrite size_nseq.
have : forall i j, i < k -> j < k -> nth 0 (empty weights) i <= (nth 0 (empty weights) j).+1.
  by move=> p q pk qk; rewrite nth_nseq pk.
elim: lots_of_each (empty weights) => [|drawn all IH] y even yk /=.
  by rewrite inE => /eqP->; apply: even.
rewrite inE => /predU1P[->|]; first exact: even.
apply: (IH _ _ (size_serve (Come drawn) yk)) => p q pk qk.
have [e [ek -> lowest]] := lends_a_least drawn yk (leq_ltn_trans (leq0n _) pk).
have w0 : 0 < w by rewrite -(w_at p pk); apply: (all_nthP 0 positive).
have := lowest q qk; rewrite !w_at // leq_pmul2r // ltnS !nth_more ?yk // => eq.
by have := even p q pk qk; case: (p =P e) => [->|_]; case: (q == e); rewrite ?addn1 ?addn0; lia.
Qed.

End Runs.

(** ** Equal nodes *)

(** n/k, rounded up. *)
Definition share k n := n %/ k + (0 < n %% k).

(** The best split of n connections over k nodes. *)
Definition split k n : loads := mkseq (Efficiency.best k n) k.

Lemma sumn_split k n : 0 < k -> sumn (split k n) = n.
Proof.
move=> k0; rewrite sumn_nth size_mkseq.
by rewrite -[RHS](Efficiency.best_splits n k0); apply: eq_bigr => i _; rewrite nth_mkseq.
Qed.

(** The greatest count that any node had at any of these moments. *)
Definition peak (xs : seq loads) := \max_(x <- xs) \max_(n <- x) n.

(** Over k nodes of equal weight the peak of a run is the greatest number of connections there ever was, over k,
    rounded up.
    Law: least_connections_peak. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem lc_peak_of_equals k w events (ours := run (nseq k w) (empty (nseq k w)) events) : 0 < k -> 0 < w ->
  peak ours = \max_(x <- ours) share k (sumn x).
Proof.
move=> k0 w0; have weights0 : all (fun w => 0 < w) (nseq k w) by rewrite all_nseq w0 orbT.
have kw : size (nseq k w) = k by rewrite size_nseq.
have k_of x : x \in ours -> size x = k.
  by move=> xo; rewrite (@size_run (nseq k w) _ events x _ xo) ?size_nseq.
apply/eqP; rewrite eqn_leq; apply/andP; split; last first.
  apply/bigmax_leqP_seq => x xo _; apply: leq_trans (leq_bigmax_seq _ xo _) => //.
  have : sumn x <= k * \max_(n <- x) n.
    rewrite sumnE -(k_of x xo) mulnC -sum1_size big_distrr /= big_seq [X in _ <= X]big_seq.
    by apply: leq_sum => n nx; rewrite muln1 leq_bigmax_seq.
  move: (\max_(n <- x) n) => top; rewrite /share; have := divn_eq (sumn x) k; case: posnP => r0; nia.
set top := \max_(x <- ours) _.
have low : forall x, x \in ours -> within top w (nseq k w) x.
  apply: (@lc_peak_optimal _ weights0 top w events [seq split k (sumn x) | x <- ours]).
    by rewrite -map_comp; apply: eq_map => x /=; rewrite sumn_split.
  move=> _ /mapP[x xo ->]; split=> [|i]; rewrite size_nseq ?size_mkseq // => ik.
  rewrite nth_nseq ik leq_mul2r; apply/orP; right; rewrite nth_mkseq //.
  apply: leq_trans (leq_bigmax_seq _ xo _) => //; rewrite /share leq_add2l.
  by case: (_ %% _) => [|r]; rewrite ?ltn0 ?leq_b1.
apply/bigmax_leqP_seq => x xo _; apply/bigmax_leqP_seq => n /(nthP 0)[i]; rewrite (k_of x xo) => ik <- _.
by have := low x xo i; rewrite size_nseq nth_nseq ik leq_pmul2r // => ->.
Qed.
