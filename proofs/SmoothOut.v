(** * Smooth weighted round robin while nodes are out

    Nodes fail, are drained, or are full, and the others must bear their share. The engine goes on around the turns that
    it has laid out and passes over those of nodes that are out. That is quick, but is it fair among the others?
    Promised here: while the nodes of a set D are out, a node whose share among those left is s is at most
    H_k - 1 + s |D| (H_k - H_|D|) requests behind it, and at most 1 - 1/k + s |A| (H_k - H_|A|) ahead, A being those
    left; and after every whole period each has had exactly its share.

    The model: the turns of SmoothInteger.v (`turns_go_round` says that they are the engine's), and of these the ones
    that fall to nodes that are not out. The engine lays turns out when weights are equal or W / gcd is 4,096 at most;
    above that it keeps the lags themselves, and who is out has weight 0 for the time: that is left out here.

    How the proof goes: the n turns gave m requests to those left, n less the turns of D. So node i's lag among those
    left is its lag over all turns, and s times what D was owed then. Both are bounded by SmoothLag.v, the second as
    the lag of a set. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ssrZ ring.
From Evenly Require Import Harmonic SmoothLag SmoothInteger.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* Who is picked in n turns, when those of nodes that are out are passed over. *)
Definition run_without (out : pred nat) (fine : Z) (weights : seq Z) (n : nat) : seq nat :=
  [seq i <- run fine weights n | ~~ out i].

Section SmoothOut.
Variables (fine : Z) (weights : seq Z) (k' : nat).
Let k := k'.+1.
Hypotheses (fine_gt0 : Z.lt Z0 fine) (sz : size weights = k) (wd : weighted weights).
Variable out : pred nat.
Let D : {set 'I_k} := [set j | out (val j)].
Let w (i : 'I_k) : rat := q (nth Z0 weights i).
Let x n (i : 'I_k) : rat := (count_mem (val i) (run fine weights n))%:R.

(* The weights of those left, and the share of one of them. *)
Definition left_weight : rat := \sum_(j | j \notin D) w j.
Definition share_of_left (i : 'I_k) : rat := w i / left_weight.

Lemma turns_in_range n lags : size lags = k -> all (ltn^~ k) (turns fine weights n lags).1.
Proof.
elim: n lags => [|n IH] lags szl //; rewrite turnsS.
have [p [l [-> [plt szl' _ _]]]] := turnP fine (etrans szl (esym sz)) wd.
by rewrite /= -{1}szl plt IH // szl'.
Qed.

Lemma count_by_node (P : pred nat) (s : seq nat) : all (ltn^~ k) s ->
  (count P s)%:R = \sum_(j : 'I_k | P (val j)) (count_mem (val j) s)%:R :> rat.
Proof.
elim: s => [|a s IH] /=; [by rewrite big1 | case/andP=> ak /IH sk].
rewrite natrD sk; have {}ak : (a < k)%N by [].
transitivity (\sum_(j : 'I_k | P (val j)) ((a == val j)%:R + (count_mem (val j) s)%:R) : rat); last first.
  by apply: eq_bigr => j _; rewrite natrD.
rewrite big_split /=; congr (_ + _); case: (boolP (P a)) => Pa.
  by rewrite (bigD1 (Ordinal ak)) //= eqxx big1 ?addr0 // => j /andP[_]; rewrite -val_eqE /= eq_sym => /negbTE ->.
by rewrite big1 // => j Pj; case: eqP => // aj; rewrite aj Pj in Pa.
Qed.

(* What node i is behind over all turns, and what D is. *)
Lemma lag_of_left n (i : 'I_k) (L : 'I_k -> rat) : i \notin D -> reach L ->
  (forall j : 'I_k, q (nth Z0 (lags_after fine weights n) j) = q (total weights * fine) * L j) ->
  (size (run_without out fine weights n))%:R * share_of_left i - x n i = L i + share_of_left i * \sum_(j in D) L j.
Proof.
move=> iD rL EL; have W0 : 0 < q (total weights) by rewrite (q_lt Z0); have := total_gt0 wd; lia.
have f0 : 0 < q fine by rewrite (q_lt Z0); lia.
have Lx j : L j = n%:R * (w j / q (total weights)) - x n j.
  apply: (mulfI (x := q (total weights * fine))); first by rewrite qM mulf_neq0 // gt_eqF.
  rewrite -EL (lags_after_counts fine wd) ?sz // !(qM, qB) !q_nat.
  by rewrite /w /x /=; field; rewrite gt_eqF.
have Wsum : q (total weights) = \sum_(j in D) w j + left_weight.
  by have := q_total weights; rewrite sz => ->; rewrite (bigID (mem D)).
have w0 j : 0 < w j by rewrite /w (q_lt Z0); apply/Z.ltb_lt/(weighted_gt0 j sz wd).
have A0 : 0 < left_weight.
  by rewrite /left_weight (bigD1 i) //= ltr_spaddl // sumr_ge0 // => j _; apply: ltW.
have LD : \sum_(j in D) L j = n%:R * ((\sum_(j in D) w j) / q (total weights)) - \sum_(j in D) x n j.
  by rewrite mulr_suml mulr_sumr -sumrB; apply: eq_bigr.
have m_n : (size (run_without out fine weights n))%:R = n%:R - \sum_(j in D) x n j :> rat.
  have rng : all (ltn^~ k) (run fine weights n) by apply: turns_in_range; rewrite size_nseq.
  have -> : n%:R = (count out (run fine weights n))%:R + (count (predC out) (run fine weights n))%:R :> rat.
    by rewrite -natrD count_predC run_length.
  rewrite size_filter.
  rewrite (count_by_node out rng) addrAC (_ : \sum_(j in D) _ = \sum_(j | out (val j)) x n j) ?subrr ?add0r //.
  by apply: eq_bigl => j; rewrite inE.
rewrite LD m_n Lx /share_of_left; move: Wsum W0 A0; move: (q _) left_weight (\sum_(j in D) w j) (w i) (x n i).
by move=> W A d wi xi -> dA A0; field; rewrite !gt_eqF.
Qed.
Lemma count_without n (i : 'I_k) : i \notin D -> (count_mem (val i) (run_without out fine weights n))%:R = x n i.
Proof.
rewrite inE => iD; rewrite /x /run_without count_filter; congr (_%:R).
by apply: eq_count => j /=; case: eqP => // ->.
Qed.

(** When the nodes D are out from the beginning of the laid-out turns on, and their turns are passed over, node i, whose
    share among those left is s, is at most H_k - 1 + s |D| (H_k - H_|D|) requests behind it and at most 1 - 1/k + s |A|
    (H_k - H_|A|) ahead, A being those left.
    Law: smooth_with_nodes_out. Engine: crates/core/src/pick/turns.rs. *)
Theorem bounds_with_nodes_out n i : i \notin D -> let m := size (run_without out fine weights n) in
  let lag := m%:R * share_of_left i - (count_mem (val i) (run_without out fine weights n))%:R in
  let s := share_of_left i in
  - (1 - k%:R^-1 + s * (#|~: D|%:R * (H k - H #|~: D|))) <= lag <= H k - 1 + s * (#|D|%:R * (H k - H #|D|)).
Proof.
move=> iD /=; have [L rL EL] := whole_lags_are_exact n sz wd fine_gt0.
rewrite count_without // (lag_of_left iD rL EL).
have s0 : 0 <= share_of_left i.
  have w0 j : 0 <= w j by rewrite /w (q_le Z0); apply/Z.leb_le/Z.lt_le_incl/(weighted_gt0 j sz wd).
  by rewrite divr_ge0 // sumr_ge0.
apply/andP; split; last by apply: ler_add; [apply: swrr_lag | apply/ler_wpmul2l/swrr_set].
rewrite opprD; apply: ler_add; first exact: swrr_lead.
rewrite -mulrN; apply: ler_wpmul2l => //; rewrite ler_oppl.
have <- : \sum_(j in ~: D) L j = - (\sum_(j in D) L j).
  have := reach_sum0 rL; rewrite (bigID (mem D)) /= => /eqP; rewrite addr_eq0 => /eqP ->.
  by rewrite opprK; apply: eq_bigl => j; rewrite in_setC.
exact: swrr_set.
Qed.

(** While nodes are out and their turns are passed over, every node that is left has had exactly its share each time the
    laid-out period ends.
    Law: smooth_with_nodes_out. Engine: crates/core/src/pick/turns.rs. *)
Theorem periods_stay_exact_with_nodes_out i : i \notin D ->
  let picks := run_without out fine weights (period weights) in
  (count_mem (val i) picks)%:R = (size picks)%:R * share_of_left i.
Proof.
move=> iD /=; have [L rL EL] := whole_lags_are_exact (period weights) sz wd fine_gt0.
have L0 j : L j = 0.
  apply: (mulfI (x := q (total weights * fine))); first by rewrite (q_eq _ Z0); have := total_gt0 wd; lia.
  by rewrite -EL (all_even_after_a_period fine_gt0 wd) nth_nseq if_same mulr0.
have := lag_of_left iD rL EL; rewrite count_without // L0 big1 // mulr0 addr0 => /eqP.
by rewrite subr_eq0 => /eqP.
Qed.

End SmoothOut.
