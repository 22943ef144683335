(** * Two choices: who is never lent, and who is drawn too often

    Two nodes are drawn by chance and the less loaded one is lent. Two things follow that an operator should know.
    Of two different nodes the one that is busiest of all always loses, so it gets nothing while it is the busiest:
    that is meant, and no fault of the balancer. And when nodes differ in speed, drawing all alike draws pairs of
    slow nodes more often than they can serve; drawing by weight never does: a set S is drawn from alone with
    probability at most its share of the weight.

    The model: a draw is an ordered pair, all as likely (counted), or by weight, the second among the others (a sum
    of fractions, as in the engine: draw by weight until it is another one). Left out: nodes that are out.

    The proofs: the busiest has no better of two; and a sum of conditional probabilities is at most 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.

(** ** The one busiest *)
Section Busiest.
Variable k : nat.
Variable load : 'I_k -> nat.

(** The less loaded of two; [coin] says who it is of two equally loaded ones. *)
Definition less_loaded (coin : bool) (a b : 'I_k) :=
  if load a < load b then a else if load b < load a then b else if coin then a else b.
Definition busiest n := [forall m, (m != n) ==> (load m < load n)].

(** Of two different nodes the one busiest of all is never lent, however ties are broken.
    Law: the_busiest_is_never_lent. Engine: crates/core/src/pick/power_of_two.rs. *)
Theorem busiest_never_lent coin a b n : a != b -> busiest n -> less_loaded coin a b != n.
Proof.
move=> ab /forallP most; apply/eqP; rewrite /less_loaded.
have [ab' E|ba|eq_ab] := ltngtP.
- by have := most b; rewrite -E eq_sym ab /= ltnNge (ltnW ab').
- by move=> E; have := most a; rewrite -E ab /= ltnNge (ltnW ba).
by case: coin => E; [have := most b|have := most a]; rewrite -E ?[b == a]eq_sym ab /= eq_ab ltnn.
Qed.

(** Of several different nodes, of which a least loaded one is lent, the one busiest of all is never lent: with two or
    more it is another one.
    Law: the_busiest_is_never_lent. Engine: crates/core/src/pick/power_of_two.rs. *)
Theorem busiest_of_several_never_lent (drawn : {set 'I_k}) e n :
  1 < #|drawn| -> e \in drawn -> (forall m, m \in drawn -> load e <= load m) -> busiest n -> e != n.
Proof.
move=> two e_in least /forallP most; apply/eqP => E; subst e.
have [m] : exists m, m \in drawn :\ n.
  by apply/card_gt0P; move: two; rewrite (cardsD1 n) e_in.
by rewrite !inE => /andP[mn /least]; rewrite leqNgt; have := most m; rewrite mn /= => ->.
Qed.

(** If two nodes were drawn with replacement, exactly one of the k^2 pairs would lend the one busiest of all: chance
    1/k^2.
    Law: the_busiest_is_never_lent. Engine: crates/core/src/pick/power_of_two.rs. *)
Theorem busiest_with_replacement coin n : busiest n ->
  #|[set ab : 'I_k * 'I_k | less_loaded coin ab.1 ab.2 == n]| = 1.
Proof.
move=> most; rewrite -(cards1 (n, n)); congr #|pred_of_set _|; apply/setP => -[a b]; rewrite !inE /=.
have [->|ab] := eqVneq a b; last first.
  rewrite (negbTE (busiest_never_lent coin ab most)) xpair_eqE.
  by case: (a =P n) ab => //= ->; rewrite eq_sym => /negbTE ->.
by rewrite /less_loaded ltnn if_same xpair_eqE andbb.
Qed.
End Busiest.

(** ** Drawing by weight *)
Local Open Scope ring_scope.
Section ByWeight.
Variables (R : realFieldType) (k : nat) (w : 'I_k -> R).
Hypothesis w_gt0 : forall i, 0 < w i.
Implicit Types S : {set 'I_k}.

Definition weight S := \sum_(i in S) w i.
Definition W := \sum_i w i.

(** The chance that both nodes drawn are in S: the first by weight, the second by weight among the others. *)
Definition both_in S := \sum_(a in S) w a / W * (\sum_(b in S | b != a) w b / (W - w a)).

Lemma weight_le S : weight S <= W.
Proof.
rewrite /W /weight [X in _ <= X](bigID (mem S)) /= ler_addl.
by apply: sumr_ge0 => i _; apply: ltW.
Qed.

Lemma weight_rest S a : a \in S -> \sum_(b in S | b != a) w b = weight S - w a.
Proof. by move=> aS; rewrite /weight [\sum_(i in S) w i](bigD1 a) //= addrAC subrr add0r. Qed.

(** When two different nodes are drawn by weight, both are in S with probability at most w(S)/W, for every set S of
    nodes.
    Law: drawing_by_weight. Engine: crates/core/src/pick/power_of_two.rs, crates/core/src/pick/alias.rs. *)
Theorem drawing_by_weight S : both_in S <= weight S / W.
Proof.
have W_ge0 : 0 <= W by apply: sumr_ge0 => i _; apply: ltW.
rewrite /both_in /weight mulr_suml; apply: ler_sum => a aS.
rewrite -[X in _ <= X]mulr1; apply: ler_wpmul2l; first by rewrite divr_ge0 // ltW.
rewrite -mulr_suml weight_rest //.
have le : weight S - w a <= W - w a by rewrite ler_add2r weight_le.
have [rest|] := ltrP 0 (W - w a); first by rewrite ler_pdivr_mulr ?mul1r.
move=> no; have -> : W - w a = 0; last by rewrite invr0 mulr0 ler01.
by apply/eqP; rewrite eq_le no subr_ge0; have := weight_le [set a]; rewrite /weight big_set1.
Qed.

(** When two nodes are drawn by weights that are their speeds, no set of nodes is sent more by pairs within it than it
    can serve, whenever all nodes together are fast enough.
    Law: drawing_by_weight. Engine: crates/core/src/pick/power_of_two.rs, crates/core/src/pick/alias.rs. *)
Theorem weights_as_speeds_suffice lam S : 0 <= lam -> lam < W -> S != set0 ->
  lam * both_in S < weight S.
Proof.
move=> l0 lW /set0Pn[i iS].
have W_gt0 : 0 < W by apply: le_lt_trans l0 lW.
have S_gt0 : 0 < weight S.
  by rewrite /weight (bigD1 i) //= ltr_paddr // sumr_ge0 // => j _; apply: ltW.
apply: le_lt_trans (ler_wpmul2l l0 (drawing_by_weight S)) _.
by rewrite mulrA ltr_pdivr_mulr // mulrC ltr_pmul2l.
Qed.
End ByWeight.

(** Uniform draws put |S| (|S| - 1) of the k (k - 1) ordered pairs of different nodes within S.
    Law: drawing_alike. Engine: crates/core/src/pick/power_of_two.rs. *)
Theorem uniform_pairs_within k (S : {set 'I_k}) :
  (#|[set ab : 'I_k * 'I_k | [&& ab.1 \in S, ab.2 \in S & ab.1 != ab.2]]| = #|S| * (#|S| - 1))%N.
Proof.
rewrite -sum1_card (eq_bigl (fun ab => (ab.1 \in S) && ((ab.2 \in S) && (ab.1 != ab.2)))) => [|ab]; last by rewrite inE.
rewrite -(pair_big_dep (mem S) (fun a b => (b \in S) && (a != b)) (fun _ _ => 1%N)) /= -sum_nat_const.
apply: eq_bigr => a aS; rewrite sum1_card [in RHS](cardsD1 a) aS addKn; apply: eq_card => b.
by rewrite !inE andbC eq_sym.
Qed.

(** Speeds (10, .1, .1) and 5 requests a second, fewer than the 10.2 served: 2 of 6 pairs hold the slow nodes alone,
    which is 5/3 a second for the .2 that they can do (in tenths and sixths).
    Law: drawing_alike. Engine: crates/core/src/pick/power_of_two.rs. *)
Example uniform_pairs_overload_the_slow (slow := [set i : 'I_3 | i != ord0])
    (speed := fun i : 'I_3 => (if i == ord0 then 100 else 1)%N)
    (pairs := #|[set ab : 'I_3 * 'I_3 | [&& ab.1 \in slow, ab.2 \in slow & ab.1 != ab.2]]|) :
  (50 < \sum_i speed i)%N /\ ((\sum_(i in slow) speed i) * (3 * 2) < 50 * pairs)%N.
Proof.
have two : (#|slow| = 2)%N by rewrite cardsE cardC1 card_ord.
rewrite /pairs uniform_pairs_within two; split; first by rewrite !big_ord_recl big_ord0.
by rewrite (eq_bigr (fun=> 1%N)) ?sum1_card ?two // => i; rewrite inE /speed => /negbTE ->.
Qed.
