"""The load drills L1 to L12 on the real service: see main.py."""
