"""The theory document as runnable Python: what is true of load balancing, and how the engine is held to it.

`model`     section 1 as typed values: the five-tuple, the algebra, loads over time, metrics, books, admission
`specs`     each strategy as its definition has it, in a few lines
`theorems`  every numbered statement: verdict, counterexample, what is true
`laws`      what is true, run on the engine
`closed`    closed forms that simulations and measurements are held to

Only the standard library, and `evenly` itself. How to read it: docs/theory.md.
"""
