(** * Plain earliest deadline first: never late, but bursting

    The weighted round robin of gRPC, Envoy and Traefik gives node i a deadline every 1 / w_i and lends the node whose
    next deadline comes first. It promises half of what one hopes for. Nobody is ever a whole request behind its share;
    but a heavy node beside many light ones gets its requests in one burst: with weights m, 1, ..., 1 the first m - 1
    picks in a row go to it, which puts it (m - 1) / 2 ahead. This is Envoy's "first pick problem". Our `deadline` asks
    that a node be due before it is lent, and has no such bursts: see Tijdeman.

    The model: node i has had x_i requests, its next deadline is (x_i + 1) / w_i, and any node whose deadline is
    earliest may be lent; ties may go anyhow. This is also what least connections does with loans that are never given
    back, which is how the law runs it on the engine. [plain] is the same with ties going to the first.

    The proof: a node's last deadline was earliest when it was lent, and the others' next deadlines have only grown
    since: x_j / w_j <= (x_i + 1) / w_i for all i and j. Adding this up over j is the bound. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From Evenly Require Filling LeastConnections.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope nat_scope.

(* Node i has weight ws_i and has had xs_i requests: its next deadline, (xs_i + 1) / ws_i, is not after anybody's. *)
Definition may_pick (ws xs : seq nat) i :=
  i < size ws /\ forall j, j < size ws -> (nth 0 xs i).+1 * nth 0 ws j <= (nth 0 xs j).+1 * nth 0 ws i.

(* What the nodes may have had, whoever wins the ties. *)
Inductive reached (ws : seq nat) : seq nat -> Prop :=
| reached_start : reached ws (nseq (size ws) 0)
| reached_next xs i : reached ws xs -> may_pick ws xs i -> reached ws (incr_nth xs i).

(* The first of the nodes (weight, requests had) with the earliest deadline. *)
Fixpoint earliest (nodes : seq (nat * nat)) : nat :=
  if nodes is (w, x) :: rest then
    let i := earliest rest in
    let: (w', x') := nth (0, 0) rest i in
    if x'.+1 * w < x.+1 * w' then i.+1 else 0
  else 0.

(* What the nodes have had after n picks when ties go to the first. *)
Fixpoint plain ws n : seq nat :=
  if n is n'.+1 then let xs := plain ws n' in incr_nth xs (earliest (zip ws xs)) else nseq (size ws) 0.

Lemma reached_size ws xs : reached ws xs -> size xs = size ws.
Proof.
elim=> [|{}xs i _ IH [ik _]]; first exact: size_nseq.
by rewrite size_incr_nth IH ik.
Qed.

Lemma nth_le_sumn (s : seq nat) i : nth 0 s i <= sumn s.
Proof. by elim: s i => [|a s IH] [|i] //=; [rewrite leq_addr | rewrite (leq_trans (IH i)) ?leq_addl]. Qed.

(* Node j's last deadline is not after node i's next one. *)
Lemma last_before_next ws xs i j : reached ws xs -> i < size ws -> j < size ws ->
  nth 0 xs j * nth 0 ws i <= (nth 0 xs i).+1 * nth 0 ws j.
Proof.
move=> r ik jk; elim: r => [|{}xs e _ IH [ek first]]; first by rewrite !nth_nseq jk mul0n.
rewrite !nth_incr_nth; case: (altP (e =P j)) => [<-|_] /=.
  by case: (altP (e =P i)) => [<-|_]; rewrite !(add0n, add1n) ?first // leq_mul2r leqnSn orbT.
by apply: leq_trans IH _; rewrite leq_mul2r ltnS leq_addl orbT.
Qed.

Lemma never_late ws xs i : reached ws xs -> i < size ws -> 0 < nth 0 ws i ->
  sumn xs * nth 0 ws i < (nth 0 xs i).+1 * sumn ws.
Proof.
move=> r ik wi; rewrite !LeastConnections.sumn_nth (reached_size r) big_distrl big_distrr /=.
rewrite (bigD1 (Ordinal ik)) //= [X in _ < X](bigD1 (Ordinal ik)) //= -addSn leq_add //.
  by rewrite ltn_mul2r wi leqnn.
by apply: leq_sum => j _; apply: last_before_next.
Qed.

(* One node of weight m, and m of weight 1. *)
Definition one_heavy m : seq nat := m :: nseq m 1.

(* Beside m nodes of weight 1 the first m - 1 deadlines of weight m come before all others. *)
Lemma heavy_first m xs : reached (one_heavy m) xs -> sumn xs < m -> xs = sumn xs :: nseq m 0.
Proof.
elim=> [|{}xs e r IH [ek first]] /=; first by rewrite size_nseq sumn_nseq.
have ks : e < size xs by rewrite (reached_size r).
rewrite Filling.sumn_incr_nth => tm; have all_his := IH (ltnW tm); move: first.
case: e ek ks => [|e] ek ks first; first by rewrite {1}all_his.
have := first 0 isT; rewrite all_his /= !nth_nseq; move: ek; rewrite /= size_nseq ltnS => ->; lia.
Qed.

(* Whom [plain] picks has the earliest deadline. *)
Lemma earliest_may_pick ws xs : size xs = size ws -> 0 < size ws -> {in ws, forall w, 0 < w} ->
  may_pick ws xs (earliest (zip ws xs)).
Proof.
elim: ws xs => [|w ws IH] [|x xs] //= [eq_size] _ pos.
case: ws IH eq_size pos => [|v ws] IH eq_size pos.
  by move: eq_size => /size0nil ->; rewrite /may_pick /= muln0; split=> // -[|j].
have posv : {in v :: ws, forall u, 0 < u} by move=> u iu; apply: pos; rewrite inE iu orbT.
have [] := IH xs eq_size isT posv; set i := earliest _ => ik first.
have wi : 0 < nth 0 (v :: ws) i by apply: posv; apply: mem_nth.
have w0 : 0 < w by apply: pos; rewrite mem_head.
rewrite nth_zip ?eq_size //; case: ltnP => [less|more]; split=> // -[|j] jk //=.
- exact: ltnW.
- by apply: first.
have := first j jk; have : 0 < nth 0 (v :: ws) j by apply: posv; apply: mem_nth.
move: more wi; move: (nth 0 _ i) (nth 0 _ i) (nth 0 _ j) (nth 0 _ j) => a b c d; nia.
Qed.

(** To scan for the first node with the least (x + 1) / w, of requests had and weight, is plain earliest deadline first:
    what is proved of that is true of the scan.
    Law: plain_deadline_bursts. Engine: crates/core/src/pick/least.rs, crates/core/src/pick/least_connections.rs. *)
Theorem scan_is_plain_deadline ws n : 0 < size ws -> {in ws, forall w, 0 < w} -> reached ws (plain ws n).
Proof.
move=> k0 pos; elim: n => [|n IH] /=; first exact: reached_start.
by apply: reached_next (IH) _; apply: earliest_may_pick => //; apply: reached_size IH.
Qed.

Section Shares.
Variable R : realFieldType.
Local Open Scope ring_scope.

(* How far node i is behind its share of all requests so far. *)
Definition behind (ws xs : seq nat) i : R :=
  (sumn xs)%:R * ((nth 0%N ws i)%:R / (sumn ws)%:R) - (nth 0%N xs i)%:R.

(** Plain earliest deadline never lets a node fall a whole request behind its share, whoever wins the ties.
    Law: plain_deadline_bursts. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem plain_deadline_lag ws xs i : reached ws xs -> (i < size ws)%N -> (0 < nth 0%N ws i)%N -> behind ws xs i < 1.
Proof.
move=> r ik wi; have W : 0 < (sumn ws)%:R :> R by rewrite ltr0n (leq_trans wi) ?nth_le_sumn.
by rewrite /behind mulrA ltr_subl_addl -mulrSr ltr_pdivr_mulr // -!natrM ltr_nat never_late.
Qed.

(** Plain earliest deadline never gets one of k nodes k - 1 requests ahead of its share: with others' lags below 1 each,
    nothing more is left to be ahead by.
    Law: plain_deadline_bursts. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem plain_deadline_lead ws xs i : reached ws xs -> (1 < size ws)%N -> {in ws, forall w, (0 < w)%N} ->
  (i < size ws)%N -> - ((size ws)%:R - 1) < behind ws xs i.
Proof.
move=> r k1 pos ik; have posn j : (j < size ws)%N -> (0 < nth 0%N ws j)%N by move=> jk; apply: pos; apply: mem_nth.
have W : (sumn ws)%:R != 0 :> R by rewrite pnatr_eq0 -lt0n (leq_trans (posn i ik)) ?nth_le_sumn.
have sum0 : \sum_(j < size ws) behind ws xs j = 0.
  rewrite /behind sumrB -mulr_sumr -mulr_suml -!natr_sum.
  by rewrite -LeastConnections.sumn_nth mulfV // mulr1 -(reached_size r) -LeastConnections.sumn_nth subrr.
have [o oi] : exists o : 'I_(size ws), o != Ordinal ik.
  by case: i ik => [|i] ik; [exists (Ordinal k1)|exists (Ordinal (ltnW k1))].
have others : \sum_(j < size ws | j != Ordinal ik) behind ws xs j < \sum_(j < size ws | j != Ordinal ik) 1.
  have lag1 j : (j < size ws)%N -> behind ws xs j < 1 by move=> jk; apply: plain_deadline_lag => //; apply: posn.
  rewrite (bigD1 o) //= [X in _ < X](bigD1 o) //=; apply: ltr_le_add; first exact: lag1.
  by apply: ler_sum => j _; apply: ltW (lag1 _ _).
have all1 : (size ws)%:R = 1 + \sum_(j < size ws | j != Ordinal ik) 1 :> R.
  have <- : \sum_(j < size ws) 1 = (size ws)%:R :> R by rewrite sumr_const card_ord.
  by rewrite (bigD1 (Ordinal ik)).
move: sum0; rewrite (bigD1 (Ordinal ik)) //= => /eqP; rewrite addr_eq0 => /eqP ->.
by rewrite ltr_opp2 all1 addrAC subrr add0r.
Qed.


(** Plain earliest deadline bursts: with weights m, 1, ..., 1, m of them 1, the first m - 1 picks all go to the heavy
    node, whoever wins the ties; after n < m picks it has had all n of them, and is n / 2 ahead of its share.
    Law: plain_deadline_bursts. Engine: crates/core/src/pick/least_connections.rs. *)
Theorem plain_deadline_burst m xs : reached (one_heavy m) xs -> (sumn xs < m)%N ->
  xs = sumn xs :: nseq m 0%N /\ behind (one_heavy m) xs 0 = - ((sumn xs)%:R / 2%:R).
Proof.
move=> r tm; have e := heavy_first r tm; split=> //.
have m0 : m%:R != 0 :> R by rewrite pnatr_eq0; move: tm; case: (m).
by rewrite /behind {2}e /= sumn_nseq mul1n natrD; field; rewrite -mulr2n mulrn_eq0.
Qed.

End Shares.

(** By plain earliest deadline, when ties go to the first, a node of weight 100 before a hundred of weight 1 has the
    first 100 picks, which puts it 50 requests ahead; only then do the others begin.
    Law: plain_deadline_bursts. Engine: crates/core/src/pick/least_connections.rs. *)
Example a_hundred_in_a_row : plain (one_heavy 100) 103 = 100 :: nseq 3 1 ++ nseq 97 0.
Proof. by vm_compute. Qed.
