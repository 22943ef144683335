(** * Smooth weighted round robin in whole numbers while weights change

    Weights change all the time: an operator moves traffic, a learner tries. The engine keeps each lag in parts of 1
    / (W 2^20) requests, W being the sum of weights; with another sum it reckons them anew, to the nearest whole
    number, and then levels them, so that they still add up to nothing. Promised here: whatever the weights do,
    after m changes of their sum every node is at most H_k - 1 + 2m / 2^20 requests behind the sum of its shares,
    and at most 1 - 1/k + 2m / 2^20 ahead. A million changes cost two requests.

    The model is the engine's step, with the rounding and the levelling. Left out: how the engine adds up the lags
    to level them. That running sum is not bounded here (the engine has 128 bits for it); each lag is. Left out as
    well is slow start: it refuses picks of a new node by lot after its turn was taken, and is no change of weights.

    How the proof goes: rounding and levelling together move a lag by at most 1 / 2^20 of a request. SmoothLag.v
    keeps its bounds with any margin, so that the engine's lags keep them with a margin of m / 2^20; and from the
    true lags they are never farther than that either. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ssrZ ring.
From Evenly Require Import Harmonic SmoothLag SmoothInteger SmoothBits.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope Z_scope.

(** ** The program *)

(* lag * now / before, rounded to the nearest. *)
Definition rescale (now before lag : Z) : Z :=
  if before =? 0 then 0 else (2 * lag * now + before) / (2 * before).

(* Makes lags add up to nothing again, by the same step for all; the first takes the rest. *)
Definition level (lags : seq Z) : seq Z :=
  let sum := total lags in
  let count := Z.of_nat (size lags) in
  let lags := [seq lag - sum / count | lag <- lags] in
  set_nth 0 lags 0 (nth 0 lags 0%N - sum mod count).

(* The lags, kept for a sum of weights of `before`, as they are for these weights. *)
Definition reckon (weights lags : seq Z) (before : Z) : seq Z :=
  if total weights =? before then lags else level [seq rescale (total weights) before lag | lag <- lags].

(* Requests with these weights, one after the other: who has them, and the lags after them with the sum that they are
   kept for. *)
Fixpoint walk (fine : Z) (history : seq (seq Z)) (lags : seq Z) (before : Z) : seq nat * (seq Z * Z) :=
  if history is weights :: history then
    let: (picked, lags) := turn fine weights (reckon weights lags before) in
    let: (rest, last) := walk fine history lags (total weights) in (picked :: rest, last)
  else ([::], (lags, before)).

(* From the beginning, over k nodes. *)
Definition run_changing (fine : Z) (k : nat) (history : seq (seq Z)) : seq nat := (walk fine history (nseq k 0) 0).1.

(* How often the sum of weights changes. *)
Definition changed (weights : seq Z) (before : Z) : bool := (before != 0) && (total weights != before).
Fixpoint changes (history : seq (seq Z)) (before : Z) : nat :=
  if history is weights :: history then (changed weights before + changes history (total weights))%N else 0%N.

(** ** Reckoning anew moves a lag by at most 1 / fine of a request *)

Lemma walkS fine weights history lags before picked after :
  turn fine weights (reckon weights lags before) = (picked, after) ->
  walk fine (weights :: history) lags before =
    (picked :: (walk fine history after (total weights)).1, (walk fine history after (total weights)).2).
Proof. by move=> now; cbn [walk]; rewrite now; case: walk. Qed.

Lemma total_cons l ls : total (l :: ls) = l + total ls.
Proof. by []. Qed.

Lemma Z_size_cons l (ls : seq Z) : Z.of_nat (size (l :: ls)) = Z.of_nat (size ls) + 1.
Proof. exact: Nat2Z.inj_succ. Qed.

Lemma nth_level lags i : (i < size lags)%N -> nth 0 (level lags) i =
  nth 0 lags i - total lags / Z.of_nat (size lags) - (if i == 0%N then total lags mod Z.of_nat (size lags) else 0).
Proof.
move=> ilt; rewrite nth_set_nth /=; case: eqP => [->|_]; rewrite (nth_map 0) ?Z.sub_0_r //.
by apply: leq_ltn_trans ilt.
Qed.

Lemma size_level lags : (0 < size lags)%N -> size (level lags) = size lags.
Proof. by move=> l0; rewrite size_set_nth size_map; apply/maxn_idPr. Qed.

Lemma total_map_sub d lags : total [seq lag - d | lag <- lags] = total lags - Z.of_nat (size lags) * d.
Proof. by elim: lags => // l ls IH; rewrite map_cons !total_cons IH Z_size_cons; lia. Qed.

Lemma total_level lags : (0 < size lags)%N -> total (level lags) = 0.
Proof.
case: lags => // l ls _; have := total_map_sub (total (l :: ls) / Z.of_nat (size (l :: ls))) (l :: ls).
have : Z.of_nat (size (l :: ls)) <> 0 by rewrite Z_size_cons; lia.
rewrite /level; move: (total (l :: ls)) (Z.of_nat (size _)) => s n n0; rewrite map_cons !total_cons.
rewrite [nth _ _ _]/=.
by have := Z.div_mod s n n0; move: (map _ _) => rest; lia.
Qed.

Lemma rescale_near now before lag : 0 < before ->
  - before <= 2 * before * rescale now before lag - 2 * lag * now <= before.
Proof.
move=> b0; rewrite /rescale; case: Z.eqb_spec => [|_]; first lia.
have b2 : 2 * before <> 0 by lia.
have := Z.div_mod (2 * lag * now + before) _ b2; have := Z.mod_pos_bound (2 * lag * now + before) (2 * before).
move: (_ / _) (_ mod _) => d m; lia.
Qed.

Lemma total_rescale_near now before lags : 0 < before ->
  - (Z.of_nat (size lags) * before) <=
    2 * before * total [seq rescale now before lag | lag <- lags] - 2 * total lags * now
    <= Z.of_nat (size lags) * before.
Proof.
move=> b0; elim: lags => [|l ls IH]; first by rewrite /total /=; lia.
have := rescale_near now l b0; rewrite map_cons !total_cons Z_size_cons.
by move: (rescale _ _ _) (total _) (total ls) (Z.of_nat _) IH => r t u n; lia.
Qed.

Lemma size_leq_total weights : all (Z.ltb 0) weights -> Z.of_nat (size weights) <= total weights.
Proof. by elim: weights => // w ws IH /andP[w0 /IH]; rewrite Z_size_cons total_cons; lia. Qed.

Lemma reckon_near weights lags before i : weighted weights -> size lags = size weights -> total lags = 0 ->
  0 < before -> (i < size lags)%N ->
  - (total weights * before) <= nth 0 (reckon weights lags before) i * before - nth 0 lags i * total weights
    <= total weights * before.
Proof.
move=> /andP[k0 w0] sz sum0 b0 ilt; have kW := size_leq_total w0; rewrite -sz in k0 kW.
rewrite /reckon; case: Z.eqb_spec => [->|_]; first by have := Z.mul_nonneg_nonneg before before; lia.
set W := total weights in kW *; set near := [seq rescale _ _ _ | _ <- _].
have szn : size near = size lags by rewrite size_map.
rewrite nth_level ?szn // (nth_map 0) //.
have := total_rescale_near W lags b0; have := rescale_near W (nth 0 lags i) b0; rewrite sum0 -/near.
have kZ : 0 < Z.of_nat (size lags) by lia.
have := Z.div_mod (total near) (Z.of_nat (size lags)); have := Z.mod_pos_bound (total near) (Z.of_nat (size lags)).
move: (nth 0 lags i) (total near) (Z.of_nat (size lags)) kZ kW => l s k {}k0 kW.
move: (rescale W before l) (s / k) (s mod k) => r d m mk sk rl kb.
have [s_lo s_hi] : - k <= 2 * s <= k.
  by split; apply: (proj2 (Z.mul_le_mono_pos_l _ _ before b0)); lia.
(* By how much levelling moves this one: e. *)
have {}mk := mk k0; have {}sk : s = k * d + m by apply: sk; lia.
have d01 : d = 0 \/ d = -1 by nia.
set first := if _ then m else 0; have f : first = 0 \/ first = m by rewrite /first; case: (i == 0%N); [right|left].
set e := - d - first; have [e_lo e_hi] : - (2 * W) + 1 <= 2 * e <= 2 * W - 1.
  by rewrite /e; case: d01 f sk => -> [] ->; lia.
have -> : (r - d - first) * before - l * W = r * before - l * W + e * before by rewrite /e; lia.
have := Z.mul_le_mono_nonneg_r _ _ before (Z.lt_le_incl _ _ b0) e_lo.
have := Z.mul_le_mono_nonneg_r _ _ before (Z.lt_le_incl _ _ b0) e_hi.
by lia.
Qed.

Lemma reckon_first weights lags i : weighted weights -> size lags = size weights -> (i < size lags)%N ->
  nth 0 (reckon weights lags 0) i = 0.
Proof.
move=> wd sz ilt; have W0 := total_gt0 wd; rewrite /reckon; case: Z.eqb_spec => [|_]; first lia.
have tot : total [seq rescale (total weights) 0 lag | lag <- lags] = 0.
  by elim: (lags) => // l ls IH; rewrite total_cons IH.
rewrite nth_level size_map // (nth_map 0) // tot Z.div_0_l ?Z.mod_0_l; try lia.
by rewrite if_same.
Qed.

Lemma total_reckon weights lags before : (0 < size lags)%N -> total lags = 0 -> total (reckon weights lags before) = 0.
Proof. by move=> l0 t0; rewrite /reckon; case: Z.eqb_spec => // _; rewrite total_level // size_map. Qed.

Lemma size_reckon weights lags before : (0 < size lags)%N -> size (reckon weights lags before) = size lags.
Proof. by move=> l0; rewrite /reckon; case: Z.eqb_spec => // _; rewrite size_level size_map. Qed.

(** ** The bounds with a margin *)

Section Changes.
Variables (fine : Z) (k' : nat).
Hypothesis fine_gt0 : 0 < fine.
Let k := k'.+1.
Local Open Scope ring_scope.
Implicit Types (i e : 'I_k) (S : {set 'I_k}) (T L : 'I_k -> rat) (c : rat).

Lemma sum_exact unit lags : size lags = k -> \sum_i exact (k' := k') unit lags i = q (total lags) / q unit.
Proof. by move=> szl; rewrite /exact -mulr_suml; have := q_total lags; rewrite szl => <-. Qed.

Lemma near_shares (new old now before f : rat) : 0 < now -> 0 < before -> 0 < f ->
  - (now * before) <= new * before - old * now <= now * before ->
  old / (before * f) - f^-1 <= new / (now * f) <= old / (before * f) + f^-1.
Proof.
move=> n0 b0 f0 /andP[lo hi]; have U0 : 0 < now * before * f by rewrite !mulr_gt0.
apply/andP; split; rewrite -subr_ge0 -(pmulr_lge0 _ U0).
  have -> : (new / (now * f) - (old / (before * f) - f^-1)) * (now * before * f) =
    new * before - old * now - - (now * before) by field; rewrite !gt_eqF.
  by rewrite subr_ge0.
have -> : (old / (before * f) + f^-1 - new / (now * f)) * (now * before * f) =
  now * before - (new * before - old * now) by field; rewrite !gt_eqF.
by rewrite subr_ge0.
Qed.

(* Reckoning anew moves a lag by at most 1 / fine, and only when the sum of weights changes. *)
Lemma exact_reckon weights lags before i : weighted weights -> size weights = k -> size lags = k ->
  total lags = Z0 -> Z.le Z0 before -> let far := (changed weights before)%:R / q fine in
  let E := exact (before * fine) lags i in
  E - far <= exact (total weights * fine) (reckon weights lags before) i <= E + far.
Proof.
move=> wd szw szl tot b0 /=; have W0 := total_gt0 wd; have ilt : (i < size lags)%N by rewrite szl.
rewrite /changed; case: (before =P Z0) b0 => [-> _|bN b0] /=.
  by rewrite mul0r subr0 ?addr0 /exact reckon_first ?szl // (_ : q Z0 = 0) // invr0 mulr0 mul0r lexx.
have {bN}b0 : Z.lt Z0 before by lia.
case: (total weights =P before) => [Wb|Wb] /=.
  by rewrite /reckon Wb Z.eqb_refl mul0r subr0 ?addr0 lexx.
have [lo hi] := reckon_near wd (etrans szl (esym szw)) tot b0 ilt.
have qW : 0 < q (total weights) by rewrite (q_lt Z0); apply/Z.ltb_lt.
have qb : 0 < q before by rewrite (q_lt Z0); apply/Z.ltb_lt.
move: lo hi; rewrite /exact => /Z.leb_le; rewrite -q_le => lo /Z.leb_le; rewrite -q_le => hi.
move: lo hi; rewrite qN !(qB, qM) => lo hi; rewrite mul1r.
by apply: near_shares; rewrite ?lo // (q_lt Z0); apply/Z.ltb_lt.
Qed.

(* How things stand after some requests: the engine's lags keep the bounds with a margin of c, and are within c of the
   true ones, T. *)
Definition stands c T (lags : seq Z) (before : Z) : Prop :=
  let E := exact (before * fine) lags in
  [/\ [/\ size lags = k, total lags = Z0 & Z.le Z0 before], within c E, forall i, - (1 - k%:R^-1 + c) <= E i
    & forall i, E i - c <= T i <= E i + c].

Lemma reckon_stands c T weights lags before : weighted weights -> size weights = k -> stands c T lags before ->
  stands (c + (changed weights before)%:R / q fine) T (reckon weights lags before) (total weights).
Proof.
move=> wd szw [[szl tot b0] inE ahead near]; have W0 := total_gt0 wd.
have l0 : (0 < size lags)%N by rewrite szl.
have moved i := exact_reckon i wd szw szl tot b0.
set far := _ / q fine in moved *; set E := exact _ lags in inE ahead near moved; split.
- by rewrite size_reckon // total_reckon //; split=> //; apply: Z.lt_le_incl.
- move=> S; apply: (@le_trans _ _ (\sum_(i in S) (E i + far))).
    by apply: ler_sum => i _; have /andP[] := moved i.
  by rewrite big_split /= sumr_const -[far *+ _]mulr_natl addrA mulrDr ler_add2r; apply: inE.
- by move=> i; have /andP[lo _] := moved i; apply: le_trans lo; rewrite addrA opprD ler_add2r.
move=> i; have /andP[mlo mhi] := moved i; have /andP[lo hi] := near i; apply/andP; split.
  by apply: le_trans lo; rewrite opprD addrA addrAC ler_add2r ler_subl_addr.
by apply: le_trans hi _; rewrite addrA addrAC ler_add2r -ler_subl_addr.
Qed.

Lemma turn_stands c T weights lags : 0 <= c -> weighted weights -> size weights = k ->
  stands c T lags (total weights) -> exists e, (turn fine weights lags).1 = val e /\
    stands c (step (share weights) T e) (turn fine weights lags).2 (total weights).
Proof.
move=> c0 wd szw [[szl tot b0] inE ahead near]; have W0 := total_gt0 wd.
have [e [pe gr st]] := turn_is_a_step szw szl wd fine_gt0.
have [p [new [Et [_ szn _ _]]]] := turnP fine (etrans szl (esym szw)) wd.
exists e; split=> //; have dp := share_dist szw wd; set E := exact _ lags in inE ahead near gr st.
have sum0 : \sum_i E i = 0 by rewrite sum_exact // tot mul0r.
move: st; rewrite Et /= => st; split.
- split=> //; first by rewrite szn szl.
  have := sum_step_all E e dp; rewrite sum0 -(eq_bigr _ (fun i _ => st i)) sum_exact ?szn // => /eqP.
  rewrite mulf_eq0 invr_eq0 (q_eq _ Z0) (q_eq _ Z0) => /orP[/Z.eqb_eq //|/Z.eqb_eq].
  by have := Z.mul_pos_pos _ _ W0 fine_gt0; lia.
- by move=> S; rewrite (eq_bigr _ (fun i _ => st i)); apply: within_step.
- by move=> i; rewrite st; apply: lead_step.
- move=> i; rewrite st /step -!(addrA _ (share _ _)); have /andP[lo hi] := near i.
  by rewrite addrAC ler_add2r lo /= [X in _ <= X]addrAC ler_add2r.
Qed.

(* What node i was due in these requests: its share of each. *)
Definition due (history : seq (seq Z)) i : rat := \sum_(weights <- history) share weights i.

(* Weights for these k nodes, each of them positive. *)
Definition for_all_nodes (weights : seq Z) : bool := weighted weights && (size weights == k).

Lemma walk_stands history c T lags before : 0 <= c -> all for_all_nodes history -> stands c T lags before ->
  exists T', stands (c + (changes history before)%:R / q fine) T' (walk fine history lags before).2.1
                    (walk fine history lags before).2.2 /\
    forall i, T' i = T i + due history i - (count_mem (val i) (walk fine history lags before).1)%:R.
Proof.
elim: history c T lags before => [|weights history IH] c T lags before c0.
  by exists T; split=> [|i]; rewrite ?mul0r ?addr0 // /due big_nil !addr0.
move=> /andP[/andP[wd /eqP szw] ok] sd.
have far0 : 0 <= c + (changed weights before)%:R / q fine.
  by rewrite addr_ge0 // divr_ge0 ?ler0n // (q_le Z0); apply/Z.leb_le/Z.lt_le_incl.
have [e [pe sd']] := turn_stands far0 wd szw (reckon_stands wd szw sd).
case Et: (turn _ _ _) pe sd' => [p new] pe sd'; rewrite (walkS _ Et) [p]pe.
have [T' [sdT ET]] := IH _ _ _ _ far0 ok sd'; exists T'.
split=> [|i]; first by rewrite natrD mulrDl addrA.
rewrite ET /due big_cons /step natrD opprD !addrA -(val_eqE i e) /= [val e == val i]eq_sym.
by rewrite -!addrA; congr (_ + (_ + _)); rewrite addrCA.
Qed.

Lemma begin_stands : stands 0 (fun _ => 0) (nseq k Z0) Z0.
Proof.
have E0 i : exact (k' := k') (Z0 * fine) (nseq k Z0) i = 0 by rewrite /exact nth_nseq if_same mul0r.
split; [split; rewrite ?size_nseq // | | | by move=> i; rewrite E0 subr0 ?addr0 lexx].
- by elim: (k) => //= n; rewrite /total /= => ->.
- by move=> S; rewrite (eq_bigr _ (fun i _ => E0 i)) big1 // addr0 mulr_ge0 ?ler0n // subr_ge0 H_leq // card_leq_k.
- by move=> i; rewrite E0 addr0 oppr_le0 subr_ge0 invf_le1 ?ltr0n // ler1n.
Qed.

(* In whole numbers: no lag is beyond H_k + c requests on either side. *)
Lemma stands_bounds c T lags (before b : Z) i : Z.lt Z0 before -> H k + c <= q b -> stands c T lags before ->
  let U := Z.mul before fine in Z.le (Z.opp (Z.mul U b)) (nth Z0 lags i) /\ Z.le (nth Z0 lags i) (Z.mul U b).
Proof.
move=> b0 most [_ inE ahead _] U; have U0 : 0 < q U by rewrite (q_lt Z0); apply/Z.ltb_lt/Z.mul_pos_pos.
have Hk : 1 <= H k :> rat by rewrite -(H1 _) H_leq.
split; apply/Z.leb_le; rewrite -q_le ?qN qM mulrC; last rewrite -ler_pdivr_mulr //.
  rewrite -mulNr -ler_pdivl_mulr //; apply: le_trans (ahead i); rewrite ler_opp2; apply: le_trans most.
  by rewrite ler_add2r; apply: le_trans Hk; rewrite ler_subl_addr ler_addl invr_ge0 ler0n.
have := inE [set i]; rewrite big_set1 cards1 mul1r => /le_trans; apply; apply: le_trans most.
by rewrite ler_add2r ler_subl_addr ler_addl H1.
Qed.

(** While weights change, and their sum m times, the nodes of a set S are together at most |S| (H_k - H_|S| + 2m / fine)
    requests behind the sums of their shares; fine is 2^20 in the engine.
    Law: smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem changing_weights_set history S : all for_all_nodes history ->
  let lag i := due history i - (count_mem (val i) (run_changing fine k history))%:R in
  let m := changes history Z0 in
  \sum_(i in S) lag i <= #|S|%:R * (H k - H #|S| + (2 * m)%:R / q fine).
Proof.
move=> ok /=; have [T [[_ inE _ near] ET]] := walk_stands (lexx 0) ok begin_stands.
rewrite add0r in inE near; set c := _ / q fine in inE near.
rewrite (eq_bigr T) => [|i _]; last by rewrite ET add0r.
apply: le_trans (ler_sum _ (fun i _ => proj2 (andP (near i)))) _.
rewrite natrM -mulrA -/c [2%:R * c]mulr_natl mulr2n big_split /= sumr_const -[c *+ _]mulr_natl addrA mulrDr ler_add2r.
exact: inE.
Qed.

(** While weights change, and their sum m times, no node is more than H_k - 1 + 2m / fine requests behind the sum of its
    shares, nor more than 1 - 1/k + 2m / fine ahead; fine is 2^20 in the engine.
    Law: smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem changing_weights history i : all for_all_nodes history ->
  let lag := due history i - (count_mem (val i) (run_changing fine k history))%:R in
  let m := changes history Z0 in
  - (1 - k%:R^-1 + (2 * m)%:R / q fine) <= lag <= H k - 1 + (2 * m)%:R / q fine.
Proof.
move=> ok /=; apply/andP; split; last first.
  by have := changing_weights_set [set i] ok; rewrite /= big_set1 cards1 mul1r H1.
have [T [[_ _ ahead near] ET]] := walk_stands (lexx 0) ok begin_stands.
rewrite add0r in ahead near; set c := _ / q fine in ahead near.
have -> : due history i - (count_mem (val i) (run_changing fine k history))%:R = T i by rewrite ET add0r.
have /andP[lo _] := near i; apply: le_trans lo.
rewrite natrM -mulrA -/c [2%:R * c]mulr_natl mulr2n addrA opprD ler_add2r.
exact: ahead.
Qed.

End Changes.

(** The weights 1 and 1, then 3 and 1, then 1 and 1 again: the sum of weights changes twice, and each has the turns that
    it is due.
    Law: smooth_bounds_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Example one_three_one : let history := [:: [:: 1; 1]; [:: 3; 1]; [:: 3; 1]; [:: 1; 1]] in
  (run_changing engine_fine 2 history, changes history 0) = ([:: 0; 1; 0; 0], 2)%N.
Proof. by vm_compute. Qed.

(** ** Nothing overflows *)

Lemma changes_rcons fine history weights lags before : changes (rcons history weights) before =
  (changes history before + changed weights (walk fine history lags before).2.2)%N.
Proof.
elim: history lags before => [|first history IH] lags before; first by rewrite /= addn0.
case E: (turn fine first (reckon first lags before)) => [p after].
by rewrite (walkS _ E) rcons_cons /= (IH after) addnA.
Qed.

Lemma fits_between U x : 0 < U -> U <= 288225978105200640 -> - (U * 27) <= x -> x <= U * 27 -> fits_i64 x.
Proof. by rewrite /fits_i64; lia. Qed.

Lemma fits_between_more U x w : 0 < U -> U <= 288225978105200640 -> 0 < w -> w <= max_weight ->
  - (U * 27) <= x -> x <= U * 27 -> fits_i64 (x + w * engine_fine).
Proof. by rewrite /fits_i64 /max_weight /engine_fine; lia. Qed.

(** While weights up to 65,535 change, over up to 4,194,304 nodes and up to 4,194,304 changes of their sum, no lag
    leaves 64 bits: neither as it is reckoned anew, nor with its share of the next request, nor after the pick.
    Law: smooth_bounds_with_the_greatest_weights. Engine: crates/core/src/pick/turns.rs. *)
Theorem nothing_overflows_while_weights_change k' history weights :
  all (for_all_nodes k') (rcons history weights) -> all (fun w => w <=? max_weight) weights ->
  (k'.+1 <= max_nodes)%N -> (changes (rcons history weights) 0 <= 2 ^ 22)%N ->
  let: (lags, before) := (walk engine_fine history (nseq k'.+1 0) 0).2 in
  let now := reckon weights lags before in
  forall i, (i < k'.+1)%N ->
    [/\ fits_i64 (nth 0 now i), fits_i64 (nth 0 (credit engine_fine weights now) i)
      & fits_i64 (nth 0 (turn engine_fine weights now).2 i)].
Proof.
rewrite all_rcons /max_nodes => /andP[/andP[wd /eqP szw] ok] wmax kmax.
rewrite (changes_rcons engine_fine _ _ (nseq k'.+1 0)).
have f0 : 0 < engine_fine by [].
have [T [sd _]] := walk_stands f0 (lexx _) ok (begin_stands engine_fine k').
case: (walk _ _ _ _).2 sd => lags before sd cmax; set now := reckon weights lags before => i ilt.
rewrite /= in sd cmax.
have W0 := total_gt0 wd; have sd1 := reckon_stands f0 wd szw sd; rewrite add0r -mulrDl -natrD -/now in sd1.
set c := (_ / q engine_fine)%R in sd1; have qf0 : (0 < q engine_fine)%R by rewrite (q_lt 0).
have c0 : (0 <= c)%R by apply: divr_ge0; [exact: ler0n | exact: ltW].
have c4 : (c <= q 4)%R.
  rewrite /c (ler_pdivr_mulr _ _ qf0) -q_nat -qM q_le; apply/Z.leb_le; rewrite /engine_fine.
  by move: cmax (Z_pow2 22); rewrite -[2 ^ Z.of_nat 22]/4194304; move: (2 ^ 22)%N (_ + _)%N => *; lia.
have most : (H k'.+1 + c <= q 27)%R.
  rewrite -[27]/(23 + 4) qD; apply: (ler_add _ c4); rewrite -[23]/(Z.of_nat 23) q_nat.
  exact: le_trans (H_leq _ kmax) (H_pow2 _ 22).
have [k0 w0] := andP wd; have [_ Wmax] := total_bounds w0 wmax; rewrite szw in Wmax.
have U_fits : total weights * engine_fine <= 288225978105200640.
  move: kmax (Z_pow2 22); rewrite -[2 ^ Z.of_nat 22]/4194304; move: (2 ^ 22)%N => n *.
  by rewrite /engine_fine /max_weight in Wmax *; lia.
have U0 := Z.mul_pos_pos _ _ W0 f0; set U := total weights * engine_fine in U_fits U0.
have [e [_ sd2]] := turn_stands f0 c0 wd szw sd1.
have [lo hi] := stands_bounds f0 (Ordinal ilt) W0 most sd1.
have [lo2 hi2] := stands_bounds f0 (Ordinal ilt) W0 most sd2.
rewrite -/U [nat_of_ord _]/= in lo hi lo2 hi2; have [[szn _ _] _ _ _] := sd1.
have wi := weighted_gt0 (Ordinal ilt) szw wd; have := all_nthP 0 wmax i; rewrite szw => /(_ ilt) wi_max.
rewrite [nat_of_ord _]/= in wi; split; [exact: fits_between U0 U_fits lo hi | | exact: fits_between U0 U_fits lo2 hi2].
rewrite nth_credit; [| exact: etrans szn (esym szw) | by rewrite szn].
by apply: (fits_between_more U0 U_fits wi _ lo hi); apply/Z.leb_le.
Qed.
