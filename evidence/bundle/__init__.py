"""What a court receives: the package, as rules and values. Format: docs/formats/package.md.

No clock, no disc, no network: how bags come onto a disc is in adapters/packing. The verifier shares no
line with this, so that a mistake here is not repeated there (decision 34).
"""
