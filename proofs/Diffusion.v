(** * Diffusion: when moving load from the fuller to the emptier comes to rest

    Work stealing, shard rebalancing, spilling over to a neighbour: whoever moves a share a of the difference
    between two nodes conserves the total, and may still never come to rest. With a = 1 two nodes swap what they
    have for ever; with more they diverge. What is promised: between two nodes the difference is multiplied by 1 -
    2a in every step, so it settles if and only if 0 < a < 1; and in a network of any shape the sum of squares falls
    as long as a < 2 / lambda, where lambda is the network's greatest eigenvalue, at most twice the weight of the
    links of one node.

    The model: loads are numbers, all differences are read before anything moves. lambda is said without
    eigenvalues: it is any number with sum of squared flows <= lambda * tension, for all loads. Left out: loads that
    are whole numbers, and differences that are old when they are acted on.

    The proof for a network: the sum of squares changes by a^2 (sum of squared flows) - 2 a (tension), exactly. *)
From mathcomp Require Import all_ssreflect all_algebra ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** ** Two nodes *)
Section TwoNodes.
Variable R : archiFieldType.
Variable a : R.

(** Each moves a share a of what it has more than the other. *)
Definition even_out (s : R * R) := let: (x, y) := s in (x + a * (y - x), y + a * (x - y)).
Definition after n s := iter n even_out s.
Definition gap (s : R * R) := s.1 - s.2.

(** When a share a of the difference between two nodes is moved to the emptier one in every step, the total stays, and
    the difference is multiplied by 1 - 2a in every step.
    Law: moving_a_share_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem gap_after n s : (after n s).1 + (after n s).2 = s.1 + s.2 /\ gap (after n s) = (1 - 2%:R * a) ^+ n * gap s.
Proof.
elim: n => [|n [sum IH]]; first by rewrite mul1r.
rewrite /after iterS -/(after n s) -sum exprS -mulrA -IH /gap.
by case: (after n s) => x y /=; split; ring.
Qed.

Lemma ratio_lt1 : (`|1 - 2%:R * a| < 1) = (0 < a < 1).
Proof.
have two : 0 < 2%:R :> R by rewrite ltr0n.
rewrite ltr_norml -subr_gt0 -[1 - _ < 1]subr_gt0.
have -> : 1 - 2%:R * a - -1 = 2%:R * (1 - a) by ring.
have -> : 1 - (1 - 2%:R * a) = 2%:R * a by ring.
by rewrite !pmulr_rgt0 // subr_gt0 andbC.
Qed.

Lemma powers_fall (q : R) n : 0 <= q -> q <= 1 -> q ^+ n * (1 + n%:R * (1 - q)) <= 1.
Proof.
move=> q0 q1; elim: n => [|n IH]; first by rewrite mul0r addr0 mulr1.
apply: le_trans IH; rewrite exprSr -mulrA; apply: ler_wpmul2l; first exact: exprn_ge0.
rewrite -subr_ge0 mulrS.
have -> : 1 + n%:R * (1 - q) - q * (1 + (1 + n%:R) * (1 - q)) = (1 - q) ^+ 2 * (1 + n%:R) by ring.
by rewrite mulr_ge0 ?sqr_ge0 // addr_ge0 ?ler01 ?ler0n.
Qed.

Lemma powers_vanish (q eps : R) : 0 <= q -> q < 1 -> 0 < eps -> exists n, forall m, (n <= m)%N -> q ^+ m < eps.
Proof.
move=> q0 q1 e0; have h0 : 0 < eps * (1 - q) by rewrite mulr_gt0 // subr_gt0.
have [n far] : exists n, 1 < n%:R * (eps * (1 - q)).
  exists (Num.bound (eps * (1 - q))^-1).
  by rewrite -ltr_pdivr_mulr // mul1r archi_boundP // invr_ge0 ltW.
exists n => m nm; apply: le_lt_trans (_ : q ^+ n < eps); first by apply: ler_wiexpn2l; rewrite // ltW.
have big : 0 < 1 + n%:R * (1 - q) by apply: ltr_spaddl; rewrite ?ltr01 // mulr_ge0 ?ler0n // subr_ge0 ltW.
rewrite -(ltr_pmul2r big); apply: le_lt_trans (powers_fall n q0 (ltW q1)) _.
have -> : eps * (1 + n%:R * (1 - q)) = eps + n%:R * (eps * (1 - q)) by ring.
by apply: lt_le_trans far _; rewrite ler_addr ltW.
Qed.

(** Two nodes that differ, a share a of the difference being moved in every step, settle, which is that their difference
    falls below any bound for ever, if and only if 0 < a < 1.
    Law: moving_a_share_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem moving_a_share_settles s : gap s != 0 ->
  (forall eps, 0 < eps -> exists n, forall m, (n <= m)%N -> `|gap (after m s)| < eps) <-> 0 < a < 1.
Proof.
move=> apart; have gap0 : 0 < `|gap s| by rewrite normr_gt0.
have size m : `|gap (after m s)| = `|1 - 2%:R * a| ^+ m * `|gap s|.
  by have [_ ->] := gap_after m s; rewrite normrM normrX.
rewrite -ratio_lt1; split=> [settles|shrinks eps e0].
  have [n /(_ _ (leqnSn n))] := settles _ gap0; rewrite size ltNge => /negP far.
  rewrite ltNge; apply/negP => grows; apply: far.
  by rewrite ler_pmull // exprn_ege1.
have [n small] := powers_vanish (normr_ge0 _) shrinks (divr_gt0 e0 gap0).
by exists n => m /small; rewrite size ltr_pdivl_mulr.
Qed.
End TwoNodes.

(** With a = 1, when the whole difference is moved each way, two nodes swap what they have.
    Law: moving_a_share_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem a_swap_for_ever (R : archiFieldType) (x y : R) : even_out 1 (x, y) = (y, x).
Proof. by congr (_, _); ring. Qed.

(** ** A network *)
Section Network.
Variables (R : realFieldType) (k : nat).
Variable c : 'I_k -> 'I_k -> R.         (* the weight of the link between two nodes, 0 for none *)
Hypothesis c_ge0 : forall i j, 0 <= c i j.
Hypothesis c_sym : forall i j, c i j = c j i.
Implicit Types x : 'I_k -> R.

(** What node i would gain with a = 1, and what it has after a step. *)
Definition flow x i := \sum_j c i j * (x j - x i).
Definition spread a x i := x i + a * flow x i.

(** The tension of a link is its weight times the square of the difference; each link is met from both ends. *)
Definition tension x := (\sum_i \sum_j c i j * (x i - x j) ^+ 2) / 2%:R.
Definition squares x := \sum_i x i ^+ 2.

Lemma flow_sum0 x : \sum_i flow x i = 0.
Proof.
have half : \sum_i flow x i = - \sum_i flow x i.
  rewrite [in LHS]/flow [LHS]exchange_big /= -sumrN; apply: eq_bigr => i _; rewrite /flow -sumrN.
  by apply: eq_bigr => j _; rewrite [c j i]c_sym; ring.
apply/eqP; rewrite -[_ == 0](@mulrn_eq0 _ _ 2) mulr2n {1}half addNr //.
Qed.

(** Moving load along the links of a network conserves the total load.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem spreading_conserves a x : \sum_i spread a x i = \sum_i x i.
Proof. by rewrite big_split /= -mulr_sumr flow_sum0 mulr0 addr0. Qed.

Lemma flow_tension x : \sum_i x i * flow x i = - tension x.
Proof.
have two : 2%:R != 0 :> R by rewrite pnatr_eq0.
have twice : \sum_i x i * flow x i + \sum_i x i * flow x i = - \sum_i \sum_j c i j * (x i - x j) ^+ 2.
  have E : \sum_i x i * flow x i = \sum_i \sum_j c i j * (x i * (x j - x i)).
    by apply: eq_bigr => i _; rewrite /flow mulr_sumr; apply: eq_bigr => j _; ring.
  have E' : \sum_i x i * flow x i = \sum_i \sum_j c i j * (x j * (x i - x j)).
    by rewrite E exchange_big; apply: eq_bigr => i _; apply: eq_bigr => j _; rewrite [c j i]c_sym.
  rewrite {1}E E' -big_split -sumrN /=; apply: eq_bigr => i _.
  by rewrite -big_split -sumrN /=; apply: eq_bigr => j _; ring.
apply: (mulIf two); rewrite /tension mulNr divfK // -twice; ring.
Qed.

(** When a share a of all differences moves along the links of a network, the sum of the squares of the loads changes by
    a^2 times that of the flows, less 2 a times the tension (each link's weight times the square of its difference),
    exactly.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem squares_after_a_step a x :
  squares (spread a x) = squares x + a ^+ 2 * squares (flow x) - 2%:R * a * tension x.
Proof.
have -> : - (2%:R * a * tension x) = 2%:R * a * \sum_i x i * flow x i by rewrite flow_tension; ring.
rewrite /squares !mulr_sumr -!big_split /=; apply: eq_bigr => i _; rewrite /spread; ring.
Qed.

(** lambda bounds the network: no flows are larger, for the tension there is. The least such lambda is the greatest
    eigenvalue of its Laplacian. *)
Definition bounds lambda := forall x, squares (flow x) <= lambda * tension x.

Lemma tension_ge0 x : 0 <= tension x.
Proof.
rewrite divr_ge0 ?ler0n // sumr_ge0 // => i _; apply: sumr_ge0 => j _.
by rewrite mulr_ge0 // sqr_ge0.
Qed.

(** In a network whose greatest eigenvalue is at most lambda, moving a share a of all differences, 0 <= a <= 2 / lambda,
    never lets the sum of squares grow; it falls by a (2 - a lambda) times the tension at least, which is 0 only when
    nodes that are linked have equal loads.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem moving_along_links_settles lambda a x : bounds lambda -> 0 <= a -> a * lambda <= 2%:R ->
  squares (spread a x) <= squares x - a * (2%:R - a * lambda) * tension x <= squares x.
Proof.
move=> bounded a0 al; have falls : 0 <= a * (2%:R - a * lambda) * tension x.
  by apply: mulr_ge0 (tension_ge0 x); rewrite mulr_ge0 // subr_ge0.
rewrite ger_addl oppr_le0 falls andbT.
rewrite squares_after_a_step -addrA ler_add2l.
have -> : - (a * (2%:R - a * lambda) * tension x) = a ^+ 2 * (lambda * tension x) - 2%:R * a * tension x by ring.
by rewrite ler_add2r ler_wpmul2l // exprn_ge0.
Qed.

(** In a network whose greatest eigenvalue is at most lambda the tensions of any number of steps together are at most
    the first sum of squares over a (2 - a lambda): so they vanish, and the network comes to rest.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem all_tension_together lambda a x n : bounds lambda -> 0 <= a -> a * lambda <= 2%:R ->
  a * (2%:R - a * lambda) * (\sum_(m < n) tension (iter m (spread a) x)) <= squares x.
Proof.
move=> bounded a0 al; set q := a * _.
suff : q * (\sum_(m < n) tension (iter m (spread a) x)) <= squares x - squares (iter n (spread a) x).
  move/le_trans; apply; rewrite ger_addl oppr_le0; apply: sumr_ge0 => i _; exact: sqr_ge0.
elim: n => [|n IH]; first by rewrite big_ord0 mulr0 subrr.
have /andP[falls _] := @moving_along_links_settles lambda a (iter n (spread a) x) bounded a0 al.
rewrite big_ord_recr /= mulrDr; apply: le_trans (ler_add IH (lexx _)) _.
by rewrite -addrA ler_add2l addrC -opprB ler_opp2.
Qed.

(** The tension of a network is 0 if and only if nodes that are linked have equal loads: then nothing moves any more.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem no_tension_is_rest x : tension x = 0 <-> forall i j, 0 < c i j -> x i = x j.
Proof.
have two : 2%:R != 0 :> R by rewrite pnatr_eq0.
have pos i j : 0 <= c i j * (x i - x j) ^+ 2 by rewrite mulr_ge0 ?sqr_ge0.
split=> [/eqP|even].
  rewrite mulf_eq0 invr_eq0 (negbTE two) orbF psumr_eq0 => [/allP none i j cij|i _]; last exact: sumr_ge0.
  have := none i; rewrite mem_index_enum psumr_eq0 => [/(_ isT)/allP/(_ j)|] //.
  rewrite mem_index_enum => /(_ isT) /=; rewrite mulf_eq0 (gt_eqF cij) expf_eq0 /= subr_eq0.
  by move/eqP.
rewrite /tension big1 ?mul0r // => i _; rewrite big1 // => j _.
have := c_ge0 i j; rewrite le_eqVlt => /orP[/eqP <-|/even ->]; rewrite ?mul0r //.
by rewrite subrr expr0n mulr0.
Qed.

Lemma cauchy_schwarz (w z : 'I_k -> R) : (forall j, 0 <= w j) ->
  (\sum_j w j * z j) ^+ 2 <= (\sum_j w j) * (\sum_j w j * z j ^+ 2).
Proof.
move=> w0; have two : 0 < 2%:R :> R by rewrite ltr0n.
rewrite -subr_ge0 -(pmulr_rge0 _ two).
have -> : 2%:R * ((\sum_j w j) * (\sum_j w j * z j ^+ 2) - (\sum_j w j * z j) ^+ 2) =
    \sum_i \sum_j w i * w j * (z i - z j) ^+ 2.
  have E : (\sum_j w j) * (\sum_j w j * z j ^+ 2) = \sum_i \sum_j w i * (w j * z j ^+ 2).
    by rewrite mulr_suml; apply: eq_bigr => i _; rewrite mulr_sumr.
  have E2 : (\sum_j w j * z j) ^+ 2 = \sum_i \sum_j (w i * z i) * (w j * z j).
    by rewrite expr2 mulr_suml; apply: eq_bigr => i _; rewrite mulr_sumr.
  have E' : (\sum_j w j) * (\sum_j w j * z j ^+ 2) = \sum_i \sum_j w i * (w j * z i ^+ 2).
    by rewrite E exchange_big; apply: eq_bigr => i _; apply: eq_bigr => j _; ring.
  rewrite mulrBr mulrDl !mul1r {1}E E' E2 mulr_sumr -big_split -sumrB /=.
  apply: eq_bigr => i _; rewrite mulr_sumr -big_split -sumrB /=; apply: eq_bigr => j _; ring.
by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0.
Qed.

(** If no node's links together weigh more than d, the network's greatest eigenvalue is at most 2 d; so moving a share a
    <= 1 / d of all differences is always safe.
    Law: moving_along_links_settles. Engine: python/evenly/theory/model/algebra.py. *)
Theorem links_bound_the_network d : (forall i, \sum_j c i j <= d) -> bounds (2%:R * d).
Proof.
move=> deg x; have two : 2%:R != 0 :> R by rewrite pnatr_eq0.
have -> : 2%:R * d * tension x = d * \sum_i \sum_j c i j * (x i - x j) ^+ 2 by rewrite /tension; field.
rewrite mulr_sumr; apply: ler_sum => i _; apply: le_trans (cauchy_schwarz _ (c_ge0 i)) _.
have -> : \sum_j c i j * (x j - x i) ^+ 2 = \sum_j c i j * (x i - x j) ^+ 2.
  by apply: eq_bigr => j _; ring.
by apply: ler_wpmul2r (deg i); apply: sumr_ge0 => j _; rewrite mulr_ge0 ?sqr_ge0.
Qed.
End Network.
