"""Recorders: the register, the hands they are in, what there is to see of them."""
