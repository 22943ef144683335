(** * The opponent that nobody can satisfy

    Weights change: by hand, by a timetable, by whatever learns them. How far behind its share can a node be pushed by
    the worst of all weights? By H_k - 1 requests, k being the number of nodes, whatever the strategy is, and it takes
    k - 1 requests. Smooth weighted round robin never lets it be more (SmoothLag), so that for weights that change it is
    the best there is. With whole weights from 1 to M, such as configurations have, it is a little less:
    M / (M u + k - u) for u from 2 to k, added up. (The engine takes weights up to 65,535.)

    The model: a strategy is any function from all weights and picks so far, and the weights now, to a node; a strategy
    that draws lots is one such function for every way they fall. The opponent knows the strategy.

    The proof is the opponent: it favours all nodes at first, spreading the weight over them equally, and after each
    pick favours one less: not the node that was picked, or, if that was not in favour, just any. The node that is
    favoured to the end was never picked, and its shares were 1/k, 1/(k - 1), ..., 1/2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From Evenly Require Import Harmonic SmoothLag.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Adversary.
Variable R : realFieldType.
Variable k' : nat.
Let k := k'.+1.

(* The weights and the pick of each step, the latest first. *)
Definition history := seq (('I_k -> nat) * 'I_k).

(* Whom a strategy picks, with this behind it, at these weights. *)
Definition strategy := history -> ('I_k -> nat) -> 'I_k.

(* A node's share: its weight over the sum of the weights. *)
Definition share (w : 'I_k -> nat) i : R := (w i)%:R / (\sum_j w j)%:R.

(* How far each node is behind its share. *)
Fixpoint lag (h : history) : 'I_k -> R := if h is (w, e) :: h' then step (share w) (lag h') e else fun _ => 0.

(* Every pick is the strategy's. *)
Fixpoint played (s : strategy) (h : history) : Prop := if h is (w, e) :: h' then e = s h' w /\ played s h' else True.

(* At each step the weights were such. *)
Fixpoint always (P : ('I_k -> nat) -> Prop) (h : history) : Prop :=
  if h is (w, e) :: h' then P w /\ always P h' else True.

Section Opponent.
Variables heavy light : nat.

(* Weight heavy for those in favour, light for the others. *)
Definition favour (f : seq 'I_k) i : nat := if i \in f then heavy else light.

(* Who is in favour after e was picked. *)
Definition fall (f : seq 'I_k) e := if e \in f then rem e f else behead f.

(* What is played in n steps, and who is in favour then. *)
Fixpoint game (s : strategy) n : seq 'I_k * history :=
  if n is n'.+1 then
    let: (f, h) := game s n' in let w := favour f in let e := s h w in (fall f e, (w, e) :: h)
  else (enum 'I_k, [::]).

(* The share of each of u nodes in favour. *)
Definition part u : R := heavy%:R / (heavy * u + light * (k - u))%:R.

Lemma few_in_favour (f : seq 'I_k) : uniq f -> (size f <= k)%N.
Proof. by move=> uf; rewrite -(card_uniqP uf) -[k in (_ <= k)%N]card_ord max_card. Qed.

Lemma sum_favour f : uniq f -> (\sum_i favour f i = heavy * size f + light * (k - size f))%N.
Proof.
move=> uf; rewrite (bigID (mem f)) /=; congr (_ + _)%N.
  rewrite (eq_bigr (fun _ => heavy)) => [|i]; last by rewrite /favour => ->.
  by rewrite sum_nat_const (card_uniqP uf) mulnC.
rewrite (eq_bigr (fun _ => light)) => [|i]; last by rewrite /favour => /negbTE ->.
rewrite sum_nat_const mulnC; congr (_ * _)%N.
by apply/eqP; rewrite -(eqn_add2l (size f)) -{1}(card_uniqP uf) (cardC (mem f)) card_ord subnKC // few_in_favour.
Qed.

Lemma fall_sub f e : uniq f -> uniq (fall f e) /\ {subset fall f e <= f}.
Proof.
rewrite /fall; case: ifP => _ uf; first by split; [apply: rem_uniq | apply: mem_rem].
by case: f uf => //= a f /andP[_ uf]; split=> // i fi; rewrite inE fi orbT.
Qed.

Lemma size_fall f e : size (fall f e) = (size f).-1.
Proof. by rewrite /fall; case: ifP => [ef|_]; [apply: size_rem | apply: size_behead]. Qed.

Lemma picked_falls f e : uniq f -> e \notin fall f e.
Proof.
rewrite /fall => uf; case: ifP => [_|/negbT]; first by rewrite mem_rem_uniq // inE eqxx.
by apply: contra; case: f {uf} => //= a f; rewrite inE orbC => ->.
Qed.

(* The weights are two, and somebody has the heavy one. *)
Definition two_weights (w : 'I_k -> nat) := (forall i, w i = heavy \/ w i = light) /\ exists i, w i = heavy.

(* Whoever is in favour after n steps has been so all the time. *)
Lemma game_lag s n : (n <= k)%N -> let: (f, h) := game s n in
  [/\ size h = n, played s h, always two_weights h, uniq f /\ size f = (k - n)%N &
      {in f, forall i, lag h i = \sum_((k - n).+1 <= u < k.+1) part u}].
Proof.
elim: n => [|n IH] nk /=.
  by split=> //; rewrite ?enum_uniq ?size_enum_ord ?subn0 // => i _; rewrite big_geq.
have := IH (ltnW nk); case: (game s n) => f h [sh ph wh [uf sf] lf].
set e := s _ _; have [uf' sub] := fall_sub e uf; split=> //=.
- by rewrite sh.
- split=> //; split=> [i|]; first by rewrite /favour; case: ifP; [left | right].
  have [i fi] : exists i, i \in f by clear -sf nk; case: f sf => [|i f] /= sf; [lia | exists i; rewrite mem_head].
  by exists i; rewrite /favour fi.
- by split=> //; rewrite size_fall sf; lia.
move=> i fi; have fi' := sub _ fi; rewrite /step lf // /share sum_favour // sf {1}/favour fi'.
have /negbTE -> : i != e by apply: contraTneq fi => ->; apply: picked_falls.
rewrite subr0 [in RHS]big_ltn; last by lia.
by rewrite addrC -/(part _); congr (_ + _); [congr part | congr (bigop _ _ _); congr (index_iota _ _)]; lia.
Qed.

Lemma forced s : exists h, [/\ size h = k', played s h, always two_weights h &
  exists i, lag h i = \sum_(2 <= u < k.+1) part u].
Proof.
have := game_lag s (leqnSn k'); case: (game s k') => f h /= [sh ph wh [_ sf] lf].
exists h; split=> //; case: f sf lf => [|i f]; first by rewrite /k /=; lia.
by move=> _ lf; exists i; rewrite lf ?mem_head // /k subSnn.
Qed.
End Opponent.

Lemma always_sub (P Q : ('I_k -> nat) -> Prop) h : (forall w, P w -> Q w) -> always P h -> always Q h.
Proof. by move=> PQ; elim: h => [|[w e] h IH] //= [/PQ ? /IH]. Qed.

(** Whatever the strategy, there are weights for k - 1 requests that leave some node exactly H_k - 1 behind its share.
    Law: adversary_forces_the_harmonic_lag. Engine: crates/core/src/pick/mod.rs. *)
Theorem adversary_forces_harmonic_lag s : exists h,
  [/\ size h = k', played s h, always (fun w => 0 < \sum_i w i)%N h & exists i, lag h i = H k - 1].
Proof.
have [h [sh ph wh [i li]]] := forced 1 0 s; exists h; split=> //.
  by apply: always_sub wh => w [_ [j wj]]; rewrite (bigD1 j) //= wj.
exists i; rewrite li /H [in RHS]big_ltn // invr1 addrAC subrr add0r.
by apply: eq_bigr => u _; rewrite /part mul0n addn0 !mul1n mul1r.
Qed.

(** Whatever the strategy, there are whole weights from 1 to M for k - 1 requests that leave some node behind its share
    by exactly M / (M u + k - u), added up for u from 2 to k.
    Law: adversary_forces_the_harmonic_lag. Engine: crates/core/src/pick/mod.rs. *)
Theorem adversary_with_whole_weights M s : (0 < M)%N -> exists h,
  [/\ size h = k', played s h, always (fun w => forall i, 1 <= w i <= M)%N h &
      exists i, lag h i = \sum_(2 <= u < k.+1) M%:R / (M * u + (k - u))%:R].
Proof.
move=> M0; have [h [sh ph wh [i li]]] := forced M 1 s; exists h; split=> //.
  by apply: always_sub wh => w [two _] j; case: (two j) => ->; rewrite ?leqnn ?andbT.
by exists i; rewrite li; apply: eq_bigr => u _; rewrite /part mul1n.
Qed.

(* Smooth weighted round robin: whoever is furthest behind with this step's share. *)
Definition smooth : strategy := fun h w => [arg max_(i > ord0) (lag h i + share w i)]%O.

Lemma smooth_reaches h : played smooth h -> always (fun w => 0 < \sum_i w i)%N h -> reach (lag h).
Proof.
elim: h => [|[w e] h IH] /=; first by constructor.
case=> -> ph [w0 wh]; apply: reachS; last 2 first.
- exact: IH.
- by move=> i; rewrite /smooth; case: arg_maxP => // j _; apply.
have W : (\sum_j w j)%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
split=> [i|]; first by rewrite divr_ge0 ?ler0n.
by rewrite -mulr_suml -natr_sum mulfV.
Qed.

(** By smooth weighted round robin, too, weights that change can leave a node exactly H_k - 1 behind, and never more; as
    they can do so with any strategy, no strategy has a better bound.
    Law: adversary_forces_the_harmonic_lag, smooth_bounds_while_weights_change.
    Engine: crates/core/src/pick/turns.rs, crates/core/src/pick/weighted_round_robin.rs. *)
Theorem smooth_lag_is_attained : exists L : 'I_k -> R, [/\ reach L, exists i, L i = H k - 1 & forall i, L i <= H k - 1].
Proof.
have [h [_ ph wh hi]] := adversary_forces_harmonic_lag smooth; have r := smooth_reaches ph wh.
by exists (lag h); split=> // i; apply: swrr_lag.
Qed.

End Adversary.
