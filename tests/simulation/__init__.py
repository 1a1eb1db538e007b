"""A site, or many, on a simulated clock: a made-up population goes through the product's own rules.

What the population does is known beforehand (population.py). The rules of the product see only what a
recorder and a dock would tell them (rules.py); what they find is held against what was done, in other
arithmetic (expected.py). Nothing of this is part of the product.
"""
