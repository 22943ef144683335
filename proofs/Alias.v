(** * Drawing by weight in constant time: the alias table gives each node exactly its share

    `random` draws a node with probability w_i/W by two numbers and one look-up, however many nodes there are: it
    draws a column, one for each node and each as likely, and then stays with the column's own node or goes to the one
    other node that the column names. That each node ends up with exactly its share is not plain to see. It is a
    theorem here.

    The model is the engine's way to build the table, step by step, with its two stacks. It counts in whole numbers of
    1/W, where the engine has floating point (its own test holds that to 1e-13), and the two draws are all pairs of a
    column and a number below W.

    How the proof goes. A node that is poorer than the mean fills up its column from one that is richer, and both
    books stay right: what a node has in columns so far, with what it has left to give away, is its weight. Together
    those that are left have the mean each, so in the end nobody is poor and nobody is rich. *)

From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** The algorithm *)

Section Alias.
Variable weights : seq nat.
Let k := size weights.
Definition mean := sumn weights.

(** While somebody is poor and somebody rich: the poor one's column is filled up by the rich one, who may then be poor.
    A column says how much stays with its own node, of [mean], and where the rest goes. Stacks have their top first. *)
Fixpoint level steps (left : seq nat) (columns : seq (nat * nat)) (small large : seq nat) : seq (nat * nat) :=
  match steps, small, large with
  | further.+1, poor :: small, rich :: large =>
    let columns := set_nth (0, 0) columns poor (nth 0 left poor, rich) in
    let left := set_nth 0 left rich (nth 0 left rich - (mean - nth 0 left poor)) in
    if nth 0 left rich < mean then level further left columns (rich :: small) large
    else level further left columns small (rich :: large)
  | _, _, _ => columns
  end.

(** Each has as many times its weight as there are nodes: of that the mean is the sum of weights. *)
Definition table : seq (nat * nat) :=
  let left := [seq k * w | w <- weights] in
  let poor i := nth 0 left i < mean in
  level k left [seq (mean, i) | i <- iota 0 k]
    (rev [seq i <- iota 0 k | poor i]) (rev [seq i <- iota 0 k | ~~ poor i]).

(** A column and a number below the mean are drawn. *)
Definition draw (columns : seq (nat * nat)) (drawn : nat * nat) : nat :=
  let: (column, number) := drawn in
  let: (stay, alias) := nth (0, 0) columns column in
  if number < stay then column else alias.

Definition all_draws := [seq (column, number) | column <- iota 0 k, number <- iota 0 mean].

(** ** The books *)

(** What a node has in all columns. *)
Definition mass (columns : seq (nat * nat)) i :=
  \sum_(c < k) ((if c == i :> nat then (nth (0, 0) columns c).1 else 0) +
    (if (nth (0, 0) columns c).2 == i then mean - (nth (0, 0) columns c).1 else 0)).

(** Of the nodes in [open] the columns are still all their own, and what they have left is the mean on average; what a
    node has in columns, with what it has left, is its weight (and the column that it still has to itself). *)
Definition books (left : seq nat) columns open :=
  [/\ uniq open, all (fun i => i < k) open, {in open, forall i, nth (0, 0) columns i = (mean, i)},
    \sum_(i <- open) nth 0 left i = mean * size open &
    forall i, i < k -> mass columns i + (if i \in open then nth 0 left i else 0) =
      k * nth 0 weights i + (if i \in open then mean else 0)].

(** When a column that was all its own is shared. *)
Lemma mass_shared columns poor stay rich i : poor < k -> rich != poor -> stay <= mean ->
  nth (0, 0) columns poor = (mean, poor) ->
  mass (set_nth (0, 0) columns poor (stay, rich)) i + (if i == poor then mean - stay else 0) =
  mass columns i + (if i == rich then mean - stay else 0).
Proof.
move=> pk rp le own; rewrite /mass (bigD1 (Ordinal pk)) //= [in RHS](bigD1 (Ordinal pk)) //= nth_set_nth /= eqxx own /=.
rewrite (eq_bigr (fun c : 'I_k => (if c == i :> nat then (nth (0, 0) columns c).1 else 0) +
    (if (nth (0, 0) columns c).2 == i then mean - (nth (0, 0) columns c).1 else 0))); last first.
  by move=> c; rewrite -val_eqE /= nth_set_nth /= => /negbTE ->.
move: (\sum_(c < k | _) _) => others; rewrite subnn ![_ == i]eq_sym.
case: (i =P poor) => [->|_]; first by rewrite eq_sym (negbTE rp); lia.
by case: (i == rich); lia.
Qed.

Lemma at_least_mean (left : nat -> nat) s : all (fun i => mean <= left i) s -> mean * size s <= \sum_(i <- s) left i.
Proof.
by elim: s => [|j s IH] /=; rewrite ?muln0 // big_cons mulnS => /andP[ge /IH]; apply: leq_add.
Qed.

Lemma all_are_mean (left : nat -> nat) s : all (fun i => mean <= left i) s ->
  \sum_(i <- s) left i = mean * size s -> {in s, forall i, left i = mean}.
Proof.
elim: s => //= j s IH /andP[ge ges]; rewrite big_cons mulnS => sum; have more := at_least_mean ges.
have here : left j = mean by move: sum more; move: (\sum_(i <- s) _) (mean * size s) => x y; lia.
by move=> i; rewrite inE => /predU1P[->|]; [|apply: IH => //; move: sum; rewrite here => /addnI].
Qed.

Lemma below_mean (left : nat -> nat) s : all (fun i => left i < mean) s ->
  \sum_(i <- s) left i = mean * size s -> s = [::].
Proof.
case: s => //= j s /andP[lt lts]; rewrite big_cons mulnS => sum.
suff : \sum_(i <- s) left i <= mean * size s by move: sum; move: (\sum_(i <- s) _) (mean * size s) => x y; lia.
by elim: s lts {sum} => [|h s IH] /=; rewrite ?big_nil // big_cons mulnS => /andP[/ltnW le /IH]; apply: leq_add.
Qed.


Lemma books_perm left columns open open' : perm_eq open open' -> books left columns open -> books left columns open'.
Proof.
move=> same [once inside own sum right]; split; rewrite -?(perm_uniq same) -?(perm_all _ same) //.
- by move=> i; rewrite -(perm_mem same); apply: own.
- by rewrite -(perm_big _ same) -(perm_size same).
- by move=> i ik; rewrite -!(perm_mem same); apply: right.
Qed.

Lemma books_step left columns poor rich rest (spare := mean - nth 0 left poor) :
  nth 0 left poor < mean -> mean <= nth 0 left rich -> books left columns (poor :: rich :: rest) ->
  books (set_nth 0 left rich (nth 0 left rich - spare)) (set_nth (0, 0) columns poor (nth 0 left poor, rich))
    (rich :: rest).
Proof.
move=> low high [once inside own sum right].
have /and3P[pn rn once'] := once; have /and3P[pk rk inside'] := inside.
have rp : rich != poor by move: pn; rewrite inE negb_or eq_sym => /andP[].
have others i : i \in rest -> (i == rich) = false by move=> irest; apply/eqP => e; rewrite -e irest in rn.
split=> //=.
- by rewrite rn.
- by rewrite rk.
- move=> i iopen; rewrite nth_set_nth /=; case: eqP => [e|_]; first by rewrite -e iopen in pn.
  by apply: own; rewrite inE iopen orbT.
- rewrite big_cons nth_set_nth /= eqxx (eq_big_seq (fun i => nth 0 left i)); last first.
    by move=> i irest; rewrite nth_set_nth /= others.
  move: sum; rewrite !big_cons /= !mulnS /spare; move: (\sum_(i <- rest) _) (mean * size rest) => x y; lia.
- move=> i ik; have := mass_shared i pk rp (ltnW low) (own _ (mem_head _ _)); have := right i ik.
  rewrite -/spare nth_set_nth /= !inE; move: (mass _ _) (mass _ _) (k * _) => m m' kw.
  have [pr prest] : (poor == rich) = false /\ (poor \in rest) = false.
    by move: pn; rewrite inE negb_or => /andP[/negbTE-> /negbTE->].
  clear right own sum once inside pn rn once' inside' others.
  case: (i =P poor) => [->|_] /=; first by rewrite pr prest /spare /=; lia.
  by case: (i =P rich) => [->|_] /=; rewrite /spare; [lia | case: (i \in rest); lia].
Qed.

Lemma closed_books left columns open i : {in open, forall i, nth 0 left i = mean} -> books left columns open -> i < k ->
  mass columns i = k * nth 0 weights i.
Proof.
move=> all_mean [_ _ _ _ right] /right; case iopen: (i \in open); last by rewrite !addn0.
by rewrite all_mean // => /addIn.
Qed.

(** When nobody is poor, or nobody rich, all that are left have the mean. *)
Lemma stuck left columns small large i : all (fun i => nth 0 left i < mean) small ->
  all (fun i => mean <= nth 0 left i) large -> books left columns (small ++ large) -> small = [::] \/ large = [::] ->
  i < k -> mass columns i = k * nth 0 weights i.
Proof.
move=> lows highs ok none; apply: closed_books (ok) => //; have [_ _ _ sum _] := ok.
case: none sum => ->; first exact: all_are_mean.
by rewrite cats0 => /(below_mean lows) ->.
Qed.

Lemma level_is_fair steps left columns small large i :
  all (fun i => nth 0 left i < mean) small -> all (fun i => mean <= nth 0 left i) large ->
  books left columns (small ++ large) -> size small + size large <= steps -> i < k ->
  mass (level steps left columns small large) i = k * nth 0 weights i.
Proof.
elim: steps left columns small large => [|steps IH] left columns small large lows highs ok more ik.
  by apply: (stuck lows highs ok _ ik); left; case: small more {lows ok}.
case: small lows ok more => [|poor small] lows ok more; first by apply: (stuck lows highs ok _ ik); left.
case: large highs ok more => [|rich large] highs ok more; first by apply: (stuck lows highs ok _ ik); right.
have /andP[low lows'] := lows; have /andP[high highs'] := highs.
have same : perm_eq ((poor :: small) ++ rich :: large) (poor :: rich :: small ++ large).
  by rewrite /= perm_cons -cat1s perm_catCA.
have next := books_step low high (books_perm same ok).
have rn : rich \notin small ++ large by have [/= /and3P[]] := books_perm same ok.
have apart h : h \in small ++ large -> (h == rich) = false.
  by move=> hin; apply/eqP => e; rewrite -e hin in rn.
have fewer : size small + (size large).+1 <= steps by move: more; rewrite /= addSn ltnS.
move: next; rewrite [level _ _ _ _ _]/=; set left' := set_nth 0 left rich _ => next.
have lows'' : all (fun i => nth 0 left' i < mean) small.
  apply/allP => h hin; rewrite /left' nth_set_nth /= apart ?mem_cat ?hin //.
  exact: (allP lows').
have highs'' : all (fun i => mean <= nth 0 left' i) large.
  apply/allP => h hin; rewrite /left' nth_set_nth /= apart ?mem_cat ?hin ?orbT //.
  exact: (allP highs').
case: ltnP => now; apply: IH => //=; rewrite ?now //.
- by move: fewer; rewrite addnS.
- by apply: books_perm next; rewrite -cat1s perm_catCA.
Qed.

Lemma stay_below steps left columns small large c : all (fun i => nth 0 left i < mean) small ->
  (forall c, (nth (0, 0) columns c).1 <= mean) -> (nth (0, 0) (level steps left columns small large) c).1 <= mean.
Proof.
elim: steps left columns small large => [|steps IH] left columns [|poor small] [|rich large] //= /andP[low lows] ok.
set left' := set_nth 0 left rich _.
have lows' : all (fun i => nth 0 left' i < mean) small.
  apply: sub_all lows => i; rewrite /left' nth_set_nth /=; case: eqP => // ->.
  exact: leq_ltn_trans (leq_subr _ _).
have ok' d : (nth (0, 0) (set_nth (0, 0) columns poor (nth 0 left poor, rich)) d).1 <= mean.
  by rewrite nth_set_nth /=; case: eqP => // _; apply: ltnW.
by case: ltnP => now; apply: IH => //=; rewrite now.
Qed.

Lemma table_is_fair i : i < k -> mass table i = k * nth 0 weights i.
Proof.
move=> ik; apply: level_is_fair => //.
- by rewrite all_rev; apply/allP => h; rewrite mem_filter => /andP[].
- by rewrite all_rev; apply/allP => h; rewrite mem_filter -leqNgt => /andP[].
- apply: (@books_perm _ _ (iota 0 k)).
    by rewrite perm_sym -rev_cat perm_rev perm_catC perm_filterC.
  have left_at h : h < k -> nth 0 [seq k * w | w <- weights] h = k * nth 0 weights h by move=> hk; rewrite (nth_map 0).
  have own h : h < k -> nth (0, 0) [seq (mean, i) | i <- iota 0 k] h = (mean, h).
    by move=> hk; rewrite (nth_map 0) ?size_iota // nth_iota.
  split; first exact: iota_uniq.
  + by apply/allP => h; rewrite mem_iota.
  + by move=> h; rewrite mem_iota => /own.
  + rewrite size_iota big_seq (eq_bigr (fun h => k * nth 0 weights h)); last first.
      by move=> h; rewrite mem_iota => /left_at.
    by rewrite -big_seq /mean sumnE [in RHS](big_nth 0) mulnC big_distrr /index_iota subn0.
  + move=> h hk; rewrite mem_iota hk /= left_at // addnC; congr (_ + _); rewrite /mass.
    rewrite (bigD1 (Ordinal hk)) //= own // eqxx subnn big1 ?addn0 // => c.
    by rewrite -val_eqE /= own // subnn => /negbTE ->.
- by rewrite !size_rev !size_filter count_predC size_iota.
Qed.

(** Of all draws of a column and a number, node i is given exactly its share w_i/W: of the k W draws k w_i are its own.
    Law: random_share. Engine: crates/core/src/pick/alias.rs. *)
Theorem alias_is_exact i : i < k ->
  size all_draws = k * mean /\ count (fun drawn => draw table drawn == i) all_draws = k * nth 0 weights i.
Proof.
move=> ik; split; first by rewrite size_allpairs !size_iota.
have numbers stay (a b : nat) : stay <= mean ->
    count (fun number => (if number < stay then a else b) == i) (iota 0 mean) =
    (if a == i then stay else 0) + (if b == i then mean - stay else 0).
  move=> le; rewrite -{1}(subnKC le) iotaD count_cat add0n; congr (_ + _).
    rewrite (eq_in_count (a2 := fun=> a == i)); last by move=> n; rewrite mem_iota => /andP[_ ->].
    by case: (a == i); rewrite ?count_predT ?count_pred0 ?size_iota.
  rewrite (eq_in_count (a2 := fun=> b == i)); last first.
    by move=> n; rewrite mem_iota => /andP[far _]; rewrite ltnNge far.
  by case: (b == i); rewrite ?count_predT ?count_pred0 ?size_iota.
rewrite count_flatten -map_comp sumnE big_map -table_is_fair // /mass -(big_mkord xpredT (fun c =>
  (if c == i then (nth (0, 0) table c).1 else 0) +
  (if (nth (0, 0) table c).2 == i then mean - (nth (0, 0) table c).1 else 0))) /index_iota subn0.
rewrite big_seq [RHS]big_seq; apply: eq_bigr => c; rewrite mem_iota add0n => ck /=.
rewrite count_map -numbers; last first.
  apply: stay_below => [|d]; first by rewrite all_rev; apply/allP => h; rewrite mem_filter => /andP[].
  case: (ltnP d k) => dk; first by rewrite (nth_map 0) ?size_iota.
  by rewrite nth_default // size_map size_iota.
by apply: eq_count => n /=; case: (nth _ _ _).
Qed.

End Alias.

(** Weights 5, 1, 1: two columns keep 3 of 7 and send the other 4 to the heavy node, whose own column is all its own.
    Law: random_share. Engine: crates/core/src/pick/alias.rs. *)
Example alias_of_five_one_one : table [:: 5; 1; 1] = [:: (7, 0); (3, 0); (3, 0)].
Proof. by vm_compute. Qed.
