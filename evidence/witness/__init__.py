"""The witness: watches logs of other people, and cosigns a checkpoint only when its log has just grown.

Whoever must be able to contradict a site runs one: a court, a procuratorate, an auditor. It needs this
package and a folder; no site, no database server, no vault. What it decides is `evidence.ledger.witnessing`.
Its state (`state.db`) must never be restored from a backup. It stands beside the stairs, like the dock:
floor 0, SQLite, HTTP of the standard library, `cryptography`.
"""
