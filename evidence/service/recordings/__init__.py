"""One recording and many: found, looked at, played, labelled."""
