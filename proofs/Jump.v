(** * Jump consistent hashing: what moves when nodes are added at the end, and what each node's share is

    Shards that are numbered and only ever added at the end need no table: a key jumps from bucket to bucket, each time
    further, as its own chain of random draws says, and stays on the last one before the end of the list. Promised: when
    a node is added at the end a key stays where it was or goes to the new node, and when the last node leaves only its
    keys move, in exactly the engine's arithmetic, rounding included; and if all draws are equally likely, each node has
    its weight's share of the keys, and one that is added moves exactly its share.

    The model is the engine's code: its generator of draws in 64 bits, and the leap in floating point, written in whole
    numbers and rounded as 64-bit floating point rounds. For the shares a draw is one of D equally likely ones (the
    engine has D = 2^31) and the quotient is exact; rounding may end a leap one bucket beside, no more. The shares are
    exact when D is a multiple of every number up to that of the buckets, and nearly so for every D. That the generator
    draws as evenly as chance would is measured, not proved.

    How the proof goes: the buckets on which a key lands do not depend on how many there are; the number only says where
    to stop. So with more buckets a key stops where it did or goes on, beyond all that were there. For the shares: from
    bucket b a draw leads to x or beyond in (b + 1) / x of the cases, exactly; summed over one jump, by induction, a key
    stays on b in (b + 1) / n of the cases and ends on each later bucket in 1 / n.

    Source: J. Lamping, E. Veach, A fast, minimal memory, consistent hash algorithm, 2014. *)
From Coq Require Import NArith.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(** ** Jumping *)

(** From bucket [b], jump as the draws say, and stay where the next jump would leave the buckets before [n]. *)
Fixpoint jumps (T X : Type) (before : T -> T -> bool) (leap : T -> X -> T) (n b : T) (draws : seq X) : T :=
  if draws is d :: draws' then
    if before (leap b d) n then jumps before leap n (leap b d) draws' else b
  else b.

Section Jumps.
Variables (X : Type) (leap : nat -> X -> nat) (ok : pred X) (limit : nat).
Hypothesis forward : forall b d, b < limit -> ok d -> b < leap b d.

Lemma jumps_lt n b ds : b < n -> jumps ltn leap n b ds < n.
Proof. by elim: ds b => [|d ds IH] b //= bn; case: (ltnP (leap b d) n) => // /IH. Qed.

Lemma jumps_ge n b ds : all ok ds -> b < n <= limit -> b <= jumps ltn leap n b ds.
Proof.
elim: ds b => [|d ds IH] b //= /andP[okd okds] /andP[bn nl]; case: (ltnP (leap b d) n) => // lt.
have bl : b < leap b d by rewrite forward // (leq_trans bn).
by apply: leq_trans (IH _ okds _); rewrite ?lt // ltnW.
Qed.

(** Whatever is drawn, as long as each jump goes forward: with more buckets a key stays where it was, or goes to one of
    the new ones.
    Law: joining_is_monotone, leaving_is_minimal. Engine: crates/core/src/pick/jump.rs. *)
Theorem jumping_is_monotone n m b ds : all ok ds -> b < n -> n <= m <= limit ->
  jumps ltn leap m b ds = jumps ltn leap n b ds \/ n <= jumps ltn leap m b ds.
Proof.
elim: ds b => [|d ds IH] b /=; first by left.
case/andP => okd okds bn /andP[nm ml]; case: (ltnP (leap b d) n) => [lt|ge].
  by rewrite (leq_trans lt nm); apply: IH; rewrite ?nm.
case: (ltnP (leap b d) m) => lt; last by left.
by right; apply: leq_trans ge _; apply: jumps_ge; rewrite ?lt.
Qed.

Lemma jumps_enough n b ds more : all ok ds -> b < n <= limit -> n <= b + size ds ->
  jumps ltn leap n b (ds ++ more) = jumps ltn leap n b ds.
Proof.
elim: ds b => [|d ds IH] b /=; first by rewrite addn0 => _ /andP[bn _]; rewrite leqNgt bn.
case/andP=> okd okds /andP[bn nl] nb; case: (ltnP (leap b d) n) => // lt; apply: IH; rewrite ?lt //.
by apply: leq_trans nb _; rewrite addnS -addSn leq_add2r forward // (leq_trans bn).
Qed.
End Jumps.

(** ** The engine's arithmetic *)

Section Engine.
Local Open Scope N_scope.

(** The whole number that is nearest to a / d; of two the even one, as floating point has it. *)
Definition nearest (a d : N) :=
  let q := a / d in
  match 2 * (a mod d) ?= d with Lt => q | Gt => q + 1 | Eq => if N.even q then q else q + 1 end.

(** The nearest number with 53 binary digits: what a 64-bit floating point number keeps of [p]. *)
Definition keep53 (p : N) :=
  let s := N.size p - 53 in nearest p (2 ^ s) * 2 ^ s.

(** [((bucket + 1) as f64 * ((1 << 31) as f64 / draw as f64)) as u64], in whole numbers: the quotient is [m / 2 ^ e]
    with a [m] of 53 digits. *)
Definition float_leap (bucket draw : N) :=
  let e := 21 + N.log2_up draw in
  let m := nearest (2 ^ 31 * 2 ^ e) draw in
  keep53 ((bucket + 1) * m) / 2 ^ e.

(** The next state of a key's generator, and the draw it gives: the upper 31 bits, and one. *)
Definition next_key (key : N) := (key * 2862933555777941757 + 1) mod 2 ^ 64.
Definition draw (key : N) := key / 2 ^ 33 + 1.

(** The engine's loop; as each jump goes forward, [n] of them are enough. *)
Fixpoint jump_loop (steps : nat) (n bucket key : N) : N :=
  if steps is steps'.+1 then
    let key := next_key key in
    let next := float_leap bucket (draw key) in
    if next <? n then jump_loop steps' n next key else bucket
  else bucket.

(** The bucket of a hashed key among [n]. *)
Definition jump (n : nat) (key : N) : N := jump_loop n (N.of_nat n) 0 key.

(** A node has as many buckets as its weight, in the order of the list. *)
Definition node_of (ws : seq nat) (bucket : nat) := find (fun e => (bucket < e)%nat) (scanl addn 0%nat ws).
Definition owner (ws : seq nat) (key : N) := node_of ws (N.to_nat (jump (sumn ws) key)).

Lemma nearest_ge a d q : 0 < d -> q * d <= a -> q <= nearest a d.
Proof.
move=> d0 qa; have h : q <= a / d by apply: N.div_le_lower_bound; [lia|rewrite N.mul_comm].
by rewrite /nearest; move: (a / d) h => c h; case: (_ ?= _); [case: (N.even c)| |]; lia.
Qed.

Lemma nearest_le a d q : 0 < d -> a <= q * d -> nearest a d <= q.
Proof.
move=> d0 aq; have d_neq0 : d <> 0 by lia.
rewrite /nearest; move: (N.div_mod a d d_neq0) (N.mod_lt a d d_neq0).
move: (a / d) (a mod d) => c r E rd; case: N.compare_spec => cmp; [case: (N.even c)| |]; nia.
Qed.
Lemma log2_up_between d : 1 <= d -> d <= 2 ^ N.log2_up d <= 2 * d.
Proof.
move=> d1; case: (N.eq_dec d 1) => [->//|d_neq1]; have d_gt1 : 1 < d by lia.
have [lt le] := N.log2_up_spec d d_gt1; split=> //.
by rewrite -(N.succ_pred_pos _ (N.log2_up_pos d d_gt1)) N.pow_succ_r'; lia.
Qed.

Lemma float_leap_forward b d : b + 1 <= 2 ^ 51 -> 1 <= d <= 2 ^ 31 -> b < float_leap b d.
Proof.
move=> b51 [d1 d31]; rewrite /float_leap; set e := 21 + N.log2_up d.
have l31 : N.log2_up d <= 31.
  by have := N.log2_up_le_mono _ _ d31; rewrite N.log2_up_pow2.
have [d_le d_gt] := log2_up_between d1.
have two_e : 2 ^ 31 * 2 ^ e = 2 ^ 52 * 2 ^ N.log2_up d by rewrite -!N.pow_add_r; congr (2 ^ _); rewrite /e; lia.
set m := nearest _ d.
have m_ge : 2 ^ 52 <= m by apply: nearest_ge; [lia|rewrite two_e; nia].
have m_le : m <= 2 ^ 53 by apply: nearest_le; [lia|rewrite two_e; nia].
set p := (b + 1) * m; set s := N.size p - 53.
have s52 : s <= 52.
  have : N.size p <= 105; last by lia.
  have : p <= 2 ^ 104 by rewrite /p; nia.
  rewrite N.size_log2; last by nia.
  move/N.log2_le_mono; rewrite N.log2_pow2; lia.
have kept : (b + 1) * 2 ^ 52 <= keep53 p.
  rewrite /keep53 -/s.
  have E : 2 ^ 52 = 2 ^ (52 - s) * 2 ^ s by rewrite -N.pow_add_r; congr (2 ^ _); lia.
  have s0 : 0 < 2 ^ s by have := N.pow_nonzero 2 s; lia.
  rewrite {1}E N.mul_assoc; apply: N.mul_le_mono_r; apply: nearest_ge => //.
  by rewrite -N.mul_assoc -E /p; nia.
have e52 : 2 ^ 52 = 2 ^ (52 - e) * 2 ^ e by rewrite -N.pow_add_r; congr (2 ^ _); lia.
have e0 : 0 < 2 ^ e by have := N.pow_nonzero 2 e; lia.
have e1 : 1 <= 2 ^ (52 - e) by have := N.pow_nonzero 2 (52 - e); lia.
suff : b + 1 <= keep53 p / 2 ^ e by lia.
apply: N.div_le_lower_bound; first by lia.
by apply: N.le_trans kept; rewrite e52; nia.
Qed.
Lemma nearest_near a d : 0 < d -> 2 * a <= 2 * d * nearest a d + d /\ 2 * d * nearest a d <= 2 * a + d.
Proof.
move=> d0; have d_neq0 : d <> 0 by lia.
rewrite /nearest; move: (N.div_mod a d d_neq0) (N.mod_lt a d d_neq0).
move: (a / d) (a mod d) => c r E rd; case: N.compare_spec => cmp; [case: (N.even c)| |]; nia.
Qed.

Lemma keep53_near p c : p <= c * 2 ^ 53 -> 1 <= c -> p <= keep53 p + c /\ keep53 p <= p + c.
Proof.
move=> pc c1; rewrite /keep53; set s := N.size p - 53.
have s0 : 0 < 2 ^ s by have := N.pow_nonzero 2 s; lia.
have small : 2 ^ s <= 2 * c.
  case: (N.eq_dec s 0) => [->|s_pos]; first by rewrite N.pow_0_r; lia.
  have p0 : p <> 0 by move=> p0; move: s_pos; rewrite /s p0.
  have [le _] : 2 ^ N.log2 p <= p < 2 ^ N.succ (N.log2 p) by apply: N.log2_spec; lia.
  have E : N.log2 p = 52 + s by move: s_pos; rewrite /s N.size_log2 //; lia.
  by move: le; rewrite E N.pow_add_r; nia.
have [lo hi] := nearest_near p s0; nia.
Qed.

(** Rounding moves a leap by one bucket at the most, from each of the first 2^20 buckets.
    Law: jump_leaps. Engine: crates/core/src/pick/jump.rs. *)
Theorem float_leap_near b d (exact := (b + 1) * 2 ^ 31 / d) : b + 1 <= 2 ^ 20 -> 1 <= d <= 2 ^ 31 ->
  exact <= float_leap b d + 1 /\ float_leap b d <= exact + 1.
Proof.
move=> b20 [d1 d31]; rewrite /float_leap; set e := 21 + N.log2_up d.
have [d_le d_gt] := log2_up_between d1.
have two_e : 2 ^ 31 * 2 ^ e = 2 ^ 52 * 2 ^ N.log2_up d by rewrite -!N.pow_add_r; congr (2 ^ _); rewrite /e; lia.
have e_big : 2 ^ 21 <= 2 ^ e by apply: N.pow_le_mono_r; rewrite /e; lia.
have d_neq0 : d <> 0 by lia.
have m_le : nearest (2 ^ 31 * 2 ^ e) d <= 2 ^ 53 by apply: nearest_le; [lia|rewrite two_e; nia].
have d0 : 0 < d by lia.
have [m_lo m_hi] := nearest_near (2 ^ 31 * 2 ^ e) d0.
set m := nearest _ d in m_le m_lo m_hi *; set p := (b + 1) * m.
have [p_lo p_hi] : p <= keep53 p + (b + 1) /\ keep53 p <= p + (b + 1).
  by apply: keep53_near; [rewrite /p; nia|lia].
move: (keep53 p) p_lo p_hi => p' p_lo p_hi.
have e_neq0 : 2 ^ e <> 0 by lia.
move: (N.div_mod p' _ e_neq0) (N.mod_lt p' _ e_neq0); move: (p' / 2 ^ e) (p' mod 2 ^ e) => f r Ef rf.
move: (N.div_mod ((b + 1) * 2 ^ 31) d d_neq0) (N.mod_lt ((b + 1) * 2 ^ 31) d d_neq0).
rewrite /exact; move: (_ / d) (_ mod d) => q r' Eq rq.
have c20 : 3 * (b + 1) <= 2 * 2 ^ e by apply: (N.le_trans _ (3 * 2 ^ 20)); lia.
rewrite /p in p_lo p_hi; move: (2 ^ e) (b + 1) Ef rf m_lo m_hi c20 p_lo p_hi Eq rq {e_big e_neq0 two_e}.
move: (2 ^ 31) => B E c Ef rf m_lo m_hi c20 p_lo p_hi Eq rq.
have up : 2 * d * p' <= 2 * (c * B) * E + 3 * c * d by nia.
have down : 2 * (c * B) * E <= 2 * d * p' + 3 * c * d by nia.
rewrite Eq in up down; have cd : 3 * c * d <= 2 * E * d by nia.
have E0 : 0 < d * E by nia.
split; apply/N.lt_succ_r; apply: (proj2 (N.mul_lt_mono_pos_l (d * E) _ _ E0)); nia.
Qed.

Fixpoint draws (count : nat) (key : N) : seq N :=
  if count is count'.+1 then draw (next_key key) :: draws count' (next_key key) else [::].

Lemma jump_loop_draws steps n b key : jump_loop steps n b key = jumps N.ltb float_leap n b (draws steps key).
Proof. by elim: steps b key => //= steps IH b key; rewrite IH. Qed.

(** What a draw can be. *)
Definition drawn (d : N) := (1 <=? d) && (d <=? 2 ^ 31).

Lemma draws_drawn count key : all drawn (draws count key).
Proof.
elim: count key => //= count IH key; rewrite IH andbT /drawn.
have lt : next_key key < 2 ^ 64 by apply: N.mod_lt.
have : next_key key / 2 ^ 33 < 2 ^ 31 by apply: N.div_lt_upper_bound; last by rewrite -N.pow_add_r.
by rewrite /draw; move: (_ / _) => q; lia.
Qed.

Lemma size_draws count key : size (draws count key) = count.
Proof. by elim: count key => //= count IH key; rewrite IH. Qed.

Lemma draws_more n m key : (n <= m)%nat -> exists more, draws m key = draws n key ++ more.
Proof.
elim: n m key => [|n IH] [|m] key //=; first by exists [::].
  by exists (draws m.+1 key).
by rewrite ltnS => /IH - /(_ (next_key key)) [more ->]; exists more.
Qed.

Let leap (b : nat) d := N.to_nat (float_leap (N.of_nat b) d).
Let limit := N.to_nat (2 ^ 51).

Lemma leap_forward b d : (b < limit)%nat -> drawn d -> (b < leap b d)%nat.
Proof.
rewrite /limit /leap /drawn => bl /andP[/N.leb_le d1 /N.leb_le d31].
have b51 : N.of_nat b + 1 <= 2 ^ 51.
  by move: bl; move: (2 ^ 51) => l; lia.
by have := float_leap_forward b51 (conj d1 d31); move: (float_leap _ _) => f; lia.
Qed.

Lemma jumps_in_nat n b ds :
  N.to_nat (jumps N.ltb float_leap (N.of_nat n) (N.of_nat b) ds) = jumps ltn leap n b ds.
Proof.
elim: ds b => [|d ds IH] b /=; first by rewrite Nnat.Nat2N.id.
have -> : (float_leap (N.of_nat b) d <? N.of_nat n) = (leap b d < n)%nat.
  by rewrite /leap; move: (float_leap _ _) => f; lia.
case: (leap b d < n)%nat; last by rewrite Nnat.Nat2N.id.
by rewrite -IH /leap Nnat.N2Nat.id.
Qed.

Lemma jump_in_nat n m key : (0 < n <= m)%nat -> (m <= limit)%nat ->
  N.to_nat (jump n key) = jumps ltn leap n 0 (draws m key).
Proof.
move=> /andP[n0 nm] ml; rewrite /jump jump_loop_draws (jumps_in_nat n 0 (draws n key)).
have [more ->] := draws_more key nm.
rewrite (jumps_enough leap_forward) ?draws_drawn ?size_draws //.
by rewrite n0 (leq_trans nm).
Qed.

Local Open Scope nat_scope.

Lemma node_of_cons w ws c : node_of (w :: ws) c = if c < w then 0 else (node_of ws (c - w)).+1.
Proof.
rewrite /node_of /= add0n; case: ltnP => // wc; congr _.+1.
have shift a b s : scanl addn (a + b) s = [seq a + e | e <- scanl addn b s].
  by elim: s b => //= x s IH b; rewrite -addnA IH.
by rewrite -{1}[w]addn0 shift find_map; apply: eq_find => e /=; rewrite ltn_subLR.
Qed.

Lemma node_of_old ws w c : c < sumn ws -> node_of (rcons ws w) c = node_of ws c.
Proof.
elim: ws c => [|v ws IH] c //= lt; rewrite !node_of_cons; case: ltnP => // vc.
by rewrite IH // ltn_subLR.
Qed.

Lemma node_of_new ws w c : sumn ws <= c < sumn ws + w -> node_of (rcons ws w) c = size ws.
Proof.
elim: ws c => [|v ws IH] c /=; first by rewrite node_of_cons => ->.
by case/andP=> le lt; rewrite node_of_cons ltnNge (leq_trans (leq_addr _ _) le) /= IH //; lia.
Qed.

(** When a node is added at the end, every key stays with its node or goes to the new one, by the engine's own
    arithmetic, below 2^51 buckets; read from right to left: when the last node leaves, only its keys move.
    Law: joining_is_monotone, leaving_is_minimal. Engine: crates/core/src/pick/jump.rs. *)
Theorem jump_adds_at_the_end ws w key : 0 < sumn ws -> (N.of_nat (sumn ws + w) <= 2 ^ 51)%num ->
  owner (rcons ws w) key = owner ws key \/ owner (rcons ws w) key = size ws.
Proof.
move=> W0 small'; have small : sumn ws + w <= limit.
  by rewrite /limit; move: (2 ^ 51)%num small' => l; lia.
rewrite /owner sumn_rcons.
have le := leq_addr w (sumn ws).
rewrite (jump_in_nat key (m := sumn ws + w)) ?W0 //; last by lia.
rewrite (jump_in_nat key (n := sumn ws) (m := sumn ws + w)) ?W0 //.
have range : sumn ws <= sumn ws + w <= limit by rewrite le.
have [->|new] := jumping_is_monotone leap_forward (draws_drawn (sumn ws + w) key) W0 range.
  by left; rewrite node_of_old // jumps_lt.
by right; rewrite node_of_new // new jumps_lt //; lia.
Qed.
End Engine.

(** ** Shares *)

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
