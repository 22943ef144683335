(** * Round robin: how even it is, also around nodes that are out, and with many dispatchers

    Round robin hands out requests in turn. Who runs servers relies on three things: over any stretch of time no node
    has two requests more than another; a node that is out costs its neighbours nothing (its turns do not all fall to
    the next one); and several dispatchers that know nothing of each other are still even, up to one request for each
    dispatcher. All three are theorems here, from whatever place the cursor begins at, and with whatever nodes out
    while the picks are made.

    The model is the engine's pick, look by look: read the cursor modulo the number of nodes, move it on, take the
    node if it is fit, else look again, as many times as there are nodes. Left out: the cursor is a number without end
    here and 64 bits there (2^63 picks are a century at three billion a second), and threads that pick at the same
    moment.

    How the proof goes. Number the living nodes 0 .. m-1 in their order, and let the rank of a cursor be how many
    living places lie before it. A pick steps from a cursor of rank s to one of rank s + 1 and lends the living node
    number s mod m. So n picks are n consecutive numbers modulo m, and the rest is counting. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** The algorithm *)

(** At most [tries] looks for a fit node: who was found, and where the cursor stands then. *)
Fixpoint look (fit : seq bool) (tries cursor : nat) : option nat * nat :=
  if tries is fewer.+1 then
    let index := cursor %% size fit in
    if nth false fit index then (Some index, cursor.+1) else look fit fewer cursor.+1
  else (None, cursor).

(** One pick: as many looks as there are nodes. *)
Definition pick fit cursor := look fit (size fit) cursor.

(** Picks one after the other; who is fit may be others at every pick. *)
Fixpoint run (fits : seq (seq bool)) (cursor : nat) : seq (option nat) :=
  if fits is fit :: later then
    let: (lent, next) := pick fit cursor in lent :: run later next
  else [::].

(** [n] picks while the same nodes are fit. *)
Definition picks fit n cursor := run (nseq n fit) cursor.

(** The nodes that are fit, in their order. *)
Definition living (fit : seq bool) := [seq i <- iota 0 (size fit) | nth false fit i].

(** ** Picks walk over the living *)

Section Walk.
Variable fit : seq bool.
Let k := size fit.
Let m := size (living fit).
Definition alive c := nth false fit (c %% size fit).

(** How many living places lie before the cursor. *)
Definition rank c := count alive (iota 0 c).

Lemma rankD c n : rank (c + n) = rank c + count alive (iota c n).
Proof. by rewrite /rank iotaD count_cat. Qed.

Lemma rankS c : rank c.+1 = rank c + alive c.
Proof. by rewrite -addn1 rankD /= addn0. Qed.

Lemma rank_small i : i <= k -> rank i = count (nth false fit) (iota 0 i).
Proof.
move=> ik; apply: eq_in_count => j; rewrite mem_iota add0n => /= ji.
by rewrite /alive modn_small // (leq_trans ji).
Qed.

Lemma rank_round : rank k = m.
Proof. by rewrite rank_small // /m size_filter. Qed.

Lemma rank_rounds q i : rank (q * k + i) = q * m + rank i.
Proof.
elim: q => [|q IH]; first by rewrite !mul0n.
rewrite mulSn -addnA rankD rank_round mulSn -addnA -IH; congr (_ + _).
rewrite /rank -[k in iota k]addn0 iotaDl count_map; apply: eq_count => j /=.
by rewrite /alive modnDl.
Qed.

(** A living place is the living node of its rank. *)
Lemma alive_rank c : alive c -> nth 0 (living fit) (rank c %% m) = c %% k.
Proof.
move=> lives; have k0 : 0 < k.
  by rewrite lt0n; apply: contraTneq lives => k0; rewrite /alive nth_default // -/k k0.
set i := c %% k; have ik : i < k by rewrite ltn_mod.
have places : iota 0 k = iota 0 i ++ i :: iota i.+1 (k - i.+1).
  by rewrite -{1}(subnKC ik) addSnnS iotaD.
have split : living fit =
    [seq j <- iota 0 i | nth false fit j] ++ i :: [seq j <- iota i.+1 (k - i.+1) | nth false fit j].
  by rewrite /living places filter_cat /=; move: lives; rewrite /alive => ->.
have ri : rank i = size [seq j <- iota 0 i | nth false fit j] by rewrite rank_small ?size_filter // ltnW.
have rm : rank i < m by rewrite /m split size_cat /= ri addnS ltnS leq_addr.
by rewrite (divn_eq c k) rank_rounds modnMDl modn_small // split nth_cat ri ltnn subnn.
Qed.

Lemma look_lends t c : has alive (iota c t) ->
  exists2 next, look fit t c = (Some (nth 0 (living fit) (rank c %% m)), next) & rank next = (rank c).+1.
Proof.
elim: t c => [|t IH] c //=; rewrite -/(alive c).
case lives : (alive c) => /=; first by move=> _; exists c.+1; rewrite ?alive_rank // rankS lives addn1.
by move=> /IH[next]; rewrite rankS lives addn0 => -> rn; exists next.
Qed.

Hypothesis some_fit : 0 < m.

Lemma within_a_round c : has alive (iota c k).
Proof.
have [i] : exists i, i \in living fit by exists (nth 0 (living fit) 0); rewrite mem_nth.
rewrite mem_filter mem_iota add0n => /andP[fi ik]; have k0 : 0 < k by apply: leq_ltn_trans ik.
apply/hasP; exists (c + (k - c %% k + i) %% k); last first.
  rewrite /alive -/k modnDmr -modnDml addnA subnKC; last by rewrite ltnW // ltn_mod.
  by rewrite modnDl modn_small.
by rewrite mem_iota leq_addr ltn_add2l ltn_mod.
Qed.

Lemma picks_walk n c : picks fit n c = [seq Some (nth 0 (living fit) ((rank c + t) %% m)) | t <- iota 0 n].
Proof.
elim: n c => //= n IH c; rewrite /picks /= /pick.
have [next -> rn] := look_lends (within_a_round c); rewrite addn0; congr (_ :: _).
rewrite -/(picks fit n next) IH rn -[1]addn0 iotaDl -map_comp.
by apply: eq_map => t /=; rewrite addnCA addnA.
Qed.

End Walk.

Lemma size_picks fit n c : size (picks fit n c) = n.
Proof. by elim: n c => //= n IH c; rewrite /picks /=; case: pick => lent next /=; rewrite -/(picks fit n next) IH. Qed.

(** A window of picks is a run of picks from a later cursor. *)
Lemma picks_window fit n c s T : s + T <= n -> exists d, take T (drop s (picks fit n c)) = picks fit T d.
Proof.
elim: s n c => [|s IH] n c.
  rewrite add0n drop0 => /subnK <-; move: (n - T) => r; rewrite addnC.
  exists c; elim: T c => [|T IH] c; first by rewrite take0.
  by rewrite /picks /=; case: pick => lent next /=; congr (_ :: _); exact: IH.
case: n => // n; rewrite addSn ltnS => le; rewrite /picks /=; case: pick => lent next /=.
exact: IH.
Qed.

(** ** What is promised *)

(** Of the first T numbers, the residue r has T/k of them, rounded up for the first T mod k residues. *)
Definition residues k T r := count (fun t => t %% k == r) (iota 0 T).

Lemma residuesS k T r : residues k T.+1 r = residues k T r + (T %% k == r).
Proof. by rewrite /residues -addn1 iotaD count_cat /= add0n addn0. Qed.

Lemma residues_exact k T r : r < k -> residues k T r = T %/ k + (r < T %% k).
Proof.
move=> rk; have k0 : 0 < k by apply: leq_ltn_trans rk.
elim: T => [|T IH]; first by rewrite /residues div0n mod0n ltn0.
rewrite residuesS IH -[T.+1]addn1.
have := divn_eq T k; have := ltn_pmod T k0; set q := T %/ k; set s := T %% k => sk eqT.
have -> : T + 1 = q * k + s.+1 by lia.
rewrite divnMDl // modnMDl; case: (ltngtP s.+1 k) => [lt|lt|full].
- by rewrite divn_small // modn_small //; lia.
- by lia.
- by rewrite full divnn k0 modnn ltn0; lia.
Qed.

(** Among T picks, the node that is picked r-th of the m living ones (r counts from 0, at whichever node the picks
    begin) has exactly T/m requests, rounded up if r < T mod m and down otherwise.
    Law: round_robin_exact. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_exact fit c T r (m := size (living fit)) :
  r < m -> count_mem (nth None (picks fit m c) r) (picks fit T c) = T %/ m + (r < T %% m).
Proof.
move=> rm; have m0 : 0 < m by apply: leq_ltn_trans rm.
rewrite -residues_exact // !picks_walk // (nth_map 0) ?size_iota // nth_iota // add0n count_map.
apply: eq_count => t /=.
rewrite (inj_eq Some_inj) nth_uniq ?ltn_mod ?filter_uniq ?iota_uniq //.
by rewrite eqn_modDl [r %% _]modn_small.
Qed.

Lemma picks_once fit c (m := size (living fit)) : perm_eq (picks fit m c) [seq Some i | i <- living fit].
Proof.
case: (posnP m) => [m0|m0].
  by rewrite m0; move: m0; rewrite /m; case: (living fit).
have once : uniq (picks fit m c).
  rewrite picks_walk // map_inj_in_uniq ?iota_uniq // => s t; rewrite !mem_iota !add0n => sm tm [] /eqP.
  rewrite nth_uniq ?ltn_mod ?filter_uniq ?iota_uniq // eqn_modDl.
  by rewrite !modn_small // => /eqP.
have inside : {subset picks fit m c <= [seq Some i | i <- living fit]}.
  by move=> p; rewrite picks_walk // => /mapP[t _ ->]; rewrite map_f // mem_nth // ltn_mod.
have [|_ same] := uniq_min_size once inside; first by rewrite size_map size_picks.
by apply: uniq_perm => //; rewrite map_inj_uniq ?filter_uniq ?iota_uniq //; apply: Some_inj.
Qed.

(** Any m picks in a row, with m nodes fit, lend every fit node exactly once: none is doubled by a neighbour that is
    out, and none waits longer than m picks.
    Law: round_robin_steps_over_the_dead. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_each_living_once fit n c s (m := size (living fit)) :
  s + m <= n -> perm_eq (take m (drop s (picks fit n c))) [seq Some i | i <- living fit].
Proof. by move/(@picks_window fit n c) => [d ->]; apply: picks_once. Qed.

Lemma count_living fit c T i (m := size (living fit)) : i \in living fit ->
  exists2 r, r < m & count_mem (Some i) (picks fit T c) = T %/ m + (r < T %% m).
Proof.
move=> il; have : Some i \in picks fit m c by rewrite (perm_mem (picks_once fit c)) map_f.
move/(nthP None) => [r]; rewrite size_picks => rm <-.
by exists r; rewrite // rr_exact.
Qed.

(** In every window of round-robin picks while the same nodes are fit, however long and wherever it begins, the counts
    of two fit nodes differ by at most 1.
    Law: round_robin_windows. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_windows fit n c s T i j (window := take T (drop s (picks fit n c))) : s + T <= n ->
  i \in living fit -> j \in living fit -> count_mem (Some i) window <= (count_mem (Some j) window).+1.
Proof.
rewrite /window => /(@picks_window fit n c)[d ->] /(count_living d T)[q _ ->] /(count_living d T)[r _ ->].
by case: (_ < _); case: (_ < _); lia.
Qed.

(** Dispatchers that know nothing of each other: how often each picks, and where its cursor begins. A node's requests
    from all of them. *)
Definition from_all fit (dispatchers : seq (nat * nat)) i :=
  sumn [seq count_mem (Some i) (picks fit d.1 d.2) | d <- dispatchers].

(** D dispatchers that know nothing of each other pick T times altogether, each as often as it likes: every one of the m
    fit nodes has fewer than D requests more or less than T/m.
    Law: round_robin_dispatchers. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_dispatchers fit dispatchers i (m := size (living fit)) (D := size dispatchers)
    (x := from_all fit dispatchers i) (T := sumn [seq d.1 | d <- dispatchers]) :
  i \in living fit -> 0 < D -> m * x < T + m * D /\ T < m * x + m * D.
Proof.
move=> il D0; have m0 : 0 < m by rewrite /m; move: il; case: (living fit).
suff : m * x + D <= T + m * D /\ T + D <= m * x + m * D by lia.
rewrite /x /T /D /from_all; elim: dispatchers {x T D D0} => [|d ds [IH1 IH2]] /=; first by rewrite !muln0.
have [r _ ->] := count_living d.2 d.1 il; rewrite -/m.
have := divn_eq d.1 m; have := ltn_pmod d.1 m0; set q := _ %/ _; set s := _ %% _ => sm eqd.
rewrite {}eqd !mulnDr mulnS [m * q]mulnC; clearbody q s; move: IH1 IH2.
set A := m * sumn _; set B := sumn _; set n := m * size ds; clearbody A B n => IH1 IH2.
by case: (ltnP r s) => rs /=; rewrite ?muln1 ?muln0; lia.
Qed.

(** Four nodes of which one is out: 4,000 picks split 1334, 1333, 1333.
    Law: round_robin_exact. Engine: crates/core/src/pick/round_robin.rs. *)
Example rr_four_nodes_one_out : let lent := picks [:: true; false; true; true] 4000 0 in
  [seq count_mem (Some i) lent | i <- iota 0 4] = [:: 1334; 0; 1333; 1333].
Proof. by vm_compute. Qed.
