"""Footage on its way out: exports, packages, hand-over, media, shares; what is made from originals."""
