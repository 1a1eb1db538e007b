"""The HTTP door: translates, calls one use case, answers."""
