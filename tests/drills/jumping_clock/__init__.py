"""On PYTHONPATH of a service under a drill, never imported from here."""
