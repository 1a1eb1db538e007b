"""What people read on the command line: times in the law's time zone with its offset, never UTC as machines
write it; and no act that ends without a word.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from tests import listed_site
from tests.listed_site import rows, run

_AS_MACHINES_WRITE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d|\+00:00|\d\d:\d\d:\d\d(\.\d+)?Z")
LISTS = (
    *("recordings", "findings", "deadlines", "gaps", "complaints list", "faults list", "exemptions list"),
    *("samples list", "cases list", "case-files list", "case-files units", "disposals due", "disposals list"),
    *("disposals list --ended", "labels filed", "labels missing", "markers missing", "matrix unit"),
    *("documents mismatches", "devices list", "devices units", "devices clocks", "media list"),
    *("media waiting", "exports list", "tokens list", "docks list", "accounts list", "grants list"),
    *("people list", "units list", "log alarms", "log fsck"),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with two officers of a unit."""
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now, home = application.site.clock.now(), new_id()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(home, "大队", unit_path(None, home)), now)
        for number in ("1001", "1002"):
            unit.people.add(Person(new_id(), number, "某人", PersonType.OFFICER, home), now)
    application.site.database.close()
    return site


def done(site: Path, *words: str) -> str:
    """Do something; return what was said about it."""
    result = run(site, *words)
    assert result.exception is None, result.exception
    assert result.stdout.strip(), "an act ends with a word"
    assert not _AS_MACHINES_WRITE.search(result.stdout), result.stdout
    return result.stdout.strip()


def test_no_list_for_people_shows_a_time_as_machines_write_it(site: Path) -> None:
    (recording,) = rows(site, "recordings")
    unit = next(one for one in rows(site, "units", "list") if one["name"] == "大队")
    hour = ("--since", "2026-03-01T10:00:00", "--until", "2026-03-01T11:00:00")
    shown = [
        done(site, "holds", "place", recording["id"], "--ground", "objection", "--reason", "x"),
        done(site, "holds", "list", recording["id"]),
        done(site, "faults", "open", "loss", "--reason", "x", "--recording", recording["id"]),
        done(site, *["exemptions", "state", "1001", "urgency", "--basis", "x", "--device-state", "x"], *hour),
        done(site, "retention", "why", recording["id"]),
        done(site, "labels", "history", recording["id"]),
        done(site, "tokens", "add", "oa", "--scope", "read-status"),
        done(site, "exports", "ask", "outside-supply", recording["id"], *_ASKED, "--unit", unit["id"]),
    ]
    complaint = ("--received", "2026-03-02", "--channel", "phone", "--matter", "x", "--place", "x")
    shown.append(done(site, "complaints", "take", "1", "1001", *complaint, *hour))
    rows(
        site, "samples", "commit", unit["id"], *["--since", "2999-01-01T00:00", "--until", "2999-02-01T00:00"]
    )
    (sample,) = rows(site, "samples", "list")
    shown.append(done(site, "samples", "show", sample["id"]))
    for words in LISTS:
        shown.append(told := run(site, *words.split()).stdout)
        assert not _AS_MACHINES_WRITE.search(told), (words, told)
    assert all("+08:00" in one for one in (*shown[:5], shown[8]))
    dry = run(site, "retention", "dry-run", "longquan").stdout
    assert not _AS_MACHINES_WRITE.search(dry), dry


_ASKED = ("--recipient", "x", "--purpose", "x", "--basis", "x")


def test_no_act_about_a_case_ends_without_a_word(site: Path) -> None:
    (recording,) = rows(site, "recordings")
    unit = next(one for one in rows(site, "units", "list") if one["name"] == "大队")
    person = next(one["id"] for one in rows(site, "people", "list") if one["number"] == "1001")
    case = rows(site, "cases", "open", "杭1", "--unit", unit["id"])["id"]
    until = ("--may", "play", "--until", "2999-12-31T18:00:00+0800")
    done(site, "cases", "link", case, recording["id"])
    done(site, "cases", "name", case, person, *until)
    assert "2999-12-31 18:00:00+08:00" in done(site, "cases", "show", case)
    done(site, "cases", "dismiss", case, person)
    done(site, "cases", "unlink", case, recording["id"], "--reason", "x")
    done(site, "cases", "term", case, "10-years")
    document = rows(site, "case-files", "add-document", case, "决定书", "--dated", "2026-03-01")["id"]
    done(site, "case-files", "take-out", case, document, "--reason", "x")
    assert "2026-03-01" in done(site, "case-files", "end", case, "2026-03-01")
    when = ("--from", "2026-03-01T10:00:00", "--to", "2026-03-01T11:00:00")
    kind = "on-site-check"
    step = rows(site, "matrix", "enter", case, *when, "--officer", "1001", "--kind", kind)["id"]
    done(site, "matrix", "show", case)
    done(site, "matrix", "withdraw", case, step, "--reason", "x")
    made = ("documents", "register", case, "文1", "--type", "inspection-record", *when, "--signer", "1001")
    act = rows(site, *made)["id"]
    done(site, "documents", "list", case)
    done(site, "documents", "strike", case, act, "--reason", "x")
    done(site, "units", "legal", unit["id"])
    done(site, "units", "legal", unit["id"], "--end")
    done(site, "labels", "set", recording["id"], "--label", "case-number=杭2")
    done(site, "labels", "end", recording["id"], "--label", "case-number", "--reason", "x")
    done(site, "cases", "close", case)
