"""`evidence dock`: send a recorder's card and check the signed receipts. Nothing is deleted from the card.
`evidence receipts`: what this dock has kept, as files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from evidence.cli.proofs import write_new
from evidence.dock.agent import MOST_PARALLEL, Order
from evidence.dock.finding import Found
from evidence.dock.journal import default_folder
from evidence.dock.kept import kept, kept_checkpoints
from evidence.dock.outcome import Outcome
from evidence.dock.terminal import HELP, PATIENCE_S, Lines, labels, milliseconds, patience, printable, run
from evidence.errors import Invalid, NotFound
from evidence.locale import say


def dock(
    folder: Annotated[Path, typer.Argument(help=HELP["folder"])],
    url: Annotated[str, typer.Option(help=HELP["url"])],
    device: Annotated[str, typer.Option(help=HELP["device"])],
    wearer: Annotated[str, typer.Option(help=HELP["wearer"])],
    token: Annotated[str, typer.Option(envvar="EVIDENCE_TOKEN", show_default=False, help=HELP["token"])] = "",
    clock_offset: Annotated[float | None, typer.Option(help=HELP["clock-offset"])] = None,
    clock_offset_confirmed: Annotated[
        bool, typer.Option("--clock-offset-confirmed", help=HELP["clock-offset-confirmed"])
    ] = False,
    case: Annotated[str | None, typer.Option(help=HELP["case"])] = None,
    party: Annotated[str | None, typer.Option(help=HELP["party"])] = None,
    commander: Annotated[str | None, typer.Option(help=HELP["commander"])] = None,
    as_json: Annotated[bool, typer.Option("--json", help=HELP["json"])] = False,
    state: Annotated[Path | None, typer.Option(help=HELP["state"])] = None,
    parallel: Annotated[int, typer.Option(min=1, max=MOST_PARALLEL, help=HELP["parallel"])] = 2,
    patience_s: Annotated[float, typer.Option("--patience", help=HELP["patience"])] = PATIENCE_S,
    key: Annotated[str | None, typer.Option(help=HELP["key"])] = None,
) -> None:
    """采集存储卡并核对回执 / Send a card, check the receipts; exit code 0 only when every file has one."""

    def order() -> Order:
        return Order(
            folder=folder,
            url=url,
            token=token,
            device=device,
            wearer=wearer,
            state=state or default_folder(),
            clock_offset_ms=milliseconds(clock_offset),
            clock_offset_confirmed=clock_offset_confirmed,
            labels=labels(case, party, commander),
            parallel=parallel,
            key=key,
            patience=patience(patience_s),
        )

    raise typer.Exit(_run(order, as_json))


def receipts(
    to: Annotated[Path, typer.Argument(help="新目录 / a new folder for receipts and proofs")],
    device: Annotated[str | None, typer.Option(help=HELP["device"])] = None,
    state: Annotated[Path | None, typer.Option(help=HELP["state"])] = None,
) -> None:
    """导出采集站保存的回执、日志证明与检查点 / Write out receipts, their proofs and the last checkpoint."""
    if to.exists() or to.is_symlink():
        raise Invalid("folder-exists", folder=str(to))
    found = list(kept(state or default_folder(), device))
    if not found:
        raise NotFound("receipt-not-found", device=device or "*")
    to.mkdir(parents=True)
    for one in found:
        write_new(to / f"{one.recording}.receipt.json", one.receipt)
        if one.proof is not None:
            write_new(to / f"{one.recording}.tlog-proof", one.proof)
        print(f"{one.recording}  {printable(one.device)}  {printable(one.name)}")
    for number, note in enumerate(kept_checkpoints(state or default_folder()), 1):  # one for each site
        write_new(to / f"{number}.checkpoint", note)
    proven = sum(one.proof is not None for one in found)
    print(say("cli.receipts-written", number=len(found), proven=proven, folder=printable(str(to))))


def _run(order: Callable[[], Order], as_json: bool) -> int:
    if as_json or not sys.stderr.isatty():
        lines = Lines(sys.stderr, quiet=as_json)
        return run(order, lines, lines.line, as_json=as_json)
    with _progress() as progress:
        bars = Bars(progress)
        return run(order, bars, bars.line, as_json=False)


class Bars(Lines):
    """Tells what happens with a bar for each file on its way; a bar becomes a line when its file is done."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(sys.stderr)
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def moved(self, found: Found, done_bytes: int) -> None:
        """Move the bar of a file; back, when bytes must be sent again."""
        if found.name not in self._tasks:  # one thread per file: nobody else adds this one
            name = escape(printable(found.name))
            self._tasks[found.name] = self._progress.add_task(name, total=found.size_bytes or None)
        self._progress.update(self._tasks[found.name], completed=done_bytes)

    def settled(self, outcome: Outcome) -> None:
        """Turn the bar into a line."""
        task = self._tasks.pop(outcome.found.name, None)
        if task is not None:
            self._progress.remove_task(task)
        super().settled(outcome)

    def line(self, text: str) -> None:
        """Write a line above the bars."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        console=Console(stderr=True),
    )
