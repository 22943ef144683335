(** * The algebra of loads: what may be added, compared and moved

    Loads are added (how much is there?), compared (who has most?) and moved (from the full to the idle). What is
    promised: moving load from nodes that have it conserves the sum and leaves nobody below zero; and the pairs of
    operations in use keep the laws of arithmetic, so that a sum, a peak or a least load may be computed in any
    order, node by node or group by group. For peaks of sums (max, +) that needs a load of "no node at all", minus
    infinity: with 0 in its place the laws fail.

    The model: loads are numbers >= 0 of any ordered field; [None] is the infinity. Moving: sums exchanged. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Moving.
Variables (R : realFieldType) (k : nat).
Variables (load : 'I_k -> R) (move : 'I_k -> 'I_k -> R).   (* [move i j]: how much goes from i to j *)

Definition moved i := load i - \sum_j move i j + \sum_j move j i.

(** Moving load between nodes conserves the sum of loads.
    Law: redistribution_conserves. Engine: python/evenly/theory/model/algebra.py. *)
Theorem redistribution_conserves : \sum_i moved i = \sum_i load i.
Proof. by rewrite big_split sumrB /= [\sum_i \sum_j move j i]exchange_big addrNK. Qed.

(** Moving load leaves nobody with less than nothing, if moves are >= 0 and nobody gives more than it has.
    Law: redistribution_conserves. Engine: python/evenly/theory/model/algebra.py. *)
Theorem redistribution_stays_positive :
  (forall i j, 0 <= move i j) -> (forall i, \sum_j move i j <= load i) -> forall i, 0 <= moved i.
Proof. by move=> m0 le i; rewrite addr_ge0 ?subr_ge0 // sumr_ge0. Qed.
End Moving.

(** The eight laws of a commutative semiring, on the values that satisfy [P], which its operations do not leave. *)
Record semiring T (P : T -> Prop) (plus times : T -> T -> T) (zero one : T) : Prop := Semiring {
  inside : P zero /\ P one /\ forall a b, P a -> P b -> P (plus a b) /\ P (times a b);
  plusA : forall a b c, P a -> P b -> P c -> plus (plus a b) c = plus a (plus b c);
  plusC : forall a b, P a -> P b -> plus a b = plus b a;
  plus0 : forall a, P a -> plus zero a = a;
  timesA : forall a b c, P a -> P b -> P c -> times (times a b) c = times a (times b c);
  timesC : forall a b, P a -> P b -> times a b = times b a;
  times1 : forall a, P a -> times one a = a;
  distributes : forall a b c, P a -> P b -> P c -> times a (plus b c) = plus (times a b) (times a c);
  annihilates : forall a, P a -> times zero a = zero }.

Section Semirings.
Variable R : realFieldType.
Implicit Types a b c : R.

(** Amounts: (+, x) on loads >= 0 is a commutative semiring.
    Law: operations_are_semirings. Engine: python/evenly/theory/model/algebra.py. *)
Theorem plus_times : semiring (fun a => 0 <= a) +%R *%R 0 (1 : R).
Proof.
split=> *; rewrite ?addrA ?mulrA ?add0r ?mul1r ?mul0r ?mulrDr //; try by [rewrite addrC | rewrite mulrC].
by rewrite ler01; split=> //; split=> // a b a0 b0; rewrite addr_ge0 ?mulr_ge0.
Qed.

(** Peaks of scaled loads: (max, x) on loads >= 0 is a commutative semiring.
    Law: operations_are_semirings. Engine: python/evenly/theory/model/algebra.py. *)
Theorem max_times : semiring (fun a => 0 <= a) Num.max *%R 0 (1 : R).
Proof.
split.
- by rewrite ler01; split=> //; split=> // a b a0 b0; rewrite mulr_ge0 // le_maxr a0.
- by move=> *; rewrite maxA.
- by move=> *; rewrite maxC.
- by move=> a /max_idPr.
- by move=> *; rewrite mulrA.
- by move=> *; rewrite mulrC.
- by move=> *; rewrite mul1r.
- by move=> a b c a0 _ _; rewrite maxr_pmulr.
by move=> *; rewrite mul0r.
Qed.

(** An operation on loads with an infinity: [None] is neutral for the first and absorbs in the second. *)
Definition or_other (op : R -> R -> R) (a b : option R) :=
  match a, b with Some a, Some b => Some (op a b) | Some a, None => Some a | None, b => b end.
Definition or_none (op : R -> R -> R) (a b : option R) :=
  match a, b with Some a, Some b => Some (op a b) | _, _ => None end.
Definition load_or_none (a : option R) := forall v, a = Some v -> 0 <= v.

Lemma semiring_with_infinity (best : R -> R -> R) :
  associative best -> commutative best ->
  (forall a b, 0 <= a -> 0 <= b -> 0 <= best a b) -> (forall a b c, a + best b c = best (a + b) (a + c)) ->
  semiring load_or_none (or_other best) (or_none +%R) None (Some 0).
Proof.
move=> A C pos D; split=> //.
- split=> //; split=> [v [<-] //|[a|] [b|] Pa Pb]; split=> // v [<-] /=; auto.
  by rewrite addr_ge0 //; [apply: Pa|apply: Pb].
- by move=> [a|] [b|] [c|] //= *; rewrite A.
- by move=> [a|] [b|] //= *; rewrite C.
- by move=> [a|] [b|] [c|] //= *; rewrite addrA.
- by move=> [a|] [b|] //= *; rewrite addrC.
- by move=> [a|] //= _; rewrite add0r.
- by move=> [a|] [b|] [c|] //= *; rewrite D.
Qed.

(** Peaks of loads that are added to: (max, +) with minus infinity is a commutative semiring.
    Law: operations_are_semirings. Engine: python/evenly/theory/model/algebra.py. *)
Theorem max_plus : semiring load_or_none (or_other Num.max) (or_none +%R) None (Some 0).
Proof.
apply: semiring_with_infinity; [exact: maxA|exact: maxC| |].
  by move=> a b a0 b0; rewrite le_maxr a0.
by move=> a b c; rewrite addr_maxr.
Qed.

(** The least loaded: (min, +) with infinity, the load of a node that is not there, is a commutative semiring.
    Law: operations_are_semirings. Engine: python/evenly/theory/model/algebra.py. *)
Theorem min_plus : semiring load_or_none (or_other Num.min) (or_none +%R) None (Some 0).
Proof.
apply: semiring_with_infinity; [exact: minA|exact: minC| |].
  by move=> a b a0 b0; rewrite le_minr a0.
by move=> a b c; rewrite addr_minr.
Qed.

(** Without minus infinity (max, +) on loads >= 0 is no semiring, whatever is taken for its zero and one.
    Law: operations_are_semirings. Engine: python/evenly/theory/model/algebra.py. *)
Theorem max_plus_needs_infinity zero one : ~ semiring (fun a => 0 <= a) Num.max +%R zero one.
Proof.
case=> -[z0 _] _ _ neutral _ _ _ _ absorbs.
have z : zero = 0 by apply/eqP; rewrite eq_le z0 andbT -[X in _ <= X](neutral 0 (lexx _)) le_maxr lexx.
by have /eqP := absorbs 1 ler01; rewrite z add0r oner_eq0.
Qed.
End Semirings.
