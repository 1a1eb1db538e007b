"""Fault drills: what the product promises, held against kills, power cuts, mutants and rivals
(docs/testing.md).
"""
