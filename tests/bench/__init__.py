"""Benches: each prints its figures beside a floor measured in the same run, and a `ratio 0.NN` line per
row.
"""
