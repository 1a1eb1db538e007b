"""The signer: a process apart that signs the checkpoints of the logs, and remembers what it signed last.

It believes nobody. What it signs it has read back from the vault itself and put behind what it signed
before, so neither a database that was edited or restored nor the service that asks can make it sign another
past. Its state (`state.db`) must never be restored from a backup. It stands beside the stairs, like the dock:
floor 0, the vault, and SQLite.
"""
