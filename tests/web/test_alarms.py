"""The mark of an alarm on every answer is kept, whatever somebody writes into the table of alarms."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evidence.web import alarms
from tests import inside
from tests.log_room import LogRoom


def test_a_row_that_is_no_alarm_counts_as_one_and_does_not_end_the_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "LOOK_EVERY_S", 0.01)
    room = LogRoom(tmp_path)
    app: Any = SimpleNamespace(state=SimpleNamespace(alarms=None))
    application: Any = SimpleNamespace(auditing=room.auditing)
    junk = "INSERT INTO alarm (id, at, kind, item, detail) VALUES (:id, 'x', 'k', 'i', 'junk')"

    async def reaches(number: int) -> None:
        async with asyncio.timeout(10):
            while app.state.alarms != number:
                await asyncio.sleep(0.01)

    async def look() -> None:
        async with alarms.watched(app, application):
            await reaches(0)
            inside.change(room.folder, junk, id="a" * 32)
            await reaches(1)
            inside.change(room.folder, "DELETE FROM alarm")
            await reaches(0)
            inside.change(room.folder, junk, id="b" * 32)
            await reaches(1)

    asyncio.run(look())
    room.close()


def test_a_look_that_fails_for_whatever_reason_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarms, "LOOK_EVERY_S", 0.01)
    answers = iter([[], RuntimeError("nobody expects it"), [1, 2]])

    def standing() -> Any:
        answer = next(answers, [1, 2])
        if isinstance(answer, Exception):
            raise answer
        return answer

    app: Any = SimpleNamespace(state=SimpleNamespace(alarms=None))
    application: Any = SimpleNamespace(auditing=SimpleNamespace(standing=standing))

    async def look() -> None:
        async with alarms.watched(app, application):
            async with asyncio.timeout(10):
                while app.state.alarms != 2:
                    await asyncio.sleep(0.01)

    asyncio.run(look())
