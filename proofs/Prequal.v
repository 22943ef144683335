(** * Prequal: hot or cold, and how long a sight is good for

    Where speeds change from moment to moment, a balancer must look before it sends. Prequal looks at three nodes for
    each request and keeps what it saw in a small pool, so that no request waits for a look. A node with an unusual
    number of requests in flight is hot, the others are cold. The rule: of the cold ones the one that answers fastest;
    when all are hot, the one with the fewest requests; and whoever fails comes after all the others.

    The model is the engine's pool. What is too old is forgotten, a new sight replaces the old one of its node or else
    the oldest of all, the best one is used, and one is thrown away, in turns the oldest and the worst. Which nodes are
    looked at, which may be lent, where hot begins and how ties fall are arguments: any. Requests per weight and
    latencies are whole numbers of a unit as small as one likes. Not in the model is the walk that, apart from all this,
    tries every node that had no request for a second. How often a sight may be used is arithmetic here and in the law;
    that the engine reckons it so is held by the unit test of prequal.rs.

    The proofs go through the steps of a pick: each keeps the pool small, every node in it once and every sight usable;
    the rule is in the order in which ranks are compared. Source: Wydrowski, Kleinberg, Rumble, Archer, Load is not
    what you should balance: introducing Prequal, NSDI 2024. *)
From mathcomp Require Import all_ssreflect all_algebra zify ring.

(** How many sights are kept: [POOL] of the engine. *)
Definition pool_size := 16.

(** What was seen of a node, when, and how often it may still be used; [adds] is what one more request adds to its
    load. *)
Record sight := Sight { node : nat; at_ : nat; uses : nat; ails : bool; load : nat; latency : nat; adds : nat }.

(** The pool, in the order in which the sights were seen, and whether the last one thrown away was the oldest. *)
Record pool := Pool { sights : seq sight; oldest_went : bool }.

Definition hot limit s := limit < load s.

(** Whoever fails comes last, then whoever is hot; the cold go by latency, the hot by load. *)
Definition rank limit s := (ails s : nat, hot limit s : nat, if hot limit s then load s else latency s).

Definition below (r r' : nat * nat * nat) :=
  let: (a, h, v) := r in let: (a', h', v') := r' in (a < a') || (a == a') && ((h < h') || (h == h') && (v <= v')).

Definition better limit s s' := below (rank limit s) (rank limit s').

(** All that one pick depends on: the moment, how long a sight is good for, the members, what is seen of the nodes
    looked at, which nodes are fit, where hot begins, and the lot among equals. *)
Record round := Round
  { now : nat; good_for : nat; members : seq nat; seen : seq sight; fit : pred nat; limit : nat; lot : nat }.

Definition age r ss := filter (fun s => (node s \in members r) && (now r - at_ s < good_for r)) ss.

Definition note ss s :=
  let others := filter (fun o => node o != node s) ss in
  rcons (if size others == pool_size then behead others else others) s.

Definition look r ss := foldl note ss (seen r).

(** The fit sights than which no fit one is better. *)
Definition best r ss :=
  filter (fun s => fit r (node s) && all (fun o => fit r (node o) ==> better (limit r) s o) ss) ss.

(** The sight is used: its node has one request more, and it may be used once less. *)
Definition use ss s :=
  let used o := Sight (node o) (at_ o) (uses o).-1 (ails o) (load o + adds o) (latency o) (adds o) in
  filter (fun o => 0 < uses o) (map (fun o => if node o == node s then used o else o) ss).

Fixpoint remove n (ss : seq sight) := if ss is s :: ss' then if n is n'.+1 then s :: remove n' ss' else ss' else [::].

Definition worst l ss := find (fun s => all (fun o => better l o s) ss) ss.

Definition throw_away l p :=
  if sights p is [::] then p
  else Pool (remove (if oldest_went p then worst l (sights p) else 0) (sights p)) (~~ oldest_went p).

(** One pick: the sight that is used, if at least two are known, and the pool after it; without one a node is drawn at
    random. A single member needs no second sight. *)
Definition pick r p : option sight * pool :=
  let ss := look r (age r (sights p)) in
  let known := count (fun s => fit r (node s)) ss in
  if (known == 0) || (known < 2) && (1 < size (members r)) then (None, Pool ss (oldest_went p))
  else let equals := best r ss in
    if equals is s :: _ then
      let s := nth s equals (lot r %% size equals) in (Some s, throw_away (limit r) (Pool (use ss s) (oldest_went p)))
    else (None, Pool ss (oldest_went p)).

Definition empty := Pool [::] false.
Definition run rounds := foldl (fun p r => (pick r p).2) empty rounds.

(** What a trace shows: for each pick who is lent, and who is known after it, from the best to the worst. *)
Fixpoint trace p rounds :=
  if rounds is r :: rest then
    let: (lent, after) := pick r p in
    (omap node lent, map node (sort (better (limit r)) (sights after))) :: trace after rest
  else [::].

(* At most 16 sights, each node once, each usable. *)
Definition tidy ss := [&& size ss <= pool_size, uniq (map node ss) & all (fun s => 0 < uses s) ss].

Lemma tidy_sub (ss ts : seq sight) : subseq (map node ts) (map node ss) ->
  all (fun s => 0 < uses s) ts -> tidy ss -> tidy ts.
Proof.
move=> sub usable /and3P [small once _]; apply/and3P; split=> //; last exact: subseq_uniq once.
by apply: leq_trans small; have := size_subseq sub; rewrite !size_map.
Qed.

Lemma map_filter_sub (p : pred sight) ss : subseq (map node (filter p ss)) (map node ss).
Proof. by elim: ss => //= s ss IH; case: (p s) => /=; rewrite ?eqxx //; apply: subseq_trans IH (subseq_cons _ _). Qed.

Lemma all_filter_all (q p : pred sight) ss : all p ss -> all p (filter q ss).
Proof. by elim: ss => //= s ss IH /andP [good /IH]; case: (q s); rewrite //= good. Qed.

Lemma tidy_filter p ss : tidy ss -> tidy (filter p ss).
Proof.
by move=> t; apply: (tidy_sub _ _ (map_filter_sub p ss) _ t); apply: all_filter_all; case/and3P: t.
Qed.

Lemma remove_sub n ss : subseq (map node (remove n ss)) (map node ss).
Proof. by elim: ss n => [|s ss IH] [|n] //; [exact: subseq_cons | rewrite /= eqxx IH]. Qed.

Lemma all_remove p n (ss : seq sight) : all p ss -> all p (remove n ss).
Proof. by elim: ss n => [|s ss IH] [|n] //= /andP [good rest]; rewrite ?good ?IH. Qed.

Lemma tidy_remove n ss : tidy ss -> tidy (remove n ss).
Proof. by move=> t; apply: (tidy_sub _ _ (remove_sub n ss) _ t); apply: all_remove; case/and3P: t. Qed.

Lemma tidy_note ss s : 0 < uses s -> tidy ss -> tidy (note ss s).
Proof.
move=> usable t; rewrite /note; set others := filter _ ss.
have {t} to : tidy others by exact: tidy_filter.
have absent : node s \notin map node others.
  by rewrite /others; elim: ss {others to} => //= o ss IH; case: ifP => //= far; rewrite inE negb_or eq_sym far.
set kept := if _ then _ else _.
have [tk room away] : [/\ tidy kept, size kept < pool_size & node s \notin map node kept].
  rewrite /kept; case: (eqVneq (size others) pool_size) => [full|not_full].
    split; first by have := tidy_remove 0 _ to; case: (others).
      by rewrite size_behead full.
    by apply: contra absent => /=; case: (others) => //= o os; rewrite inE => ->; rewrite orbT.
  by split=> //; case/and3P: to => small _ _; rewrite ltn_neqAle not_full.
case/and3P: tk => _ once good; apply/and3P; split; first by rewrite size_rcons.
  by rewrite map_rcons rcons_uniq away.
by rewrite all_rcons usable.
Qed.

Lemma tidy_look r ss : all (fun s => 0 < uses s) (seen r) -> tidy ss -> tidy (look r ss).
Proof.
rewrite /look; elim: (seen r) ss => //= s seen IH ss /andP [usable rest] t.
by apply: IH => //; apply: tidy_note.
Qed.

Lemma tidy_use ss s : tidy ss -> tidy (use ss s).
Proof.
move=> t; rewrite /use; set used := map _ ss.
have same : map node used = map node ss by rewrite /used -map_comp; apply: eq_map => o /=; case: eqP.
apply: (tidy_sub ss _ _ _ t); last by elim: (used) => //= o os IH; case: ifP => //= ->.
by rewrite -same; apply: map_filter_sub.
Qed.

Lemma tidy_pick r p : all (fun s => 0 < uses s) (seen r) -> tidy (sights p) -> tidy (sights (pick r p).2).
Proof.
move=> usable t; rewrite /pick; set ss := look r _.
have {t} ts : tidy ss by apply: tidy_look => //; apply: tidy_filter.
case: ifP => // _; case: (best r ss) => // s equals /=; rewrite /throw_away.
have := tidy_use _ (nth s (s :: equals) (lot r %% size (s :: equals))) ts.
case: (use _ _) => // o os tu; case: (oldest_went p); exact: tidy_remove.
Qed.

(** After any picks Prequal's pool knows at most 16 nodes, each once, and every sight may be used at least once more: no
    count of uses falls below zero. All this for whatever is looked at, if a new sight may be used at least once.
    Law: prequal_keeps_16. Engine: crates/core/src/pick/prequal.rs. *)
Theorem prequal_keeps_16 rounds : all (fun r => all (fun s => 0 < uses s) (seen r)) rounds ->
  let known := sights (run rounds) in
  [/\ size known <= 16, uniq (map node known) & all (fun s => 0 < uses s) known].
Proof.
move=> usable; suff : tidy (sights (run rounds)) by case/and3P.
have : tidy (sights empty) by [].
rewrite /run; elim: rounds empty usable => //= r rounds IH p /andP [good rest] t.
by apply: IH => //; apply: tidy_pick.
Qed.

(* What is used is one of the best of what is known. *)
Lemma pick_of_best (good : pred sight) r p s :
  all good (best r (look r (age r (sights p)))) -> (pick r p).1 = Some s -> good s.
Proof.
rewrite /pick; case: ifP => // _; case: (best _ _) => // o equals all_good [<-].
by move/(all_nthP o): all_good; apply; rewrite ltn_mod.
Qed.

Lemma pick_is_best r p s : (pick r p).1 = Some s ->
  fit r (node s) && all (fun o => fit r (node o) ==> better (limit r) s o) (look r (age r (sights p))).
Proof.
apply: (pick_of_best (fun s => fit r (node s) && all (fun o => fit r (node o) ==> better (limit r) s o) _)).
exact: filter_all.
Qed.

(** Of what its pool knows Prequal lends a hot node only when no cold one is known that may be lent and is well.
    Law: prequal_prefers_the_cold. Engine: crates/core/src/pick/prequal.rs. *)
Theorem hot_only_without_a_cold r p s : (pick r p).1 = Some s -> hot (limit r) s ->
  all (fun o => fit r (node o) && ~~ hot (limit r) o ==> ails o && ~~ ails s) (look r (age r (sights p))).
Proof.
move=> /pick_is_best /andP [_ least] h; apply: sub_all least => o; case: (fit r _) => //=.
by rewrite /better /rank /below h; case: (hot _ o); case: (ails o); case: (ails s).
Qed.

(** Of what its pool knows Prequal lends one that fails only when all that are known and may be lent fail; of the cold
    it lends the one with the least latency, of the hot the one with the least load.
    Law: prequal_prefers_the_cold. Engine: crates/core/src/pick/prequal.rs. *)
Theorem least_of_its_kind r p s : (pick r p).1 = Some s ->
  let l := limit r in let known := look r (age r (sights p)) in
  all (fun o => fit r (node o) && ails s ==> ails o) known /\
  all (fun o => [&& fit r (node o), ails o == ails s & hot l o == hot l s]
                ==> if hot l s then load s <= load o else latency s <= latency o) known.
Proof.
move=> /pick_is_best /andP [_ least] /=; split; apply: sub_all least => o; case: (fit r _) => //=.
  by rewrite /better /rank /below; case: (ails o); case: (ails s).
by rewrite /better /rank /below; case: (ails o); case: (ails s); case: (hot _ o); case: (hot _ s).
Qed.

Lemma all_tail (good : pred sight) ss : all good ss -> all good (behead ss).
Proof. by case: ss => //= s ss /andP []. Qed.

Lemma all_look (good : pred sight) r ss : all good (seen r) -> all good ss -> all good (look r ss).
Proof.
rewrite /look; elim: (seen r) ss => //= s more IH ss /andP [new rest] old; apply: IH => //; rewrite /note.
have others : all good [seq o <- ss | node o != node s] by exact: all_filter_all.
by rewrite all_rcons new; case: ifP => // _; apply: all_tail.
Qed.

(** Prequal goes by no sight that is older than a sight is good for, if what is looked at is seen as it is now.
    Law: prequal_forgets. Engine: crates/core/src/pick/prequal.rs. *)
Theorem prequal_forgets r p s : 0 < good_for r -> all (fun o => at_ o == now r) (seen r) ->
  (pick r p).1 = Some s -> now r - at_ s < good_for r.
Proof.
move=> pos fresh; apply: (pick_of_best (fun o => now r - at_ o < good_for r)); apply: all_filter_all.
apply: all_look; last by rewrite /age; elim: (sights p) => //= o os IH; case: ifP => //= /andP [_ ->].
by apply: sub_all fresh => o /eqP ->; rewrite subnn.
Qed.

(** Where more than 5 is hot: of the cold nodes the fastest is lent, of three hot ones that with the fewest requests,
    and a hot one rather than one that fails.
    Law: prequal_prefers_the_cold. Engine: crates/core/src/pick/prequal.rs. *)
Example hot_or_cold :
  let see i fails load latency := Sight i 0 1 fails load latency 1 in
  let lends sees := omap node (pick (Round 0 1 (iota 0 3) sees xpredT 5 0) empty).1 in
  [:: lends [:: see 0 false 5 3; see 1 false 0 9; see 2 false 6 1];
      lends [:: see 0 false 8 1; see 1 false 7 9; see 2 false 9 0];
      lends [:: see 0 true 0 0; see 1 false 9 9; see 2 true 1 1]] = [:: Some 0; Some 1; Some 1].
Proof. by vm_compute. Qed.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** How often a sight may be used among n nodes, as the paper says it: (1 + delta) / ((1 - m/n) r_probe - r_remove),
    with delta = 1, a pool of m = 16, three looks and one sight thrown away for each pick. [reuse] of the engine. *)
Definition left_over (n : rat) : rat := (1 - 16%:R / n) * 3%:R - 1.
Definition reuse (n : rat) : rat := (1 + 1) / left_over n.

(** Among n > 24 nodes Prequal may use a sight n / (n - 24) times, so more than once, and what is rounded from it, at
    random, is at least 1. With up to 24 nodes nothing is left over, as new sights come faster than they are used up:
    age alone ends them.
    Law: prequal_reuse. Engine: crates/core/src/pick/prequal.rs. *)
Theorem prequal_reuse (n : nat) : (0 < n)%N ->
  if (24 < n)%N then reuse n%:R = n%:R / (n - 24)%:R /\ 1 < reuse n%:R else left_over n%:R <= 0.
Proof.
move=> n_pos; have pos : 0 < n%:R :> rat by rewrite ltr0n.
have left_is : left_over n%:R = 2%:R * (n%:R - 24%:R) / n%:R by rewrite /left_over; field; rewrite lt0r_neq0.
case: ltnP => big.
  have far : 0 < n%:R - 24%:R :> rat by rewrite subr_gt0 ltr_nat.
  have E : reuse n%:R = n%:R / (n - 24)%:R.
    by rewrite /reuse left_is natrB ?(ltnW big) //; field; rewrite !lt0r_neq0.
  split=> //; rewrite E natrB ?(ltnW big) // ltr_pdivl_mulr // mul1r ltr_subl_addr ltr_addl ltr0n //.
rewrite left_is ler_pdivr_mulr // mul0r pmulr_rle0 ?ltr0n // subr_le0 ler_nat //.
Qed.
