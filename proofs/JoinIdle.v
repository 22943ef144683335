(** * Joining the idle: nobody waits behind another while a node has nothing to do

    A balancer that sees all the traffic knows which nodes have no request in flight. While there is one, a request
    that joined another would wait for nothing. What is promised: as long as some fit node is idle an idle fit node
    is lent, and among several each is lent in proportion to its weight; only when none is idle does the second rule
    decide (the less loaded of two).

    The model is the engine's scan: one look at each node, keeping the weight of the idle ones seen so far (the
    lots), and replacing what was found with chance own / lots. Left out: the tournament tree that finds the same in
    clusters of more than 32 nodes (see Tournament.v), and that with several balancers each knows of its own
    requests only.

    The proof: the first idle node is always kept, and only idle ones replace it. For the chances, by induction over
    the nodes: whoever was found after lots L has w/L of them, and keeps w/(L + own) of the next ones. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.

(** What the scan looks at. *)
Record node := Node { in_flight : nat; weight : nat; fit : bool }.
Definition idle n := (in_flight n == 0) && fit n.

(** The scan from node [at] on; [below] gives the number that is drawn at a node. *)
Fixpoint scan (below : nat -> nat) (nodes : seq node) (place lots : nat) (found : option nat) :=
  if nodes is n :: rest then
    if idle n then
      let lots := lots + weight n in
      let taken := (weight n == lots) || (below place < weight n) in
      scan below rest place.+1 lots (if taken then Some place else found)
    else scan below rest place.+1 lots found
  else found.

(** The pick; [busy] is the second rule. *)
Definition join_idle below (busy : seq node -> option nat) nodes :=
  if scan below nodes 0 0 None is Some i then Some i else busy nodes.

Definition nobody := Node 1 0 false.

Lemma scan_found below nodes place lots found i : scan below nodes place lots found = Some i ->
  found = Some i \/ exists j, [/\ i = place + j, j < size nodes & idle (nth nobody nodes j)].
Proof.
elim: nodes place lots found => [|n rest IH] place lots found /=; first by left.
case: ifP => idle_n /IH; last first.
  by case=> [->|[j [-> lt id]]]; [left | right; exists j.+1; rewrite addnS].
case=> [|[j [-> lt id]]]; last by right; exists j.+1; rewrite addnS.
by case: ifP => _; [move=> [<-]; right; exists 0; rewrite addn0 | left].
Qed.

Lemma scan_some below nodes place lots i : exists j, scan below nodes place lots (Some i) = Some j.
Proof.
elim: nodes place lots i => [|n rest IH] place lots i /=; first by exists i.
by case: ifP => _ //; case: ifP.
Qed.

Lemma scan_finds below nodes place : has idle nodes -> exists j, scan below nodes place 0 None = Some j.
Proof.
elim: nodes place => //= n rest IH place; case: (idle n) => //= [_|/IH //].
by rewrite eqxx; apply: scan_some.
Qed.

(** While some fit node is idle `join_idle` lends an idle fit node, whatever is drawn.
    Law: idle_and_waiting_never_meet. Engine: crates/core/src/pick/join_idle.rs. *)
Theorem an_idle_node_is_lent below busy nodes : has idle nodes ->
  exists i, [/\ join_idle below busy nodes = Some i, i < size nodes & idle (nth nobody nodes i)].
Proof.
move=> /(scan_finds below 0)[i found]; exists i; rewrite /join_idle found.
by have [|[j [-> lt id]]] := scan_found found.
Qed.

(** By `join_idle` no request joins another while some fit node has none.
    Law: idle_and_waiting_never_meet. Engine: crates/core/src/pick/join_idle.rs. *)
Theorem idle_and_waiting_never_meet below busy nodes i n :
  join_idle below busy nodes = Some i -> 0 < in_flight (nth nobody nodes i) ->
  n < size nodes -> fit (nth nobody nodes n) -> 0 < in_flight (nth nobody nodes n).
Proof.
move=> lent waits n_in n_fit; rewrite lt0n; apply/negP => idle_n.
have [|j []] := @an_idle_node_is_lent below busy nodes.
  by apply/(has_nthP nobody); exists n => //; rewrite /idle idle_n.
by rewrite lent => -[<-] _ /andP[/eqP E _]; rewrite E in waits.
Qed.

(** When no fit node is idle, `join_idle` lends whom its second rule lends.
    Law: idle_and_waiting_never_meet. Engine: crates/core/src/pick/join_idle.rs. *)
Theorem the_second_rule_decides below busy nodes : ~~ has idle nodes ->
  join_idle below busy nodes = busy nodes.
Proof.
move=> none; rewrite /join_idle; case E: scan => [i|] //.
have [|[j [_ lt id]]] := scan_found E => //.
by case/negP: none; apply/(has_nthP nobody); exists j.
Qed.

(** ** Who of the idle *)
Local Open Scope ring_scope.

(** The chance that the scan ends with [goal], when what is drawn is any number below the lots with the same chance:
    then [own] of [lots] replace what was found. *)
Fixpoint chance (goal : nat) (nodes : seq node) (place lots : nat) (found : option nat) : rat :=
  if nodes is n :: rest then
    if idle n then
      let lots := (lots + weight n)%N in
      let p := (weight n)%:R / lots%:R in
      p * chance goal rest place.+1 lots (Some place) + (1 - p) * chance goal rest place.+1 lots found
    else chance goal rest place.+1 lots found
  else (found == Some goal)%:R.

(** The weight of all idle nodes together. *)
Definition idle_weight nodes := sumn [seq weight n | n <- nodes & idle n].

Lemma chance_passed goal nodes place lots found : all (fun n => 0 < weight n)%N nodes -> (goal < place)%N ->
  chance goal nodes place lots found * (lots + idle_weight nodes)%N%:R =
  if found == Some goal then lots%:R else 0.
Proof.
rewrite /idle_weight; elim: nodes place lots found => [|n rest IH] place lots found /=.
  by move=> _ _; rewrite addn0; case: eqP; rewrite ?mul1r ?mul0r.
move=> /andP[w0 ws] past; have := IH _ _ _ ws (leqW past); case: ifP => //= _ IH'.
rewrite addnA [LHS]mulrDl -!mulrA !IH'; case: (Some place =P Some goal) => [[E]|_].
  by rewrite E ltnn in past.
rewrite !mulr0 add0r; case: ifP => _; last by rewrite mulr0.
have L0 : (lots + weight n)%N%:R != 0 :> rat by rewrite pnatr_eq0; lia.
by rewrite mulrBl mul1r divfK // natrD addrK.
Qed.

Lemma chance_ahead goal nodes place lots found : all (fun n => 0 < weight n)%N nodes -> (place <= goal)%N ->
  found != Some goal -> idle (nth nobody nodes (goal - place)) ->
  chance goal nodes place lots found * (lots + idle_weight nodes)%N%:R = (weight (nth nobody nodes (goal - place)))%:R.
Proof.
rewrite /idle_weight; elim: nodes place lots found => [|n rest IH] place lots found /=; first by rewrite nth_nil.
move=> /andP[w0 ws]; rewrite leq_eqVlt => /orP[/eqP E|lt] other.
  rewrite E subnn /= => idle_n; rewrite idle_n /= addnA [LHS]mulrDl -!mulrA.
  have passed f := @chance_passed goal rest goal.+1 (lots + weight n) f ws (leqnn _).
  rewrite /idle_weight in passed; rewrite !passed eqxx (negbTE other) mulr0 addr0 mulVf ?mulr1 //.
  by rewrite pnatr_eq0; lia.
have -> : (goal - place = (goal - place.+1).+1)%N by lia.
move=> /= idle_goal; have goal_after f l no := IH place.+1 l f ws lt no idle_goal.
case: ifP => idle_n /=; last by apply: goal_after.
rewrite addnA [LHS]mulrDl -!mulrA !goal_after //.
  by rewrite mulrA -mulrDl addrCA subrr addr0 mul1r.
by apply/eqP => -[E]; rewrite E ltnn in lt.
Qed.

(** Of the idle nodes `join_idle` lends each with chance w_i over the weight of all that are idle.
    Law: idle_nodes_are_drawn_by_weight. Engine: crates/core/src/pick/join_idle.rs. *)
Theorem idle_drawn_by_weight nodes i : all (fun n => 0 < weight n)%N nodes -> idle (nth nobody nodes i) ->
  chance i nodes 0 0 None = (weight (nth nobody nodes i))%:R / (idle_weight nodes)%:R.
Proof.
move=> ws idle_i; have := @chance_ahead i nodes 0 0 None ws (leq0n i) isT; rewrite subn0 add0n => /(_ idle_i) E.
have w_gt0 : (0 < weight (nth nobody nodes i))%N.
  by apply: (all_nthP nobody ws); rewrite ltnNge; apply/negP => /(nth_default nobody) D; rewrite D in idle_i.
rewrite -E mulfK //; apply/eqP => none; move/esym/eqP: E.
by rewrite none mulr0 pnatr_eq0 eqn0Ngt w_gt0.
Qed.

(** Weights 5, 2, 1 with the first busy: the second is lent with chance 2/3, and a draw of 2 below 3 finds the second.
    Law: idle_nodes_are_drawn_by_weight. Engine: crates/core/src/pick/join_idle.rs. *)
Example two_idle_of_three :
  let nodes := [:: Node 4 5 true; Node 0 2 true; Node 0 1 true] in
  (chance 1 nodes 0 0 None == 2%:Q / 3%:Q) /\ scan (fun _ => 2%N) nodes 0 0 None = Some 1%N.
Proof. by vm_compute. Qed.
