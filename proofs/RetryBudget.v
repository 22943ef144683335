(** * The retry budget: a sick cluster is not buried under repetitions

    When many requests fail at once, callers try again, and a small trouble becomes three times the load. So all
    retries of a balancer are paid from one account: each request earns a share of a retry, each second earns a
    little, and a retry costs one. Whatever fails, the nodes then see at most (1 + share) tries per request, what time
    has earned, and what the account began with. Layers of services on top of each other multiply by (1 + share), and
    not by the number of tries.

    The model is the engine's account with all that it forgets: savings fade, a long quiet time counts for its last
    seconds only, the clock may seem to go back, and a node that leaves takes its counts along, so that the sum of
    picks that the account is shown falls. How savings fade is an argument, any factor from 0 to 1; the engine takes
    exp(-t/10). Numbers are exact here, floating point in the engine.

    The proof is one invariant, carried by two facts. What was granted and what is left never exceed what was earned.
    And the account, which sees picks and not whose they are, never counts the pick of a retry as a request, since it
    takes every pick for a retry as long as one is owed. *)
From Coq Require Import ZArith QArith Qminmax Lqa Lia List Bool.
Import ListNotations.
Local Open Scope Q_scope.

(** What is set: retries earned by a request and by a second, how many seconds savings are good for, how they fade
    in so many seconds, and what there is to begin with. *)
Record terms := Terms { share : Q; rate : Q; keep : Q; fade : Q -> Q; burst : Q }.

(** The account: what may be spent, the picks it has been shown, the retries granted whose picks it has not seen yet,
    and when it was last asked. *)
Record account := Account { tokens : Q; shown : Z; owed : Z; asked : Q }.

(** One question, as [Budget::spend] answers it: may there be a retry, now that there were so many picks? *)
Definition spend (t : terms) (a : account) (picks : Z) (now : Q) : bool * account :=
  let seconds := Qmax 0 (now - asked a) in
  let seen := Z.max 0 (picks - shown a) in
  let retries := Z.min seen (owed a) in
  let requests := (seen - retries)%Z in
  let earned := share t * inject_Z requests + rate t * seconds in
  let fresh := if Qle_bool seconds (keep t) then earned else earned * (keep t / seconds) in
  let saved := Qred (tokens a * fade t seconds + fresh) in
  let left := (owed a - retries)%Z in
  let now := Qmax (asked a) now in
  if Qle_bool 1 saved then (true, Account (saved - 1) picks (left + 1) now)
  else (false, Account saved picks left now).

(** What happens around an account. *)
Inductive event :=
  | Request               (* a request is sent to a node *)
  | Retry                 (* one of the granted retries is sent to a node *)
  | Leaves (picks : Z)    (* a node leaves, and takes the count of its picks along *)
  | Ask (now : Q).        (* a try has failed, and there is the question whether to try again *)

(** The account and the truth: the sum of picks that the nodes in the cluster show, the requests and retries that were
    sent, and the retries that were granted. *)
Record world := World { book : account; shows : Z; requests : Z; retries : Z; granted : Z }.

Definition tries (w : world) : Z := (requests w + retries w)%Z.

(** Nobody retries without having asked. *)
Definition step (t : terms) (w : world) (e : event) : world :=
  match e with
  | Request => World (book w) (shows w + 1) (requests w + 1) (retries w) (granted w)
  | Retry => if (retries w <? granted w)%Z
             then World (book w) (shows w + 1) (requests w) (retries w + 1) (granted w) else w
  | Leaves picks => World (book w) (shows w - Z.max 0 picks) (requests w) (retries w) (granted w)
  | Ask now => let (yes, a) := spend t (book w) (shows w) now in
               World a (shows w) (requests w) (retries w) (granted w + if yes then 1 else 0)
  end.

Definition opened (t : terms) (start : Q) : world := World (Account (burst t) 0 0 start) 0 0 0 0.

Definition run (t : terms) (start : Q) (events : list event) : world := fold_left (step t) events (opened t start).

(** The terms are sound: nothing is negative, and nothing saved grows by itself. *)
Definition sound (t : terms) : Prop :=
  0 <= share t /\ 0 <= rate t /\ 0 <= keep t /\ 0 <= burst t /\ forall s, 0 <= s -> 0 <= fade t s <= 1.

(* [counted] of the picks were taken for requests, [lost] went with nodes that left, [pending] came since the last
   question. *)
Definition invariant (t : terms) (start : Q) (w : world) (counted lost pending : Z) : Prop :=
  0 <= tokens (book w) /\
  inject_Z (granted w) + tokens (book w)
    <= share t * inject_Z counted + rate t * (asked (book w) - start) + burst t /\
  (0 <= lost /\ 0 <= pending /\ 0 <= owed (book w) <= granted w /\ 0 <= retries w <= granted w /\
   shows w - shown (book w) <= pending /\
   counted + (granted w - owed (book w)) + lost + pending = tries w /\
   retries w <= granted w - owed (book w) + lost + pending)%Z.

Lemma fresh_at_most s k earned : 0 <= k -> 0 <= s -> 0 <= earned ->
  0 <= (if Qle_bool s k then earned else earned * (k / s)) <= earned.
Proof.
intros Hk Hs He; destruct (Qle_bool s k) eqn:E; [lra|].
assert (Hks : k < s) by (apply Qnot_le_lt; intros H; apply Qle_bool_iff in H; congruence).
assert (H0 : 0 <= k / s) by (apply Qle_shift_div_l; lra).
assert (H1 : k / s <= 1) by (apply Qle_shift_div_r; lra).
nra.
Qed.

Lemma invariant_step t start w e counted lost pending : sound t ->
  invariant t start w counted lost pending ->
  exists counted' lost' pending', invariant t start (step t w e) counted' lost' pending'.
Proof.
intros (Hs & Hr & Hk & Hb & Hf) (Htok & Hgr & Hz); unfold tries in Hz.
destruct e as [| |picks|now]; simpl.
- exists counted, lost, (pending + 1)%Z; unfold invariant, tries; simpl; repeat split; try lra; lia.
- destruct (Z.ltb_spec (retries w) (granted w)) as [Hlt|Hge].
  + exists counted, lost, (pending + 1)%Z; unfold invariant, tries; simpl; repeat split; try lra; lia.
  + exists counted, lost, pending; unfold invariant, tries; repeat split; try lra; lia.
- exists counted, lost, pending; unfold invariant, tries; simpl; repeat split; try lra; lia.
- unfold spend.
  set (sec := Qmax 0 (now - asked (book w))).
  assert (Hsec : 0 <= sec) by apply Q.le_max_l.
  assert (Hnow : Qmax (asked (book w)) now == asked (book w) + sec).
  { unfold sec; destruct (Q.max_spec (asked (book w)) now) as [[? E]|[? E]];
      destruct (Q.max_spec 0 (now - asked (book w))) as [[? F]|[? F]]; rewrite E, F; lra. }
  set (seen := Z.max 0 (shows w - shown (book w))).
  set (back := Z.min seen (owed (book w))).
  set (earned := share t * inject_Z (seen - back) + rate t * sec).
  assert (Hreq : 0 <= inject_Z (seen - back)) by (change 0 with (inject_Z 0); rewrite <- Zle_Qle; lia).
  assert (Hearned : 0 <= earned) by (unfold earned; nra).
  pose proof (fresh_at_most sec (keep t) earned Hk Hsec Hearned) as Hfresh.
  set (fresh := if Qle_bool sec (keep t) then earned else _) in *.
  pose proof (Qred_correct (tokens (book w) * fade t sec + fresh)) as Hred.
  set (saved := Qred _) in *.
  pose proof (Hf sec Hsec) as Hfade.
  assert (Hsaved : 0 <= saved <= tokens (book w) + earned) by (rewrite Hred; nra).
  assert (Hmore : inject_Z (counted + (seen - back)) == inject_Z counted + inject_Z (seen - back))
    by (rewrite inject_Z_plus; reflexivity).
  assert (Hearn : tokens (book w) + earned + inject_Z (granted w) <=
    share t * inject_Z (counted + (seen - back)) + rate t * (Qmax (asked (book w)) now - start) + burst t).
  { rewrite Hmore, Hnow; unfold earned; lra. }
  exists (counted + (seen - back))%Z, (lost + pending - seen)%Z, 0%Z.
  destruct (Qle_bool 1 saved) eqn:Hyes; unfold invariant, tries; simpl.
  + apply Qle_bool_iff in Hyes.
    assert (H1 : inject_Z (granted w + 1) == inject_Z (granted w) + 1) by (rewrite inject_Z_plus; reflexivity).
    repeat split; try lia; try lra.
  + rewrite Z.add_0_r; repeat split; try lia; lra.
Qed.

Lemma invariant_run t start events : sound t ->
  exists counted lost pending, invariant t start (run t start events) counted lost pending.
Proof.
intros Ht; unfold run.
assert (H0 : exists counted lost pending, invariant t start (opened t start) counted lost pending).
{ destruct Ht as (? & ? & ? & ? & ?); exists 0%Z, 0%Z, 0%Z; unfold invariant, tries, opened; simpl.
  repeat split; try lia; change (inject_Z 0) with 0; lra. }
revert H0; generalize (opened t start).
induction events as [|e es IH]; intros w (c & l & p & Hi); simpl; [eauto|].
apply IH; exact (invariant_step _ _ _ _ _ _ _ Ht Hi).
Qed.

(** At every moment the tries are at most (1 + share) times the requests, plus what time has earned, plus what there
    was to begin with; in any order of requests, retries, departures and questions, and whatever the clock says.
    Law: retry_budget. Engine: crates/core/src/budget.rs. *)
Theorem retry_budget t start events : sound t ->
  let w := run t start events in
  inject_Z (tries w) <= (1 + share t) * inject_Z (requests w) + rate t * (asked (book w) - start) + burst t.
Proof.
intros Ht w; destruct (invariant_run t start events Ht) as (c & l & p & Htok & Hgr & Hz); fold w in Htok, Hgr, Hz.
unfold tries in *; rewrite inject_Z_plus.
assert (Hc : inject_Z c <= inject_Z (requests w)) by (rewrite <- Zle_Qle; lia).
assert (Hret : inject_Z (retries w) <= inject_Z (granted w)) by (rewrite <- Zle_Qle; lia).
destruct Ht as (Hs & _); nra.
Qed.

Fixpoint power (q : Q) (n : nat) : Q := match n with O => 1 | S n => q * power q n end.

(** 1 + q + ... + q^(n-1). *)
Fixpoint series (q : Q) (n : nat) : Q := match n with O => 0 | S n => 1 + q * series q n end.

(** What reaches layer [l] of services stacked on each other: layer 0 gets the first requests, every other one the
    tries of the layer above. *)
Definition reaches (t : terms) (start : Q) (layer : nat -> list event) (l : nat) : Z :=
  match l with
  | O => requests (run t start (layer O))
  | S l => tries (run t start (layer l))
  end.

(** Through h layers, each with a budget of its own, r requests become at most (1 + share)^h r tries, plus
    1 + (1 + share) + ... + (1 + share)^(h-1) times what a layer has earned by time and had to begin with.
    Law: retries_through_layers. Engine: crates/core/src/budget.rs. *)
Theorem retries_through_layers t start layer h earned : sound t ->
  (forall l, (l < h)%nat -> requests (run t start (layer l)) = reaches t start layer l) ->
  (forall l, (l < h)%nat -> rate t * (asked (book (run t start (layer l))) - start) + burst t <= earned) ->
  inject_Z (reaches t start layer h)
    <= power (1 + share t) h * inject_Z (reaches t start layer 0) + earned * series (1 + share t) h.
Proof.
intros Ht; induction h as [|h IH]; intros Hreq Hearn; [simpl; lra|].
assert (Hlast := retry_budget t start (layer h) Ht); cbv zeta in Hlast.
rewrite Hreq in Hlast by lia.
assert (He := Hearn h ltac:(lia)).
assert (IH' := IH (fun l Hl => Hreq l ltac:(lia)) (fun l Hl => Hearn l ltac:(lia))).
destruct Ht as (Hs & _).
change (reaches t start layer (S h)) with (tries (run t start (layer h))).
simpl power; simpl series; nra.
Qed.

(* After a pause of s seconds, [x] saved before it. *)
Lemma pause_saves_little r k s f x most : 0 <= r -> 0 < k -> 0 <= s -> 0 <= f <= 1 -> f * (k + s) <= k ->
  2 * r * k <= most -> 0 <= x <= most ->
  0 <= x * f + (if Qle_bool s k then r * s else r * s * (k / s)) <= most.
Proof.
intros Hr Hk Hs Hf Hfade Hmost Hx; destruct (Qle_bool s k) eqn:E.
- apply Qle_bool_iff in E; split; [nra|].
  assert (M1 : x * (f * (k + s)) <= most * k).
  { apply Qle_trans with (x * k); [|apply Qmult_le_compat_r; lra].
    rewrite (Qmult_comm x), (Qmult_comm x); apply Qmult_le_compat_r; lra. }
  assert (M2 : r * (k + s) * s <= most * s) by (apply Qmult_le_compat_r; [nra | lra]).
  apply (Qmult_lt_0_le_reg_r _ _ (k + s)); lra.
- assert (Hks : k < s) by (apply Qnot_le_lt; intros C; apply Qle_bool_iff in C; congruence).
  assert (E2 : r * s * (k / s) == r * k) by (field; lra); rewrite E2.
  assert (2 * f <= 1) by nra; split; nra.
Qed.

(** The account after questions at these moments, while no request is sent. *)
Definition quiet (t : terms) (start : Q) (moments : list Q) : account :=
  fold_left (fun a now => snd (spend t a 0 now)) moments (Account (burst t) 0 0 start).

(** A quiet cluster does not save up for a storm: while no requests come, the account never holds more than it began
    with or, if that is more, 2 rate keep, however long the quiet lasts; for savings that fade at least as fast as
    keep / (keep + s) in s seconds, which exp(-s / keep) does.
    Law: quiet_saves_little. Engine: crates/core/src/budget.rs. *)
Theorem quiet_saves_little t start moments : sound t -> 0 < keep t ->
  (forall s, 0 <= s -> fade t s * (keep t + s) <= keep t) ->
  tokens (quiet t start moments) <= Qmax (burst t) (2 * rate t * keep t).
Proof.
intros (Hs & Hr & _ & Hb & Hf) Hk Hfade; set (most := Qmax _ _).
assert (H1 : burst t <= most) by apply Q.le_max_l.
assert (H2 : 2 * rate t * keep t <= most) by apply Q.le_max_r.
pose (fine a := 0 <= tokens a <= most /\ (0 <= owed a)%Z /\ shown a = 0%Z).
assert (Hstep : forall a now, fine a -> fine (snd (spend t a 0 now))).
{ intros a now (Ha & Ho & Hsh); unfold spend; rewrite Hsh.
  set (sec := Qmax 0 _); assert (Hsec : 0 <= sec) by apply Q.le_max_l.
  replace (Z.min (Z.max 0 (0 - 0)) (owed a)) with 0%Z by lia; simpl Z.sub; simpl Z.max.
  set (saved := Qred _).
  assert (Hsaved : 0 <= saved <= most).
  { pose proof (pause_saves_little _ _ _ _ _ _ Hr Hk Hsec (Hf sec Hsec) (Hfade sec Hsec) H2 Ha) as H.
    assert (E : share t * inject_Z 0 + rate t * sec == rate t * sec) by (change (inject_Z 0) with 0; ring).
    unfold saved; rewrite Qred_correct; destruct (Qle_bool sec (keep t)); rewrite E; exact H. }
  destruct (Qle_bool 1 saved) eqn:E; [apply Qle_bool_iff in E|]; unfold fine; simpl; repeat split; lra || lia. }
unfold quiet; assert (H0 : fine (Account (burst t) 0 0 start)) by (unfold fine; simpl; repeat split; lra || lia).
revert H0; generalize (Account (burst t) 0 0 start).
induction moments as [|now ms IH]; intros a Ha; simpl; [apply Ha | auto].
Qed.

(** What the account answers, question by question. *)
Fixpoint answers (t : terms) (w : world) (events : list event) : list bool :=
  match events with
  | [] => []
  | Ask now :: es => fst (spend t (book w) (shows w) now) :: answers t (step t w (Ask now)) es
  | e :: es => answers t (step t w e) es
  end.

(** The engine's terms, but for the share and the rate, which users set: 10 retries to begin with, and savings that are
    good for 10 s. Quiet times do not occur in traces, or are so long that exp(-t/10) is 0 in floating point. *)
Definition engine (share rate : Q) : terms :=
  Terms share rate 10 (fun seconds => if Qeq_bool seconds 0 then 1 else 0) 10.

(** [n] requests that fail, each repeated as long as it may be, at most [k] times. *)
Definition stubborn (n k : nat) : list event :=
  concat (repeat (Request :: concat (repeat [Ask 0; Retry] k)) n).

(** The bound is met, so it cannot be less: 40 requests that all fail, with a share of a quarter, are tried
    60 = (1 + 1/4) 40 + 10 times.
    Law: retry_budget_is_met. Engine: crates/core/src/budget.rs. *)
Example retry_budget_is_met :
  sound (engine (1 # 4) 0) /\ tries (run (engine (1 # 4) 0) 0 (stubborn 40 12)) = 60%Z.
Proof.
split; [|vm_compute; reflexivity].
unfold sound; simpl; repeat split; try lra; destruct (Qeq_bool s 0); lra.
Qed.
