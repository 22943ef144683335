(** * Response time: the mean over requests is not the mean over nodes

    A dashboard that averages the nodes' averages counts a node that served one request as much as one that served
    99. What callers feel is the mean over requests: each node's mean weighed by the share of requests it has. The
    two differ by k times the covariance of shares and times, so they agree exactly when busy nodes are neither
    slower nor faster than idle ones.

    The model is a log: one line for each request, with its node and its time. Both statements are sums exchanged. *)
From mathcomp Require Import all_ssreflect all_algebra ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section ResponseTime.
Variables (R : realFieldType) (k : nat).

(** A log, the requests of a node in it, the share of a node, and the mean time of a node. *)
Implicit Type log : seq ('I_k * R).
Definition served log i := count (fun line => line.1 == i) log.
Definition share log i : R := (served log i)%:R / (size log)%:R.
Definition mean_at log i : R := (\sum_(line <- log | line.1 == i) line.2) / (served log i)%:R.
Definition mean_over_requests log : R := (\sum_(line <- log) line.2) / (size log)%:R.

(** The mean response time over requests is sum p_n W_n, of the nodes' shares p_n and mean times W_n, if each of the k
    nodes has served some.
    Law: response_gap. Engine: crates/core/src/lend.rs, crates/sim/src/summary.rs. *)
Theorem mean_is_weighed_by_traffic log : (forall i, 0 < served log i)%N ->
  mean_over_requests log = \sum_i share log i * mean_at log i.
Proof.
move=> some; rewrite /mean_over_requests (partition_big (fun line => line.1) xpredT) //= mulr_suml.
apply: eq_bigr => i _; rewrite /share /mean_at [RHS]mulrC mulrA divfK //.
by rewrite pnatr_eq0 -lt0n.
Qed.

(** Covariance over the nodes, each counted once. *)
Definition mean_over_nodes (x : 'I_k -> R) : R := (\sum_i x i) / k%:R.
Definition cov (p W : 'I_k -> R) : R :=
  mean_over_nodes (fun i => p i * W i) - mean_over_nodes p * mean_over_nodes W.

(** The mean over requests, sum p_n W_n, exceeds the plain mean over the k nodes by k Cov(p, W), exactly, for shares p
    that add up to 1.
    Law: response_gap. Engine: crates/core/src/lend.rs, crates/sim/src/summary.rs. *)
Theorem response_gap (p W : 'I_k -> R) : \sum_i p i = 1 ->
  (\sum_i p i * W i) - mean_over_nodes W = k%:R * cov p W.
Proof.
move=> p1; have k_gt0 : (0 < k)%N.
  have [i _|none] := pickP (fun _ : 'I_k => true); first by apply: leq_ltn_trans (ltn_ord i).
  by move/eqP: p1; rewrite big_pred0 // eq_sym oner_eq0.
have kR : k%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
rewrite /cov /mean_over_nodes p1 mulrBr [k%:R * (_ / _)]mulrC divfK //.
by congr (_ - _); rewrite mulrA mul1r divff // mul1r.
Qed.

(** The mean over requests and the plain mean over nodes agree if and only if shares and times are uncorrelated.
    Law: response_gap. Engine: crates/core/src/lend.rs, crates/sim/src/summary.rs. *)
Theorem means_agree_iff_uncorrelated (p W : 'I_k -> R) : \sum_i p i = 1 ->
  \sum_i p i * W i = mean_over_nodes W <-> cov p W = 0.
Proof.
move=> p1; have gap := response_gap W p1; split=> [E|E].
  move: gap; rewrite E subrr => /esym/eqP; rewrite mulf_eq0 => /orP[/eqP k0|/eqP //].
  by rewrite /cov /mean_over_nodes k0 invr0 !mulr0 subrr.
by apply/eqP; rewrite -subr_eq0 gap E mulr0.
Qed.
End ResponseTime.

(** 99 requests of 1 ms on one node and 1 of 101 ms on the other: the mean is 2 ms, and the mean of the means 51 ms.
    Law: response_gap. Engine: crates/core/src/lend.rs, crates/sim/src/summary.rs. *)
Example ninety_nine_fast_ones (log := rcons (nseq 99 (ord0, 1)) (ord_max, 101%:R) : seq ('I_2 * rat)) :
  mean_over_requests log = 2%:R /\ mean_over_nodes (mean_at log) = 51%:R.
Proof.
have sum P : \sum_(line <- log | P line) line.2 = (P (ord0, 1))%:R * 99%:R + (P (ord_max, 101%:R))%:R * 101%:R.
  rewrite /log -cats1 big_cat big_mkcond big_nseq iter_addr_0 big_mkcond big_seq1 /=.
  by case: (P _); case: (P _); rewrite ?mul1r ?mul0r ?mul0rn.
rewrite /mean_over_nodes big_ord_recl big_ord1 /mean_at /mean_over_requests /served !sum /log size_rcons size_nseq.
by rewrite -cats1 !count_cat !count_nseq /=; split; field.
Qed.
