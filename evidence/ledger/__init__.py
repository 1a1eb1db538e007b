"""The log, as arithmetic: entries, tree, tiles, proofs, notes, and who is trusted for them.

No clock, no disc, no network, no key: hashing and signatures come as arguments. The formats are described in
docs/formats; they follow C2SP byte for byte, so that strangers' tools can check what we write.
"""
