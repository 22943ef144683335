(** * Maglev: a table that nodes fill by turns, and how even it is

    A caller that hashes a key looks into a table of M entries, M a prime number, and goes to the node of the key's
    entry. Nodes fill the table by turns: each takes the next entry of an order of its own that nobody has yet.
    Promised: every turn finds one, so the table becomes full; every node has its share of the entries, rounded up or
    down, so of k equal nodes none is given 1 + k/M times the mean. What is not promised, since it is false, is that
    only the keys of a node that leaves move: the paper's own table of seven entries shows it.

    The model is the engine's code: the fill with its step around the table, the quotas by largest rest, the turns of
    lighter nodes. An order is any offset and skip (the engine hashes them from the node's name); the engine's heap is a
    sorted list here, for which nothing is promised but that all its turns are taken. How many steps a fill takes on
    average (M ln M) is not proved.

    How the proof goes: i and j steps of a skip come to the same entry only if M divides (j - i) skip, and a prime M
    divides neither factor while i < j < M. So M steps meet M entries, one of them free. After that all is counting: of
    entries by turns, of turns by quota, of quotas by the division with rest: what is left over is the sum of the rests,
    so there are at least as many nodes with a rest as there are entries left over.

    Source: D. Eisenbud et al., Maglev: a fast and reliable software network load balancer, NSDI 2016, section 3.4. *)
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Import RoundRobin.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(** ** The fill *)

(** The entry after [entry] in the order of a node: its [skip] further on, around the table of [size] entries. *)
Definition hop (size skip entry : nat) :=
  let entry := entry + skip in if entry < size then entry else entry - size.

(** The first free entry of the order from [entry] on. The engine's loop has no bound [hops]; the first theorem below
    says that it needs none. *)
Fixpoint seek (hops : nat) (table : seq (option nat)) (skip entry : nat) :=
  match hops, nth None table entry with
  | hops'.+1, Some _ => seek hops' table skip (hop (size table) skip entry)
  | _, _ => entry
  end.

(** A turn of [node]: it takes the next free entry of its order [(offset, skip)], and will look on from there. *)
Definition turn (orders : seq (nat * nat)) (state : seq (option nat) * seq nat) (node : nat) :=
  let: (table, next) := state in
  let entry := seek (size table) table (nth (0, 0) orders node).2 (nth 0 next node) in
  (set_nth None table entry (Some node), set_nth 0 next node entry).

(** The table after all [turns]; at the start it is free. *)
Definition fill (M : nat) (orders : seq (nat * nat)) (turns : seq nat) :=
  (foldl (turn orders) (nseq M None, map fst orders) turns).1.

Lemma hop_mod M skip entry : skip < M -> entry < M -> hop M skip entry = (entry + skip) %% M.
Proof.
rewrite /hop => skM enM; case: ifPn => [lt|]; first by rewrite modn_small.
by rewrite -leqNgt => ge; rewrite -{2}(subnK ge) modnDr modn_small //; lia.
Qed.

(** A prime number of entries: an order comes by every entry before it comes by one again. *)
Lemma order_meets_every_entry M skip entry f :
  prime M -> 0 < skip < M -> f < M -> exists2 j, j < M & (entry + j * skip) %% M = f.
Proof.
move=> prM /andP[sk0 skM] fM; have M0 := prime_gt0 prM.
have never_twice i j : i < j -> j < M -> (entry + i * skip) %% M <> (entry + j * skip) %% M.
  move=> ij jM /eqP; rewrite eq_sym eqn_mod_dvd ?leq_add2l ?leq_mul2r ?(ltnW ij) ?orbT //.
  rewrite subnDl -mulnBl Euclid_dvdM // !gtnNdvd // ?subn_gt0 //.
  exact: leq_ltn_trans (leq_subr _ _) jM.
have walk_lt (j : 'I_M) : (entry + j * skip) %% M < M by rewrite ltn_pmod.
have walk_inj : injective (fun j => Ordinal (walk_lt j)).
  move=> i j /(congr1 val) /= E; apply: val_inj.
  by case: (ltngtP i j) => // [/never_twice /(_ (ltn_ord j))|/never_twice /(_ (ltn_ord i))]; rewrite E.
have [back _ backK] := injF_bij walk_inj.
exists (back (Ordinal fM)); first exact: ltn_ord.
exact: (congr1 val (backK (Ordinal fM))).
Qed.

Lemma seek_first table skip entry j hops :
  skip < size table -> entry < size table -> j <= hops ->
  (forall i, i < j -> nth None table ((entry + i * skip) %% size table)) ->
  nth None table ((entry + j * skip) %% size table) = None ->
  seek hops table skip entry = (entry + j * skip) %% size table.
Proof.
move=> skM; elim: j hops entry => [|j IH] [|hops] entry enM //= jh taken free.
- by rewrite addn0 modn_small.
- by rewrite mul0n addn0 modn_small // in free *; rewrite free.
have := taken 0 isT; rewrite mul0n addn0 modn_small //.
case: (nth None table entry) => // owner _.
have E i : (hop (size table) skip entry + i * skip) %% size table = (entry + i.+1 * skip) %% size table.
  by rewrite hop_mod // modnDml -addnA mulSn.
by rewrite IH ?E // => [|i ij]; rewrite ?E ?taken // hop_mod // ltn_pmod; lia.
Qed.

(** With a prime number of entries, as long as one is free: wherever a node's order stands, it comes to a free entry in
    fewer than M steps, and the engine's loop, which has no other bound, ends there, at the first one.
    Law: maglev_fills_by_turns. Engine: crates/core/src/pick/maglev.rs. *)
Theorem every_turn_finds_a_free_entry table skip entry :
  prime (size table) -> 0 < skip < size table -> entry < size table -> None \in table ->
  exists j, [/\ j < size table,
    nth None table ((entry + j * skip) %% size table) = None,
    forall i, i < j -> nth None table ((entry + i * skip) %% size table) <> None &
    forall hops, j <= hops -> seek hops table skip entry = (entry + j * skip) %% size table].
Proof.
move=> prM skM enM free; set M := size table in prM skM enM *.
have fM : index None table < M by rewrite index_mem.
have [j0 j0M Ej0] := order_meets_every_entry entry prM skM fM.
have ex : exists j, nth None table ((entry + j * skip) %% M) == None.
  by exists j0; rewrite Ej0 nth_index.
case: (ex_minnP ex) => j /eqP freej least.
have jj0 : j <= j0 by apply: least; rewrite Ej0 nth_index.
have taken i : i < j -> nth None table ((entry + i * skip) %% M) <> None.
  by move=> ij /eqP /least; rewrite leqNgt ij.
exists j; split=> // [|hops jh]; first exact: leq_ltn_trans j0M.
apply: seek_first => //; first by case/andP: skM.
by move=> i /taken; case: (nth _ _ _).
Qed.

Lemma count_lower (T : eqType) (a : pred T) (s : seq T) x0 i x :
  i < size s -> count a (set_nth x0 s i x) + a (nth x0 s i) = count a s + a x.
Proof.
move=> iM; rewrite count_set_nth_ltn // subnK //.
by rewrite -[X in count a X](cat_take_drop i) count_cat (drop_nth x0 iM) /= addnCA -addnA leq_addr.
Qed.

(** What an order is: an offset in the table, and a skip of 1 to M - 1. *)
Definition order_ok M (order : nat * nat) := (order.1 < M) && (0 < order.2 < M).

(** Between turns, when those of [had] are over: the taken entries are theirs, the others free, and each node stands in
    the table. *)
Definition filling M (orders : seq (nat * nat)) (had : seq nat) (state : seq (option nat) * seq nat) :=
  [/\ perm_eq state.1 (map Some had ++ nseq (M - size had) None), size state.2 = size orders & all (gtn M) state.2].

Lemma turn_fills M orders had state node :
  prime M -> all (order_ok M) orders -> size had < M -> node < size orders ->
  filling M orders had state -> filling M orders (rcons had node) (turn orders state node).
Proof.
case: state => table next prM ok hadM nodeK [/= full sizeN nextM].
have sizeT : size table = M by rewrite (perm_size full) size_cat size_map size_nseq; lia.
have /andP[_ skM] : order_ok M (nth (0, 0) orders node) by apply: (allP ok); rewrite mem_nth.
have enM : nth 0 next node < M by apply: (allP nextM); rewrite mem_nth ?sizeN.
have free : None \in table by rewrite (perm_mem full) mem_cat mem_nseq subn_gt0 hadM eqxx orbT.
rewrite -sizeT in prM skM enM.
have [j [jM freej _ ->]] := every_turn_finds_a_free_entry prM skM enM free; last exact: ltnW.
set entry := _ %% _ in freej *; have entryM : entry < size table by rewrite ltn_pmod ?prime_gt0.
split=> /=.
- apply/permP => a; have := count_lower a None (Some node) entryM; rewrite freej.
  have /permP/(_ a) := full; rewrite !count_cat !count_nseq map_rcons -cats1 count_cat size_rcons /=.
  by rewrite (_ : M - size had = (M - (size had).+1).+1) ?mulnS; lia.
- by rewrite size_set_nth sizeN; apply/maxn_idPr.
- apply/(all_nthP 0) => i; rewrite size_set_nth nth_set_nth /= => iN; case: eqP => [_|ne].
    by rewrite -sizeT.
  by apply: (allP nextM); rewrite mem_nth // sizeN; move: iN; rewrite sizeN leq_max; lia.
Qed.

(** After as many turns as there are entries the table is full, and each node has as many entries as it had turns.
    Law: maglev_fills_by_turns. Engine: crates/core/src/pick/maglev.rs. *)
Theorem fill_ends_full M orders turns :
  prime M -> all (order_ok M) orders -> size turns = M -> all (gtn (size orders)) turns ->
  perm_eq (fill M orders turns) (map Some turns).
Proof.
move=> prM ok sizeT turnsK; rewrite /fill.
set state := (_, _); have : filling M orders [::] state.
  rewrite /filling subn0; split=> //=; first by rewrite size_map.
  by rewrite all_map; apply: sub_all ok => o /andP[].
have: size (Nil nat) + size turns <= M by rewrite sizeT.
have -> : map Some turns = map Some ([::] ++ turns) ++ nseq (M - size ([::] ++ turns)) None.
  by rewrite sizeT subnn cats0.
elim: turns [::] state turnsK {sizeT} => [|node turns IH] had state /= turnsK le inv.
  by rewrite cats0; case: inv.
case/andP: turnsK => nodeK turnsK; rewrite -cat_rcons; apply: IH => //.
  by rewrite size_rcons addSnnS.
by apply: turn_fills => //; lia.
Qed.

(** ** Quotas *)

(** A node's share M w / W of the entries: rounded down, and what that leaves over, in parts of W. *)
Definition whole M ws r := M * nth 0 ws r %/ sumn ws.
Definition rest M ws r := M * nth 0 ws r %% sumn ws.

(** Who of two comes first when left over entries are given away: those that have none, then the largest rests. *)
Definition first_served M ws r q :=
  if (whole M ws r == 0) == (whole M ws q == 0) then rest M ws q <= rest M ws r else whole M ws r == 0.

(** How many entries each node gets; [None] when somebody would get none. *)
Definition quotas M ws :=
  let spare := M - sumn (mkseq (whole M ws) (size ws)) in
  let served := take spare (sort (first_served M ws) (iota 0 (size ws))) in
  let quotas := mkseq (fun r => whole M ws r + (r \in served)) (size ws) in
  if 0 \in quotas then None else Some quotas.

(** The quotient, rounded up. *)
Definition ceil_div a b := a %/ b + ~~ (b %| a).

Section Quotas.
Variables (M : nat) (ws : seq nat).
Hypotheses (M_pos : 0 < M) (ws_pos : all (leq 1) ws) (someone : 0 < size ws).
Let k := size ws.
Let W := sumn ws.

Lemma sum_weights : W = \sum_(r < k) nth 0 ws r.
Proof. by rewrite /W sumnE (big_nth 0) big_mkord. Qed.

Lemma W_pos : 0 < W.
Proof.
by rewrite /W; move: ws_pos someone; case: ws => //= w s /andP[w0 _] _; rewrite addn_gt0 w0.
Qed.

Lemma sumn_mkseq n f : sumn (mkseq f n) = \sum_(r < n) f r.
Proof. by rewrite sumnE big_map -(big_mkord xpredT) /index_iota subn0. Qed.

(** What is left over is what the rests add up to. *)
Lemma sum_rest : \sum_(r < k) rest M ws r = (M - \sum_(r < k) whole M ws r) * W.
Proof.
rewrite mulnBl; suff -> : M * W = (\sum_(r < k) whole M ws r) * W + \sum_(r < k) rest M ws r by lia.
rewrite {1}sum_weights big_distrl big_distrr -big_split /=.
by apply: eq_bigr => r _; rewrite /whole /rest -divn_eq.
Qed.

Let spare := M - \sum_(r < k) whole M ws r.
Let ranks := sort (first_served M ws) (iota 0 k).

Lemma mem_ranks r : (r \in ranks) = (r < k).
Proof. by rewrite mem_sort mem_iota. Qed.

Lemma count_ranks (p : pred nat) : count p ranks = \sum_(r < k) p r.
Proof.
rewrite (permP (permEl (perm_sort _ _)) p) -sum1_count big_mkcond /=.
by rewrite -(big_mkord xpredT (fun r => nat_of_bool (p r))) /index_iota subn0; apply: eq_bigr => r _; case: (p r).
Qed.

(** There are fewer entries left over than nodes with a rest. *)
Lemma spare_le_rests : spare <= count (fun r => 0 < rest M ws r) ranks.
Proof.
rewrite count_ranks -(leq_pmul2r W_pos) -sum_rest big_distrl /=; apply: leq_sum => r _.
by rewrite /rest; case: posnP => [->|_] //=; rewrite mul1n ltnW // ltn_mod W_pos.
Qed.

Lemma first_served_total : total (first_served M ws).
Proof. by move=> r q; rewrite /first_served eq_sym; case: (_ == 0); case: (_ == 0) => //=; apply: leq_total. Qed.

Lemma first_served_trans : transitive (first_served M ws).
Proof.
move=> q r s; rewrite /first_served; case: (_ == 0); case: (_ == 0); case: (_ == 0) => //= h1 h2; exact: leq_trans h1.
Qed.

(** So nobody is given one beyond its share rounded up. *)
Lemma served_has_rest r : r \in take spare ranks -> 0 < rest M ws r.
Proof.
move=> rin; rewrite lt0n; apply/eqP => rest0.
have rr := mem_take rin; have ik : index r ranks < spare by rewrite -in_take.
have irk : index r ranks < size ranks by rewrite index_mem.
have rk : r < k by rewrite -mem_ranks (mem_take rin).
have w1 : 0 < nth 0 ws r by apply: (allP ws_pos); rewrite mem_nth.
have some_whole : whole M ws r != 0.
  apply/eqP => none; move: rest0; rewrite /rest (divn_eq (M * nth 0 ws r) W) -/(whole M ws r).
  move: none; rewrite /whole -/W => none; rewrite none mul0n add0n modn_mod => rest0.
  by have := divn_eq (M * nth 0 ws r) W; rewrite none rest0; have := muln_gt0 M (nth 0 ws r); rewrite M_pos w1; lia.
have := leq_trans ik spare_le_rests; rewrite ltnNge => /negP; apply.
rewrite -[X in count _ X](cat_take_drop (index r ranks)) count_cat.
suff -> : count (fun q => 0 < rest M ws q) (drop (index r ranks) ranks) = 0.
  by rewrite addn0 (leq_trans (count_size _ _)) // size_take irk.
apply/eqP; rewrite -leqn0 leqNgt -has_count; apply/hasP => -[q /(nthP 0)[i]].
rewrite size_drop nth_drop => ilt <-; apply/negP; rewrite lt0n negbK.
have refl : reflexive (first_served M ws) by move=> s; rewrite /first_served eqxx.
have := sorted_leq_nth first_served_trans refl 0 (sort_sorted first_served_total (iota 0 k)).
move=> /(_ (index r ranks) (index r ranks + i)); rewrite -/ranks !inE irk leq_addr.
have -> : index r ranks + i < size ranks by rewrite -ltn_subRL.
rewrite nth_index // /first_served rest0 (negbTE some_whole) leqn0.
by case: (_ == _) => /(_ isT isT isT).
Qed.

(** The quotas of all nodes are all the entries, and each is the node's share rounded down or up, one at least.
    Law: maglev_shares. Engine: crates/core/src/pick/maglev.rs. *)
Theorem quotas_are_shares q : quotas M ws = Some q ->
  [/\ size q = k, sumn q = M & forall r, r < k -> 0 < nth 0 q r /\
    (nth 0 q r = M * nth 0 ws r %/ W \/ nth 0 q r = ceil_div (M * nth 0 ws r) W)].
Proof.
rewrite /quotas sumn_mkseq -/k -/ranks -/spare; case: ifP => // /negbT none [<-].
split=> [||r rk].
- by rewrite size_mkseq.
- rewrite sumn_mkseq big_split /=.
  rewrite -(count_ranks (mem (take spare ranks))) -{2}(cat_take_drop spare ranks) count_cat.
  have := sort_uniq (first_served M ws) (iota 0 k); rewrite iota_uniq -/ranks -{1}(cat_take_drop spare ranks) cat_uniq.
  case/and3P=> _ /hasPn disjoint _.
  have -> : count (mem (take spare ranks)) (take spare ranks) = size (take spare ranks).
    by apply/eqP; rewrite -all_count; apply/allP.
  have -> : count (mem (take spare ranks)) (drop spare ranks) = 0.
    by apply/eqP; rewrite -leqn0 leqNgt -has_count; apply/hasPn.
  rewrite size_takel ?(leq_trans spare_le_rests) ?count_size // addn0 /spare subnKC //.
  rewrite -(leq_pmul2r W_pos) big_distrl [in X in _ <= X]sum_weights big_distrr /=.
  by apply: leq_sum => r _; rewrite /whole leq_trunc_div.
rewrite !nth_mkseq //; split.
  by rewrite lt0n; apply: contraNneq none => <-; apply/mapP; exists r; rewrite ?mem_iota.
case: (boolP (r \in take spare ranks)) => [/served_has_rest|_]; last by left; rewrite addn0.
by rewrite /rest lt0n -/(dvdn W _) /ceil_div /whole => ->; right.
Qed.

Lemma quotas_exist : all (fun w => W <= M * w) ws -> quotas M ws <> None.
Proof.
move=> enough; rewrite /quotas; case: ifP => // /mapP[r]; rewrite mem_iota => /andP[_ rk] /eqP.
rewrite eq_sym addn_eq0 => /andP[/eqP]; rewrite /whole => /eqP; rewrite -leqn0 leqNgt divn_gt0 ?W_pos //.
by rewrite (allP enough) ?mem_nth.
Qed.
End Quotas.

(** ** The turns *)

(** Of two turns, written (round, node), the one that is due first. *)
Definition sooner (a b : nat * nat) := (a.1 < b.1) || (a.1 == b.1) && (a.2 <= b.2).

(** The engine's loop: the turn that is due first is taken; while its node has entries [left] of its quota, its next one
    is due as many rounds later as it is lighter than the heaviest. The heap is a sorted list here. *)
Fixpoint take_turns (steps heaviest : nat) (ws quotas left : seq nat) (due : seq (nat * nat)) : seq nat :=
  match steps, due with
  | steps'.+1, (_, node) :: due' =>
      if nth 0 left node is entries.+1 then
        let had := nth 0 quotas node - entries in
        let next := (had * heaviest %/ nth 0 ws node + 1, node) in
        node :: take_turns steps' heaviest ws quotas (set_nth 0 left node entries) (merge sooner [:: next] due')
      else take_turns steps' heaviest ws quotas left due'
  | _, _ => [::]
  end.

(** Everybody has a turn in each round while weights are equal; else as the loop says, which ends when all is given. *)
Definition turns M (ws quotas : seq nat) :=
  if constant ws then mkseq (fun turn => turn %% size ws) M
  else let heaviest := foldr maxn 0 ws in
       take_turns (sumn quotas + size ws) heaviest ws quotas quotas [seq (1, node) | node <- iota 0 (size ws)].

(** The table of nodes with these [orders] and weights [ws]; [None] when it has no entry for somebody. *)
Definition table M (orders : seq (nat * nat)) (ws : seq nat) :=
  omap (fun quotas => fill M orders (turns M ws quotas)) (quotas M ws).

Lemma sumn_lower s i n : nth 0 s i = n.+1 -> sumn s = (sumn (set_nth 0 s i n)).+1.
Proof.
elim: s i => [|x s IH] [|i] //=; first by move=> ->.
by move=> /IH ->; rewrite addnS.
Qed.

Lemma take_turns_count steps heaviest ws quotas left due :
  sumn left + size due <= steps ->
  (forall r, 0 < nth 0 left r -> r \in map snd due) -> forall r,
  count_mem r (take_turns steps heaviest ws quotas left due) = nth 0 left r.
Proof.
elim: steps left due => [|steps IH] left [|[round node] due] enough waiting r //=.
- by case: (nth 0 left r) (waiting r) => // n /(_ isT).
- by move: enough; rewrite /= addnS.
- by case: (nth 0 left r) (waiting r) => // n /(_ isT).
case E: (nth 0 left node) => [|n]; rewrite /= IH.
- by [].
- by move: enough => /=; lia.
- move=> q; move: (waiting q) => /= + q0; rewrite inE => /(_ q0) /orP[/eqP qn|//].
  by move: q0; rewrite qn E.
- by rewrite nth_set_nth /= [node == r]eq_sym; case: eqVneq => [->|] //; rewrite E.
- by rewrite size_merge /=; move: enough; rewrite /= (sumn_lower E); lia.
move=> q; rewrite nth_set_nth /= (perm_mem (perm_map _ (permEl (perm_merge _ _ _)))) /= inE.
by case: eqVneq => //= ne /(waiting q); rewrite /= inE (negbTE ne).
Qed.

Lemma size_by_counts k s : all (gtn k) s -> size s = \sum_(r < k) count_mem (val r) s.
Proof.
elim: s => [_|x s IH] /=; first by rewrite big1.
case/andP => xk /IH ->; rewrite big_split /= -add1n; congr (_ + _).
by rewrite (bigD1 (Ordinal xk)) //= eqxx big1 // => r; rewrite -(inj_eq val_inj) eq_sym => /negbTE ->.
Qed.

Section Table.
Variables (M : nat) (orders : seq (nat * nat)) (ws : seq nat).
Hypotheses (prM : prime M) (orders_ok : all (order_ok M) orders).
Hypotheses (same_size : size orders = size ws) (someone : 0 < size ws) (ws_pos : all (leq 1) ws).

Lemma turns_count q : quotas M ws = Some q -> forall r,
  count_mem r (turns M ws q) =
    if constant ws then (if r < size ws then M %/ size ws + (r < M %% size ws) else 0) else nth 0 q r.
Proof.
move=> Eq r; have [sizeQ sumQ quotaP] := quotas_are_shares (prime_gt0 prM) ws_pos someone Eq.
rewrite /turns; case: ifP => _.
  case: ltnP => rk; first by rewrite -residues_exact // count_map.
  apply/count_memPn/mapP => -[t _ Er]; by have := ltn_pmod t someone; rewrite -Er ltnNge rk.
rewrite take_turns_count ?size_map ?size_iota // => i.
case: (ltnP i (size ws)) => [ik _|ki]; last by rewrite nth_default // sizeQ.
by rewrite -map_comp map_id_in // mem_iota.
Qed.

Lemma turns_known q : quotas M ws = Some q -> all (gtn (size orders)) (turns M ws q).
Proof.
move=> Eq; have [sizeQ _ _] := quotas_are_shares (prime_gt0 prM) ws_pos someone Eq.
apply/allP => r; rewrite -has_pred1 has_count (turns_count Eq) same_size /=.
by case: (ltnP r (size ws)) => // kr; case: ifP => // _; rewrite nth_default // sizeQ.
Qed.

Lemma size_turns q : quotas M ws = Some q -> size (turns M ws q) = M.
Proof.
move=> Eq; have [sizeQ sumQ _] := quotas_are_shares (prime_gt0 prM) ws_pos someone Eq.
case E: (constant ws); first by rewrite /turns E size_mkseq.
rewrite (size_by_counts (k := size ws)) -?same_size ?turns_known // same_size.
rewrite -[RHS]sumQ -[in RHS](mkseq_nth 0 q) sizeQ sumn_mkseq.
by apply: eq_bigr => r _; rewrite (turns_count Eq) E.
Qed.

Lemma table_turns t : table M orders ws = Some t ->
  exists2 q, quotas M ws = Some q & perm_eq t (map Some (turns M ws q)).
Proof.
rewrite /table; case E: (quotas M ws) => [q|] //= -[<-]; exists q => //.
by apply: fill_ends_full; rewrite ?size_turns ?turns_known.
Qed.

Lemma table_counts t q : quotas M ws = Some q -> perm_eq t (map Some (turns M ws q)) -> forall r,
  count_mem (Some r) t =
    if constant ws then (if r < size ws then M %/ size ws + (r < M %% size ws) else 0) else nth 0 q r.
Proof.
move=> Eq perm r; rewrite -(turns_count Eq) (permP perm) count_map.
by apply: eq_count => s /=; rewrite (inj_eq Some_inj).
Qed.

Lemma enough_entries q : quotas M ws = Some q -> size ws <= M.
Proof.
move=> Eq; have [sizeQ sumQ quotaP] := quotas_are_shares (prime_gt0 prM) ws_pos someone Eq.
rewrite -sumQ -[in X in _ <= X](mkseq_nth 0 q) sizeQ sumn_mkseq -[X in X <= _]card_ord -sum1_card.
by apply: leq_sum => r _; have [] := quotaP r (ltn_ord r).
Qed.

Lemma equal_weights : constant ws -> exists2 w, 0 < w & ws = nseq (size ws) w.
Proof.
move=> /(constantP 0)[w Ew]; exists w => //.
by move: ws_pos someone; rewrite Ew; case: (size ws) => //= n /andP[].
Qed.

(** Whatever the orders and the weights: no entry is left free, and every node has its share M w / W of the M entries,
    rounded down or up, one at least.
    Law: maglev_shares. Engine: crates/core/src/pick/maglev.rs. *)
Theorem maglev_shares t : table M orders ws = Some t ->
  [/\ size t = M, None \notin t & forall r, r < size ws ->
    let share := M * nth 0 ws r in let entries := count_mem (Some r) t in
    0 < entries /\ (entries = share %/ sumn ws \/ entries = ceil_div share (sumn ws))].
Proof.
case/table_turns => q Eq perm.
have [sizeQ sumQ quotaP] := quotas_are_shares (prime_gt0 prM) ws_pos someone Eq.
split=> [||r rk /=]; first by rewrite (perm_size perm) size_map size_turns.
  by rewrite (perm_mem perm); apply/mapP => -[].
rewrite (table_counts Eq perm) rk; case: ifP => [E|_]; last exact: quotaP.
have [w w0 Ew] := equal_weights E; rewrite addn_gt0 divn_gt0 // (enough_entries Eq); split=> //.
have [-> ->] : nth 0 ws r = w /\ sumn ws = w * size ws by rewrite Ew size_nseq sumn_nseq nth_nseq rk.
rewrite [M * w]mulnC divnMl // /ceil_div divnMl // dvdn_pmul2l //.
case: (ltnP r (M %% size ws)) => rM; last by left; rewrite addn0.
by right; rewrite /dvdn -lt0n (leq_ltn_trans _ rM).
Qed.

(** Of k nodes of equal weight each has M/k entries, rounded down, and the first M mod k by name have one more: so the
    counts of two nodes differ by one at the most.
    Law: maglev_is_even. Engine: crates/core/src/pick/maglev.rs. *)
Theorem maglev_even t r : constant ws -> table M orders ws = Some t -> r < size ws ->
  count_mem (Some r) t = M %/ size ws + (r < M %% size ws).
Proof. by move=> E /table_turns[q Eq perm] rk; rewrite (table_counts Eq perm) E rk. Qed.

(** No node of k equal ones has 1 + k/M times the mean M/k or more.
    Law: maglev_is_even. Engine: crates/core/src/pick/maglev.rs. *)
Theorem maglev_peak t r : constant ws -> table M orders ws = Some t -> r < size ws ->
  count_mem (Some r) t * size ws < M + size ws.
Proof.
move=> E Et rk; rewrite (maglev_even E Et rk) [X in _ < X + _](divn_eq M (size ws)) mulnDl -addnA ltn_add2l.
case: (ltnP r (M %% size ws)) => [rM|_]; last by rewrite mul0n addn_gt0 someone orbT.
by rewrite mul1n -[X in X < _]add0n ltn_add2r (leq_ltn_trans _ rM).
Qed.

(** While each node's share is one entry or more, there is a table: nobody is refused.
    Law: maglev_shares. Engine: crates/core/src/pick/maglev.rs. *)
Theorem maglev_has_room : all (fun w => sumn ws <= M * w) ws -> exists t, table M orders ws = Some t.
Proof.
move=> enough; rewrite /table; case E: (quotas M ws) => [q|]; first by eexists.
by have := quotas_exist ws_pos someone enough.
Qed.
End Table.

(** The paper's example (its figure 3): seven entries, and the orders of B0, B1 and B2. *)
Definition B0 := (3, 4).
Definition B1 := (0, 2).
Definition B2 := (3, 1).

(** Of 7 entries a node of weight 5 has 5, and two of weight 1 have one each.
    Law: maglev_shares. Engine: crates/core/src/pick/maglev.rs. *)
Example a_heavy_node_among_light_ones :
  prime 7 /\ all (order_ok 7) [:: B0; B1; B2] /\
  table 7 [:: B0; B1; B2] [:: 5; 1; 1] = Some (map Some [:: 1; 0; 0; 0; 2; 0; 0]).
Proof. by vm_compute. Qed.

(** With all three nodes the paper's table is 1010220. When B1 leaves it is 0000222: the last entry, too, has another
    node, B2 for B0, though both stay. So Maglev is not monotone.
    Law: maglev_moves_others. Engine: crates/core/src/pick/maglev.rs. *)
Example maglev_is_not_monotone :
  table 7 [:: B0; B1; B2] [:: 1; 1; 1] = Some (map Some [:: 1; 0; 1; 0; 2; 2; 0]) /\
  omap (map (omap (nth 0 [:: 0; 2]))) (table 7 [:: B0; B2] [:: 1; 1]) = Some (map Some [:: 0; 0; 0; 0; 2; 2; 2]).
Proof. by vm_compute. Qed.
