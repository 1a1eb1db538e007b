"""A01: whatever gets in is in the reviewed table: routes, commands, tasks. One that is not there is red."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
import typer
from celery import Celery

from evidence.cli import app as commands
from evidence.domain.rights import Action
from evidence.service.jobs import QUEUES, JobName, Queue
from evidence.web.app import create_app
from tests.permissions.document import PAGE, page
from tests.permissions.reading import COMMANDS, JOBS, ROUTES, TABLE, WITHIN
from tests.permissions.test_matrix import POLICY_BLIND
from workers.tasks import register


def names(command: click.Command, before: str = "") -> Iterator[str]:
    """Yield the commands below one."""
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from names(below, f"{before} {name}".strip())
    else:
        yield before


def test_every_route_is_in_the_table_with_its_action() -> None:
    census = create_app(None, start_workers=False).state.census  # type: ignore[arg-type]
    assert census == dict(ROUTES)
    assert set(ROUTES) >= WITHIN | POLICY_BLIND


def test_every_command_is_in_the_table() -> None:
    assert sorted(names(typer.main.get_command(commands))) == sorted(COMMANDS)
    assert set(COMMANDS.values()) <= {"operator", "anyone"}


def test_every_job_is_in_the_table_and_no_task_takes_anything_from_a_message() -> None:
    assert set(JOBS) == {job.value for job in JobName}
    queue = Celery("census")
    register(queue, lambda: None, {which: [] for which in Queue})  # type: ignore[arg-type,return-value]
    tasks = [task for name, task in queue.tasks.items() if not name.startswith("celery.")]
    assert len(tasks) == len(Queue)
    for task in tasks:
        assert not inspect.signature(task.run).parameters, task.name
    assert set(QUEUES) == set(JobName)


def test_every_action_is_in_the_table() -> None:
    assert set(TABLE) == set(Action)


def test_the_page_of_permissions_is_what_the_table_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.permissions --write"
