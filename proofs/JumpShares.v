(** * Jump consistent hashing: what each node's share is

    Jump hashing keeps no table, and yet each node has its weight's share of the keys, and a node that is added at the
    end moves exactly its own share. Promised here, if all draws are equally likely.

    The model: a draw is one of D equally likely ones (the engine has D = 2^31), and the quotient is exact; by rounding
    a leap may end one bucket beside, no more (Jump.v). The shares are exact when D is a multiple of every number up to
    that of the buckets, and nearly so for every D. That the generator draws as evenly as chance would is measured, not
    proved.

    How the proof goes: from bucket b a draw leads to x or beyond in (b + 1) / x of the cases, exactly; summed over one
    jump, by induction, a key stays on b in (b + 1) / n of the cases and ends on each later bucket in 1 / n.

    Source: J. Lamping, E. Veach, A fast, minimal memory, consistent hash algorithm, 2014. *)
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Import Jump.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(** The same leap by exact division, where a draw is one of D: d is the engine's [key >> 33], D its 2^31. *)
Definition leap (D b d : nat) := b.+1 * D %/ d.+1.

Section Shares.
Variable D : nat.
Hypothesis D_pos : 0 < D.

(** Where a key goes that draws [ds], with [n] buckets or with nodes of these weights. *)
Definition jump_from n b (ds : seq 'I_D) := jumps ltn (fun b (d : 'I_D) => leap D b d) n b ds.
Definition node (ws : seq nat) (ds : seq 'I_D) := node_of ws (jump_from (sumn ws) 0 ds).

Lemma leap_goes_forward b (d : 'I_D) : b < leap D b d.
Proof. by rewrite /leap leq_divRL // leq_mul2l ltn_ord orbT. Qed.

Lemma sum_below K : K <= D -> \sum_(d < D) (d < K) = K.
Proof.
move=> KD; rewrite -[RHS]card_ord -sum1_card (big_ord_widen D (fun=> 1) KD) [RHS]big_mkcond.
by apply: eq_bigr => d _; case: (d < K).
Qed.

(** How many of all draws jump from [b] to [x] or beyond: (b + 1) / x of them, rounded down. *)
Definition beyond b x := \sum_(d < D) (x <= leap D b d).

Lemma beyond_exactly b x : b < x -> beyond b x = b.+1 * D %/ x.
Proof.
move=> bx; have x0 : 0 < x by apply: leq_ltn_trans bx.
rewrite /beyond -(@sum_below (b.+1 * D %/ x)); last by rewrite -{2}(mulKn D x0) leq_div2r // leq_mul2r bx orbT.
by apply: eq_bigr => d _; rewrite /leap !leq_divRL // mulnC.
Qed.

(** How many of the sequences of [m] draws lead from bucket [b] to [c], of [n]. *)
Definition hits m n b c := \sum_(ds : m.-tuple 'I_D) (jump_from n b ds == c).

Lemma hits0 n b c : hits 0 n b c = (b == c).
Proof.
rewrite /hits (eq_bigr (fun=> nat_of_bool (b == c))) => [|ds _]; last by rewrite tuple0.
by rewrite sum_nat_const card_tuple expn0 mul1n.
Qed.

Lemma hitsS m n b c :
  hits m.+1 n b c = \sum_(d < D) (if leap D b d < n then hits m n (leap D b d) c else (b == c) * D ^ m).
Proof.
pose put (p : 'I_D * m.-tuple 'I_D) := [tuple of p.1 :: p.2].
have put_bij : bijective put.
  exists (fun ds => (thead ds, behead_tuple ds)) => [[d ds]|ds]; last by rewrite /put -tuple_eta.
  by congr pair; apply: val_inj.
rewrite /hits (reindex put) /=; last exact: onW_bij.
rewrite -(pair_bigA _ (fun d (ds : m.-tuple 'I_D) => nat_of_bool (jump_from n b (d :: ds) == c))) /=.
apply: eq_bigr => d _.
have E ds : jump_from n b (d :: ds) = if leap D b d < n then jump_from n (leap D b d) ds else b by [].
case: ifP => lt; first by apply: eq_bigr => ds _; rewrite E lt.
rewrite (eq_bigr (fun=> nat_of_bool (b == c))) => [|ds _]; last by rewrite E lt.
by rewrite sum_nat_const card_tuple card_ord mulnC.
Qed.

(** From bucket [b] a key stays in (b + 1) / n of the cases, and ends on each later bucket in 1 / n. *)
Definition odds b c := if c == b then b.+1 else nat_of_bool (b < c).

(** The odds, in parts of n, once the first of the draws is [d]. *)
Definition after n b c (d : 'I_D) := if leap D b d < n then odds (leap D b d) c else n * (b == c).

(** One jump, if [beyond] is (b + 1) / x up to an error [e]: what each draw leads to, in parts of n, adds up to that. *)
Lemma one_jump e n b c : (forall x, b < x <= n -> x * beyond b x <= b.+1 * D <= x * beyond b x + e) ->
  b < n -> c < n ->
  odds b c * D <= \sum_(d < D) after n b c d + e /\ \sum_(d < D) after n b c d <= odds b c * D + e.
Proof.
move=> near bn cn; have fw := leap_goes_forward b; rewrite /odds.
case: (eqVneq c b) => [cb|cb].
  have -> : \sum_(d < D) after n b c d = n * beyond b n.
    rewrite big_distrr; apply: eq_bigr => d _ /=; have := fw d; rewrite /after /odds cb eqxx.
    by case: (ltnP (leap D b d) n) => lt /=; [case: eqP|]; lia.
  by have := near n; rewrite bn leqnn => /(_ isT) /andP[]; lia.
case: (ltnP b c) => bc; last first.
  rewrite mul0n big1 // => d _; have := fw d; rewrite /after /odds [b == c]eq_sym (negbTE cb).
  by case: (ltnP (leap D b d) n) => lt /=; [case: eqP|]; lia.
have term (d : 'I_D) : after n b c d + c.+1 * (c < leap D b d) = c * (c <= leap D b d) + 1.
  rewrite /after /odds [b == c]eq_sym (negbTE cb).
  by case: (ltngtP c (leap D b d)) => lt; case: (ltnP (leap D b d) n) => /= ln; rewrite ?muln0 ?muln1; lia.
have : \sum_(d < D) after n b c d + c.+1 * beyond b c.+1 = c * beyond b c + D.
  rewrite big_distrr -big_split (eq_bigr (fun d : 'I_D => c * (c <= leap D b d) + 1)) => [|d _]; last exact: term.
  by rewrite big_split /= -big_distrr sum1_card card_ord.
have /andP[] : c * beyond b c <= b.+1 * D <= c * beyond b c + e by rewrite near // bc ltnW.
have /andP[] : c.+1 * beyond b c.+1 <= b.+1 * D <= c.+1 * beyond b c.+1 + e by rewrite near // ltnS ltnW.
by rewrite mul1n; lia.
Qed.

Lemma hits_near e m n b c :
  (forall b x, b < x <= n -> x * beyond b x <= b.+1 * D <= x * beyond b x + e) ->
  b < n -> n <= b + m.+1 -> c < n ->
  odds b c * D * D ^ m <= D * (n * hits m n b c) + m * e * D ^ m /\
  D * (n * hits m n b c) <= (odds b c * D + m * e) * D ^ m.
Proof.
move=> near; elim: m b => [|m IH] b bn nb cn.
  rewrite hits0 expn0 !muln1 mul0n !addn0; have -> : n = b.+1 by lia.
  by rewrite /odds eq_sym; case: eqP => _; case: ltnP => //=; nia.
have := one_jump (near b) bn cn; set S := \sum_(d < D) _ => -[lo hi].
pose T (d : 'I_D) := if leap D b d < n then hits m n (leap D b d) c else (b == c) * D ^ m.
have each (d : 'I_D) : after n b c d * D * D ^ m <= D * (n * T d) + m * e * D ^ m /\
    D * (n * T d) <= after n b c d * D * D ^ m + m * e * D ^ m.
  have fw := leap_goes_forward b d; rewrite /after /T; case: (ltnP (leap D b d) n) => lt.
    have far : n <= leap D b d + m.+1 by lia.
    have [] := IH _ lt far cn; rewrite mulnDl; lia.
  by rewrite !mulnA [n * _ * D]mulnAC [n * D]mulnC !leq_addr.
have bounds : S * D * D ^ m <= D * (n * hits m.+1 n b c) + D * (m * e * D ^ m) /\
    D * (n * hits m.+1 n b c) <= S * D * D ^ m + D * (m * e * D ^ m).
  have -> : D * (m * e * D ^ m) = \sum_(d < D) m * e * D ^ m by rewrite sum_nat_const card_ord.
  rewrite hitsS !big_distrr !big_distrl -!big_split.
  by split; apply: leq_sum => d _; have [] := each d.
have scaled : odds b c * D * (D * D ^ m) <= (S + e) * (D * D ^ m) /\
    S * (D * D ^ m) <= (odds b c * D + e) * (D * D ^ m).
  by rewrite !leq_mul2r lo hi !orbT.
by rewrite expnS; lia.
Qed.
Lemma buckets_of_node ws i : \sum_(c < sumn ws) (node_of ws c == i) = nth 0 ws i.
Proof.
elim: ws i => [|w ws IH] i /=; first by rewrite big_ord0 nth_nil.
rewrite big_split_ord /= (eq_bigr (fun=> nat_of_bool (0 == i))) => [|c _]; last by rewrite node_of_cons ltn_ord.
rewrite sum_nat_const card_ord (eq_bigr (fun c : 'I_(sumn ws) => nat_of_bool ((node_of ws c).+1 == i))) => [|c _].
  by case: i => [|i] /=; rewrite ?muln1 ?muln0 ?add0n; [rewrite big1 ?addn0 | apply: IH].
by rewrite node_of_cons ltnNge leq_addr /= addKn.
Qed.

Lemma node_of_lt ws c : c < sumn ws -> node_of ws c < size ws.
Proof.
elim: ws c => [|w ws IH] c //= lt; rewrite node_of_cons; case: (ltnP c w) => // wc.
by rewrite ltnS IH // ltn_subLR.
Qed.

Lemma node_hits ws i (W := sumn ws) : 0 < W ->
  #|[set ds : W.-tuple 'I_D | node ws ds == i]| = \sum_(c < W) (node_of ws c == i) * hits W W 0 c.
Proof.
move=> W0; rewrite -sum1_card big_mkcond.
transitivity (\sum_(ds : W.-tuple 'I_D) \sum_(c < W) (node_of ws c == i) * (jump_from W 0 ds == c)).
  apply: eq_bigr => ds _; have lt : jump_from W 0 ds < W by apply: jumps_lt.
  rewrite (bigD1 (Ordinal lt)) //= eqxx muln1 big1 => [|c]; last first.
    by rewrite -(inj_eq val_inj) /= eq_sym => /negbTE ->; rewrite muln0.
  by rewrite inE /node -/W addn0; case: eqP.
by rewrite exchange_big; apply: eq_bigr => c _; rewrite /= -big_distrr.
Qed.

Lemma odds0 c : odds 0 c = 1.
Proof. by rewrite /odds; case: c. Qed.

(** If D is a multiple of every number up to the sum of weights W, then a node of weight w has exactly w in W of all
    sequences of draws.
    Law: jump_shares. Engine: crates/core/src/pick/jump.rs. *)
Theorem jump_shares ws i (W := sumn ws) : 0 < W -> (forall x, 0 < x <= W -> x %| D) ->
  W * #|[set ds : W.-tuple 'I_D | node ws ds == i]| = nth 0 ws i * D ^ W.
Proof.
move=> W0 divs; rewrite node_hits // big_distrr -(buckets_of_node ws i) big_distrl; apply: eq_bigr => c _ /=.
rewrite mulnCA; congr (_ * _); have near b x : b < x <= W -> x * beyond b x <= b.+1 * D <= x * beyond b x + 0.
  case/andP => bx xW; rewrite beyond_exactly // addn0 -eqn_leq mulnC divnK //.
  by rewrite dvdn_mull // divs // xW (leq_ltn_trans _ bx).
have [] := @hits_near 0 W W 0 c near W0 (leqnSn W) (ltn_ord c).
rewrite odds0 mul1n !muln0 !mul0n !addn0 !leq_pmul2l // => lo hi.
by apply/eqP; rewrite eqn_leq hi lo.
Qed.

(** Whatever D is: a node of weight w has its share of all sequences of draws, within W^2 / D of it (for the engine's
    D = 2^31 and a thousand buckets: within one in two thousand).
    Law: jump_shares. Engine: crates/core/src/pick/jump.rs. *)
Theorem jump_shares_nearly ws i (W := sumn ws) : 0 < W ->
  nth 0 ws i * (D - W ^ 2) * D ^ W <= D * (W * #|[set ds : W.-tuple 'I_D | node ws ds == i]|)
    <= nth 0 ws i * (D + W ^ 2) * D ^ W.
Proof.
move=> W0; have near b x : b < x <= W -> x * beyond b x <= b.+1 * D <= x * beyond b x + W.
  case/andP => bx xW; rewrite beyond_exactly // mulnC leq_trunc_div {1}(divn_eq (b.+1 * D) x) leq_add2l.
  by rewrite (leq_trans _ xW) // ltnW // ltn_mod (leq_ltn_trans _ bx).
have each (c : 'I_W) : (D - W ^ 2) * D ^ W <= D * (W * hits W W 0 c) <= (D + W ^ 2) * D ^ W.
  have [] := @hits_near W W W 0 c near W0 (leqnSn W) (ltn_ord c).
  by rewrite odds0 mul1n -mulnn mulnBl leq_subLR addnC => -> ->.
have -> : D * (W * #|[set ds : W.-tuple 'I_D | node ws ds == i]|)
    = \sum_(c < W) (node_of ws c == i) * (D * (W * hits W W 0 c)).
  by rewrite node_hits // !big_distrr; apply: eq_bigr => c _ /=; rewrite [W * _]mulnCA mulnCA.
rewrite -!mulnA -(buckets_of_node ws i) !big_distrl /=.
by apply/andP; split; apply: leq_sum => c _; rewrite leq_mul2l; have /andP[lo hi] := each c; rewrite ?lo ?hi orbT.
Qed.

(** If D is a multiple of every number up to W + w, the sum of weights once a node of weight w is added at the end, then
    exactly w in W + w of all sequences of draws move: its share, and no more.
    Law: jump_shares. Engine: crates/core/src/pick/jump.rs. *)
Theorem jump_moves ws w (W := sumn ws) : 0 < W -> (forall x, 0 < x <= W + w -> x %| D) ->
  (W + w) * #|[set ds : (W + w).-tuple 'I_D | node (rcons ws w) ds != node ws ds]| = w * D ^ (W + w).
Proof.
move=> W0 divs; have sumE : sumn (rcons ws w) = W + w by rewrite sumn_rcons.
have := @jump_shares (rcons ws w) (size ws); rewrite /= sumE nth_rcons ltnn eqxx addn_gt0 W0 => <- //.
congr (_ * _); apply: eq_card => ds; rewrite !inE /node sumE.
have range : W <= W + w <= W + w by rewrite leq_addr leqnn.
have forward b d : b < W + w -> xpredT d -> b < leap D b (d : 'I_D) by move=> _ _; apply: leap_goes_forward.
have all_ok : all xpredT ds by apply/allP.
have lt := jumps_lt (fun b (d : 'I_D) => leap D b d) ds W0.
case: (jumping_is_monotone forward all_ok W0 range) => [same|new].
  by rewrite /jump_from same node_of_old // eqxx; apply/esym/negbTE; rewrite neq_ltn node_of_lt.
have lt' := jumps_lt (fun b (d : 'I_D) => leap D b d) ds (leq_trans W0 (leq_addr w W)).
rewrite /jump_from node_of_new ?new // eqxx; apply/eqP => E.
by have := node_of_lt lt; rewrite -/W -E ltnn.
Qed.
End Shares.

(** Of the 216 sequences of three draws of six, each of three buckets has 72.
    Law: jump_shares. Engine: crates/core/src/pick/jump.rs. *)
Example three_buckets_share_alike :
  let sequences := [seq d :: ds | d <- iota 0 6, ds <- [seq [:: e; f] | e <- iota 0 6, f <- iota 0 6]] in
  [seq count (fun ds => jumps ltn (leap 6) 3 0 ds == c) sequences | c <- iota 0 3] = [:: 72; 72; 72].
Proof. by vm_compute. Qed.
