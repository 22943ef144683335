(** * Bounded load: a hot key fills its node to its share and no further

    A hash keeps each key on one node, so one key that everybody asks for drowns it. Bounded load caps that: with the
    bound c and m requests in flight, the next may go to a node of weight w only while that has fewer than
    ceil(c (m + 1) w / W) in flight, W being the sum of the weights; else it goes to the next node in the key's own
    order. Promised are the cap, at every moment, and that somebody always has room: no request is refused for it.

    The model is the engine's, in whole numbers: c in millionths, and x < ceil(a / b) tested as x * b < a without
    dividing. Nodes may be out; when then no fit node has room, the limits are taken anew over the fit ones. Left out
    are several threads at once, where a count may be some requests old.

    The proof adds up the limits: they are at least c (m + 1) > m together, so not all of them can be reached.
    (V. Mirrokni, M. Thorup, M. Zadimoghaddam, Consistent hashing with bounded loads, SODA 2018.) *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect zify.
From Evenly Require Import Choice.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope Z_scope.

(** A node as a pick sees it. *)
Record node := Node { weight : Z; loans : Z; fit : bool }.

Definition total (f : node -> Z) (nodes : seq node) : Z := foldr (fun n sum => f n + sum) 0 nodes.

Definition million : Z := 1000000.

(** A node's limit is share * weight / whole. *)
Record gate := Gate { share : Z; whole : Z }.
Definition gate_over (c : Z) (nodes : seq node) : gate :=
  Gate (c * (total loans nodes + 1)) (million * total weight nodes).
Definition has_room (g : gate) (n : node) : bool := loans n * whole g <? share g * weight n.
Definition lets (g : gate) (n : node) : bool := fit n && has_room g n.

(** The node at a place of the list; beyond its end there is none that could be lent. *)
Definition at_place (nodes : seq node) (i : nat) : node := nth (Node 0 0 false) nodes i.
Definition first_let (g : gate) (order : seq nat) (nodes : seq node) : option nat :=
  walk order (fun i => lets g (at_place nodes i)).

(** The engine's choice for a key with this order of the places: under limits over all nodes, or else over the fit. *)
Definition choose (c : Z) (order : seq nat) (nodes : seq node) : option nat :=
  match first_let (gate_over c nodes) order nodes with
  | Some i => Some i
  | None =>
      let fits := filter fit nodes in
      if total weight fits =? 0 then None else first_let (gate_over c fits) order nodes
  end.

(** a / b, rounded up. *)
Definition ceiling (a b : Z) : Z := - (- a / b).
(** ceil(c (m + 1) w / W), with m and W those of these nodes. *)
Definition limit (c : Z) (nodes : seq node) (n : node) : Z :=
  ceiling (c * (total loans nodes + 1) * weight n) (million * total weight nodes).

(** Weights are 1 at least, and nobody has less than no loan. *)
Definition sound (n : node) : bool := (0 <=? loans n) && (0 <? weight n).

Lemma ceilingP a b x : 0 < b -> x < ceiling a b <-> x * b < a.
Proof.
rewrite /ceiling => b0; have := Z.div_mod (- a) b; have := Z.mod_pos_bound (- a) b b0.
by move: (- a / b) (- a mod b) => q r; split; nia.
Qed.

Lemma ceiling_le a a' b : 0 < b -> a <= a' -> ceiling a b <= ceiling a' b.
Proof. by move=> b0 aa; have := Z.div_le_mono (- a') (- a) b b0; rewrite /ceiling; lia. Qed.

Lemma total_le f g nodes : all (fun n => f n <=? g n) nodes -> total f nodes <= total g nodes.
Proof. by elim: nodes => //= n nodes IH /andP[fg /IH]; lia. Qed.

Lemma total_scaled a f b g nodes : (forall n, a * f n <= g n * b) -> a * total f nodes <= total g nodes * b.
Proof. by move=> fg; elim: nodes => [|n nodes IH] /=; [lia|have := fg n; lia]. Qed.

Lemma sound_loans nodes : all sound nodes -> 0 <= total loans nodes.
Proof. by elim: nodes => //= n nodes IH /andP[/andP[n0 _] /IH]; lia. Qed.

Lemma sound_weights nodes : all sound nodes -> (0 < size nodes)%N -> 0 < total weight nodes.
Proof.
case: nodes => //= n nodes /andP[/andP[_ n0] h] _; suff : 0 <= total weight nodes by lia.
by elim: nodes h => //= m nodes IH /andP[/andP[_ m0] /IH]; lia.
Qed.

(** Whether a node of weight w with x requests of m in flight has room, which the engine tests by products and without a
    division, is exactly x < ceil(c (m + 1) w / W).
    Law: bounded_load_holds. Engine: crates/core/src/pick/bounded.rs. *)
Theorem room_is_below_the_limit c nodes n : 0 < total weight nodes ->
  has_room (gate_over c nodes) n = (loans n <? limit c nodes n).
Proof.
move=> W0; rewrite /has_room /limit /=; have b0 : 0 < million * total weight nodes by rewrite /million; lia.
by apply/Z.ltb_spec0/Z.ltb_spec0 => /(ceilingP _ _ b0).
Qed.

(** The engine's numbers do not overflow: with the greatest bound (1000) and weights (65,535), up to 2^28 nodes, 2^32
    requests on each and 18 thousand million in all, shares and wholes are below 2^64 and their products below 2^128.
    Law: bounded_load_at_its_limits. Engine: crates/core/src/pick/bounded.rs. *)
Theorem bounded_load_fits_64_bits c nodes n : 0 <= c <= 1000 * million -> all sound nodes ->
  0 <= total loans nodes < 18 * 1000 * million -> total weight nodes <= 65535 * 2 ^ 28 ->
  0 <= loans n < 2 ^ 32 -> 0 < weight n <= 65535 ->
  let g := gate_over c nodes in
  [/\ 0 <= share g < 2 ^ 64, 0 <= whole g < 2 ^ 64, 0 <= loans n * whole g < 2 ^ 128
    & 0 <= share g * weight n < 2 ^ 128].
Proof.
move=> c0 ok m0 W1 x0 w0 g; have W0 : 0 <= total weight nodes.
  by elim: nodes ok {m0 W1 g} => //= a nodes IH /andP[/andP[_ a0] /IH]; lia.
have share64 : 0 <= share g < 2 ^ 64.
  have := @Z.mul_le_mono_nonneg c (1000 * million) (total loans nodes + 1) (18 * 1000 * million).
  have := @Z.mul_nonneg_nonneg c (total loans nodes + 1); rewrite -[share g]/(c * (total loans nodes + 1)).
  by rewrite /million in c0 m0 *; lia.
have whole64 : 0 <= whole g < 2 ^ 64 by rewrite -[whole g]/(million * total weight nodes) /million; lia.
move: (share g) (whole g) share64 whole64 => a b share64 whole64.
have taken : loans n * b < 2 ^ 32 * 2 ^ 64 by apply: Z.mul_lt_mono_nonneg; lia.
have due : a * weight n <= 2 ^ 64 * 65535 by apply: Z.mul_le_mono_nonneg; lia.
have taken0 : 0 <= loans n * b by apply: Z.mul_nonneg_nonneg; lia.
have due0 : 0 <= a * weight n by apply: Z.mul_nonneg_nonneg; lia.
by split=> //; lia.
Qed.

(** For a bound c >= 1 the limits ceil(c (m + 1) w / W) of all nodes add up to more than the m requests in flight,
    whatever the weights.
    Law: there_is_always_room. Engine: crates/core/src/pick/bounded.rs. *)
Theorem limits_exceed_loans c nodes : million <= c -> all sound nodes -> (0 < size nodes)%N ->
  total loans nodes < total (limit c nodes) nodes.
Proof.
move=> c1 ok some; have W0 := sound_weights ok some; have m0 := sound_loans ok.
set a := c * (total loans nodes + 1); set b := million * total weight nodes.
have b0 : 0 < b by rewrite /b /million; lia.
have : a * total weight nodes <= total (limit c nodes) nodes * b.
  apply: total_scaled => n; have [//|lt] := Z.le_gt_cases (a * weight n) (limit c nodes n * b).
  by have := (ceilingP (a * weight n) (limit c nodes n) b0).2 lt; rewrite /limit -/a -/b; lia.
by rewrite /a /b /million in b0 c1 *; nia.
Qed.

(** By bounded load somebody has room in every state; and the same is true among the fit nodes alone, under limits of
    their own.
    Law: there_is_always_room. Engine: crates/core/src/pick/bounded.rs. *)
Theorem somebody_has_room c nodes : million <= c -> all sound nodes -> (0 < size nodes)%N ->
  has (has_room (gate_over c nodes)) nodes.
Proof.
move=> c1 ok some; have W0 := sound_weights ok some; have := limits_exceed_loans c1 ok some.
apply: contraPT; rewrite -all_predC => full; apply/Z.le_ngt/total_le; apply: sub_all full => n /=.
by rewrite room_is_below_the_limit // -Z.leb_antisym.
Qed.

Lemma first_letP g order nodes i : first_let g order nodes = Some i ->
  lets g (at_place nodes i) /\ forall j, (index j order < index i order)%N -> ~~ lets g (at_place nodes j).
Proof.
move=> /walkP[io li le]; split=> // j ji; apply: contraTN (ji) => lj; rewrite -leqNgt le //.
by rewrite -index_mem (leq_trans ji) ?index_size.
Qed.

Lemma first_let_finds g order nodes i : i \in order -> lets g (at_place nodes i) ->
  exists j, first_let g order nodes = Some j.
Proof.
by move=> io li; have [j] := walk_finds (lets := fun i => lets g (at_place nodes i)) io li; exists j.
Qed.

Lemma fit_has_room g nodes : has (has_room g) (filter fit nodes) ->
  exists2 i, (i < size nodes)%N & lets g (at_place nodes i).
Proof.
have -> : has (has_room g) (filter fit nodes) = has (lets g) nodes.
  by elim: nodes => //= n nodes IH; rewrite /lets; case: (fit n) => //=; rewrite IH.
by move=> /(has_nthP (Node 0 0 false)).
Qed.

Lemma sound_fits nodes : all sound nodes -> all sound (filter fit nodes).
Proof. by elim: nodes => //= n nodes IH /andP[n0 /IH]; case: (fit n) => //= ->; rewrite n0. Qed.

(** Whoever is chosen by bounded load is fit, and below its limit among all nodes or, with nodes out, among the fit
    ones; and whenever some node is fit, one is chosen.
    Law: bounded_load_with_nodes_out. Engine: crates/core/src/pick/bounded.rs. *)
Theorem bounded_load_with_nodes_out c (order : seq nat) nodes :
  million <= c -> all sound nodes -> has fit nodes -> (forall i, (i < size nodes)%N -> i \in order) ->
  exists i, [/\ choose c order nodes = Some i, fit (at_place nodes i)
    & loans (at_place nodes i) < limit c nodes (at_place nodes i)
      \/ loans (at_place nodes i) < limit c (filter fit nodes) (at_place nodes i)].
Proof.
move=> c1 ok somebody all_named; have okf := sound_fits ok.
have some_fit : (0 < size (filter fit nodes))%N by rewrite size_filter -has_count.
have W0 := sound_weights okf some_fit.
have some : (0 < size nodes)%N by apply: leq_trans some_fit _; rewrite size_filter count_size.
rewrite /choose; case E: first_let => [i|].
  have [/andP[fi ri] _] := first_letP E; exists i; split=> //; left; apply/Z.ltb_lt.
  by rewrite -room_is_below_the_limit //; apply: sound_weights.
rewrite ifN; last by lia.
have [i lt li] := fit_has_room (somebody_has_room c1 okf some_fit).
have [j Ej] := first_let_finds (all_named i lt) li; have [/andP[fj rj] _] := first_letP Ej.
by exists j; split=> //; right; apply/Z.ltb_lt; rewrite -room_is_below_the_limit.
Qed.

(** While no node is out, bounded load finds a node for every request, and the one it finds had fewer than ceil(c (m +
    1) w / W) of the m requests in flight.
    Law: bounded_load_holds. Engine: crates/core/src/pick/bounded.rs. *)
Theorem bounded_load_holds c (order : seq nat) nodes :
  million <= c -> all sound nodes -> all fit nodes -> (0 < size nodes)%N ->
  (forall i, (i < size nodes)%N -> i \in order) ->
  exists2 i, choose c order nodes = Some i & loans (at_place nodes i) < limit c nodes (at_place nodes i).
Proof.
move=> c1 ok fits some all_named; have somebody : has fit nodes by rewrite has_count -size_filter (all_filterP fits).
have [i [Ei _]] := bounded_load_with_nodes_out c1 ok somebody all_named.
by rewrite (all_filterP fits) => -[] lt; exists i.
Qed.

(** A key stays on its first node while that is fit and below its limit; and whoever else is lent, every node before it
    in the key's own order was out or at its limit.
    Law: bounded_keys_keep_their_order. Engine: crates/core/src/pick/bounded.rs. *)
Theorem bounded_keys_keep_their_order c own rest nodes :
  if lets (gate_over c nodes) (at_place nodes own) then choose c (own :: rest) nodes = Some own
  else forall i j, choose c (own :: rest) nodes = Some i -> (index j (own :: rest) < index i (own :: rest))%N ->
       ~~ fit (at_place nodes j) \/ ~~ has_room (gate_over c nodes) (at_place nodes j).
Proof.
rewrite /choose /first_let; case: ifP => lo; first by rewrite /walk /= lo.
move=> i j; rewrite -/(first_let _ _ _); case E: first_let => [i'|].
  by case=> <- lt; have [_ /(_ _ lt)] := first_letP E; rewrite negb_and => /orP.
move=> _ lt; apply/orP; rewrite -negb_and; apply/negP => lj.
have jo : j \in own :: rest by rewrite -index_mem (leq_trans lt) ?index_size.
by have [k] := first_let_finds jo lj; rewrite E.
Qed.

(** What happens: somebody asks with a key's order, or a loan of a node ends. *)
Inductive event := Ask of seq nat | End of nat.

(** The nodes with so many loans more on the one at place i. *)
Fixpoint lent (more : Z) (nodes : seq node) (i : nat) : seq node :=
  match nodes, i with
  | [::], _ => [::]
  | n :: others, O => Node (weight n) (loans n + more) (fit n) :: others
  | n :: others, i'.+1 => n :: lent more others i'
  end.

Definition happens (c : Z) (nodes : seq node) (e : event) : seq node :=
  match e with
  | Ask order => if choose c order nodes is Some i then lent 1 nodes i else nodes
  | End i => if 0 <? loans (at_place nodes i) then lent (-1) nodes i else nodes
  end.

(** The nodes after all these events, and the most requests that were ever in flight at once. *)
Fixpoint run (c : Z) (nodes : seq node) (peak : Z) (events : seq event) : seq node * Z :=
  if events is e :: later then
    let nodes' := happens c nodes e in run c nodes' (Z.max peak (total loans nodes')) later
  else (nodes, peak).

(** Who was given what, step by step, when before each step some nodes are out (false) and the others in. *)
Fixpoint replay (c : Z) (nodes : seq node) (steps : seq (seq bool * event)) : seq (option nat) :=
  if steps is (fits, e) :: later then
    let nodes' := [seq Node (weight p.1) (loans p.1) p.2 | p <- zip nodes fits] in
    let given := if e is Ask order then choose c order nodes' else None in
    given :: replay c (happens c nodes' e) later
  else [::].

Definition idle (weights : seq Z) : seq node := [seq Node w 0 true | w <- weights].

Lemma lent_weight more nodes i : map weight (lent more nodes i) = map weight nodes.
Proof. by elim: nodes i => [|n nodes IH] [|i] //=; rewrite IH. Qed.

Lemma lent_fit more nodes i : all fit (lent more nodes i) = all fit nodes.
Proof. by elim: nodes i => [|n nodes IH] [|i] //=; rewrite IH. Qed.

Lemma lent_total more nodes i : (i < size nodes)%N -> total loans (lent more nodes i) = total loans nodes + more.
Proof. by elim: nodes i => [|n nodes IH] [|i] //= lt; [lia|have := IH i lt; lia]. Qed.

Lemma lent_sound more nodes i : 0 <= loans (at_place nodes i) + more ->
  all sound nodes -> all sound (lent more nodes i).
Proof.
rewrite /at_place; elim: nodes i => [|n nodes IH] [|i] //= le /andP[]; last by move=> -> /(IH _ le).
by rewrite /sound => /andP[_ ->] ->; rewrite !andbT; apply/Z.leb_le.
Qed.

Lemma lent_at more nodes i j : (i < size nodes)%N ->
  loans (at_place (lent more nodes i) j) = loans (at_place nodes j) + (if j == i then more else 0).
Proof.
rewrite /at_place; elim: nodes i j => [|n nodes IH] [|i] [|j] //= lt; try lia.
by rewrite IH.
Qed.

Lemma total_weights nodes : total weight nodes = foldr Z.add 0 (map weight nodes).
Proof. by elim: nodes => //= n nodes ->. Qed.

Lemma idle_total weights : total loans (idle weights) = 0.
Proof. by elim: weights => //= w weights ->. Qed.

Lemma idle_loans weights i : loans (at_place (idle weights) i) = 0.
Proof. by rewrite /at_place; elim: weights i => [|w weights IH] [|i] //=. Qed.

Section Peak.
Variables (c : Z) (weights : seq Z).
Hypotheses (c1 : million <= c) (positive : all (fun w => 0 <? w) weights).
Let W := foldr Z.add 0 weights.

(** What stands after each event, with so many requests in flight at once so far. *)
Let stands (nodes : seq node) (peak : Z) :=
  [/\ map weight nodes = weights, all fit nodes, all sound nodes, total loans nodes <= peak
    & forall i, loans (at_place nodes i) <= ceiling (c * peak * nth 0 weights i) (million * W)].

Lemma chosen_below order nodes i : map weight nodes = weights -> all fit nodes -> all sound nodes ->
  choose c order nodes = Some i ->
  (i < size nodes)%N /\
  loans (at_place nodes i) < ceiling (c * (total loans nodes + 1) * nth 0 weights i) (million * W).
Proof.
move=> ws fits ok; rewrite /choose (all_filterP fits) => chosen.
have [/andP[fi ri] _] : lets (gate_over c nodes) (at_place nodes i) /\ True.
  move: chosen; case E: first_let => [j|]; last by case: ifP.
  by case=> <-; have [] := first_letP E.
have lt : (i < size nodes)%N by apply: contraTT fi; rewrite -leqNgt /at_place => /(nth_default _) ->.
have W0 : 0 < total weight nodes by apply: sound_weights => //; apply: leq_ltn_trans lt.
split=> //; move: ri; rewrite room_is_below_the_limit // /limit => /Z.ltb_lt.
by rewrite /W -ws (nth_map (Node 0 0 false)) // total_weights.
Qed.

Lemma bound_grows peak peak' i : peak <= peak' ->
  ceiling (c * peak * nth 0 weights i) (million * W) <= ceiling (c * peak' * nth 0 weights i) (million * W).
Proof.
have [lt|ge] := ltnP i (size weights); last by rewrite nth_default // !Z.mul_0_r.
have w0 : 0 < nth 0 weights i by have /(all_nthP 0)/(_ i lt)/Z.ltb_lt := positive.
have sum0 ws : all (fun w => 0 <? w) ws -> 0 <= foldr Z.add 0 ws by elim: ws => //= w ws IH /andP[w1 /IH]; lia.
have c0 : 0 <= c by have := c1; rewrite /million; lia.
move=> le; apply: ceiling_le; last by apply/Z.mul_le_mono_nonneg_r/Z.mul_le_mono_nonneg_l; lia.
suff : 0 < W by rewrite /million; lia.
by rewrite /W; case: weights lt positive => //= w ws _ /andP[w1 /sum0]; lia.
Qed.

Lemma lent_stands more nodes peak i : stands nodes peak -> (i < size nodes)%N -> 0 <= loans (at_place nodes i) + more ->
  let peak' := Z.max peak (total loans nodes + more) in
  loans (at_place nodes i) + more <= ceiling (c * peak' * nth 0 weights i) (million * W) ->
  stands (lent more nodes i) (Z.max peak (total loans (lent more nodes i))).
Proof.
move=> [ws fits ok le below] lt enough peak' room; rewrite lent_total // -/peak'.
split; rewrite ?lent_weight ?lent_fit ?lent_total //; [exact: lent_sound|lia|].
move=> j; rewrite lent_at //; case: eqP => [->//|_]; rewrite Z.add_0_r.
by apply: Z.le_trans (below j) _; apply: bound_grows; lia.
Qed.

Lemma still_stands e nodes peak : stands nodes peak ->
  stands (happens c nodes e) (Z.max peak (total loans (happens c nodes e))).
Proof.
move=> ok; have [ws fits sounds le below] := ok.
have stood : stands nodes (Z.max peak (total loans nodes)) by rewrite Z.max_l.
case: e => [order|i] /=.
  case E: (choose c order nodes) => [i|] //; have [lt room] := chosen_below ws fits sounds E.
  have /andP[/Z.leb_le i0 _] : sound (at_place nodes i) by apply: all_nthP lt.
  apply: lent_stands => //; first lia.
  have := @bound_grows (total loans nodes + 1) (Z.max peak (total loans nodes + 1)) i; lia.
case: ifP => [/Z.ltb_lt some|//].
have lt : (i < size nodes)%N.
  by case: (ltnP i (size nodes)) some => //; rewrite /at_place => /(nth_default _) ->.
apply: lent_stands => //; first lia.
have := @bound_grows peak (Z.max peak (total loans nodes + -1)) i; have := below i; lia.
Qed.

(** While no node is out, however hot a key: from an idle start no node ever holds more than ceil(c M w / W) requests, M
    being the most that were ever in flight at once.
    Law: bounded_load_peak. Engine: crates/core/src/pick/bounded.rs. *)
Theorem bounded_load_peak events nodes peak i : run c (idle weights) 0 events = (nodes, peak) ->
  loans (at_place nodes i) <= ceiling (c * peak * nth 0 weights i) (million * W).
Proof.
suff holds first peak0 : stands first peak0 -> run c first peak0 events = (nodes, peak) -> stands nodes peak.
  move=> ran; have [] // := holds _ _ _ ran; split.
  - by rewrite -map_comp; apply: map_id.
  - by rewrite all_map; apply: all_predT.
  - by rewrite all_map; apply: sub_all positive.
  - by rewrite idle_total.
  by move=> j; rewrite idle_loans Z.mul_0_r.
elim: events first peak0 => [|e later IH] first peak0 ok /=; first by case=> <- <-.
by apply: IH; apply: still_stands.
Qed.
End Peak.

(** A key that everybody asks for, c = 1.25 and four equal nodes: of 100 requests its own node has 32, which is
    ceil(1.25 * 100 / 4), the next two of its order 31, and the last the 6 that remain.
    Law: bounded_load_peak. Engine: crates/core/src/pick/bounded.rs. *)
Example one_hot_key :
  let (nodes, peak) := run 1250000 (idle [:: 1; 1; 1; 1]) 0 (nseq 100 (Ask [:: 2; 0; 3; 1]%N)) in
  (map loans nodes, peak) = ([:: 31; 6; 32; 31], 100).
Proof. by vm_compute. Qed.
