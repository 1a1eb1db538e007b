"""Where bytes rest: the vault (written once, locked) and staging (the only bytes that may change)."""
