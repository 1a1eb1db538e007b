"""`evidence samples` on a real site, and drawing again without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.bootstrap import build
from evidence.cli import app
from evidence.cli.words import time_text
from evidence.domain.ids import new_id
from evidence.domain.people import Unit, unit_path
from evidence.domain.samples import commitment, draw, population_digest
from evidence.errors import Conflict, Invalid
from tests import listed_site
from tests.listed_site import rows, run


@pytest.mark.article("dazhe-2020:16")
def test_a_sample_is_committed_to_and_waits_for_its_time(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    home = new_id()
    with application.site.database.writing() as work:
        work.units.add(Unit(home, "大队", unit_path(None, home)), application.site.clock.now())
    application.site.database.close()
    assert rows(site, "samples", "list") == []
    words = ("commit", home, "--since", "2999-01-01T00:00:00", "--until", "2999-02-01T00:00:00")
    made = rows(site, "samples", *words)
    assert made["since"] == "2998-12-31T16:00:00.000000Z"
    assert isinstance(run(site, "samples", "draw", made["id"]).exception, Conflict)
    assert isinstance(run(site, "samples", "population", made["id"]).exception, Conflict)
    said = run(site, "samples", *words).stdout.splitlines()
    assert [
        said[0].split(":")[0],
        said[1].split(" / ")[0],
    ] == ["抽查标识 / sample", "对种子的承诺（SHA-256，已记入日志）"]
    assert "evidence samples draw" in said[2]
    assert "尚未抽取" in run(site, "samples", "list").stdout
    assert made["commitment"] in run(site, "samples", "show", made["id"]).stdout
    early = ("commit", home, "--since", "0001-01-01T00:00:00", "--until", "2999-02-01T00:00:00")
    assert isinstance(run(site, "samples", *early).exception, Invalid)
    began = ("commit", home, "--since", "2020-01-01T00:00:00", "--until", "2999-02-01T00:00:00")
    assert isinstance(run(site, "samples", *began).exception, Invalid)


def test_anybody_draws_again_with_the_seed_and_the_ids(tmp_path: Path) -> None:
    seed, ids = bytes(range(32)), [f"{n:032x}" for n in range(9)]
    file = tmp_path / "ids"
    file.write_text("\n".join(ids), "ascii")
    told = CliRunner().invoke(app, ["samples", "redraw", seed.hex(), "3", str(file)]).stdout.splitlines()
    assert told == [
        f"commitment {commitment(seed)}",
        f"population {population_digest(ids)}",
        *draw(seed, ids, 3),
    ]
    wrong = CliRunner().invoke(app, ["samples", "redraw", "no seed", "3", str(file)])
    assert isinstance(wrong.exception, Invalid)
    file.write_bytes(b"\xff\xfe" * 9)
    wrong = CliRunner().invoke(app, ["samples", "redraw", seed.hex(), "3", str(file)])
    assert isinstance(wrong.exception, Invalid)
    assert CliRunner().invoke(app, ["samples", "redraw", seed.hex(), "-1", str(file)]).exit_code == 2


def test_a_time_at_the_end_of_all_days_is_listed_in_utc() -> None:
    assert time_text("9999-12-31T23:00:00.000000Z", "Asia/Shanghai") == "9999-12-31 23:00:00+00:00"
    assert time_text("2026-03-02T09:00:00.000000Z", "Asia/Shanghai") == "2026-03-02 17:00:00+08:00"
