(** * Smooth weighted round robin: how long a node can wait for its turn

    A node that waits too long loses its warm caches and idle connections, and a light node beside heavy ones waits
    longest. Promised here: between two picks of a node whose share is q lie at most (H_k - 1/k) / q steps, and before
    its first at most (H_k - 1) / q; so nobody starves. The shares may change from step to step, as long as this node's
    is q or more.

    How the proof goes: while the node waits, its lag grows by q at least at each step. It began no lower than
    -(1 - 1/k), and ends no higher than H_k - 1 (SmoothLag.v). *)
From mathcomp Require Import all_ssreflect all_algebra.
From Evenly Require Import Harmonic SmoothLag.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section SmoothGap.
Variable R : realFieldType.
Variable k' : nat.
Let k := k'.+1.
Implicit Types (p L M : 'I_k -> R) (e i : 'I_k) (q : R).

(* From lags L to lags M in n steps, at none of which i is picked, though its share is q or more. *)
Inductive waits i q L : nat -> ('I_k -> R) -> Prop :=
| waits0 : waits i q L 0 L
| waitsS n p M e :
    waits i q L n M -> dist p -> greedy p M e -> q <= p i -> e != i -> waits i q L n.+1 (step p M e).

Lemma waits_reach i q L n M : reach L -> waits i q L n M -> reach M.
Proof. by move=> rL; elim=> [|m p {}M e _ rM dp gr _ _] //; apply: reachS. Qed.

Lemma waits_grows i q L n M : waits i q L n M -> L i + n%:R * q <= M i.
Proof.
elim=> [|m p {}M e _ IH _ _ qp ei]; first by rewrite mul0r addr0.
by rewrite /step eq_sym (negbTE ei) subr0 mulrS mulrDl mul1r addrCA addrC ler_add.
Qed.

(** Between two picks of a node whose share is q or more at every step lie at most (H_k - 1/k) / q steps without it,
    also while the weights change.
    Law: smooth_gap, smooth_gap_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem swrr_gap i q L n M : reach L -> waits i q L n M -> n%:R * q <= H k - k%:R^-1.
Proof.
move=> rL w; have rM := waits_reach rL w.
have := ler_sub (le_trans (waits_grows w) (swrr_lag i rM)) (swrr_lead i rL).
by rewrite addrAC subrr add0r opprK addrA subrK.
Qed.

(** From the very start, a node whose share is q or more at every step waits for its first pick for at most (H_k - 1) /
    q steps, also while the weights change.
    Law: smooth_gap, smooth_gap_while_weights_change. Engine: crates/core/src/pick/turns.rs. *)
Theorem swrr_first_pick i q n M : waits i q (fun _ => 0) n M -> n%:R * q <= H k - 1.
Proof.
move=> w; have := waits_grows w; rewrite add0r => /le_trans; apply.
exact/swrr_lag/(waits_reach (reach0 _ _) w).
Qed.

End SmoothGap.
