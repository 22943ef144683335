(** * Admission: books that balance, capacities that hold

    Two things are often written down as if they were laws of nature: the loads of all nodes add up to the total
    load, and no node carries more than its capacity. Together they are a contradiction as soon as more is offered
    than there are places. What is true instead: the books of what was accepted balance after every event; a
    capacity holds because requests are refused; and a request is refused only when every node is full.

    The model is the engine's: a strategy proposes some nodes, then every node is looked at from some start on, and
    the first one with room is lent. A loan that is given back twice counts once. Left out: threads (a place is
    taken by one atomic step there), and health, which only says who is among the nodes.

    The proof of the books is one invariant: the number in flight on a node is the number of its loans that are out.
    That of [admission] is a comparison of sums: if each node lacks room for s units, all together lack k times
    that. *)
From mathcomp Require Import all_ssreflect zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** Whether there is room *)
Section Room.
Variable k : nat.
Implicit Types load C : 'I_k -> nat.

(** That all loads add up to the total, and that no node exceeds its capacity, cannot both hold when the total exceeds
    the sum of capacities: whoever takes both for axioms can prove anything.
    Law: admission, capacity. Engine: python/evenly/theory/model/ledger.py. *)
Theorem axioms_inconsistent load C total :
  \sum_i load i = total -> (forall i, load i <= C i) -> \sum_i C i < total -> False.
Proof. by move=> <- le; rewrite ltnNge leq_sum. Qed.

(** A job of s units fits on some of k nodes with capacities C whenever total + k s < sum C + k, however the total load
    is spread.
    Law: admission. Engine: python/evenly/theory/model/ledger.py. *)
Theorem admission load C s :
  \sum_i load i + k * s < \sum_i C i + k -> exists i, load i + s <= C i.
Proof.
move=> enough; case: (pickP (fun i => load i + s <= C i)) => [i fits|no]; first by exists i.
have : \sum_i (C i + 1) <= \sum_i (load i + s).
  by apply: leq_sum => i _; rewrite addn1 ltnNge no.
by rewrite !big_split /= !sum_nat_const card_ord muln1 leqNgt enough.
Qed.

(** A job of one unit fits on some node if and only if total < sum C, while no node is over its capacity C.
    Law: admission. Engine: python/evenly/theory/model/ledger.py. *)
Theorem admission_exact load C :
  (forall i, load i <= C i) -> (exists i, load i + 1 <= C i) <-> \sum_i load i < \sum_i C i.
Proof.
move=> le; split=> [[i fits]|lt]; last by apply: admission; rewrite muln1 ltn_add2r.
rewrite (bigD1 i) // [X in _ < X](bigD1 i) //= -addSn leq_add // ?leq_sum // -addn1 //.
Qed.
End Room.

(** The bound is tight: with C = (3, 3), loads (2, 2) and a job of 2, total + k s = sum C + k, and nobody has room.
    Law: admission. Engine: python/evenly/theory/model/ledger.py. *)
Example admission_is_tight (load := fun _ : 'I_2 => 2) (C := fun _ : 'I_2 => 3) :
  \sum_i load i + 2 * 2 = \sum_i C i + 2 /\ ~ exists i, load i + 2 <= C i.
Proof. by rewrite !sum_nat_const card_ord; split=> // -[]. Qed.

(** ** The books *)

(** What is written down of one node. *)
Record book := Book { lent : nat; completed : nat; failed : nat; in_flight : nat }.
Definition empty_book := Book 0 0 0 0.
Definition accept b := Book (lent b).+1 (completed b) (failed b) (in_flight b).+1.
Definition leave (ok : bool) b := Book (lent b) (completed b + ok) (failed b + ~~ ok) (in_flight b).-1.

(** Lent = completed + failed + in flight. *)
Definition balances b := lent b == completed b + failed b + in_flight b.

Section Books.
Variable nodes : seq nat.           (* those that may serve *)
Variable C : nat -> nat.            (* places of each; 0 for no limit, as in the engine *)

(** Somebody asks (the strategy's proposals, and where the scan of everybody starts), or leaves a loan. *)
Inductive event := Ask of seq nat & nat | Leave of nat & bool.

(** All books, each loan's node while it is out, and how many were refused. *)
Record cluster := Cluster { books : nat -> book; loans : seq (option nat); refused : nat }.
Definition start := Cluster (fun _ => empty_book) [::] 0.

Definition write n (f : book -> book) (bs : nat -> book) m := if m == n then f (bs n) else bs m.
Definition room s n := (n \in nodes) && ((C n == 0) || (in_flight (books s n) < C n)).
Definition chosen s wishes from := ohead [seq n <- wishes ++ rot from nodes | room s n].

Definition step s e :=
  match e with
  | Ask wishes from =>
      match chosen s wishes from with
      | Some n => Cluster (write n accept (books s)) (rcons (loans s) (Some n)) (refused s)
      | None => Cluster (books s) (rcons (loans s) None) (refused s).+1
      end
  | Leave loan ok =>
      match nth None (loans s) loan with
      | Some n => Cluster (write n (leave ok) (books s)) (set_nth None (loans s) loan None) (refused s)
      | None => s
      end
  end.
Definition run es := foldl step start es.

(** What holds after every event. *)
Definition sound s := forall n,
  [/\ balances (books s n), in_flight (books s n) = count_mem (Some n) (loans s)
    & 0 < C n -> in_flight (books s n) <= C n].

Lemma chosen_room s wishes from n : chosen s wishes from = Some n -> room s n.
Proof.
rewrite /chosen; case E: [seq m <- _ | _] => [|m rest] //= [<-].
by have := mem_head m rest; rewrite -E mem_filter => /andP[].
Qed.

Lemma count_set_nth (l : seq (option nat)) j n m : nth None l j = Some n ->
  count_mem (Some m) l = (m == n) + count_mem (Some m) (set_nth None l j None).
Proof.
elim: l j => [|a l IH] [|j] //=; first by move=> ->; rewrite eq_sym.
by move=> /IH ->; rewrite addnCA.
Qed.

Lemma sound_step s e : sound s -> sound (step s e).
Proof.
move=> ok; case: e => [wishes from|loan fine] /=.
  case E: chosen => [n|] m; rewrite /= -cats1 count_cat /=; last by rewrite !addn0.
  have [/eqP bal out le] := ok m; rewrite /write /= addn0; case: eqP => [E'|ne].
    subst m; rewrite /balances /= eqxx bal out addnS addn1; split=> // c_gt0.
    by have /andP[_] := chosen_room E; rewrite -out; case: eqP => //= c0; rewrite c0 in c_gt0.
  case: eqP => [[E']|_]; first by rewrite E' in ne.
  by rewrite addn0 /balances bal.
case E: nth => [n|] // m /=; have [/eqP bal out le] := ok m; have := count_set_nth m E.
rewrite /write; case: (m =P n) => [E'|ne] /= cnt; last by split; rewrite /balances ?bal // out cnt.
subst m; rewrite cnt add1n in out; rewrite /balances /= bal out /=.
by split=> [||/le]; [case: (fine); lia | | rewrite out; apply: ltnW].
Qed.

Lemma sound_run es : sound (run es).
Proof.
by elim/last_ind: es => [//|es e IH]; rewrite /run -cats1 foldl_cat; apply: sound_step.
Qed.

(** After every event the books of each node balance: lent = completed + failed + in flight, and in flight are as many
    as there are loans out on it.
    Law: ledger. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem ledger_balances es n :
  let b := books (run es) n in
  lent b = completed b + failed b + in_flight b /\ in_flight b = count_mem (Some n) (loans (run es)).
Proof. by have [/eqP bal out _] := sound_run es n. Qed.

(** After every event the books of all nodes together balance: lent = completed + failed + in flight, each added up over
    the nodes.
    Law: ledger. Engine: crates/core/src/lend.rs, crates/core/src/state.rs. *)
Theorem ledger_balances_in_total es :
  let total f := \sum_(n <- nodes) f (books (run es) n) in
  total lent = total completed + total failed + total in_flight.
Proof. by rewrite /= -!big_split /=; apply: eq_bigr => n _; have [/eqP] := sound_run es n. Qed.

(** No node has more requests in flight than its capacity, after any events.
    Law: capacity. Engine: crates/core/src/balancer/pick.rs, crates/core/src/state.rs. *)
Theorem capacity_holds es n : 0 < C n -> in_flight (books (run es) n) <= C n.
Proof. by have [] := sound_run es n. Qed.

(** A request is refused if and only if every node that may serve is full.
    Law: capacity. Engine: crates/core/src/balancer/pick.rs. *)
Theorem refused_only_when_full es wishes from :
  let s := run es in
  refused (step s (Ask wishes from)) = (refused s).+1 <->
  (forall n, n \in nodes -> 0 < C n /\ in_flight (books s n) = C n).
Proof.
move=> s; have ok := sound_run es; rewrite /=; split.
  rewrite /chosen; case E: [seq n <- _ | _] => [|m rest] /=; last by lia.
  move=> _ n n_in; have : n \notin [seq n <- wishes ++ rot from nodes | room s n] by rewrite E.
  rewrite mem_filter mem_cat mem_rot n_in orbT andbT /room n_in /= negb_or -leqNgt -lt0n => /andP[c_gt0 ge].
  by have [_ _ /(_ c_gt0) le] := ok n; split=> //; apply/eqP; rewrite eqn_leq le.
move=> full; case E: chosen => [n|] //=.
by have /andP[/full[c_gt0 ->]] := chosen_room E; rewrite ltnn orbF; case: eqP c_gt0 => // ->.
Qed.

(** A loan is given back once: to leave it again changes nothing.
    Law: given_back_once. Engine: crates/core/src/lend.rs. *)
Theorem given_back_once s loan ok ok' :
  step (step s (Leave loan ok)) (Leave loan ok') = step s (Leave loan ok).
Proof.
by case E: (nth None (loans s) loan) => [n|]; rewrite /= E /= ?E // nth_set_nth /= eqxx.
Qed.
End Books.

(** One node of two places: of three that ask one is refused, and after one left twice there is one in flight.
    Law: ledger, capacity, given_back_once. Engine: crates/core/src/lend.rs. *)
Example three_ask_for_two_places :
  let s := run [:: 0] (fun _ => 2) [:: Ask [:: 0] 0; Ask [::] 0; Ask [:: 0] 0; Leave 0 true; Leave 0 true] in
  (lent (books s 0), completed (books s 0), in_flight (books s 0), refused s) = (2, 1, 1, 1).
Proof. by vm_compute. Qed.
