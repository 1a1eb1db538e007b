"""The running notes: text for people, or a JSON object on a line of its own for programs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import datetime

import pytest

from evidence import notes

HOSTILE = 'a\nforged line "x" \x1b[31m \u2028 现场'


def begun(form: str | None, told: str = HOSTILE) -> subprocess.CompletedProcess[str]:
    """Begin notes in a process of its own, and note what is told and a fault."""
    program = (
        "import logging, sys; from evidence import notes\n"
        "notes.begin(); log = logging.getLogger('evidence.x')\n"
        "log.info('job %s failed', sys.argv[1])\n"
        "try: 1 / 0\nexcept ZeroDivisionError: log.exception('unexpected')"
    )
    environment = {name: value for name, value in os.environ.items() if name != notes.CHOICE}
    if form is not None:
        environment[notes.CHOICE] = form
    words = [sys.executable, "-c", program, told]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_each_note_is_one_object_on_one_line_whatever_it_quotes() -> None:
    said = begun("json").stderr
    first, second = (json.loads(line) for line in said.split("\n") if line)
    assert first["text"] == f"job {HOSTILE} failed"
    assert (first["level"], first["logger"]) == ("info", "evidence.x")
    assert datetime.fromisoformat(first["at"]).utcoffset() is not None
    assert "现场" in said, "Chinese stays legible"
    assert (second["level"], "ZeroDivisionError" in second["trace"]) == ("error", True)


@pytest.mark.parametrize("form", [None, "", "text"])
def test_without_a_choice_they_are_text(form: str | None) -> None:
    said = begun(form, "7").stderr
    assert "evidence.x INFO job 7 failed" in said
    assert "Traceback" in said


def test_a_form_that_there_is_not_is_refused() -> None:
    done = begun("xml")
    assert done.returncode != 0
    assert "EVIDENCE_NOTES=xml: text | json" in done.stderr


def test_a_line_of_a_note_says_nothing_of_what_the_record_holds_beside_its_text() -> None:
    record = logging.LogRecord("evidence.x", logging.INFO, __file__, 1, "said %s", ("so",), None)
    record.secret = "canary"
    assert set(json.loads(notes.JsonLines().format(record))) == {"at", "level", "logger", "text"}
