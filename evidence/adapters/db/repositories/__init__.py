"""The repositories: rows in, values out. No rule stands here, and no commit."""
