"""What runs inside the sandbox: one file in, its facts as one JSON object on standard output."""

from __future__ import annotations

import os
import sys

from evidence.adapters.probing.draft import Draft, to_json
from evidence.adapters.probing.reading import draft_of


def main() -> None:
    """Read the file named by the only argument, an absolute path. Exit status 0 whatever the file holds."""
    _answer(draft_of(sys.argv[1]))


def main_payload() -> None:
    """The same for the deep look into the media data: answers with a draft that holds only its damage."""
    from evidence.adapters.probing.payload import payload_draft

    _answer(payload_draft(sys.argv[1]))


def _answer(draft: Draft) -> None:
    sys.stdout.write(to_json(draft.as_json()))
    sys.stdout.flush()
    os._exit(0)  # nothing is left to be tidied up, and tidying would take as long as some files


if __name__ == "__main__":
    main()
