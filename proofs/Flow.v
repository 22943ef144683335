(** * Flow: prices prove that a plan is the cheapest

    Zones send requests to nodes; each zone has so many to send, each node takes so many at most, and each pair of zone
    and node has a cost, a round trip for instance. Which plan is cheapest is a linear programme, and whoever solved it
    need not be believed: a price for each node proves it. If every zone sends only to nodes whose cost plus price is
    least for it, and only full nodes have a price, then no plan whatever costs less. This is how traffic can be steered
    by place without trusting the optimiser: the check is a few comparisons.

    The model: whole or rational amounts, as many zones and nodes as one likes; [certifies] is what a program would run.
    How prices are found is left out. The engine does not plan flows yet; the check is Python.

    The proof: with prices added, the certified plan costs the least that each zone could pay; and the prices it pays
    are at least those that any other plan pays, since it fills every node that has one.
    (L. V. Kantorovich, Mathematical methods of organizing and planning production, 1939.) *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Plans.
Variable R : realDomainType.

Definition summed (count : nat) (f : nat -> R) : R := foldr (fun j sum => f j + sum) 0 (iota 0 count).
Definition each (count : nat) (holds : pred nat) : bool := all holds (iota 0 count).

Lemma summedE m f : summed m f = \sum_(j < m) f j.
Proof.
rewrite -(big_mkord xpredT) /summed /index_iota subn0.
by elim: (iota 0 m) => [|j s IH]; rewrite ?big_nil ?big_cons //= IH.
Qed.

Lemma eachP m (holds : pred nat) : reflect (forall j : 'I_m, holds j) (each m holds).
Proof.
apply: (iffP allP) => [h j|h j]; first by apply: h; rewrite mem_iota ltn_ord.
by rewrite mem_iota => lt; apply: (h (Ordinal lt)).
Qed.

Variables (zones nodes : nat) (supply limit : nat -> R) (cost : nat -> nat -> R).
Implicit Types (sends other : nat -> nat -> R) (price : nat -> R).

(** A plan sends all that there is and exceeds no limit; [sends z j] is what zone z sends to node j. *)
Definition feasible sends : bool :=
  [&& each zones (fun z => each nodes (fun j => 0 <= sends z j)),
      each zones (fun z => summed nodes (sends z) == supply z)
    & each nodes (fun j => summed zones (sends^~ j) <= limit j)].

Definition spend sends : R := summed zones (fun z => summed nodes (fun j => sends z j * cost z j)).

(** Prices certify a plan: no price is below 0, every zone sends only where cost + price is least, and a node that has
    a price is full. *)
Definition certifies price sends : bool :=
  [&& each nodes (fun j => 0 <= price j),
      each zones (fun z => each nodes (fun j =>
        (sends z j == 0) || each nodes (fun j' => cost z j + price j <= cost z j' + price j')))
    & each nodes (fun j => (price j == 0) || (summed zones (sends^~ j) == limit j))].

Lemma feasibleP sends : feasible sends ->
  [/\ forall (z : 'I_zones) (j : 'I_nodes), 0 <= sends z j, forall z : 'I_zones, \sum_(j < nodes) sends z j = supply z
    & forall j : 'I_nodes, \sum_(z < zones) sends z j <= limit j].
Proof.
case/and3P => /eachP pos /eachP all_sent /eachP fits; split=> [z|z|j]; last by rewrite -(summedE zones (sends^~ j)).
- by have /eachP := pos z.
- by rewrite -summedE; apply/eqP.
Qed.

Lemma spendE sends price : spend sends =
  \sum_(z < zones) \sum_(j < nodes) sends z j * (cost z j + price j)
  - \sum_(j < nodes) price j * \sum_(z < zones) sends z j.
Proof.
rewrite /spend summedE (eq_bigr (fun j : 'I_nodes => \sum_(z < zones) sends z j * price j)); last first.
  by move=> j _; rewrite mulrC mulr_suml.
rewrite [X in _ - X]exchange_big -sumrB; apply: eq_bigr => z _; rewrite summedE -sumrB; apply: eq_bigr => j _.
by rewrite mulrDr addrK.
Qed.

(** Any prices at all, and for each zone no more than its least cost + price, tell how cheap a plan can be at best: no
    plan costs less than all that is sent at these dues, less the limits at these prices.
    Law: prices_bound_every_plan. Engine: python/evenly/theory/model/flow.py. *)
Theorem prices_bound_every_plan price due sends : feasible sends ->
  (forall j : 'I_nodes, 0 <= price j) -> (forall (z : 'I_zones) (j : 'I_nodes), due z <= cost z j + price j) ->
  \sum_(z < zones) supply z * due z - \sum_(j < nodes) price j * limit j <= spend sends.
Proof.
move=> /feasibleP[pos all_sent fits] price0 least; rewrite (spendE sends price); apply: ler_sub.
  apply: ler_sum => z _; rewrite -all_sent mulr_suml; apply: ler_sum => j _.
  by apply: ler_wpmul2l.
by apply: ler_sum => j _; apply: ler_wpmul2l.
Qed.

(** What one zone pays, prices included, when it sends only where that is least. *)
Lemma least_dues (sends other due : 'I_nodes -> R) :
  (forall j, 0 <= sends j) -> (forall j, 0 <= other j) -> \sum_j sends j = \sum_j other j ->
  (forall j, sends j = 0 \/ forall j', due j <= due j') -> \sum_j sends j * due j <= \sum_j other j * due j.
Proof.
move=> pos pos' same least; have [j0 s0|none] := pickP (fun j => sends j != 0).
  have least0 j : due j0 <= due j by case: (least j0) s0 => [->|//]; rewrite eqxx.
  apply: (@le_trans _ _ (\sum_j sends j * due j0)).
    by apply: ler_sum => j _; case: (least j) => [->|le]; rewrite ?mul0r // ler_wpmul2l.
  by rewrite -mulr_suml same mulr_suml; apply: ler_sum => j _; apply: ler_wpmul2l.
have zero j : sends j = 0 by apply/eqP/negbFE/none.
have /eqP := same; rewrite big1 // eq_sym psumr_eq0 // => /allP other0.
rewrite big1 => [|j _]; last by rewrite zero mul0r.
by rewrite big1 // => j _; rewrite (eqP (other0 j _)) ?mul0r ?mem_index_enum.
Qed.

(** A plan that some prices certify is the cheapest: whatever else sends all and exceeds no limit costs as much or more.
    Law: prices_prove_a_plan. Engine: python/evenly/theory/model/flow.py. *)
Theorem prices_prove_a_plan price sends other :
  feasible sends -> certifies price sends -> feasible other -> spend sends <= spend other.
Proof.
move=> /feasibleP[pos all_sent fits] /and3P[/eachP price0 /eachP least /eachP full] /feasibleP[pos' all_sent' fits'].
rewrite !(spendE _ price); apply: ler_sub.
  apply: ler_sum => z _; apply: least_dues => // [|j]; first by rewrite all_sent all_sent'.
  by have /eachP/(_ j)/orP[/eqP|/eachP] := least z; [left|right].
apply: ler_sum => j _; have /orP[/eqP->|/eqP filled] := full j; first by rewrite !mul0r.
by apply: ler_wpmul2l => //; rewrite (le_trans (fits' j)) // -filled (summedE zones (sends^~ j)).
Qed.
End Plans.

(** A table of numbers, one row for each zone; 0 beyond its ends. *)
Definition table (R : realDomainType) (rows : seq (seq R)) (z j : nat) : R := nth 0 (nth [::] rows z) j.

(** Two zones with 2 requests each, a near node and a far one that take 3 each. The near one is full, and at the price 2
    the plan is proved the cheapest: it costs 6. Without a price nothing is proved: the second zone would rather send
    all to the near node.
    Law: prices_prove_a_plan. Engine: python/evenly/theory/model/flow.py. *)
Example a_full_node_has_its_price :
  let supply := nth 0 [:: 2; 2]%Z in
  let limit := nth 0 [:: 3; 3]%Z in
  let cost := table [:: [:: 1; 5]; [:: 1; 3]]%Z in
  let plan := table [:: [:: 2; 0]; [:: 1; 1]]%Z in
  [/\ feasible 2 2 supply limit plan, spend 2 2 cost plan = 6%Z,
      certifies 2 2 limit cost (nth 0 [:: 2; 0]%Z) plan = true
    & certifies 2 2 limit cost (nth 0 [:: 0; 0]%Z) plan = false].
Proof. by vm_compute. Qed.
