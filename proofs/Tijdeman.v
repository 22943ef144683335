(** * Never a whole request off: the chairman's turns

    States take turns in the chair of their union, one a year, each as often as its weight; how close to its share can
    every state be in all years? Tijdeman (The chairman assignment problem, 1980) showed that k states can all be within
    1 - 1/(2k - 2) turns of it, always, and how: a state may have the chair only when that puts it ahead by no more than
    this, and must have it before it is further behind; of those that may, the one that must soonest is next. With nodes
    for states and requests for years this is our `deadline`, and nothing does better for all weights: with weights
    N, ..., N, 1 whatever rule comes to within 1/W of that bound, W being the sum of weights.

    The model: counts x of each node's requests, and whole weights that stand; Q is 2k - 2; ties go to anybody. What is
    below a request is multiplied out, so that all numbers are whole. The program that does it is in DueTurns.

    The proof: suppose that a node is too late after d steps. Go back to the last step s at which a request was lent
    that could have waited until after d, or to the beginning. All requests lent since then, and the late one, were not
    yet due at s (whoever was due had to be preferred) and had to be lent before d. But there is no room for so many
    between: for each node in question there are fewer than (d - s) p + 1/(k - 1) of them, together fewer than
    d - s + 1, if it concerns k - 1 nodes at most; and if it concerns all k, count from the beginning. *)
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Section Tijdeman.
Variable k'' : nat.
Let k := k''.+2.
Variable w : 'I_k -> nat.
Let W := \sum_i w i.
Let Q := 2 * k - 2.

(* Who has each request, from the request 0 on, and how many each has had of the first t. *)
Variable e : nat -> 'I_k.
Definition had t i := \sum_(s < t) (e s == i : nat).

(* Having request t leaves node i less than 1 - 1/Q ahead of its share. *)
Definition due t i := W + Q * W * had t i <= Q * t.+1 * w i.

(* Of the nodes that are due, whoever must have its next request soonest. *)
Definition soonest t i :=
  due t i /\ forall j, due t j -> (Q * (had t i).+1 - 1) * w j <= (Q * (had t j).+1 - 1) * w i.

(* Without its request j before step d, a node is more than 1 - 1/Q behind. *)
Definition pressing d i j := W * (Q * j - 1) < Q * d * w i.

Lemma Q0 : 0 < Q.
Proof. by rewrite /Q /k; lia. Qed.

Lemma hadS t i : had t.+1 i = had t i + (e t == i).
Proof. by rewrite /had big_ord_recr. Qed.

Lemma had_leq s t i : s <= t -> had s i <= had t i.
Proof.
elim: t => [|t IH]; first by rewrite leqn0 => /eqP ->.
by rewrite leq_eqVlt => /orP[/eqP -> //|/IH]; rewrite hadS => /leq_trans -> //; apply: leq_addr.
Qed.

Lemma sum_had t : \sum_i had t i = t.
Proof.
elim: t => [|t IH]; first by rewrite big1 // => i _; rewrite /had big_ord0.
rewrite (eq_bigr _ (fun i _ => hadS t i)) big_split /= IH (bigD1 (e t)) //= eqxx big1 ?addn0 ?addn1 // => i.
by rewrite eq_sym => /negbTE ->.
Qed.

Hypothesis W0 : 0 < W.

Lemma somebody_is_due t : exists i, due t i.
Proof.
case: (pickP (due t)) => [i di|none]; first by exists i.
have : \sum_i (Q * t.+1 * w i).+1 <= \sum_i (W + Q * W * had t i).
  by apply: leq_sum => i _; rewrite ltnNge; apply: negbT (none i).
rewrite big_split sum_nat_const card_ord -!big_distrr /= sum_had -/W.
have -> : \sum_i (Q * t.+1 * w i).+1 = Q * t.+1 * W + k.
  rewrite -[X in _ = _ * X + _]/(\sum_i w i) big_distrr /= -[X in _ + X]card_ord -sum1_card -big_split /=.
  by apply: eq_bigr => i _; rewrite addn1.
rewrite /Q /k; nia.
Qed.

Hypothesis rule : forall t, soonest t (e t).

(* The last request that i had before d, if it had any since s. *)
Lemma last_request s d i : s <= d -> had s i < had d i -> exists t, [/\ s <= t < d, e t = i & (had t i).+1 = had d i].
Proof.
elim: d => [|d IH] sd; first by move: sd; rewrite leqn0 => /eqP ->; rewrite ltnn.
move: sd; rewrite leq_eqVlt => /orP[/eqP ->|]; rewrite ?ltnn // ltnS => sd.
rewrite hadS; case: (altP (e d =P i)) => [ei _|_]; first by exists d; rewrite ei addn1 leqnn sd.
by rewrite addn0 => more; have [t [std et ht]] := IH sd more; exists t; split=> //; lia.
Qed.

Lemma pressing_leq d i j j' : j' <= j -> pressing d i j -> pressing d i j'.
Proof. by rewrite /pressing => jj; apply: leq_ltn_trans; rewrite leq_mul2l; apply/orP; right; rewrite /Q; nia. Qed.

(* Since the last of the first n steps that served somebody who was not pressing. *)
Lemma pressing_since d n : exists s, [/\ s <= n, forall t, s <= t < n -> pressing d (e t) (had t (e t)).+1 &
  s = 0 \/ exists2 r, s = r.+1 & ~ pressing d (e r) (had r (e r)).+1].
Proof.
elim: n => [|n IH]; first by exists 0; split=> //; left.
case: (boolP (W * (Q * (had n (e n)).+1 - 1) < Q * d * w (e n))) => pr; last first.
  by exists n.+1; split=> // [t|]; [lia | right; exists n => //; apply/negP].
have [s [sn all_pr or]] := IH; exists s; split=> // [|t]; first lia.
by rewrite ltnS => /andP[st]; rewrite leq_eqVlt => /orP[/eqP ->//|tn]; apply: all_pr; rewrite st.
Qed.

(* Who was pressing after a step that served somebody who was not, was not due then. *)
Lemma not_due_before d r i : ~ pressing d (e r) (had r (e r)).+1 -> pressing d i (had r.+1 i).+1 ->
  Q * r.+1 * w i < W + Q * W * had r.+1 i.
Proof.
move=> calm pr; rewrite hadS in pr *; case: (altP (e r =P i)) pr => [<- pr|_].
  by case: calm; apply: pressing_leq pr; lia.
rewrite addn0 => pr; rewrite ltnNge; apply/negP => due_i; have [due_e] := rule r.
move=> /(_ i due_i) first; apply: calm; move: pr due_e due_i first; rewrite /pressing /due.
set a := Q * (had r (e r)).+1 - 1; set b := Q * (had r i).+1 - 1 => pr due_e _ first.
have wi : 0 < w i by lia.
have we : 0 < w (e r) by lia.
rewrite -(ltn_pmul2r wi); apply: (@leq_ltn_trans (W * b * w (e r))); first by rewrite -!mulnA leq_mul2l first orbT.
by rewrite [X in _ < X]mulnAC ltn_pmul2r.
Qed.

Lemma never_pressing d i : ~ pressing d i (had d i).+1.
Proof.
move=> late; have [s [sd served start]] := pressing_since d d.
pose top j := had d j + (j == i); pose A := [set j | had s j < top j].
have iA : i \in A by rewrite inE /top eqxx addn1 ltnS had_leq.
have press j : j \in A -> pressing d j (top j).
  rewrite inE /top; case: eqP => [->|_]; first by rewrite addn1.
  by rewrite addn0 => more; have [t [std <- <-]] := last_request sd more; apply: served.
have wait j : j \in A -> Q * s * w j < W + Q * W * had s j.
  move=> jA; case: start => [->|[r sr calm]]; first lia.
  by rewrite sr; apply: not_due_before calm _; apply: pressing_leq (press j jA); rewrite -sr; move: jA; rewrite inE.
have count : \sum_j top j = d.+1.
  by rewrite big_split /= sum_had (bigD1 i) //= eqxx big1 ?addn0 ?addn1 // => j /negbTE ->.
have gain : \sum_(j in A) top j + s = \sum_(j in A) had s j + d.+1.
  rewrite -{1}(sum_had s) -count !(bigID (mem A) predT) /= addnCA; congr (_ + (_ + _)).
  apply: eq_bigr => j; rewrite inE -leqNgt => tj; apply/eqP; rewrite eqn_leq tj andbT.
  by apply: leq_trans (had_leq j sd) _; apply: leq_addr.
have wA : \sum_(j in A) w j <= W by rewrite /W [X in _ <= X](bigID (mem A)) /= leq_addr.
have span V : V = W -> V * Q * (\sum_(j in A) top j) + Q * s * (\sum_(j in A) w j) + #|A| <=
    Q * d * (\sum_(j in A) w j) + 2 * V * #|A| + Q * V * (\sum_(j in A) had s j).
  move=> VW; rewrite -sum1_card !big_distrr -!big_split /=; apply: leq_sum => j jA.
  by have := press j jA; have := wait j jA; rewrite /pressing -VW mulnBr mulnA !muln1; lia.
have {span} span := span W erefl.
have some : 0 < #|A| by rewrite (cardD1 i) iA.
have [few|full] := ltnP #|A| k.
  (* Between s and d there is no room for the requests of k - 1 nodes. *)
  have steps : Q * d * (\sum_(j in A) w j) <= Q * s * (\sum_(j in A) w j) + Q * (d - s) * W.
    by rewrite -{1}(subnK sd) mulnDr mulnDl addnC leq_add2l leq_mul2l wA orbT.
  have room : 2 * W * #|A| <= Q * W by rewrite mulnAC leq_mul2r; apply/orP; right; rewrite /Q; lia.
  have requests : W * Q * (\sum_(j in A) top j) = Q * W * (\sum_(j in A) had s j) + Q * (d - s) * W + Q * W.
    have -> : \sum_(j in A) top j = \sum_(j in A) had s j + (d - s) + 1 by lia.
    by rewrite !mulnDr muln1 [W * Q]mulnC [Q * W * (d - s)]mulnAC.
  by move: span; lia.
(* For all k nodes there is none from the beginning on. *)
have all j : j \in A.
  by have /eqP -> : A == setT by [rewrite eqEcard subsetT cardsT card_ord]; rewrite inE.
have both V : V = W -> V * Q * (\sum_j top j) + #|'I_k| <= Q * d * (\sum_j w j) + V * #|'I_k|.
  move=> VW; rewrite -sum1_card !big_distrr -!big_split /=; apply: leq_sum => j _.
  by have := press j (all j); rewrite /pressing -VW mulnBr mulnA !muln1; lia.
have := both W erefl; rewrite count -/W card_ord mulnS => {span both}.
have -> : Q * d * W = W * Q * d by rewrite mulnC mulnA.
by rewrite /Q /k; nia.
Qed.

(* The two bounds, in requests times Q W: behind, t w_i - W x_i <= (1 - 1/Q) W, and ahead. *)
Lemma never_far_behind t i : Q * t * w i + W <= Q * W * (had t i).+1.
Proof.
have := @never_pressing t i; rewrite /pressing => /negP; rewrite -leqNgt mulnBr muln1 mulnA [W * Q]mulnC.
have : W <= Q * W * (had t i).+1 by rewrite -mulnA mulnCA leq_pmulr // muln_gt0 Q0.
lia.
Qed.

Lemma never_far_ahead t i : Q * W * had t i <= Q * t * w i + (Q - 1) * W.
Proof.
elim: t => [|t IH]; first by rewrite /had big_ord0 muln0.
rewrite hadS; case: eqP => [<-|_]; last first.
  by rewrite addn0; apply: leq_trans IH _; rewrite leq_add2r leq_mul2r leq_mul2l leqnSn !orbT.
have [+ _] := rule t; rewrite /due addn1 mulnS mulnBl mul1n.
have : W <= Q * W by rewrite leq_pmull // Q0.
lia.
Qed.

(** Lending, of the nodes that lag by 1/(2k - 2) at least, the one that will soonest lag by 1 - 1/(2k - 2) keeps all k
    nodes within 1 - 1/(2k - 2) requests of their shares, behind (above) and ahead (below), whoever wins the ties.
    (Multiplied here by Q, which is 2k - 2, and by W, the sum of the weights.)
    Law: deadline_quota. Engine: crates/core/src/pick/deadline.rs. *)
Theorem tijdemans_bound t i :
  Q * t * w i <= Q * W * had t i + (Q - 1) * W /\ Q * W * had t i <= Q * t * w i + (Q - 1) * W.
Proof.
split; last exact: never_far_ahead.
have := never_far_behind t i; rewrite mulnS mulnBl mul1n; have : W <= Q * W by rewrite leq_pmull // Q0.
lia.
Qed.

End Tijdeman.

(** ** No order does better *)

Section Best.
Variables (n' N : nat).
Let n := n'.+1.
Let W := n * N + 1.
Variable e : nat -> 'I_n.+1.

(* Weight N for the first n nodes, weight 1 for the last. *)
Definition almost_equal (i : 'I_n.+1) : nat := if i == ord_max then 1 else N.

Let heavy (i : 'I_n) : 'I_n.+1 := widen_ord (leqnSn n) i.

Lemma weight_of_heavy i : almost_equal (heavy i) = N.
Proof. by rewrite /almost_equal; case: eqP => // /(congr1 val) /= i_n; have := ltn_ord i; rewrite i_n ltnn. Qed.

Lemma sum_heavy t : \sum_i had e t (heavy i) + had e t ord_max = t.
Proof. by have := sum_had e t; rewrite big_ord_recr. Qed.

(* After q n + 1 requests, none of them the last node's, some heavy node has had more than q. *)
Lemma some_had_more t q : had e t ord_max = 0 -> q * n < t -> exists i, q < had e t (heavy i).
Proof.
move=> none more; case: (pickP (fun i => q < had e t (heavy i))) => [i|all_less]; first by exists i.
have : \sum_(i < n) had e t (heavy i) <= \sum_(i < n) q by apply: leq_sum => i _; rewrite leqNgt all_less.
by have := sum_heavy t; rewrite none addn0 => ->; rewrite sum_nat_const card_ord mulnC leqNgt more.
Qed.

(* After (q + 1) n requests, one of them the last node's, some heavy node has had no more than q. *)
Lemma some_had_less t q : 0 < had e t ord_max -> t <= q.+1 * n -> exists i, had e t (heavy i) <= q.
Proof.
move=> one less; case: (pickP (fun i => had e t (heavy i) <= q)) => [i|all_more]; first by exists i.
have : \sum_(i < n) q.+1 <= \sum_(i < n) had e t (heavy i) by apply: leq_sum => i _; rewrite ltnNge all_more.
rewrite sum_nat_const card_ord mulnC -(leq_add2r (had e t ord_max)) sum_heavy; lia.
Qed.

(** With weights N, ..., N, 1 on k nodes, W together, every order of requests whatever leaves some node, within
    the first W + k - 1 requests, 1 - 1/(2k - 2) - 1/W or more behind its share, or ahead of it. As N grows
    this comes as near to Tijdeman's bound as one likes, so that no rule has a better one.
    Law: nothing_beats_the_deadline_bound. Engine: crates/core/src/pick/mod.rs, crates/core/src/pick/deadline.rs. *)
Theorem nothing_beats_tijdemans_bound : 0 < N -> let Q := 2 * n.+1 - 2 in exists t i, t <= W + n /\
  ((Q - 1) * W + Q * W * had e t i <= Q * t * almost_equal i + Q \/
   (Q - 1) * W + Q * t * almost_equal i <= Q * W * had e t i + Q).
Proof.
move=> N0; cbv zeta; have -> : 2 * n.+1 - 2 = 2 * n by lia.
case: (posnP (had e W ord_max)) => [never|some].
  by exists W, ord_max; split; [apply: leq_addr | left]; rewrite never /almost_equal eqxx; lia.
have [[|r] one first] := ex_minnP (ex_intro (fun t => 0 < had e t ord_max) W some).
  by rewrite /had big_ord0 in one.
have rW := first W some; have none : had e r ord_max = 0.
  by apply/eqP; rewrite -leqn0 leqNgt; apply/negP => /first; rewrite ltnn.
have [late|early] := leqP W (2 * r.+1).
  (* Before the last node's request some heavy one is ahead. *)
  case: r none late rW {one first} => [_|r none] late rW.
    by exists 0, ord_max; split=> //; left; rewrite /had big_ord0 /almost_equal eqxx; move: late; rewrite /W /n; nia.
  have qr := leq_trunc_div r n; have rq := ltn_ceil r (ltn0Sn n').
  set q := r %/ n in qr rq; have less : had e (q * n).+1 ord_max <= had e r.+1 ord_max by apply: had_leq.
  have [|i more] := @some_had_more (q * n).+1 q _ (ltnSn _); first by apply/eqP; rewrite -leqn0 -none.
  exists (q * n).+1, (heavy i); split; [by lia | right]; rewrite weight_of_heavy.
  apply: (@leq_trans (2 * n * W * q.+1 + 2 * n)); last by rewrite leq_add2r leq_mul2l more orbT.
  by move: late rq; rewrite /W; nia.
(* After it, some heavy one is behind. *)
have qr := leq_trunc_div r n; have rq := ltn_ceil r (ltn0Sn n').
set q := r %/ n in qr rq; have [|i less] := @some_had_less (q.+1 * n) q _ (leqnn _).
  by apply: leq_trans one _; apply: had_leq.
exists (q.+1 * n), (heavy i); split; [by rewrite mulSn; lia | left]; rewrite weight_of_heavy.
apply: (@leq_trans ((2 * n - 1) * W + 2 * n * W * q)); first by rewrite leq_add2l leq_mul2l less orbT.
by move: early qr; rewrite /W; nia.
Qed.
End Best.
