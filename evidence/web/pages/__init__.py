"""Pages rendered on the server, by noun. Chinese first, English second; no script."""
