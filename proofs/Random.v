(** * Throwing dice: the right share on average, and a spread that grows

    `random` is right on average: of T requests node i has T w_i/W. But the counts scatter, and the more requests the
    wider: their variance is T p (1 - p) with p = w_i/W, of equal nodes T (k - 1)/k^2. Round robin's never exceeds 1/4
    (Variance.v). That is why `random` is the baseline and not the default.

    Chance is counted: every request draws one of W tickets, of which the node has w, and all lists of T tickets count
    the same. (That the engine's table gives the node w of W is Alias.v.)

    How the proof goes: the sums of the counts and of their squares over all lists, by induction on T. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Random.
Variables w W : nat.
Hypothesis some_of_them : (w <= W)%N.
Hypothesis some_ticket : (0 < W)%N.

(** All that T requests can draw; tickets below [w] are the node's. *)
Fixpoint lists T : seq (seq nat) :=
  if T is T.+1 then [seq ticket :: drawn | ticket <- iota 0 W, drawn <- lists T] else [:: [::]].

(** How many of them are the node's. *)
Definition hits (drawn : seq nat) : rat := (count (fun ticket => ticket < w)%N drawn)%:R.

(** The average over all lists of tickets. *)
Definition average T (f : seq nat -> rat) := (\sum_(drawn <- lists T) f drawn) / W%:R ^+ T.

Definition p : rat := w%:R / W%:R.

Lemma W_neq0 : W%:R != 0 :> rat.
Proof. by rewrite pnatr_eq0 -lt0n. Qed.

Lemma average_step T (f g : seq nat -> rat) : (forall ticket drawn, f (ticket :: drawn) =
    if (ticket < w)%N then g drawn else f drawn) ->
  average T.+1 f = p * average T g + (1 - p) * average T f.
Proof.
move=> step; rewrite /average /= big_allpairs_dep /=.
rewrite (eq_bigr (fun ticket => if (ticket < w)%N then \sum_(drawn <- lists T) g drawn
  else \sum_(drawn <- lists T) f drawn)); last first.
  by move=> t _; case: ifP => tw; apply: eq_bigr => d _; rewrite step tw.
rewrite -{1}(subnKC some_of_them) iotaD big_cat /= add0n.
rewrite (eq_big_seq (fun=> \sum_(drawn <- lists T) g drawn)); last by move=> t; rewrite mem_iota => /andP[_ ->].
rewrite [X in _ + X](eq_big_seq (fun=> \sum_(drawn <- lists T) f drawn)); last first.
  by move=> t; rewrite mem_iota => /andP[far _]; rewrite ltnNge far.
rewrite !big_const_seq !count_predT !size_iota !iter_addr_0 /p exprS.
rewrite -[_ *+ w]mulr_natl -[_ *+ (W - w)]mulr_natl natrB //.
have := W_neq0; move: (\sum_(d <- _) g d) (\sum_(d <- _) f d) => x y W0.
have WT : W%:R ^+ T != 0 :> rat by rewrite expf_neq0.
by move: (W%:R ^+ T) WT => wt wt0; field; rewrite W0 wt0.
Qed.

Lemma average_none f : average 0 f = f [::].
Proof. by rewrite /average big_seq1 expr0 divr1. Qed.

Lemma average_add T f g : average T (fun d => f d + g d) = average T f + average T g.
Proof. by rewrite /average big_split mulrDl. Qed.

Lemma average_scale T c f : average T (fun d => c * f d) = c * average T f.
Proof. by rewrite /average -mulr_sumr mulrA. Qed.

Lemma average_const T c : average T (fun=> c) = c.
Proof.
elim: T => [|T IH]; first exact: average_none.
by rewrite (@average_step T _ (fun=> c)) ?IH => [|t d]; [ring | rewrite if_same].
Qed.

(** On average over all that can be drawn, T requests give a node T times its share of the weights.
    Law: random_share. Engine: crates/core/src/pick/random.rs. *)
Theorem random_is_right_on_average T : average T hits = T%:R * p.
Proof.
elim: T => [|T IH]; first by rewrite average_none /hits mul0r.
rewrite (@average_step T _ (fun d => hits d + 1)); last first.
  by move=> t d; rewrite /hits /=; case: (t < w)%N; rewrite ?add0n // add1n -addn1 natrD.
by rewrite average_add average_const IH -addn1 natrD; ring.
Qed.

Lemma average_square T : average T (fun d => hits d ^+ 2) = T%:R * p * (1 - p) + (T%:R * p) ^+ 2.
Proof.
elim: T => [|T IH]; first by rewrite average_none /hits /=; ring.
rewrite (@average_step T _ (fun d => hits d ^+ 2 + (2%:R * hits d + 1))); last first.
  move=> t d; rewrite /hits /=; case: (t < w)%N; rewrite ?add0n // add1n -addn1 natrD; ring.
rewrite !average_add average_scale average_const IH random_is_right_on_average -addn1 natrD.
ring.
Qed.

(** The variance of a node's count after T requests is T p (1 - p) with p = w/W: it grows without bound.
    Law: random_share. Engine: crates/core/src/pick/random.rs. *)
Theorem random_scatters T : average T (fun d => (hits d - T%:R * p) ^+ 2) = T%:R * p * (1 - p).
Proof.
have -> : average T (fun d => (hits d - T%:R * p) ^+ 2) =
    average T (fun d => hits d ^+ 2 + ((- (2%:R * (T%:R * p))) * hits d + (T%:R * p) ^+ 2)).
  by rewrite /average; congr (_ / _); apply: eq_bigr => d _; ring.
rewrite !average_add average_scale average_const average_square random_is_right_on_average.
ring.
Qed.

End Random.
