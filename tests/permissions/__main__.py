"""`python -m tests.permissions --write`: write docs/permissions.md anew. Without it: say whether it is so."""

from __future__ import annotations

import sys

from tests.permissions.document import PAGE, page


def main(words: list[str]) -> int:
    """Write or compare the page; exit code 1 where it differs."""
    if words == ["--write"]:
        PAGE.write_text(page(), "utf-8")
        return 0
    same = PAGE.read_text("utf-8") == page()
    print("docs/permissions.md " + ("is as the table says" if same else "differs: --write"))
    return int(not same)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
