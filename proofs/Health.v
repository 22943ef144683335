(** * Active checks: a node does not flap

    A check now and then asks a node whether it is well. One bad answer among good ones must not take a node out, and
    one good answer among bad ones must not bring it back, or the cluster shakes with every lost packet. So a mind
    once made up changes only after a run of results against it: [fall] failures take a node down, [rise] successes
    bring it back. A node of which nothing is known yet is believed its first success.

    The model is the engine's two words per node, the status and the length of the run against it, and one step per
    check that has ended. When checks are made, and what a node must answer, is left out.

    The proofs are by two invariants: the run against the status is what the last results were; and each change costs
    as many results as its run is long, which nothing else can use. *)
From mathcomp Require Import all_ssreflect zify.

Inductive status := Unknown | Healthy | Unhealthy.

Definition same_status a b :=
  match a, b with Unknown, Unknown | Healthy, Healthy | Unhealthy, Unhealthy => true | _, _ => false end.

Lemma same_statusP : Equality.axiom same_status.
Proof. by case; case; constructor. Qed.
Canonical status_eqType := EqType status (EqMixin same_statusP).

(** What is kept of a node: its status, and how many results in a row have spoken against it. *)
Record check := Check { says : status; against : nat }.

Definition new_check := Check Unknown 0.

Section Checks.
Variables rise fall : nat.

(** A check has ended, well or not; [Check::finish] of the engine. *)
Definition finish (c : check) (well : bool) : check :=
  let wanted := if well then Healthy else Unhealthy in
  let needed := if well then if says c == Unknown then 1 else rise else fall in
  if wanted == says c then Check (says c) 0
  else if needed <= (against c).+1 then Check wanted 0
  else Check (says c) (against c).+1.

(** After these results, the first one first. *)
Definition after results := foldl finish new_check results.

(* Settings of 0 are refused. *)
Hypotheses (rise_pos : 0 < rise) (fall_pos : 0 < fall).

Lemma after_rcons results well : after (rcons results well) = finish (after results) well.
Proof. by rewrite /after foldl_rcons. Qed.

Lemma one_more before n (b : bool) results :
  results = before ++ nseq n b -> rcons results b = before ++ nseq n.+1 b.
Proof. by move=> ->; rewrite -cats1 -catA -(nseqD n 1) addn1. Qed.

(* The run against a status is what the last results were, and too short to change it. *)
Lemma run_against results :
  let c := after results in
  against c < (if says c == Unhealthy then rise else fall) /\
  exists before, results = before ++ nseq (against c) (says c == Unhealthy).
Proof.
elim/last_ind: results => [|results well]; first by split=> //; exists [::].
rewrite after_rcons /finish; case: (after results) => [s a] /= [short [before E]].
have none : exists before0, rcons results well = before0 ++ [::] by exists (rcons results well); rewrite cats0.
case: s short E => short E; case: well none => none //=.
- by case: (leqP fall a.+1) => //= H; split=> //; exists before; apply: one_more.
- by case: (leqP fall a.+1) => //= H; split=> //; exists before; apply: one_more.
- by case: (leqP rise a.+1) => //= H; split=> //; exists before; apply: one_more.
Qed.

Definition mind well := if well then Healthy else Unhealthy.

(* A run of results makes a node's mind, or is all against it. *)
Lemma run_counts well c n :
  let d := foldl finish c (nseq n well) in says d = mind well \/ n <= against d.
Proof.
elim: n => [|n]; first by right.
rewrite -[in nseq n.+1 _]addn1 nseqD foldl_cat [foldl _ _ [:: _]]/=.
case: (foldl _ _ _) => s a /= IH; rewrite /finish.
case: well IH; case: s => /= IH; try by left.
- by case: IH => // IH; case: (leqP rise a.+1) => _ /=; [left | right; lia].
- by case: IH => // IH; case: (leqP fall a.+1) => _ /=; [left | right; lia].
- by case: IH => // IH; case: (leqP fall a.+1) => _ /=; [left | right; lia].
Qed.

Lemma long_run well results :
  says (after (results ++ nseq (if well then rise else fall) well)) = mind well.
Proof.
case En: (if well then rise else fall) => [|n]; first by case: (well) En; lia.
rewrite -[n.+1]addn1 nseqD catA /after foldl_cat /= foldl_cat.
have := run_counts well (foldl finish new_check results) n.
case: (foldl _ _ _) => s a /= IH; rewrite /finish.
have {IH}: s = mind well \/ (if well then rise else fall) <= a.+1 by rewrite En; case: IH; [left | right].
by case: well {En}; case: s => //= [] [] // ->.
Qed.

(** A node goes down exactly when its last results were [fall] failures: not sooner, and then at once.
    Law: checks_have_hysteresis. Engine: crates/core/src/health/check.rs. *)
Theorem down_after_fall_failures results well : says (after results) != Unhealthy ->
  (says (after (rcons results well)) == Unhealthy <-> exists before, rcons results well = before ++ nseq fall false).
Proof.
move=> up; split=> [|[before ->]]; last by rewrite (long_run false).
have := run_against results; rewrite after_rcons /finish; case: (after results) up => s a /= up [_ [before E]].
rewrite (negbTE up) in E; case: well; case: s up => // _ /=.
- by case: (leqP fall a.+1) => // H _; move: (one_more _ _ _ _ E) => ->; exists (before ++ nseq (a.+1 - fall) false);
    rewrite -catA -nseqD; congr (_ ++ nseq _ _); lia.
- by case: (leqP fall a.+1) => // H _; move: (one_more _ _ _ _ E) => ->; exists (before ++ nseq (a.+1 - fall) false);
    rewrite -catA -nseqD; congr (_ ++ nseq _ _); lia.
Qed.

(** A node that is down comes back exactly when its last results were [rise] successes.
    Law: checks_have_hysteresis. Engine: crates/core/src/health/check.rs. *)
Theorem up_after_rise_successes results well : says (after results) = Unhealthy ->
  (says (after (rcons results well)) == Healthy <-> exists before, rcons results well = before ++ nseq rise true).
Proof.
move=> down; split=> [|[before ->]]; last by rewrite (long_run true).
have := run_against results; rewrite after_rcons /finish; case: (after results) down => s a /= -> [_ [before E]].
case: well => //=; case: (leqP rise a.+1) => // H _; move: (one_more _ _ _ _ E) => ->.
by exists (before ++ nseq (a.+1 - rise) true); rewrite -catA -nseqD; congr (_ ++ nseq _ _); lia.
Qed.

(** Of a node of which nothing is known the first success is believed at once.
    Law: checks_have_hysteresis. Engine: crates/core/src/health/check.rs. *)
Theorem first_success_counts results : says (after results) = Unknown -> says (after (rcons results true)) = Healthy.
Proof. by rewrite after_rcons /finish => ->. Qed.

(** How often a node goes down, and how often it comes up, while these results come in. *)
Fixpoint downs c results := if results is well :: rest then
  let c' := finish c well in (says c != Unhealthy) && (says c' == Unhealthy) + downs c' rest else 0.
Fixpoint ups c results := if results is well :: rest then
  let c' := finish c well in (says c != Healthy) && (says c' == Healthy) + ups c' rest else 0.

Lemma changes_from c results :
  fall * downs c results + rise * ups c results
    <= size results + against c + (if says c == Unknown then rise - 1 else 0).
Proof.
elim: results c => [|well rest IH] [s a] /=; first by rewrite !muln0.
have := IH (finish (Check s a) well); move: (downs _ _) (ups _ _) => d u; rewrite !mulnDr /finish /=.
case: well; case: s => /=; rewrite ?muln0 ?muln1; try (by lia).
- by case: (leqP rise a.+1) => /= H; rewrite ?muln0 ?muln1; lia.
- by case: (leqP fall a.+1) => /= H; rewrite ?muln0 ?muln1; lia.
- by case: (leqP fall a.+1) => /= H; rewrite ?muln0 ?muln1; lia.
Qed.

(** A node that goes down d times and comes up u times within n checks has fall d + rise u <= n + rise - 1: every
    change costs its whole run, the first success of a new node apart, which costs one check.
    Law: changes_cost_their_runs. Engine: crates/core/src/health/check.rs. *)
Theorem changes_cost_their_runs results :
  fall * downs new_check results + rise * ups new_check results <= size results + rise - 1.
Proof. by have := changes_from new_check results; rewrite /=; lia. Qed.

(** From one change of mind to the next it takes at least min(rise, fall) checks.
    Law: changes_cost_their_runs. Engine: crates/core/src/health/check.rs. *)
Theorem changes_lie_apart results well more :
  let changed := after (rcons results well) in
  says changed != says (after results) -> says (after (rcons results well ++ more)) != says changed ->
  minn rise fall <= size more.
Proof.
rewrite /= /after foldl_cat -!/(after _) after_rcons; set c := after results => differs.
have [no_run known] : against (finish c well) = 0 /\ says (finish c well) != Unknown.
  move: differs; rewrite /finish; case: c => s a /=; case: well => /=; case: s => //=; rewrite ?eqxx //;
    by case: leqP.
clear differs.
move=> again; have := changes_from (finish c well) more; rewrite no_run (negbTE known) !addn0.
suff : 0 < downs (finish c well) more + ups (finish c well) more by nia.
elim: more {no_run} (finish c well) known again => [|r rest IH] [s a] /= known; first by rewrite eqxx.
case: (eqVneq (says (finish (Check s a) r)) s) => [E|N] again.
  have := IH (finish (Check s a) r); rewrite E => /(_ known again); lia.
move: N; rewrite /finish; case: r {again} => /=; case: s known => //= _.
- by case: (leqP rise a.+1) => //= _ _; lia.
- by case: (leqP fall a.+1) => //= _ _; lia.
Qed.

End Checks.

(** The status after each check. *)
Definition statuses rise fall results := map says (scanl (finish rise fall) new_check results).

(** With the usual numbers, two up and three down: a single failure does nothing, three in a row take the node down,
    one success does not bring it back, and two do.
    Law: checks_have_hysteresis. Engine: crates/core/src/health/check.rs. *)
Example three_down_two_up : statuses 2 3 [:: true; false; true; false; false; false; true; false; true; true] =
  [:: Healthy; Healthy; Healthy; Healthy; Healthy; Unhealthy; Unhealthy; Unhealthy; Unhealthy; Healthy].
Proof. by vm_compute. Qed.

(** No node can flap faster than one that fails and passes in runs just long enough: the bound is met, with 2 downs
    and 3 ups in 11 checks, 3 * 2 + 2 * 3 = 11 + 2 - 1.
    Law: changes_cost_their_runs. Engine: crates/core/src/health/check.rs. *)
Example fastest_flapping :
  let results := true :: flatten (nseq 2 (nseq 3 false ++ nseq 2 true)) in
  (size results, downs 2 3 new_check results, ups 2 3 new_check results) = (11, 2, 3).
Proof. by vm_compute. Qed.
