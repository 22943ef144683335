(** * Turns in layers: lags add up, and the groups' count only in part

    Balancers stand in layers: one shares the requests out among groups (zones, racks, versions), and within each group
    another shares what came to the group out among its nodes. How far is a node from its share of the whole, the
    group's share times the node's share q of the group? With smooth weighted round robin in both layers, G groups and
    k nodes in the group, it is at most q (H_G - 1) + (H_k - 1) requests behind and q (1 - 1/G) + (1 - 1/k) ahead: the
    node's own bound, and its part of the group's.

    The model: every balancer counts for itself and has shares that stand; ties go to anybody. Two clusters of the
    engine, one asked after the other, are this; layers as a setting of one cluster are not built yet.

    The proof: of t requests, group g has had n_g = t p_g - L_g, and its node j has had n_g q_j - M_j. So the node's lag
    is q_j L_g + M_j, and both lags are those of SmoothLag. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Evenly Require Import Harmonic SmoothLag.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Layers.
Variable R : realFieldType.

(* How far behind its share p_i each is, when they have had x_i, t requests in all. *)
Definition behind_of k (p : 'I_k -> R) (x : 'I_k -> nat) i : R := (\sum_j x j)%:R * p i - (x i)%:R.

(* A layer of smooth weighted round robin over k + 1: the counts that can come about. *)
Inductive turns k (p : 'I_k.+1 -> R) : ('I_k.+1 -> nat) -> Prop :=
| turns0 x : x =1 (fun _ => 0%N) -> turns p x
| turnsS x x' e : turns p x -> greedy p (behind_of p x) e -> x' =1 (fun i => x i + (i == e))%N -> turns p x'.

Lemma turns_same k (p : 'I_k.+1 -> R) x y : turns p x -> x =1 y -> turns p y.
Proof.
case=> [{}x x0|{}x x' e r gr x'E] xy; last by apply: turnsS r gr _ => i; rewrite -xy.
by apply: turns0 => i; rewrite -xy.
Qed.

Lemma turns_reach k (p : 'I_k.+1 -> R) x : dist p -> turns p x -> exists2 L, reach L & L =1 behind_of p x.
Proof.
move=> dp; elim=> {x} [x x0|x x' e _ [L rL EL] gr x'E].
  exists (fun _ => 0); [exact: reach0 | move=> i].
  by rewrite /behind_of x0 (eq_bigr _ (fun j _ => x0 j)) big1_eq mul0r subrr.
exists (step p L e); [by apply: reachS => // i; rewrite !EL | move=> i].
rewrite /step EL /behind_of x'E (eq_bigr _ (fun j _ => x'E j)) big_split /=.
have -> : (\sum_j (j == e) = 1)%N by rewrite (bigD1 e) //= eqxx big1 // => j /negbTE ->.
by rewrite !natrD; ring.
Qed.

Variable G' : nat.
Let G := G'.+1.
Variable k' : 'I_G -> nat.
Variable p : 'I_G -> R.
Variable q : forall g, 'I_(k' g).+1 -> R.
Arguments q : clear implicits.
Hypothesis dp : dist p.
Hypothesis dq : forall g, dist (q g).

(* How many requests each node has had, and each group. *)
Definition counts := forall g, 'I_(k' g).+1 -> nat.
Definition of_groups (x : counts) g : nat := \sum_j x g j.

(* The counts that can come about: each request goes to the group that is furthest behind, and in it to the node. *)
Inductive layered : counts -> Prop :=
| layered0 (x : counts) : (forall g j, x g j = 0%N) -> layered x
| layeredS (x x' : counts) g e : layered x ->
    greedy p (behind_of p (of_groups x)) g -> greedy (q g) (behind_of (q g) (x g)) e ->
    (forall h j, x' h j = x h j + ((h == g) && (j == e :> nat)))%N -> layered x'.

(* Group and node each take turns as if alone. *)
Lemma layers_apart x : layered x -> turns p (of_groups x) /\ forall g, turns (q g) (x g).
Proof.
elim=> {x} [x x0|x x' g e _ [top below] gr_p gr_q x'E].
  by split=> [|g]; apply: turns0 => i //; rewrite /of_groups big1.
split=> [|h].
  apply: turnsS top gr_p _ => h; rewrite /of_groups (eq_bigr _ (fun j _ => x'E h j)) big_split /=; congr (_ + _)%N.
  case: eqP => [->|_]; last by rewrite big1.
  by rewrite (bigD1 e) //= eqxx big1 // => j /negbTE; rewrite -val_eqE /= => ->.
case: (altP (h =P g)) => [->|hg]; last by apply: turns_same (below h) _ => j; rewrite x'E (negbTE hg) addn0.
by apply: turnsS (below g) gr_q _ => j; rewrite x'E eqxx.
Qed.

(* How far node j of group g is behind its share p_g q_j of the whole. *)
Definition node_behind (x : counts) g j : R := (\sum_h of_groups x h)%:R * (p g * q g j) - (x g j)%:R.
Arguments node_behind : clear implicits.

Lemma node_behindE x g j :
  node_behind x g j = q g j * behind_of p (of_groups x) g + behind_of (q g) (x g) j.
Proof. by rewrite /node_behind /behind_of -/(of_groups x g); ring. Qed.

(** Over a layer of G groups, a node of k with share q of its group is at most q (H_G - 1) + (H_k - 1) requests behind
    its share of the whole.
    Law: layers_add_up. Engine: crates/core/src/pick/turns.rs. *)
Theorem layered_lag x g j : layered x -> node_behind x g j <= q g j * (H G - 1) + (H (k' g).+1 - 1).
Proof.
move=> /layers_apart [/(turns_reach dp) [L rL EL] /(_ g) /(turns_reach (dq g)) [M rM EM]].
rewrite node_behindE -EL -EM; apply: ler_add; last exact: swrr_lag.
by apply: ler_wpmul2l; [case: (dq g) | apply: swrr_lag].
Qed.

(** Over a layer of G groups, a node of k with share q of its group is at most q (1 - 1/G) + (1 - 1/k) requests ahead of
    its share of the whole.
    Law: layers_add_up. Engine: crates/core/src/pick/turns.rs. *)
Theorem layered_lead x g j : layered x ->
  - (q g j * (1 - G%:R^-1) + (1 - (k' g).+1%:R^-1)) <= node_behind x g j.
Proof.
move=> /layers_apart [/(turns_reach dp) [L rL EL] /(_ g) /(turns_reach (dq g)) [M rM EM]].
rewrite node_behindE -EL -EM opprD -mulrN; apply: ler_add; last exact: swrr_lead.
by apply: ler_wpmul2l; [case: (dq g) | apply: swrr_lead].
Qed.

End Layers.
