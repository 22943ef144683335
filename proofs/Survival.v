(** * Survival: how many nodes may fail

    A cluster at 75 % of two nodes does not survive the loss of one: the other is half a node too small. What is
    promised: a given set F of nodes may fail if and only if the load fits into the places of the others; any f
    nodes may fail if and only if it fits without the f largest; and of equal nodes any f of k may fail if and only
    if utilisation is at most 1 - f/k. So the question is answered when a cluster is configured, not when a node
    dies.

    In the model a load is a number of requests in flight, and F "may fail" means that the load can be spread over
    the nodes that are left, none above its capacity. Left out: the time until a failure is found out.

    The proof: a load that fits is spread by filling one node after the other; and no f nodes have more places
    together than the f largest, as one can exchange those that are not among them for larger ones. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Survival.
Variable k : nat.
Variable C : 'I_k -> nat.           (* places of each node *)
Implicit Types (F : {set 'I_k}) (total f : nat).

(** F may fail: the load can be spread over the others within their capacities. *)
Definition carries_without F total :=
  exists x : 'I_k -> nat, [/\ forall i, x i <= C i, forall i, i \in F -> x i = 0 & \sum_i x i = total].

Lemma fill (D : 'I_k -> nat) total : total <= \sum_i D i ->
  exists x : 'I_k -> nat, (forall i, x i <= D i) /\ \sum_i x i = total.
Proof.
elim: total => [_|total IH lt]; first by exists (fun _ => 0); rewrite big1.
have [x [le sum]] := IH (ltnW lt).
case: (pickP (fun i => x i < D i)) => [e room|full]; last first.
  by move: lt; rewrite -sum ltnNge leq_sum // => i _; rewrite leqNgt full.
exists (fun i => x i + (i == e)); split=> [i|]; first by case: eqP => [->|_]; rewrite ?addn1 ?addn0.
by rewrite big_split /= sum [X in _ + X](bigD1 e) //= eqxx big1 ?addn1 // => i /negbTE ->.
Qed.

Lemma places_left F : \sum_(i in ~: F) C i + \sum_(i in F) C i = \sum_i C i.
Proof. by rewrite [RHS](bigID (mem F)) /= addnC; congr (_ + _); apply: eq_bigl => i; rewrite inE. Qed.

(** The nodes of F may fail if and only if the total load is at most the capacity of all less that of F.
    Law: survives. Engine: crates/core/src/balancer/pick.rs, python/evenly/theory/model/ledger.py. *)
Theorem survives F total :
  carries_without F total <-> total + \sum_(i in F) C i <= \sum_i C i.
Proof.
rewrite -(places_left F) leq_add2r; split=> [[x [le none <-]]|fits].
  rewrite (bigID (mem F)) /= big1 ?add0n => [|i /none //].
  by rewrite (eq_bigl (fun i => i \in ~: F)) => [|i]; rewrite ?inE // leq_sum.
have sumD : \sum_i (if i \in ~: F then C i else 0) = \sum_(i in ~: F) C i by rewrite [RHS]big_mkcond.
have [|x [le sum]] := @fill (fun i => if i \in ~: F then C i else 0) total; first by rewrite sumD.
exists x; split=> // i; have := le i; rewrite inE; first by case: (i \in F) => /=; lia.
by move=> + iF; rewrite iF leqn0 => /eqP.
Qed.

(** The nodes from the largest to the smallest, and the first f of them. *)
Definition by_size := sort (fun i j => C j <= C i) (enum 'I_k).
Definition largest f : {set 'I_k} := [set i in take f by_size].

Lemma by_size_uniq : uniq by_size. Proof. by rewrite sort_uniq enum_uniq. Qed.
Lemma size_by_size : size by_size = k. Proof. by rewrite size_sort size_enum_ord. Qed.

Lemma largest_card f : f <= k -> #|largest f| = f.
Proof.
move=> fk; have /card_uniqP uniq_take : uniq (take f by_size) by rewrite take_uniq ?by_size_uniq.
by rewrite cardsE uniq_take size_takel // size_by_size.
Qed.

Lemma largest_above f i j : i \in largest f -> j \notin largest f -> C j <= C i.
Proof.
rewrite !inE => i_in j_out.
have tot : total (fun i j => C j <= C i) by move=> a b; apply: leq_total.
have tr : transitive (fun i j => C j <= C i) by move=> a b c ba ac; apply: leq_trans ac ba.
have := sort_sorted tot (enum 'I_k); rewrite -/by_size -(cat_take_drop f by_size) sorted_pairwise //.
rewrite pairwise_cat => /and3P[/allrelP above _ _]; apply: above => //.
have : j \in by_size by rewrite mem_sort mem_enum.
by rewrite -{1}(cat_take_drop f by_size) mem_cat (negbTE j_out).
Qed.

Lemma largest_most f F : f <= k -> #|F| = f -> \sum_(i in F) C i <= \sum_(i in largest f) C i.
Proof.
move=> fk Ff; set T := largest f.
rewrite (big_setID T) [X in _ <= X](big_setID F) /= setIC leq_add2l.
have same : #|F :\: T| = #|T :\: F|.
  by apply/eqP; rewrite -(eqn_add2l #|F :&: T|) cardsID [F :&: T]setIC cardsID Ff largest_card.
case: (set_0Vmem (F :\: T)) => [->|[j jD]]; first by rewrite big_set0.
have [i0 _] : exists i, i \in T :\: F by apply/card_gt0P; rewrite -same; apply/card_gt0P; exists j.
pose m := \max_(i in F :\: T) C i.
apply: (@leq_trans (#|F :\: T| * m)).
  by rewrite -sum_nat_const; apply: leq_sum => i iD; apply: (leq_bigmax_cond (F := fun i => C i)).
rewrite same -sum_nat_const; apply: leq_sum => i; rewrite inE => /andP[_ iT].
by apply/bigmax_leqP => l; rewrite inE => /andP[lT _]; apply: largest_above iT lT.
Qed.

(** As one computes it, with the capacities as a list: the load, and the f largest capacities, fit into all. *)
Definition survives_failures (capacities : seq nat) f total :=
  total + sumn (take f (sort geq capacities)) <= sumn capacities.

Lemma largest_sum f : \sum_(i in largest f) C i = sumn (take f (sort geq (map C (enum 'I_k)))).
Proof.
rewrite sort_map -map_take -/by_size sumnE big_map big_uniq ?take_uniq ?by_size_uniq //=.
by apply: eq_bigl => i; rewrite inE.
Qed.

(** Any f nodes may fail if and only if the total load is at most the capacity of all less the f largest.
    Law: any_so_many_may_fail. Engine: crates/core/src/balancer/pick.rs, python/evenly/theory/model/ledger.py. *)
Theorem survives_any f total : f <= k ->
  (forall F, #|F| = f -> carries_without F total) <-> survives_failures (map C (enum 'I_k)) f total.
Proof.
rewrite /survives_failures -largest_sum sumnE big_map big_enum /=.
move=> fk; split=> [any|fits F Ff]; first by apply/survives/any/largest_card.
by apply/survives/(leq_trans _ fits); rewrite leq_add2l largest_most.
Qed.
End Survival.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** Of k nodes of c places each, any f may fail if and only if utilisation, total / (k c), is at most 1 - f/k.
    Law: any_so_many_may_fail. Engine: crates/core/src/balancer/pick.rs, python/evenly/theory/model/ledger.py. *)
Theorem survives_any_of_equal (R : realFieldType) k c f total : (0 < k)%N -> (0 < c)%N -> (f <= k)%N ->
  (forall F : {set 'I_k}, #|F| = f -> carries_without (fun _ => c) F total) <->
  total%:R / (k%:R * c%:R) <= 1 - f%:R / k%:R :> R.
Proof.
move=> k0 c0 fk; rewrite survives_any // /survives_failures -largest_sum sumnE big_map big_enum /=.
rewrite !sum_nat_const largest_card // card_ord.
have kR : 0 < k%:R :> R by rewrite ltr0n.
have cR : 0 < c%:R :> R by rewrite ltr0n.
rewrite ler_pdivr_mulr ?mulr_gt0 // mulrBl mul1r mulrA divfK ?lt0r_neq0 //.
by rewrite ler_subr_addr -!natrM -natrD ler_nat.
Qed.

(** Two nodes of two places at 75 %: the load of 3 does not survive one failure. Capacities 1, 5, 2, 5 survive any two
    failures with a load of 3, and not with 4.
    Law: survives, any_so_many_may_fail. Engine: python/evenly/theory/model/ledger.py. *)
Example three_of_four_places_do_not_survive :
  [&& ~~ survives_failures [:: 2; 2] 1 3, survives_failures [:: 1; 5; 2; 5] 2 3
    & ~~ survives_failures [:: 1; 5; 2; 5] 2 4]%N.
Proof. by vm_compute. Qed.
