(** * Subsets: many callers, a few nodes each, every node as busy as the others

    With hundreds of callers and hundreds of nodes each caller keeps connections to a few nodes only. Chosen by
    chance, some nodes have a quarter more callers than the mean. Dealt like cards they do not: the nodes are
    shuffled lap after lap, and caller i takes the i-th hand; what is left of a lap begins the next hand. What is
    promised: every hand has as many different nodes as asked, and of all callers together any two nodes are kept
    equally often, or one of them once more.

    The model is the engine's dealing, with the top of the deck at the head of the list: a hand takes the top; when
    the lap does not suffice, the rest comes from the next lap, leaving aside what the hand holds already. A caller
    does not deal all hands before its own: it begins with the last hand that began a lap. The shuffles are any
    orders at all.

    The proof is one count: after every hand each node was dealt once for every lap begun, less one if it is still
    in the deck. For the beginning with a lap: then the deck is used up, and a fresh lap deals the same hands.
    Source: B. Beyer et al., Site Reliability Engineering, chapter 20, 2016 (there what is left of a lap is not
    used). *)
From mathcomp Require Import all_ssreflect zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Subsets.
Variable nodes : seq nat.               (* the list, without doubles *)
Variable shuffled : nat -> seq nat.     (* the order of each lap *)
Variable keep : nat.                   (* how many nodes a caller keeps *)
Let total := size nodes.

(** The next hand, the deck that is left, and its lap. *)
Definition deal (deck_lap : seq nat * nat) : seq nat * (seq nat * nat) :=
  let: (deck, lap) := deck_lap in
  let hand := take keep deck in
  if size hand < keep then
    let fresh := shuffled lap.+1 in
    let more := take (keep - size hand) [seq n <- fresh | n \notin hand] in
    (hand ++ more, ([seq n <- fresh | n \notin more], lap.+1))
  else (hand, (drop keep deck, lap)).

(** What is left after so many hands from the beginning of a lap. *)
Definition left_after lap hands := iter hands (fun s => (deal s).2) (shuffled lap, lap).

(** The hand of a caller, as the engine finds it. *)
Definition kept caller :=
  if total <= keep then nodes else
    let period := total %/ gcdn keep total in
    let first := caller - caller %% period in
    (deal (left_after (first * keep %/ total) (caller - first))).1.

(** How many of the first callers keep a node. *)
Definition times_kept callers n := \sum_(0 <= caller < callers) (n \in kept caller).

Hypothesis nodes_uniq : uniq nodes.
Hypothesis shuffles : forall lap, perm_eq (shuffled lap) nodes.

Lemma fresh_uniq lap : uniq (shuffled lap).
Proof. by rewrite (perm_uniq (shuffles lap)). Qed.
Lemma fresh_size lap : size (shuffled lap) = total.
Proof. exact: perm_size. Qed.
Lemma fresh_mem lap : shuffled lap =i nodes.
Proof. exact: perm_mem. Qed.

Section Few.
Hypothesis some : 0 < keep.
Hypothesis few : keep < total.

(** What is true of a deck: no doubles, nothing but nodes. *)
Definition proper (deck : seq nat) := uniq deck /\ {subset deck <= nodes}.

Lemma proper_fresh lap : proper (shuffled lap).
Proof. by split; [apply: fresh_uniq | move=> n; rewrite fresh_mem]. Qed.

(** The part of a fresh lap that a hand may still take is long enough. *)
Lemma enough hand lap : uniq hand -> size hand < keep -> {subset hand <= nodes} ->
  keep - size hand <= size [seq n <- shuffled lap | n \notin hand].
Proof.
move=> u lt sub; rewrite size_filter.
have : count (mem hand) (shuffled lap) <= size hand.
  rewrite -size_filter; apply: uniq_leq_size; first by rewrite filter_uniq // fresh_uniq.
  by move=> n; rewrite mem_filter => /andP[].
have : count (mem hand) (shuffled lap) + count (fun n => n \notin hand) (shuffled lap) = total.
  by rewrite -(fresh_size lap) -(count_predC (mem hand)).
move: (count _ _) (count _ _) => a b; move: few; lia.
Qed.

Lemma mem_take_drop m (s : seq nat) n : uniq s -> (n \in drop m s) = (n \in s) && (n \notin take m s).
Proof.
move=> u; have := u; rewrite -{1}(cat_take_drop m s) cat_uniq => /and3P[_ /hasPn apart _].
rewrite -{2}(cat_take_drop m s) mem_cat; have := apart n.
by case: (n \in drop m s) => [/(_ isT)|_]; rewrite ?andbF ?orbF ?orbT //= ?andbN.
Qed.

(** One hand: as many different nodes as asked; and a node's number of deals goes up by one for a new lap, by one for
    leaving the deck. *)
Lemma deal_spec deck lap : proper deck ->
  let: (hand, (deck', lap')) := deal (deck, lap) in
  [/\ proper deck', uniq hand, size hand = keep, {subset hand <= nodes}
    & forall n, n \in nodes -> (n \in hand) + lap + ~~ (n \in deck) = lap' + ~~ (n \in deck')].
Proof.
move=> [u sub]; rewrite /deal; set hand := take keep deck.
have hand_uniq : uniq hand by rewrite take_uniq.
have hand_sub : {subset hand <= nodes} by move=> n /mem_take/sub.
case: ltnP => [short|full]; last first.
  have hand_size : size hand = keep by apply/eqP; rewrite eqn_leq full andbT size_take; case: ltnP.
  split=> //; first by split; [rewrite drop_uniq | move=> n /mem_drop/sub].
  move=> n n_in; have in_deck : n \in hand -> n \in deck by apply: mem_take.
  rewrite mem_take_drop // -/hand; move: in_deck.
  by case: (n \in hand) => [/(_ isT) ->|_]; case: (n \in deck) => /=; lia.
have whole : hand = deck.
  move: short; rewrite /hand size_take.
  by case: (ltnP keep (size deck)) => [_|le _]; [rewrite ltnn | rewrite take_oversize].
set fresh := shuffled lap.+1; set rest := [seq n <- fresh | n \notin hand]; set more := take _ rest.
have more_size : size more = keep - size hand by rewrite size_takel // enough.
have more_mem n : n \in more -> (n \in fresh) && (n \notin hand).
  by move=> /mem_take; rewrite mem_filter andbC.
have more_uniq : uniq more by rewrite take_uniq // filter_uniq // fresh_uniq.
split.
- by split; [rewrite filter_uniq // fresh_uniq | move=> n; rewrite mem_filter fresh_mem => /andP[]].
- rewrite cat_uniq hand_uniq more_uniq andbT /=; apply/hasPn => n /more_mem/andP[_]; by [].
- by rewrite size_cat more_size; lia.
- by move=> n; rewrite mem_cat => /orP[/hand_sub //|/more_mem]; rewrite fresh_mem => /andP[].
move=> n n_in; rewrite mem_cat mem_filter fresh_mem n_in andbT negbK whole.
have := more_mem n; rewrite whole.
by case: (n \in more) => [/(_ isT)/andP[_ /negbTE ->]|_]; case: (n \in deck) => /=; lia.
Qed.

(** The cards add up: what was in the deck and in new laps is in the hand and in the deck. And no lap is left whole. *)
Lemma deal_size deck lap : proper deck ->
  let: (hand, (deck', lap')) := deal (deck, lap) in
  lap * total + keep + size deck' = lap' * total + size deck /\ size deck' < total.
Proof.
move=> [u sub]; have le : size deck <= total by apply: uniq_leq_size.
rewrite /deal; case: ltnP => [short|full]; last first.
  have enough_cards : keep <= size deck by apply: leq_trans full _; rewrite size_take; case: ltnP => // /ltnW.
  by rewrite size_drop; lia.
set hand := take keep deck in short *.
have hand_size : size hand = size deck.
  by move: short; rewrite /hand size_take; case: (ltnP keep (size deck)) => //; rewrite ltnn.
set fresh := shuffled lap.+1; set rest := [seq n <- fresh | n \notin hand]; set more := take _ rest.
have more_size : size more = keep - size hand.
  rewrite size_takel // enough // ?take_uniq // => n /mem_take; exact: sub.
have more_sub : {subset more <= fresh} by move=> n /mem_take; rewrite mem_filter => /andP[].
have more_uniq : uniq more by rewrite take_uniq // filter_uniq // fresh_uniq.
have out : size [seq n <- fresh | n \notin more] + size more = total.
  have <- : size [seq n <- fresh | n \in more] = size more.
    apply/perm_size/uniq_perm => [||n]; rewrite ?filter_uniq ?fresh_uniq // mem_filter.
    by case E: (n \in more) => //=; apply: more_sub.
  by rewrite addnC !size_filter -(fresh_size lap.+1) -(count_predC (mem more)).
move: out more_size short; rewrite hand_size; move: (size _) (size more) (size deck) le => a b c; lia.
Qed.

(** The hands from the first caller on. *)
Definition hand caller := (deal (left_after 0 caller)).1.

Lemma left_after_spec callers :
  let: (deck, lap) := left_after 0 callers in
  [/\ proper deck, lap * total + total = callers * keep + size deck, callers = 0 \/ size deck < total
    & forall n, n \in nodes -> \sum_(0 <= caller < callers) (n \in hand caller) = lap + ~~ (n \in deck)].
Proof.
elim: callers => [|callers IH].
  rewrite /left_after /=; split; [exact: proper_fresh | by rewrite fresh_size | by left |].
  by move=> n n_in; rewrite big_geq // fresh_mem n_in.
rewrite {1}/left_after iterS -/(left_after 0 callers).
case E: (left_after 0 callers) IH => [deck lap] [ok cards _ dealt].
have := deal_spec lap ok; have := deal_size lap ok.
case D: (deal (deck, lap)) => [h [deck' lap']] /= [cards' short'] [ok' _ _ _ dealt'].
split=> //; [by move: cards cards'; lia | by right |].
move=> n n_in; rewrite big_nat_recr //= dealt // /hand E D /=; have := dealt' n n_in; lia.
Qed.

(** A lap used up deals as the next lap whole. *)
Lemma deal_fresh lap : deal ([::], lap) = deal (shuffled lap.+1, lap.+1).
Proof.
have full : size (take keep (shuffled lap.+1)) = keep by rewrite size_takel // fresh_size ltnW.
rewrite /deal full ltnn /= some subn0; set more := take _ _.
have -> : more = take keep (shuffled lap.+1) by rewrite /more (eq_filter (a2 := predT)) // filter_predT.
congr (_, (_, _)); rewrite -[X in filter _ X](cat_take_drop keep) filter_cat.
have := fresh_uniq lap.+1; rewrite -{1}(cat_take_drop keep (shuffled lap.+1)) cat_uniq => /and3P[_ /hasPn apart _].
rewrite (@eq_in_filter _ _ pred0) => [|n n_in]; last by rewrite n_in.
rewrite filter_pred0 (@eq_in_filter _ _ predT) ?filter_predT // => n /apart; by [].
Qed.

(** Beginning with the last hand that began a lap deals the same hands. *)
Lemma deal_from first more : total %| first * keep ->
  deal (left_after (first * keep %/ total) more) = deal (left_after 0 (first + more)).
Proof.
move=> whole; elim: more => [|more IH]; last by rewrite addnS /left_after !iterS -!/(left_after _ _) IH.
rewrite addn0; case: (posnP first) => [->|first_gt0]; first by rewrite mul0n div0n.
have := left_after_spec first; case: (left_after 0 first) => [deck lap] [_ cards used _].
have {used} short : size deck < total by case: used => // z; rewrite z in first_gt0.
have deck0 : deck = [::].
  apply/size0nil/eqP; rewrite eqn0Ngt; apply/negP => pos; move: (gtnNdvd pos short).
  by rewrite -(dvdn_addr _ whole) -cards dvdn_add ?dvdn_mull.
rewrite deck0 addn0 -mulSnr in cards; rewrite deck0 deal_fresh -cards mulnK //.
exact: leq_ltn_trans short.
Qed.

Lemma kept_hand caller : kept caller = hand caller.
Proof.
rewrite /kept leqNgt few /=; set period := total %/ _; set first := caller - _.
have count_gt0 : 0 < total by apply: leq_ltn_trans few.
rewrite deal_from ?subnKC ?leq_subr //.
have -> : first = caller %/ period * period by rewrite /first {1}(divn_eq caller period) addnK.
by rewrite /period -mulnA dvdn_mull // mulnC muln_divCA_gcd dvdn_mulr.
Qed.
End Few.

Hypothesis some : 0 < keep.

(** Every caller keeps as many different nodes as asked, or all when there are no more.
    Law: subsets_are_even. Engine: crates/core/src/subset.rs. *)
Theorem every_hand_is_full caller :
  [/\ uniq (kept caller), size (kept caller) = minn keep total & {subset kept caller <= nodes}].
Proof.
have [few|all] := ltnP keep total; last by rewrite /kept all; split.
rewrite (kept_hand some few) /hand.
have := left_after_spec some few caller; case: (left_after 0 caller) => [deck lap] [ok _ _ _].
by have := deal_spec some few lap ok; case: deal => [h [deck' lap']] [].
Qed.

(** Of any number of callers together, two nodes are kept equally often, or one of them once more.
    Law: subsets_are_even. Engine: crates/core/src/subset.rs. *)
Theorem subsets_are_even callers n m : n \in nodes -> m \in nodes ->
  times_kept callers n <= times_kept callers m + 1.
Proof.
move=> n_in m_in; have [few|all] := ltnP keep total; last first.
  rewrite /times_kept (eq_bigr (fun _ => 1)) => [|caller _]; last by rewrite /kept all n_in.
  by rewrite [X in _ <= X + 1](eq_bigr (fun _ => 1)) ?leq_addr // => caller _; rewrite /kept all m_in.
have counted p : p \in nodes -> times_kept callers p =
    (left_after 0 callers).2 + ~~ (p \in (left_after 0 callers).1).
  move=> p_in; have := left_after_spec some few callers.
  case: (left_after 0 callers) => [deck lap] [_ _ _ <- //].
  by apply: eq_bigr => caller _; rewrite (kept_hand some few).
rewrite !counted // -addnA leq_add2l; case: (n \in _) => //; exact: leq_addl.
Qed.
End Subsets.

(** Five nodes, shuffled alike in every lap, two for each caller: the third takes what is left and one of the next lap.
    Law: subsets_are_even. Engine: crates/core/src/subset.rs. *)
Example five_nodes_in_hands_of_two :
  [seq kept (iota 0 5) (fun _ => [:: 3; 1; 4; 0; 2]) 2 caller | caller <- iota 0 6] =
  [:: [:: 3; 1]; [:: 4; 0]; [:: 2; 3]; [:: 1; 4]; [:: 0; 2]; [:: 3; 1]].
Proof. by vm_compute. Qed.
