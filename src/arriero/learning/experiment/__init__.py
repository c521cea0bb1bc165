"""What ratings prove: tests that stay valid however often one looks.

Pure functions over counts and sums, in the standard library. Nothing here reads a clock, a ledger or
a single rating: whoever counts, counts each unit once (see `learning/evidence.py`), and a look at any
moment, as often as one likes, keeps the promised error rate.
"""
