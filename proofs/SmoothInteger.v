(** * Smooth weighted round robin in whole numbers, as nginx and the engine run it

    A balancer does not reckon in fractions. Each node has a whole number, its lag; at every request each lag grows by
    the node's weight, the first node with the greatest lag is picked, and the sum of all weights, W, is taken from its
    lag. Promised here, of exactly this program: the numbers are the fractions of SmoothLag.v times W, so that its
    bounds hold to the last unit; after W / gcd requests every node has had exactly its part, all lags are nothing, and
    the same turns come again, which is why they may be laid out in advance; and no node waits longer than SmoothGap.v
    says. That no number leaves 64 bits is in SmoothBits.v.

    The model is the engine's code, step by step: the lags (in parts of 1 / fine, the engine's 2^20, or nginx's 1), the
    scan for the first of the greatest, who has no weight being out. Weights stand here; in
    SmoothChanges.v they change, and in SmoothOut.v nodes are out.

    How the proof goes: one step of the program is one step of the fractions (`turn_is_a_step`), so that what holds of
    those holds here. After n steps a lag is n times the weight less W times the picks. After W / gcd steps that is a
    multiple of W; it is greater than -W, and all together are nothing: so each is nothing. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra zify ssrZ ring.
From Evenly Require Import Harmonic SmoothLag SmoothGap.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope Z_scope.

(** ** The program *)

(* The engine's unit: lags are in parts of 1 / (W 2^20) requests. *)
Definition engine_fine : Z := 1048576.

Definition total (weights : seq Z) : Z := foldr Z.add 0 weights.

(* What a scan has found so far: nobody, or a node and how far it is behind. *)
Definition further (best : option (nat * Z)) (index : nat) (lag weight : Z) : option (nat * Z) :=
  let beats := if best is Some (_, most) then most <? lag else true in
  if (0 <? weight) && beats then Some (index, lag) else best.

Fixpoint scan (best : option (nat * Z)) (index : nat) (lags weights : seq Z) : option (nat * Z) :=
  match lags, weights with
  | lag :: lags, weight :: weights => scan (further best index lag weight) index.+1 lags weights
  | _, _ => best
  end.

(* The first of those that are furthest behind, among the nodes with a weight. *)
Definition furthest_behind (lags weights : seq Z) : nat :=
  if scan None 0 lags weights is Some (index, _) then index else 0%N.

(* Everybody's share of one request, in parts of 1 / (W * fine). *)
Definition credit (fine : Z) (weights lags : seq Z) : seq Z :=
  [seq each.1 + each.2 * fine | each <- zip lags weights].

(* One request: whom it goes to, and the lags after it. *)
Definition turn (fine : Z) (weights lags : seq Z) : nat * seq Z :=
  let lags := credit fine weights lags in
  let picked := furthest_behind lags weights in
  (picked, set_nth 0 lags picked (nth 0 lags picked - total weights * fine)).

Fixpoint turns (fine : Z) (weights : seq Z) (n : nat) (lags : seq Z) : seq nat * seq Z :=
  if n is n.+1 then
    let: (picked, lags) := turn fine weights lags in
    let: (rest, lags) := turns fine weights n lags in (picked :: rest, lags)
  else ([::], lags).

(* n requests from the beginning: who had them, and the lags after them. *)
Definition run (fine : Z) (weights : seq Z) (n : nat) : seq nat := (turns fine weights n (nseq (size weights) 0)).1.
Definition lags_after (fine : Z) (weights : seq Z) (n : nat) : seq Z :=
  (turns fine weights n (nseq (size weights) 0)).2.

(* Every node has a weight, and there is one. *)
Definition weighted (weights : seq Z) : bool := (0 < size weights)%N && all (Z.ltb 0) weights.

(** nginx's own example: weights 5, 1 and 1 give a a b a c a a, never five in a row.
    Law: smooth_period. Engine: crates/core/src/pick/turns.rs. *)
Example five_one_one : run 1 [:: 5; 1; 1] 7 = [:: 0; 0; 1; 0; 2; 0; 0]%N.
Proof. by vm_compute. Qed.

(** ** A scan finds who is furthest behind *)

Definition best_of (lags weights : seq Z) (n : nat) (best : option (nat * Z)) : Prop :=
  if best is Some (index, most) then
    [/\ (index < n)%N, most = nth 0 lags index, 0 < nth 0 weights index,
        forall i, (i < n)%N -> 0 < nth 0 weights i -> nth 0 lags i <= most
      & forall i, (i < index)%N -> 0 < nth 0 weights i -> nth 0 lags i < most]
  else forall i, (i < n)%N -> nth 0 weights i <= 0.

Lemma further_best lags weights n best : best_of lags weights n best ->
  best_of lags weights n.+1 (further best n (nth 0 lags n) (nth 0 weights n)).
Proof.
rewrite /further; case: best => [[j m] [jn mj wj h f]|h] /=; case: Z.ltb_spec => w0 /=; first case: Z.ltb_spec => lm.
- split=> // i; first by rewrite ltnS leq_eqVlt => /orP[/eqP -> _|ilt wi]; [lia | have := h i ilt wi; lia].
  by move=> ilt wi; have := h i ilt wi; lia.
- by split=> // [|i]; first lia; rewrite ltnS leq_eqVlt => /orP[/eqP ->|ilt wi]; [lia | exact: h].
- by split=> // [|i]; first lia; rewrite ltnS leq_eqVlt => /orP[/eqP ->|ilt wi]; [lia | exact: h].
- split=> // i; last by move=> ilt wi; have := h i ilt; lia.
  by rewrite ltnS leq_eqVlt => /orP[/eqP ->|ilt wi]; [lia | have := h i ilt; lia].
- by move=> i; rewrite ltnS leq_eqVlt => /orP[/eqP ->|ilt]; [lia | exact: h].
Qed.

Lemma scan_best lags weights n best : size lags = size weights -> (n <= size lags)%N ->
  best_of lags weights n best -> best_of lags weights (size lags) (scan best n (drop n lags) (drop n weights)).
Proof.
move=> sz; move Em: (size lags - n)%N => m.
elim: m n best Em => [|m IH] n best Em nle hb.
  have -> : n = size lags by lia.
  by rewrite drop_size /=; have -> : size lags = n by lia.
rewrite (@drop_nth _ 0 n lags) 1?(@drop_nth _ 0 n weights) /=; try lia.
by apply: IH; [lia | lia | apply: further_best].
Qed.

Lemma furthest_behind_spec lags weights : size lags = size weights -> weighted weights ->
  let picked := furthest_behind lags weights in
  [/\ (picked < size lags)%N, forall i, (i < size lags)%N -> nth 0 lags i <= nth 0 lags picked
    & forall i, (i < picked)%N -> nth 0 lags i < nth 0 lags picked].
Proof.
move=> sz /andP[w0 /all_nthP wpos]; rewrite /furthest_behind.
have := @scan_best lags weights 0 None sz isT; rewrite !drop0 => /(_ (fun i => ltac:(by []))).
case: scan => [[j m]|] /=; last by move/(_ 0%N); have := wpos 0 0%N; lia.
case=> jlt -> _ most first; split=> // i ilt; [apply: most | apply: first] => //.
  by have := wpos 0 i; lia.
by have := wpos 0 i; lia.
Qed.

(** ** One turn is one step of the fractions *)

Lemma size_credit fine weights lags : size lags = size weights -> size (credit fine weights lags) = size lags.
Proof. by move=> sz; rewrite size_map size_zip sz minnn. Qed.

Lemma nth_credit fine weights lags i : size lags = size weights -> (i < size lags)%N ->
  nth 0 (credit fine weights lags) i = nth 0 lags i + nth 0 weights i * fine.
Proof. by move=> sz ilt; rewrite (nth_map (0, 0)) ?nth_zip ?size_zip -?sz ?minnn. Qed.

(* What a turn does, number by number. *)
Lemma turnP fine weights lags : size lags = size weights -> weighted weights ->
  exists p after, turn fine weights lags = (p, after) /\
  [/\ (p < size lags)%N, size after = size lags,
      forall i, (i < size lags)%N ->
        nth 0 lags i + nth 0 weights i * fine <= nth 0 lags p + nth 0 weights p * fine
    & forall i, (i < size lags)%N ->
        nth 0 after i = nth 0 lags i + nth 0 weights i * fine - (if i == p then total weights * fine else 0)].
Proof.
move=> sz wd; rewrite /turn; set lags' := credit _ _ _; have sz' : size lags' = size lags by apply: size_credit.
have [] := @furthest_behind_spec lags' weights; rewrite ?sz' // => plt most _.
set p := furthest_behind _ _ in plt most *; exists p, (set_nth 0 lags' p (nth 0 lags' p - total weights * fine)).
split=> //; split=> // [|i ilt|i ilt].
- by rewrite size_set_nth sz'; apply/maxn_idPr.
- by have := most i ilt; rewrite !nth_credit.
- by rewrite nth_set_nth /=; case: eqP => [->|_]; rewrite nth_credit // Z.sub_0_r.
Qed.

(* Whole numbers as fractions. *)
Definition q (z : Z) : rat := (int_of_Z z)%:~R.

Lemma qD a b : q (a + b) = (q a + q b)%R. Proof. by rewrite /q -intrD -rmorphD. Qed.
Lemma qM a b : q (a * b) = (q a * q b)%R. Proof. by rewrite /q -intrM -rmorphM. Qed.
Lemma qN a : q (- a) = (- q a)%R. Proof. by rewrite /q -mulrNz -rmorphN. Qed.
Lemma qB a b : q (a - b) = (q a - q b)%R. Proof. by rewrite -Z.add_opp_r qD qN. Qed.
Lemma q_le a b : (q a <= q b)%R = (a <=? b).
Proof. by rewrite /q ler_int; apply/idP/idP; lia. Qed.
Lemma q_lt a b : (q a < q b)%R = (a <? b).
Proof. by rewrite /q ltr_int; apply/idP/idP; lia. Qed.
Lemma q_eq a b : (q a == q b) = (a =? b).
Proof. by rewrite /q eqr_int; apply/idP/idP; lia. Qed.
Lemma q_nat n : q (Z.of_nat n) = (n%:R)%R.
Proof. by rewrite /q; have -> : int_of_Z (Z.of_nat n) = n by lia. Qed.

Lemma q_total (weights : seq Z) : q (total weights) = (\sum_(i < size weights) q (nth Z0 weights i))%R.
Proof.
have -> : q (total weights) = (\sum_(w <- weights) q w)%R.
  by elim: weights => [|w ws IH]; rewrite ?big_nil // big_cons -IH -qD.
by rewrite (big_nth Z0) big_mkord.
Qed.

Lemma turnsS fine weights n lags : turns fine weights n.+1 lags =
  ((turn fine weights lags).1 :: (turns fine weights n (turn fine weights lags).2).1,
   (turns fine weights n (turn fine weights lags).2).2).
Proof. by rewrite /=; case: turns. Qed.
Arguments turn : simpl never.
Arguments turns : simpl never.

Lemma total_gt0 weights : weighted weights -> 0 < total weights.
Proof.
have ge0 ws : all (Z.ltb 0) ws -> 0 <= total ws by elim: ws => //= w ws IH /andP[w0 /IH]; lia.
by case: weights => // w ws /andP[_ /andP[w0 /ge0]]; rewrite /total /= in ge0 *; lia.
Qed.

Lemma turns_size fine weights n lags : weighted weights -> size lags = size weights ->
  size (turns fine weights n lags).2 = size weights.
Proof.
move=> wd; elim: n lags => [|n IH] lags sz //; rewrite turnsS.
by have [p [l [-> [_ szl _ _]]]] := turnP fine sz wd; apply: IH; rewrite szl.
Qed.

Section Fractions.
Variable k' : nat.
Let k := k'.+1.
Implicit Types (i e : 'I_k) (L : 'I_k -> rat).

(* The weights as shares of one request, and the lags in requests. *)
Definition share (weights : seq Z) i : rat := (q (nth Z0 weights i) / q (total weights))%R.
Definition exact (unit : Z) (lags : seq Z) i : rat := (q (nth Z0 lags i) / q unit)%R.

Lemma weighted_gt0 weights i : size weights = k -> weighted weights -> 0 < nth 0 weights i.
Proof. by move=> sz /andP[_ /all_nthP w0]; have := w0 0 i; rewrite sz ltn_ord; lia. Qed.

Lemma share_dist weights : size weights = k -> weighted weights -> dist (share weights).
Proof.
move=> sz wd; have W0 := total_gt0 wd; split=> [i|].
  have := weighted_gt0 i sz wd => wi.
  by rewrite divr_ge0 ?(q_le 0) //; lia.
rewrite -mulr_suml; have := q_total weights; rewrite sz => <-.
by rewrite divff // (q_eq _ 0); lia.
Qed.

Lemma turn_is_a_step fine weights lags : size weights = k -> size lags = k -> weighted weights -> 0 < fine ->
  exists e, [/\ (turn fine weights lags).1 = e,
    greedy (share weights) (exact (total weights * fine) lags) e
    & exact (total weights * fine) (turn fine weights lags).2
        =1 step (share weights) (exact (total weights * fine) lags) e].
Proof.
move=> szw szl wd f0; have W0 := total_gt0 wd; have f0' : (0 < q fine)%R by rewrite (q_lt 0); lia.
have W0' : (0 < q (total weights))%R by rewrite (q_lt 0); lia.
have U0 : (0 < q (total weights * fine))%R by rewrite qM mulr_gt0.
have [p [after [-> []]]] := turnP fine (etrans szl (esym szw)) wd; rewrite szl => plt _ most new.
exists (Ordinal plt).
have sum i : (exact (total weights * fine) lags i + share weights i =
              q (nth Z0 lags i + nth Z0 weights i * fine) / q (total weights * fine))%R.
  by rewrite /exact /share qD !qM; field; rewrite !gt_eqF.
split=> // i; rewrite ?/step !sum.
  by rewrite ler_pmul2r ?invr_gt0 // q_le; apply/Z.leb_le/most.
rewrite /exact new // qB mulrBl; congr (_ - _)%R; rewrite -val_eqE /=.
by case: (val i == p); rewrite ?mul0r // divff // gt_eqF.
Qed.

(* n turns of the program are n steps of the fractions, and what every step keeps they keep. *)
Lemma turns_are_steps fine weights (P : nat -> ('I_k -> rat) -> Prop) (allowed : pred nat) :
  size weights = k -> weighted weights -> 0 < fine ->
  (forall n L e, allowed e -> P n L -> greedy (share weights) L e -> P n.+1 (step (share weights) L e)) ->
  forall n m lags L, size lags = k -> P m L -> exact (total weights * fine) lags =1 L ->
  all allowed (turns fine weights n lags).1 ->
  exists2 M, P (m + n)%N M & exact (total weights * fine) (turns fine weights n lags).2 =1 M.
Proof.
move=> szw wd f0 keep; elim=> [|n IH] m lags L szl PL EL; first by exists L; rewrite ?addn0.
have [e [pe gr st]] := turn_is_a_step szw szl wd f0.
have [p [after [E [_ sz' _ _]]]] := turnP fine (etrans szl (esym szw)) wd.
move: pe st; rewrite turnsS E => /= -> st /andP[ok oks]; rewrite -addSnnS.
apply: (IH m.+1 after (step (share weights) L e)) => // [||i]; [by rewrite sz' | | by rewrite st /step EL].
by apply: keep => // i; rewrite -!EL; apply: gr.
Qed.

Lemma exact0 unit i : exact unit (nseq k 0) i = 0%R.
Proof. by rewrite /exact nth_nseq if_same mul0r. Qed.

Lemma lags_after_reach fine weights n : size weights = k -> weighted weights -> 0 < fine ->
  exists2 L, reach L & exact (total weights * fine) (lags_after fine weights n) =1 L.
Proof.
move=> sz wd f0; have keep (m : nat) L e : predT (val e) -> reach L -> greedy (share weights) L e ->
    reach (step (share weights) L e) by move=> _ rL gr; apply: reachS => //; apply: share_dist.
rewrite /lags_after sz; apply: (turns_are_steps sz wd f0 keep (m := 0) _ (reach0 _ _) (exact0 _)).
  by rewrite size_nseq.
exact: all_predT.
Qed.

(** While weights stand, the whole numbers are the fractions times W: after any number of requests the lag of node
    i, in parts of 1 / fine, is W times a lag that exact smooth weighted round robin can reach.
    Law: smooth_bounds. Engine: crates/core/src/pick/turns.rs. *)
Theorem whole_lags_are_exact fine weights n : size weights = k -> weighted weights -> 0 < fine ->
  exists2 L : 'I_k -> rat, reach L
    & forall i, q (nth Z0 (lags_after fine weights n) i) = (q (total weights * fine) * L i)%R.
Proof.
move=> sz wd f0; have U0 : (q (total weights * fine) != 0)%R by rewrite (q_eq _ 0); have := total_gt0 wd; lia.
by have [L rL EL] := lags_after_reach n sz wd f0; exists L => // i; rewrite -EL /exact mulrC divfK.
Qed.

Lemma sum_lags_after fine weights n : size weights = k -> weighted weights -> 0 < fine ->
  total (lags_after fine weights n) = 0.
Proof.
move=> sz wd f0; have [L rL EL] := whole_lags_are_exact n sz wd f0.
apply/Z.eqb_spec; rewrite -q_eq q_total turns_size ?size_nseq // sz.
by rewrite (eq_bigr _ (fun i _ => EL i)) -mulr_sumr reach_sum0 // mulr0.
Qed.

End Fractions.

(** ** What follows *)

Section Standing.
Variables (fine : Z) (weights : seq Z).
Hypotheses (fine_gt0 : 0 < fine) (wd : weighted weights).
Let k := size weights.
Let W := total weights.

Lemma k_gt0 : k = k.-1.+1.
Proof. by case/andP: wd => k0 _; rewrite prednK. Qed.

(** While weights stand and no node is out, the engine's lags in whole numbers never leave W (H_k - 1) on the one side
    and -W (1 - 1/k) on the other (times 2^20, in its unit), to the last unit.
    Law: smooth_bounds. Engine: crates/core/src/pick/turns.rs. *)
Theorem whole_lags_in_bounds n i : (i < k)%N ->
  (- (q (W * fine) * (1 - k%:R^-1)) <= q (nth Z0 (lags_after fine weights n) i) <= q (W * fine) * (H k - 1))%R.
Proof.
rewrite {1}k_gt0 => ilt; have [L rL EL] := whole_lags_are_exact n k_gt0 wd fine_gt0.
have U0 : (0 < q (W * fine))%R by rewrite (q_lt 0); have := total_gt0 wd; rewrite -/W; lia.
rewrite (EL (Ordinal ilt)) -mulrN !ler_pmul2l //.
by have := swrr_lead (Ordinal ilt) rL; have := swrr_lag (Ordinal ilt) rL; move: (L _) => l; rewrite -k_gt0 => -> ->.
Qed.

(* A lag is what a node was due less what it had. *)
Lemma lag_counts n lags i : size lags = k -> (i < k)%N -> nth 0 (turns fine weights n lags).2 i = nth 0 lags i +
  fine * (Z.of_nat n * nth 0 weights i - W * Z.of_nat (count_mem i (turns fine weights n lags).1)).
Proof.
elim: n lags => [|n IH] lags sz ilt; first by rewrite /turns /=; lia.
rewrite turnsS; have [p [l [-> [_ szl _ new]]]] := turnP fine sz wd; rewrite [LHS]IH ?szl // new ?sz // -/W.
have -> rest : count_mem i ((p, l).1 :: rest) = (count_mem i rest + (i == p))%N by rewrite /= addnC eq_sym.
rewrite Nat2Z.inj_succ Nat2Z.inj_add; set x := Z.of_nat (count_mem _ _).
by case: (i == p); lia.
Qed.

Lemma lags_after_counts n i : (i < k)%N -> nth 0 (lags_after fine weights n) i =
  fine * (Z.of_nat n * nth 0 weights i - W * Z.of_nat (count_mem i (run fine weights n))).
Proof. by move=> ilt; rewrite [LHS]lag_counts ?size_nseq // nth_nseq if_same. Qed.

(** While weights stand and no node is out, after any n requests node i has had its share of them, n w_i / W, but
    for at most H_k - 1 less and at most 1 - 1/k more.
    Law: smooth_bounds. Engine: crates/core/src/pick/turns.rs. *)
Theorem picks_follow_shares n i : (i < k)%N -> let x := count_mem i (run fine weights n) in
  (- (1 - k%:R^-1) <= n%:R * (q (nth Z0 weights i) / q W) - x%:R <= H k - 1)%R.
Proof.
rewrite /= => ilt; set x := count_mem _ _; have := whole_lags_in_bounds n ilt; rewrite lags_after_counts // -/x.
have f0 : (0 < q fine)%R by rewrite (q_lt 0); lia.
have W0 : (0 < q W)%R by rewrite (q_lt 0); have := total_gt0 wd; rewrite -/W; lia.
rewrite !(qM, qB) !q_nat; set w := q (nth _ _ _); set U := (q W * q fine)%R; have U0 : (0 < U)%R by rewrite mulr_gt0.
have -> : (q fine * (n%:R * w - q W * x%:R) = U * (n%:R * (w / q W) - x%:R))%R.
  by rewrite /U; field; rewrite gt_eqF.
by rewrite -mulrN !ler_pmul2l.
Qed.

Lemma turns_add m n lags : turns fine weights (m + n) lags =
  ((turns fine weights m lags).1 ++ (turns fine weights n (turns fine weights m lags).2).1,
   (turns fine weights n (turns fine weights m lags).2).2).
Proof.
elim: m lags => [|m IH] lags; first by rewrite add0n [turns _ _ 0 _]/turns /=; case: turns.
by rewrite addSn !turnsS IH.
Qed.

Lemma turns_length n lags : size (turns fine weights n lags).1 = n.
Proof. by elim: n lags => [|n IH] lags //; rewrite turnsS /= IH. Qed.

(** While weights stand and no node is out, among any n requests in a row, n being more than (W / w_i) (H_k - 1/k),
    node i has at least one; m are the requests before.
    Law: smooth_gap. Engine: crates/core/src/pick/turns.rs. *)
Theorem nobody_starves m n i : (i < k)%N ->
  (q W / q (nth Z0 weights i) * (H k - k%:R^-1) < n%:R)%R -> i \in drop m (run fine weights (m + n)).
Proof.
move=> ilt long.
have W0 : (0 < q W)%R by rewrite (q_lt 0); have := total_gt0 wd; rewrite -/W; lia.
have w0 : (0 < q (nth Z0 weights i))%R by rewrite (q_lt 0); case/andP: wd => _ /all_nthP h; have := h 0 i ilt; lia.
rewrite -[_ \in _]negbK; apply/negP => none; move: long; apply/negP; rewrite -leNgt.
move: none; rewrite /run turns_add /= drop_size_cat ?turns_length // => none.
pose I := Ordinal (etrans (congr1 (leq i.+1) (esym k_gt0)) ilt).
have [L rL EL] := lags_after_reach m k_gt0 wd fine_gt0.
have keep n' M e : (predC1 i) (val e) -> waits I (share weights I) L n' M -> greedy (share weights) M e ->
    waits I (share weights I) L n'.+1 (step (share weights) M e).
  by move=> ei wM gr; apply: waitsS => //; apply: share_dist => //; apply: k_gt0.
have [||M wM _] := turns_are_steps k_gt0 wd fine_gt0 keep (n := n) _ (waits0 _ _ _) EL.
- by rewrite turns_size ?size_nseq // -k_gt0.
- by apply/allP => j jin; apply: contraNneq none => <-.
have := swrr_gap rL wM; rewrite -k_gt0 /share /= -/W => gap.
by rewrite mulrC mulrA ler_pdivl_mulr // -ler_pdivr_mulr // -mulrA.
Qed.

(** ** Whole periods *)

Lemma total0_all0 ls i : (forall j, (j < size ls)%N -> 0 <= nth 0 ls j) -> total ls = 0 -> (i < size ls)%N ->
  nth 0 ls i = 0.
Proof.
have ge0 vs : (forall j, (j < size vs)%N -> 0 <= nth 0 vs j) -> 0 <= total vs.
  elim: vs => // v vs IH h; have := h 0%N isT; have := IH (fun j => h j.+1).
  by rewrite /total /=; lia.
elim: ls i => // v vs IH [|i] h sum0 ilt; have v0 := h 0%N isT; have vs0 := ge0 vs (fun j => h j.+1).
  by rewrite /total /= in sum0 v0 vs0 *; lia.
by apply: IH => // [j|]; [apply: (h j.+1) | rewrite /total /= in sum0 v0 vs0 *; lia].
Qed.

Definition divisor : Z := foldr Z.gcd 0 weights.
Definition period : nat := Z.to_nat (W / divisor).

Lemma divisor_divides i : (i < k)%N -> (divisor | nth 0 weights i).
Proof.
rewrite /divisor /k; elim: weights i => // w ws IH [|i] /= ilt; first exact: Z.gcd_divide_l.
by apply: Z.divide_trans (IH i ilt); apply: Z.gcd_divide_r.
Qed.

Lemma divisor_divides_total : (divisor | W).
Proof.
have: forall ws, (forall i, (i < size ws)%N -> (divisor | nth 0 ws i)) -> (divisor | total ws).
  elim=> [|w ws IH] h /=; first exact: Z.divide_0_r.
  by apply: Z.divide_add_r; [apply: (h 0%N) | apply: IH => i; apply: (h i.+1)].
by apply => i; apply: divisor_divides.
Qed.

Lemma divisor_gt0 : 0 < divisor.
Proof.
have W0 := total_gt0 wd; have [c] := divisor_divides_total; rewrite -/W in W0 *.
have : 0 <= divisor by rewrite /divisor; case: weights => //= w ws; apply: Z.gcd_nonneg.
by case: divisor => // ; lia.
Qed.

(** While weights stand, after W / gcd requests every lag is nothing again.
    Law: smooth_period. Engine: crates/core/src/pick/turns.rs. *)
Theorem all_even_after_a_period : lags_after fine weights period = nseq k 0.
Proof.
have d0 := divisor_gt0; have [c Wc] := divisor_divides_total; have W0 : 0 < W by apply: total_gt0.
have Tc : Z.of_nat period = c.
  by rewrite /period Wc Z.div_mul ?Z2Nat.id; [| rewrite /W in Wc W0 *; nia | lia].
have szl : size (lags_after fine weights period) = k by rewrite turns_size ?size_nseq.
(* A multiple of W that is greater than -W. *)
have ge0 i : (i < k)%N -> 0 <= nth 0 (lags_after fine weights period) i.
  move=> ilt; have [v wv] := divisor_divides ilt.
  have /andP[lo _] := whole_lags_in_bounds period ilt.
  have gt : - (W * fine) < nth 0 (lags_after fine weights period) i.
    apply/Z.ltb_spec0; rewrite -q_lt; apply: lt_le_trans lo; rewrite qN ltr_opp2 gtr_pmulr.
      by rewrite gtr_addl oppr_lt0 invr_gt0 ltr0n k_gt0.
    by rewrite (q_lt 0); nia.
  move: gt; rewrite lags_after_counts // Tc wv.
  have -> : c * (v * divisor) = W * v by rewrite /W in Wc *; rewrite Wc; lia.
  have {W0} U0 : 0 < W * fine by nia.
  move: (Z.of_nat _) => x; have -> : fine * (W * v - W * x) = W * fine * (v - x) by lia.
  move: (W * fine) U0 (v - x) => U U0 m gt; have {gt} : -1 < m by apply/(Z.mul_lt_mono_pos_l U) => //; lia.
  by move=> m0; apply: Z.mul_nonneg_nonneg; lia.
(* Nobody is ahead, and all together are nothing. *)
apply: (@eq_from_nth _ 0) => [|i]; rewrite szl ?size_nseq // => ilt; rewrite nth_nseq ilt.
apply: total0_all0; rewrite ?szl //; exact: (sum_lags_after period k_gt0 wd fine_gt0).
Qed.

(** While weights stand and no node is out, in W / gcd requests node i is picked exactly w_i / gcd times.
    Law: smooth_period. Engine: crates/core/src/pick/turns.rs. *)
Theorem period_is_exact i : (i < k)%N ->
  Z.of_nat (count_mem i (run fine weights period)) = nth 0 weights i / divisor.
Proof.
move=> ilt; have := lags_after_counts period ilt; rewrite all_even_after_a_period nth_nseq ilt.
have [v ->] := divisor_divides ilt; have d0 := divisor_gt0; have [c Wc] := divisor_divides_total.
have W0 := total_gt0 wd; rewrite -/W in W0.
have -> : Z.of_nat period = c.
  by rewrite /period Wc Z.div_mul ?Z2Nat.id; [| nia | lia].
rewrite Z.div_mul; last lia.
have -> : c * (v * divisor) = W * v by rewrite Wc; lia.
move: (Z.of_nat _) => x /esym/Z.mul_eq_0[|]; first lia.
by rewrite -Z.mul_sub_distr_l => /Z.mul_eq_0[|]; lia.
Qed.

Lemma turns_come_again n : run fine weights (period + n) = run fine weights period ++ run fine weights n.
Proof. by rewrite {1}/run turns_add -/(lags_after _ _ _) all_even_after_a_period. Qed.

Lemma period_gt0 : (0 < period)%N.
Proof.
have d0 := divisor_gt0; have [c Wc] := divisor_divides_total; have W0 := total_gt0 wd; rewrite -/W in W0.
have c0 : 0 < c by nia.
by rewrite /period Wc Z.div_mul; lia.
Qed.

Lemma run_length n : size (run fine weights n) = n.
Proof. exact: turns_length. Qed.

(** While weights stand the turns come again: request t goes to whom request t mod W / gcd went, counted from 0, so
    that the engine may lay one period out in advance and go around it.
    Law: smooth_period. Engine: crates/core/src/pick/turns.rs. *)
Theorem turns_go_round n t : (t < n)%N ->
  nth 0%N (run fine weights n) t = nth 0%N (run fine weights period) (t %% period).
Proof.
have prefix a b s : (s < a)%N -> nth 0%N (run fine weights (a + b)) s = nth 0%N (run fine weights a) s.
  by move=> sa; rewrite {1}/run turns_add nth_cat turns_length sa.
have T0 := period_gt0; elim/ltn_ind: t n => t IH n tn; case: (ltnP t period) => tT.
  rewrite modn_small //; have := prefix _ (period - n)%N _ tn; have := prefix _ (n - period)%N _ tT.
  by rewrite -!maxnE maxnC => -> ->.
rewrite -(subnKC (leq_trans tT (ltnW tn))) turns_come_again nth_cat run_length ltnNge tT /= IH; try lia.
by rewrite -[in RHS](subnKC tT) modnDl.
Qed.

End Standing.

(** Nodes of equal weight have their turns in the order of the list, as in plain round robin: so the engine lays these
    out at once, however many there are.
    Law: equal_weights_take_turns. Engine: crates/core/src/pick/turns.rs. *)
Theorem equal_weights_in_turn fine c k : 0 < fine -> 0 < c -> (0 < k)%N -> run fine (nseq k c) k = iota 0 k.
Proof.
move=> f0 c0 k0; set weights := nseq k c; have szw : size weights = k by rewrite size_nseq.
have wd : weighted weights by rewrite /weighted szw k0 all_nseq; apply/orP; right; lia.
have sum : total weights = Z.of_nat k * c.
  by rewrite /weights; elim: (k) => // n IH; rewrite -[total _]/(c + total (nseq n c)) IH; lia.
suff in_turn n : (n <= k)%N -> run fine weights n = iota 0 n by apply: in_turn.
elim: n => // n IH nk; rewrite -addn1 iotaD /run turns_add /= -/(run _ _ _) -/(lags_after _ _ _) IH ?(ltnW nk) //.
set lags := lags_after fine weights n; have szl : size lags = k by rewrite turns_size ?size_nseq.
have owed i : (i < k)%N -> nth 0 (credit fine weights lags) i =
    fine * (Z.of_nat n * c - Z.of_nat k * c * (if (i < n)%N then 1 else 0)) + c * fine.
  move=> ilt; rewrite nth_credit ?szl ?szw // (lags_after_counts fine wd) ?szw // IH ?(ltnW nk) // sum nth_nseq ilt.
  by rewrite count_uniq_mem ?iota_uniq // mem_iota add0n; case: (i < n)%N.
have szc : size (credit fine weights lags) = k by rewrite size_credit // szl szw.
have [] := furthest_behind_spec (etrans szc (esym szw)) wd; rewrite /turns /turn /= szc.
set p := furthest_behind _ _ => plt most first; congr (_ ++ [:: _]); apply/eqP; rewrite eqn_leq; apply/andP; split.
  by rewrite leqNgt; apply/negP => np; have := first n np; rewrite !owed // ltnn (ltnNge p) (ltnW np) /=; lia.
rewrite leqNgt; apply/negP => pn; have := most n nk; rewrite !owed // ltnn pn.
by have := Z.mul_pos_pos _ _ f0 c0; nia.
Qed.
