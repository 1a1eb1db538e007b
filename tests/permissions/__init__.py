"""The reviewed table of who may do what (table.toml), and what is held against it: docs/permissions.md,
the policy, every route of the service.
"""
