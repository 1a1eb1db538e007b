"""Pages for people: rendered here, Chinese first, English second; they need no script."""
