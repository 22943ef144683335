(** * Panic: a request is refused only when no node may have it

    Health checks err, and sometimes all of them at once: a bad release of the page that they ask for, a network that
    loses the checks but not the requests. A balancer that believed them all would refuse everything, and make an
    outage of a false alarm. So when nobody is healthy, the least sick are lent; only the administrator's word, a full
    node and one that this request has already tried are never passed over.

    The model is the engine's pick: up to four proposals of the strategy, each of which may fail, then one scan for a
    healthy node from a random start, then one for those that passive watching ejected, then one for those that fail
    their checks. What the strategy proposes, where the scans start, and what the lot of a slow start says, are
    arguments: any. Not in the model are other threads, which may take a place between the look and the hand, and
    callers who wait in a queue and come first.

    The proof looks at each of the scans: it finds a node if there is one of its kind, and the kinds together are all
    the nodes that the administrator wants to serve. *)
From mathcomp Require Import all_ssreflect.
From Evenly Require Import Health Breaker.

Inductive admin := Serve | Drain | Down.

(** How a node stands, from the best to the worst. *)
Inductive standing := Serving | HalfOpened | Ejected | Unchecked | Failing | Draining | TakenDown.

(** One answer from three facts: what the administrator says, the active check, the breaker. *)
Definition stands (word : admin) (checked : status) (b : breaker) (must_be_checked : bool) : standing :=
  match word, checked, b with
  | Down, _, _ => TakenDown
  | Drain, _, _ => Draining
  | _, Unhealthy, _ => Failing
  | _, Unknown, b => if must_be_checked then Unchecked else
                     match b with Open => Ejected | HalfOpen => HalfOpened | Closed => Serving end
  | _, _, Open => Ejected
  | _, _, HalfOpen => HalfOpened
  | _, _, Closed => Serving
  end.

(** What a pick sees of a node; capacity 0 sets no limit. *)
Record node := Node { how : standing; probe_out : bool; in_flight : nat; capacity : nat; tried : bool }.

Definition room n := (capacity n == 0) || (in_flight n < capacity n).

(** Could be lent, whatever its health. *)
Definition open_node n := room n && ~~ tried n.

(** Looks as if it could be lent as usual. *)
Definition fit n :=
  open_node n && match how n with Serving => true | HalfOpened => ~~ probe_out n | _ => false end.

(** A node is taken as usual: [secure] of the engine. The lot of a slow start counts for proposals only. *)
Definition secure (n : node) (lot : bool) : bool :=
  match how n with Serving => lot | HalfOpened => ~~ probe_out n | _ => false end && room n.

(** The tiers of panic. *)
Definition first_tier n := open_node n && match how n with HalfOpened | Ejected => true | _ => false end.
Definition last_tier n := open_node n && match how n with Unchecked | Failing => true | _ => false end.

Definition nobody := Node TakenDown false 0 0 true.
Definition found (p : node -> bool) nodes order : option nat :=
  ohead (filter (fun at_ => p (nth nobody nodes at_)) order).

(** How often the strategy is asked before one scan decides; [ASKS] of the engine. *)
Definition asks := 4.

(** The node that is lent, and whether in panic; [choose] of the engine. A proposal is a node, and what the lot of a
    slow start says of it. *)
Definition choose (proposals : seq (nat * bool)) (start : nat) (nodes : seq node) : option (nat * bool) :=
  let accepted := filter (fun asked => (asked.1 < size nodes) && secure (nth nobody nodes asked.1) asked.2)
                         (take asks proposals) in
  let everybody := rot start (iota 0 (size nodes)) in
  if accepted is asked :: _ then Some (asked.1, false)
  else if found (fun n => fit n && secure n true) nodes everybody is Some at_ then Some (at_, false)
  else if found first_tier nodes everybody is Some at_ then Some (at_, true)
  else if found last_tier nodes everybody is Some at_ then Some (at_, true)
  else None.

(** Whether panic may lend such a node: the administrator's word always holds. *)
Definition may_panic s := match s with Draining | TakenDown => false | _ => true end.

(** A node that this request may have: not drained, not taken down, not full, not tried. *)
Definition lendable n := open_node n && may_panic (how n).

Lemma fit_is_secured n : fit n && secure n true = fit n.
Proof. by rewrite /fit /secure /open_node; case: (how n); case: (probe_out n); case: (room n); case: (tried n). Qed.

Lemma kinds n : lendable n = [|| fit n, first_tier n | last_tier n].
Proof. by rewrite /lendable /fit /first_tier /last_tier; case: (open_node n); case: (how n); case: (probe_out n). Qed.

Lemma found_some p nodes start at_ : found p nodes (rot start (iota 0 (size nodes))) = Some at_ ->
  at_ < size nodes /\ p (nth nobody nodes at_).
Proof.
rewrite /found; case E: (filter _ _) => [|first rest] //= [] <-.
have: first \in filter (fun at_ => p (nth nobody nodes at_)) (rot start (iota 0 (size nodes))) by rewrite E mem_head.
by rewrite mem_filter mem_rot mem_iota add0n => /andP [].
Qed.

Lemma found_none p nodes start : found p nodes (rot start (iota 0 (size nodes))) = None -> has p nodes = false.
Proof.
rewrite /found; case E: (filter _ _) => [|//] _.
apply/negbTE/negP => /(has_nthP nobody) [at_ inside good].
have: at_ \in filter (fun at_ => p (nth nobody nodes at_)) (rot start (iota 0 (size nodes))).
  by rewrite mem_filter good mem_rot mem_iota.
by rewrite E.
Qed.

(* The scan, when no proposal was accepted. *)
Variant chosen nodes : option (nat * bool) -> Prop :=
  | Usual at_ of at_ < size nodes & secure (nth nobody nodes at_) true & fit (nth nobody nodes at_) :
      chosen nodes (Some (at_, false))
  | Sick at_ of at_ < size nodes & first_tier (nth nobody nodes at_) & ~~ has fit nodes :
      chosen nodes (Some (at_, true))
  | Sicker at_ of at_ < size nodes & last_tier (nth nobody nodes at_) & ~~ has fit nodes & ~~ has first_tier nodes :
      chosen nodes (Some (at_, true))
  | Nobody of ~~ has fit nodes & ~~ has first_tier nodes & ~~ has last_tier nodes : chosen nodes None.

Lemma scanP start nodes : chosen nodes (choose [::] start nodes).
Proof.
rewrite /choose /=.
case E: (found _ _ _) => [at_|]; first by have [inside /andP []] := found_some _ _ _ _ E; constructor.
have {}E : ~~ has fit nodes by rewrite -(eq_has fit_is_secured) (found_none _ _ _ E).
case E1: (found _ _ _) => [at_|]; first by have [inside good] := found_some _ _ _ _ E1; apply: Sick.
case E2: (found _ _ _) => [at_|]; last by apply: Nobody; rewrite // ?(found_none _ _ _ E1) ?(found_none _ _ _ E2).
by have [inside good] := found_some _ _ _ _ E2; apply: Sicker; rewrite // (found_none _ _ _ E1).
Qed.

Lemma chooseP proposals start nodes :
  (exists at_ lot, [/\ choose proposals start nodes = Some (at_, false), (at_, lot) \in proposals,
                       at_ < size nodes & secure (nth nobody nodes at_) lot]) \/
  choose proposals start nodes = choose [::] start nodes.
Proof.
rewrite {1 2}/choose; set accepted := filter _ (take asks proposals).
case E: accepted => [|[at_ lot] rest]; [by right | left; exists at_, lot].
have: (at_, lot) \in accepted by rewrite E mem_head.
by rewrite mem_filter => /andP [/andP [/= inside good] /mem_take asked].
Qed.

(** While nobody waits in the queue, somebody is lent whenever one node is neither drained nor taken down, not full, and
    not tried already; however sick it is, and whatever the strategy proposes.
    Law: panic_never_returns_nothing. Engine: crates/core/src/balancer/pick.rs. *)
Theorem panic_never_returns_nothing proposals start nodes :
  has lendable nodes -> choose proposals start nodes <> None.
Proof.
rewrite (eq_has kinds) !has_predU => some; case: (chooseP proposals start nodes) => [[i [lot [-> _ _ _]]]|->] //.
by case: scanP => // /negbTE f /negbTE a /negbTE b; rewrite f a b in some.
Qed.

(** Whoever is lent, in panic or not, is not drained, not taken down and not full; nor tried already, if the strategy
    does not propose what was tried.
    Law: panic_never_returns_nothing. Engine: crates/core/src/balancer/pick.rs. *)
Theorem lent_may_be_lent proposals start nodes at_ panicked :
  {in proposals, forall asked, ~~ tried (nth nobody nodes asked.1)} ->
  choose proposals start nodes = Some (at_, panicked) -> at_ < size nodes /\ lendable (nth nobody nodes at_).
Proof.
move=> untried; case: (chooseP proposals start nodes) => [[i [lot [-> asked inside good]]]|->].
  case=> <- _; split=> //; have := untried _ asked; move: good.
  by rewrite /lendable /open_node /secure /=; case: (how _) => //=; rewrite ?andbF //= => /andP [_ ->] ->.
by case: scanP => // i inside; rewrite kinds => good; [move=> fits | move=> _ | move=> _ _] => -[<- _];
  split=> //; rewrite ?fits ?good ?orbT.
Qed.

(** The least sick first: nobody is lent in panic while a fit node is there, and one that fails its check, or has not
    passed its first, only if no ejected one may be had.
    Law: panic_takes_the_least_sick. Engine: crates/core/src/balancer/pick.rs, crates/core/src/health/mod.rs. *)
Theorem panic_takes_the_least_sick proposals start nodes at_ :
  choose proposals start nodes = Some (at_, true) ->
  let lent := nth nobody nodes at_ in
  ~~ has fit nodes /\ (first_tier lent \/ last_tier lent /\ ~~ has first_tier nodes).
Proof.
case: (chooseP proposals start nodes) => [[i [lot [-> _ _ _]]]|->] //.
case: scanP => // [i _ tier no_fit|i _ tier no_fit none] [<-]; split=> //; [by left | by right].
Qed.

(** The administrator's word holds over every other fact: a node may be lent in panic exactly if he wants it to serve.
    Law: administrators_word_holds. Engine: crates/core/src/health/mod.rs. *)
Theorem administrators_word_holds word checked b must :
  may_panic (stands word checked b must) <-> word = Serve.
Proof. by case: word; case: checked; case: b; case: must. Qed.

(** A node serves exactly if its administrator wants it to, its breaker is closed and its check does not speak against
    it: how a node stands is derived from the three facts, and not kept beside them.
    Law: administrators_word_holds. Engine: crates/core/src/health/mod.rs. *)
Theorem serving_is_three_facts word checked b must :
  stands word checked b must = Serving <->
  [/\ word = Serve, b = Closed & checked = Healthy \/ checked = Unknown /\ must = false].
Proof.
case: word; case: checked; case: b; case: must; split=> H; first [by [] | by split; auto | by case: H => // _ _ [|[]]].
Qed.

(** Nodes that are ejected, failing, draining, taken down and full: panic lends the ejected one, then, as that was
    tried, the failing one, and then nobody.
    Law: panic_takes_the_least_sick. Engine: crates/core/src/balancer/pick.rs. *)
Example order_of_panic :
  let nodes ejected failing := [:: Node Draining false 0 0 false; Node Failing false 0 1 failing;
    Node Ejected false 0 1 ejected; Node TakenDown false 0 0 false; Node Serving false 1 1 false] in
  [:: choose [::] 4 (nodes false false); choose [::] 4 (nodes true false); choose [::] 4 (nodes true true)] =
  [:: Some (2, true); Some (1, true); None].
Proof. by vm_compute. Qed.
