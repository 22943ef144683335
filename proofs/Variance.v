(** * Round robin: the variance of the counts does not grow

    Who throws dice for each request gets counts whose variance grows with the number of requests: after T of them it
    is T (k - 1)/k^2. Round robin is often credited with the same formula. It does far better: with r = T mod k the
    variance over the k nodes is exactly r (k - r)/k^2, so it comes and goes with each round and never exceeds 1/4. On
    a dashboard: the spread of request counts under round robin is the same after a minute and after a year.

    The model is that of RoundRobin.v: the fit nodes among those of a cluster, and a cursor anywhere.

    How the proof goes: after T picks r nodes have one request more than the other k - r. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Evenly Require Import RoundRobin.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** The variance, over the fit nodes, of how often T picks lend each. *)
Definition variance (fit : seq bool) (T cursor : nat) : rat :=
  let mean := T%:R / (size (living fit))%:R in
  (\sum_(i <- living fit) ((count_mem (Some i) (picks fit T cursor))%:R - mean) ^+ 2) / (size (living fit))%:R.

Lemma sum_two_levels (F : nat -> rat) q s m : (s <= m)%N ->
  \sum_(0 <= r < m) F (q + (r < s))%N = F q.+1 *+ s + F q *+ (m - s).
Proof.
move=> sm; rewrite (@big_cat_nat _ _ _ s) //= -[in F q.+1 *+ s](subn0 s) -!sumr_const_nat.
congr (_ + _); apply: eq_big_nat => r /andP[lo hi]; first by rewrite hi addn1.
by rewrite ltnNge lo addn0.
Qed.

(** A sum over the nodes of something of their counts, in the order in which they are picked. *)
Lemma sum_counts fit T c (F : nat -> rat) (m := size (living fit)) : (0 < m)%N ->
  \sum_(i <- living fit) F (count_mem (Some i) (picks fit T c)) =
  F (T %/ m).+1 *+ (T %% m) + F (T %/ m)%N *+ (m - T %% m).
Proof.
move=> m0; rewrite -sum_two_levels; last by rewrite ltnW // ltn_mod.
rewrite -(big_map Some xpredT (fun p => F (count_mem p (picks fit T c)))) -(perm_big _ (picks_once fit c)).
rewrite (big_nth None) size_picks; apply: eq_big_nat => r /andP[_ rm].
by rewrite rr_exact.
Qed.

Lemma two_levels_variance (q r k : nat) (mean : rat := (q * k + r)%:R / k%:R) : (0 < k)%N -> (r <= k)%N ->
  ((q.+1%:R - mean) ^+ 2 *+ r + (q%:R - mean) ^+ 2 *+ (k - r)) / k%:R = r%:R * (k%:R - r%:R) / k%:R ^+ 2.
Proof.
rewrite lt0n -(pnatr_eq0 [numDomainType of rat]) /mean => k0 rk.
by rewrite -[_ *+ r]mulr_natr -[_ *+ (k - r)]mulr_natr (natrB _ rk) natrD natrM -addn1 natrD; field.
Qed.

(** After T round-robin picks over k fit nodes the variance of their counts is r (k - r)/k^2 with r = T mod k, whatever
    T.
    Law: round_robin_variance. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_variance fit T c (k := size (living fit)) (r := (T %% k)%N) : (0 < k)%N ->
  variance fit T c = r%:R * (k%:R - r%:R) / k%:R ^+ 2.
Proof.
move=> k0; have rk : (r <= k)%N by rewrite ltnW // ltn_mod.
rewrite -(two_levels_variance (T %/ k) k0 rk) -divn_eq.
by rewrite /variance (@sum_counts fit T c (fun x => (x%:R - T%:R / k%:R) ^+ 2)).
Qed.

(** By round robin the variance of the fit nodes' counts is never above 1/4, however many requests there were.
    Law: round_robin_variance. Engine: crates/core/src/pick/round_robin.rs. *)
Theorem rr_variance_quarter fit T c : (0 < size (living fit))%N -> variance fit T c <= 1 / 4%:R.
Proof.
move=> k0; rewrite rr_variance //; move: (size _) k0 => k k0; set r : rat := (_ %% _)%:R.
have k1 : 0 < k%:R ^+ 2 :> rat by rewrite exprn_gt0 // ltr0n.
rewrite ler_pdivr_mulr // -subr_ge0.
have -> : 1 / 4%:R * k%:R ^+ 2 - r * (k%:R - r) = (k%:R / 2%:R - r) ^+ 2 by field.
exact: sqr_ge0.
Qed.
