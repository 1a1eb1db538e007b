"""The agent on the docking station: it reads a recorder's card, sends what is there and checks the receipts.

It ships alone: floor 0 (evidence.domain, evidence.errors), the catalogues of texts, the standard library and
`cryptography`, nothing else of this project. The protocol is docs/formats/dock-protocol.md. It never writes
on a card and never deletes from one.

finding → what is on the card · protocol over line → what is asked of the service · reading → an original,
once · sending and collecting → each file's way · receipts → what is believed · journal → what is remembered ·
agent → all
"""
