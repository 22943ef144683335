(** * Jump consistent hashing: what moves when nodes are added at the end

    Shards that are numbered and only ever added at the end need no table: a key jumps from bucket to bucket, each time
    further, as its own chain of random draws says, and stays on the last one before the end of the list. Promised: when
    a node is added at the end a key stays where it was or goes to the new node, and when the last node leaves only its
    keys move, in exactly the engine's arithmetic, rounding included. What share each node has is in JumpShares.v.

    The model is the engine's code: its generator of draws in 64 bits, and the leap in floating point, written in whole
    numbers and rounded as 64-bit floating point rounds.

    How the proof goes: the buckets on which a key lands do not depend on how many there are; the number only says where
    to stop. So with more buckets a key stops where it did or goes on, beyond all that were there.

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
