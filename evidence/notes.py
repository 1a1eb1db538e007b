"""The running notes of a process, for its operators: on standard error, as text or a JSON object for each.

They are no log in the sense of the law: that one stands in the database. EVIDENCE_NOTES=json chooses the
second form; whatever a note quotes cannot begin a line of its own there.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

CHOICE = "EVIDENCE_NOTES"
FORMS = ("text", "json")
_QUIET = {"alembic": logging.WARNING, "celery": logging.WARNING, "kombu": logging.ERROR}


class JsonLines(logging.Formatter):
    """One JSON object on one line: at (UTC), level, logger, text; trace after a fault of the program."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a note."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def chosen() -> str:
    """Return the form that is asked for. Raises: ValueError for one that there is not."""
    form = os.environ.get(CHOICE) or FORMS[0]
    if form not in FORMS:
        raise ValueError(f"{CHOICE}={form}: {' | '.join(FORMS)}")
    return form


def begin(**_asked: object) -> None:
    """Begin to note what an operator must see; the libraries below say only what went wrong.

    Raises: ValueError for a form that there is not.
    """
    form = chosen()
    for library, least in _QUIET.items():
        logging.getLogger(library).setLevel(least)
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
