"""Packages on a disc: bags, images and archives, built beside where they will stand, published by one rename.

What a package is, is said in evidence/bundle and docs/formats/package.md. Not here: who may have one, and
what its report says.
"""

from evidence.adapters.packing.building import Packing

__all__ = ["Packing"]
