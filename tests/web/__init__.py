"""The HTTP door: tus with real clients, who may, ranges, hostile names, what comes before the body."""
