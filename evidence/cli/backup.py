"""`evidence backup …`: note that a backup was made, or tried out by restoring it.

A backup that was just made holds about this moment; one that was restored never does: its own must be said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from evidence.cli.site import OPERATOR, Data, open_site
from evidence.cli.words import in_utc, time_text
from evidence.domain.instants import to_text
from evidence.locale import say
from evidence.service.backups import Done

app = typer.Typer(help="备份登记 / What was done about backups", no_args_is_help=True)
At = Annotated[
    datetime | None,
    typer.Option(
        "--at", help="备份所含的时刻，默认现在 / the moment it holds, in the law's time zone; default now"
    ),
]
Held = Annotated[
    datetime,
    typer.Option("--at", help="备份所含的时刻 / the moment that the copy holds, in the law's time zone"),
]


@app.command()
def copied(at: At = None, data: Data = None) -> None:
    """登记已作备份 / Note that all of the site was copied."""
    _note(Done.COPIED, at, data)


@app.command()
def restored(at: Held, data: Data = None) -> None:
    """登记已作恢复演练 / Note that a copy was restored and `evidence verify` found it whole."""
    _note(Done.RESTORED, at, data)


def _note(done: Done, at: datetime | None, data: Data) -> None:
    application = open_site(data)
    zone = application.site.policies.latest.time_zone
    noted = application.backups.note(OPERATOR, done, in_utc(at, ZoneInfo(zone)) if at else None)
    print(say("cli.backup-noted", at=time_text(to_text(noted), zone)))
