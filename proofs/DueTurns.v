(** * Earliest deadline among those that are due, as the engine runs it

    The strategy `deadline` in whole numbers: each node's lag grows by its weight at every request; of the nodes that
    are 1/(2k - 2) of a request behind, the one that will soonest be 1 - 1/(2k - 2) behind is lent, the first of equals;
    and the sum of the weights, W, is taken from its lag. Promised here, of exactly this program, by Tijdeman: while
    weights and nodes stand, every node is within 1 - 1/(2k - 2) requests of its share after every request, ahead as
    well as behind; and there is always a node that is due, so that the rule never has to fall back on another.

    The model is the engine's code: lags in parts of 1 / (W fine), where fine is the engine's 2^20; deadlines compared
    crosswise; the scan that keeps the best so far. Weights stand here, so that the rule for changing weights, which is
    that of smooth weighted round robin within a margin, does not appear.

    The proof: a lag after n requests is n times the weight less W times the picks, so that whom the scan finds is due,
    and of those the soonest, in the sense of Tijdeman. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
From Evenly Require Import SmoothInteger Tijdeman.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Local Open Scope Z_scope.

(** ** The program *)

(* Requests are counted in 1 / (2k - 2) for k nodes. A single node is always due. *)
Definition parts (weights : seq Z) : Z := Z.max 1 (2 * Z.of_nat (count (Z.ltb 0) weights) - 2).

(* Until a node is 1 - 1 / (2k - 2) behind: left / weight steps. Nothing while it may not be picked. *)
Definition left (parts unit lag weight : Z) : option Z :=
  let behind := lag * parts in
  if (0 <? weight) && (unit <=? behind) then Some ((parts - 1) * unit - behind) else None.

(* What a scan has found so far: nobody, or a node, what it has left, and its weight. *)
Definition sooner (parts unit : Z) (best : option (nat * Z * Z)) (index : nat) (lag weight : Z) :=
  if left parts unit lag weight is Some left then
    if best is Some (_, least, other) then
      if left * other <? least * weight then Some (index, left, weight) else best
    else Some (index, left, weight)
  else best.

Fixpoint scan_due (parts unit : Z) best (index : nat) (lags weights : seq Z) : option (nat * Z * Z) :=
  match lags, weights with
  | lag :: lags, weight :: weights =>
      scan_due parts unit (sooner parts unit best index lag weight) index.+1 lags weights
  | _, _ => best
  end.

(* The node whose next pick is due first, of those that may have it. *)
Definition first_due (unit : Z) (lags weights : seq Z) : option nat :=
  if scan_due (parts weights) unit None 0 lags weights is Some (index, _, _) then Some index else None.

(* Whom the engine lends, by lags that have this request's shares in them. *)
Definition choose (unit : Z) (lags weights : seq Z) : nat :=
  if first_due unit lags weights is Some index then index else furthest_behind lags weights.

(* One request: whom it goes to, and the lags after it. *)
Definition due_turn (fine : Z) (weights lags : seq Z) : nat * seq Z :=
  let unit := total weights * fine in
  let lags := credit fine weights lags in
  let picked := choose unit lags weights in
  (picked, set_nth 0 lags picked (nth 0 lags picked - unit)).

Fixpoint due_turns (fine : Z) (weights : seq Z) (n : nat) (lags : seq Z) : seq nat :=
  if n is n.+1 then let: (picked, lags) := due_turn fine weights lags in picked :: due_turns fine weights n lags
  else [::].

(* Who had each of the first n requests. *)
Definition run_due (fine : Z) (weights : seq Z) (n : nat) : seq nat := due_turns fine weights n (nseq (size weights) 0).

(** ** A scan finds who is due first *)

Section Scan.
Variables (p unit : Z) (lags weights : seq Z).
Let left_of i := left p unit (nth 0 lags i) (nth 0 weights i).

Definition best_due (n : nat) (best : option (nat * Z * Z)) : Prop :=
  if best is Some (index, least, weight) then
    [/\ (index < n)%N, left_of index = Some least, weight = nth 0 weights index
      & forall j l, (j < n)%N -> left_of j = Some l -> least * nth 0 weights j <= l * weight]
  else forall j, (j < n)%N -> left_of j = None.

Lemma left_positive i l : left_of i = Some l -> 0 < nth 0 weights i.
Proof. by rewrite /left_of /left; case: Z.ltb_spec. Qed.

Lemma sooner_best n best : best_due n best ->
  best_due n.+1 (sooner p unit best n (nth 0 lags n) (nth 0 weights n)).
Proof.
rewrite /sooner -/(left_of n) => b; case E: (left_of n) => [l|]; last first.
  case: best b => [[[i m] v] [ik im -> first]|none] /=; last first.
    by move=> j; rewrite ltnS leq_eqVlt => /orP[/eqP -> //|/none].
  split=> // [|j l']; first exact: ltnW.
  by rewrite ltnS leq_eqVlt => /orP[/eqP ->|jn]; [rewrite E | apply: first].
case: best b => [[[i m] v] [ik im -> first]|none] /=; last first.
  split=> // j l'; rewrite ltnS leq_eqVlt => /orP[/eqP ->|/none ->] //.
  by rewrite E => -[->]; lia.
case: Z.ltb_spec => [less|more].
  split=> // j l'; rewrite ltnS leq_eqVlt => /orP[/eqP ->|jn El]; first by rewrite E => -[->]; lia.
  have := first j l' jn El; have := left_positive El; have := left_positive E; have := left_positive im.
  move: less; move: (nth 0 weights _) (nth 0 weights _) (nth 0 weights _) => vi vn vj; nia.
split=> // [|j l']; first exact: ltnW.
by rewrite ltnS leq_eqVlt => /orP[/eqP ->|jn]; [rewrite E => -[<-]; lia | apply: first].
Qed.

Lemma scan_due_best n best : size lags = size weights -> (n <= size lags)%N -> best_due n best ->
  best_due (size lags) (scan_due p unit best n (drop n lags) (drop n weights)).
Proof.
move=> sz; move Em: (size lags - n)%N => m.
elim: m n best Em => [|m IH] n best Em nle b.
  have -> : n = size lags by lia.
  by rewrite drop_size /=; have -> : size lags = n by lia.
rewrite (@drop_nth _ 0 n lags) 1?(@drop_nth _ 0 n weights) /=; try lia.
by apply: IH; [lia | lia | apply: sooner_best].
Qed.
End Scan.

Lemma first_due_spec unit lags weights : size lags = size weights ->
  let left_of i := left (parts weights) unit (nth 0 lags i) (nth 0 weights i) in
  if first_due unit lags weights is Some i then
    (i < size lags)%N /\ exists2 least, left_of i = Some least &
      forall j l, (j < size lags)%N -> left_of j = Some l -> least * nth 0 weights j <= l * nth 0 weights i
  else forall j, (j < size lags)%N -> left_of j = None.
Proof.
move=> sz left_of; rewrite /first_due.
have := @scan_due_best (parts weights) unit lags weights 0 None sz isT; rewrite !drop0 => /(_ (fun i => ltac:(by []))).
by case: scan_due => [[[i m] v] [ik im -> first]|none] //; split=> //; exists m.
Qed.

(** ** The program takes Tijdeman's turns *)

Lemma total_nat weights : all (Z.ltb 0) weights ->
  Z.of_nat (\sum_(i < size weights) Z.to_nat (nth Z0 weights i)) = total weights.
Proof.
elim: weights => [|w ws IH] /=; first by rewrite big_ord0.
by move=> /andP[w0 ws0]; rewrite big_ord_recl /= Nat2Z.inj_add IH //; lia.
Qed.

Lemma due_as_nat (W x t w Q : nat) :
  (Z.of_nat W <=? (Z.of_nat t * Z.of_nat w - Z.of_nat W * Z.of_nat x) * Z.of_nat Q) = (W + Q * W * x <= Q * t * w)%N.
Proof. by apply/idP/idP; lia. Qed.

Section Bridge.
Variables (k'' : nat) (fine : Z) (weights : seq Z).
Let k := k''.+2.
Hypothesis size_k : size weights = k.
Hypothesis positive : all (Z.ltb 0) weights.
Hypothesis fine_gt0 : 0 < fine.

Definition next_lags lags := (due_turn fine weights lags).2.
Definition lags_at t := iter t next_lags (nseq (size weights) 0).
Definition pick_at t := (due_turn fine weights (lags_at t)).1.
Definition weight (i : 'I_k) : nat := Z.to_nat (nth 0 weights i).
Definition had_at := had (fun t => inord (pick_at t) : 'I_k).

Lemma run_dueE n : run_due fine weights n = mkseq pick_at n.
Proof.
rewrite /run_due /mkseq /pick_at /lags_at; elim: n (nseq _ _) => [|n IH] lags //.
rewrite -[due_turns _ _ _ _]/((due_turn fine weights lags).1 :: due_turns fine weights n (next_lags lags)).
rewrite IH -[iota 0 n.+1]/(0%N :: iota (1 + 0) n) iotaDl map_cons -map_comp; congr (_ :: _).
by apply: eq_map => t; rewrite /comp add1n iterSr.
Qed.

Lemma weightE (i : 'I_k) : Z.of_nat (weight i) = nth 0 weights i.
Proof. by have := all_nthP 0 positive i; rewrite size_k ltn_ord /weight; lia. Qed.

Lemma sum_weight : Z.of_nat (\sum_i weight i) = total weights.
Proof. by rewrite -total_nat // size_k. Qed.

Lemma parts_k : parts weights = Z.of_nat (2 * k - 2)%N.
Proof. by rewrite /parts; move: positive; rewrite all_count => /eqP ->; rewrite size_k /k; lia. Qed.

Lemma some_weight : (0 < \sum_i weight i)%N.
Proof.
rewrite (bigD1 ord0) //= ltn_addr //; have := all_nthP 0 positive 0%N; rewrite size_k => /(_ isT).
by rewrite /weight /=; lia.
Qed.

Lemma turn_is_tijdemans t : size (lags_at t) = k ->
  (forall i : 'I_k, nth 0 (lags_at t) i =
    fine * (Z.of_nat t * nth 0 weights i - total weights * Z.of_nat (had_at t i))) ->
  [/\ first_due (total weights * fine) (credit fine weights (lags_at t)) weights = Some (pick_at t),
      (pick_at t < k)%N & soonest weight (fun t => inord (pick_at t)) t (inord (pick_at t))].
Proof.
move=> szl lagsE.
set lags := credit fine weights (lags_at t); set unit := total weights * fine.
have sz : size lags = size weights by rewrite size_credit size_k.
have lag1 (i : 'I_k) : nth 0 lags i =
    fine * (Z.of_nat t.+1 * nth 0 weights i - total weights * Z.of_nat (had_at t i)).
  by rewrite nth_credit ?size_k ?szl // lagsE; lia.
have left_due (i : 'I_k) : left (parts weights) unit (nth 0 lags i) (nth 0 weights i) =
    if due weight (fun t => inord (pick_at t)) t i then
      Some (fine * (total weights * (Z.of_nat (2 * k - 2) * (Z.of_nat (had_at t i) + 1) - 1)
            - Z.of_nat (2 * k - 2) * Z.of_nat t.+1 * nth 0 weights i))
    else None.
  rewrite /left; cbv zeta; rewrite parts_k lag1 -weightE /due -/(had_at t i) -sum_weight -due_as_nat.
  have -> : 0 <? Z.of_nat (weight i) by have := all_nthP 0 positive i; rewrite size_k ltn_ord -weightE; lia.
  set W := Z.of_nat (\sum_i _); set a := _ * _ - _; set Q := Z.of_nat (2 * k - 2); rewrite andTb /unit -sum_weight -/W.
  have -> : (W * fine <=? fine * a * Q) = (W <=? a * Q) by apply/idP/idP; nia.
  by case: ifP => // _; congr Some; rewrite /a; ring.
have := first_due_spec unit sz; have : pick_at t = choose unit lags weights by [].
rewrite /choose; case: first_due => [i|] ->; last first.
  have [j due_j] := somebody_is_due (fun t => inord (pick_at t)) some_weight t.
  by move=> /(_ j); rewrite sz size_k left_due due_j => /(_ (ltn_ord j)).
rewrite sz size_k => -[ik]; pose o : 'I_k := Ordinal ik.
have -> : inord i = o by apply: val_inj; rewrite /= inordK.
rewrite -[i]/(nat_of_ord o) left_due => -[least]; case: ifP => // due_o [<-] first; split=> //; split=> // j due_j.
have := first j _ (ltn_ord j); rewrite left_due due_j => /(_ _ erefl).
rewrite -!weightE -sum_weight; move: some_weight; rewrite -/(had_at t o) -/(had_at t j).
set W := (\sum_i _)%N => W0 later; apply/leP/Nat2Z.inj_le.
have as_Z (x y : nat) : Z.of_nat ((2 * k - 2) * x.+1 - 1)%N = Z.of_nat (2 * k - 2)%N * (Z.of_nat x + 1) - 1.
  by rewrite /k; nia.
apply: (Zmult_le_reg_r _ _ (fine * Z.of_nat W)); first by lia.
by rewrite !Nat2Z.inj_mul !as_Z //; lia.
Qed.

Lemma lags_are_exact t : size (lags_at t) = k /\ forall i : 'I_k,
  nth 0 (lags_at t) i = fine * (Z.of_nat t * nth 0 weights i - total weights * Z.of_nat (had_at t i)).
Proof.
elim: t => [|t [szl lagsE]].
  by split=> [|i]; rewrite /lags_at /= ?size_nseq // nth_nseq size_k ltn_ord /had_at /had big_ord0; lia.
have [_ pk _] := turn_is_tijdemans szl lagsE.
set p := pick_at t in pk; pose credited := credit fine weights (lags_at t).
have -> : lags_at t.+1 = set_nth 0 credited p (nth 0 credited p - total weights * fine) by [].
have szc : size credited = k by rewrite size_credit szl ?size_k.
split=> [|i]; first by rewrite size_set_nth szc; lia.
rewrite nth_set_nth [in LHS]/= /had_at hadS -/(had_at t i).
have -> : (inord (pick_at t) == i :> 'I_k) = (i == p :> nat) by rewrite eq_sym -val_eqE [val (inord _)]inordK.
by case: eqP => [<-|_]; rewrite nth_credit ?szl ?size_k // lagsE; lia.
Qed.

Lemma always_tijdemans t :
  [/\ first_due (total weights * fine) (credit fine weights (lags_at t)) weights = Some (pick_at t),
      (pick_at t < k)%N & soonest weight (fun t => inord (pick_at t)) t (inord (pick_at t))].
Proof. by have [szl lagsE] := lags_are_exact t; apply: turn_is_tijdemans. Qed.

Lemma count_run n (i : 'I_k) : count_mem (i : nat) (run_due fine weights n) = had_at n i.
Proof.
rewrite run_dueE /had_at; elim: n => [|n IH]; first by rewrite /had big_ord0.
rewrite hadS -IH /mkseq -[n.+1]addn1 iotaD map_cat count_cat /= addn0 add0n; congr (_ + _)%N.
by have [_ pk _] := always_tijdemans n; rewrite -val_eqE /= inordK.
Qed.

Lemma quota n i : (i < k)%N -> (2 * Z.of_nat k - 2) *
  Z.abs (Z.of_nat n * nth 0 weights i - total weights * Z.of_nat (count_mem i (run_due fine weights n))) <=
  (2 * Z.of_nat k - 3) * total weights.
Proof.
move=> ik; pose o : 'I_k := Ordinal ik; rewrite -[i]/(nat_of_ord o) count_run -weightE -sum_weight.
have rule t : soonest weight (fun t => inord (pick_at t)) t (inord (pick_at t)) by have [] := always_tijdemans t.
have := never_far_behind some_weight rule n o; have := never_far_ahead some_weight rule n o.
have -> : 2 * Z.of_nat k - 2 = Z.of_nat (2 * k - 2)%N by rewrite /k; lia.
have -> : 2 * Z.of_nat k - 3 = Z.of_nat (2 * k - 2)%N - 1 by rewrite /k; lia.
have : (0 < 2 * k - 2)%N by rewrite /k; lia.
rewrite -/(had_at n o); move: (2 * k - 2)%N (\sum_i _)%N (had_at n o) (weight o) => Q W x w Q_gt0.
by rewrite mulnBl mul1n; have [[_ ->]|[_ ->]] := Z.abs_spec (Z.of_nat n * Z.of_nat w - Z.of_nat W * Z.of_nat x); nia.
Qed.
End Bridge.

(** While weights and nodes stand, each of k nodes is after every request within 1 - 1/(2k - 2) requests of its share,
    ahead or behind. (Multiplied here by 2k - 2 and by W, the sum of the weights.)
    Law: deadline_quota. Engine: crates/core/src/pick/deadline.rs, crates/core/src/pick/turns.rs. *)
Theorem deadline_quota fine weights n i :
  let k := size weights in let W := total weights in let x := count_mem i (run_due fine weights n) in
  0 < fine -> (1 < k)%N -> all (Z.ltb 0) weights -> (i < k)%N ->
  (2 * Z.of_nat k - 2) * Z.abs (Z.of_nat n * nth 0 weights i - W * Z.of_nat x) <= (2 * Z.of_nat k - 3) * W.
Proof.
cbv zeta => fine0 k1 pos ik; have [k'' size_k] : exists k'', size weights = k''.+2.
  by case: (size weights) k1 => [|[|k'']] // _; exists k''.
by rewrite size_k in ik *; apply: quota.
Qed.

(** There is always a node that is due, so that while weights stand the engine lends by deadlines alone and never has
    to fall back on whoever is furthest behind.
    Law: deadline_quota. Engine: crates/core/src/pick/deadline.rs. *)
Theorem somebody_is_always_due fine weights n : 0 < fine -> (1 < size weights)%N -> all (Z.ltb 0) weights ->
  first_due (total weights * fine) (credit fine weights (lags_at fine weights n)) weights =
  Some (pick_at fine weights n).
Proof.
move=> fine0 k1 pos; have [k'' size_k] : exists k'', size weights = k''.+2.
  by case: (size weights) k1 => [|[|k'']] // _; exists k''.
by have [] := always_tijdemans size_k pos fine0 n.
Qed.

(** Weights 5, 1 and 1 with the engine's 2^20: a a b a a c a, each light node in the middle of the heavy one's turns.
    Law: deadline_quota. Engine: crates/core/src/pick/deadline.rs. *)
Example seven_turns_by_deadline : run_due (2 ^ 20) [:: 5; 1; 1] 7 = [:: 0; 0; 1; 0; 0; 2; 0]%N.
Proof. by vm_compute. Qed.
