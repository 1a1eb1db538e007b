"""An entry of the log is canonical, salted, and tells nothing of people, devices or files, on each engine."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785

from evidence.adapters.db import whole
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry, Place
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Action
from evidence.errors import IntegrityFault, Invalid, Refused, Unavailable
from evidence.ledger.entries import read_entry
from evidence.ledger.merkle import SHA256, root_of
from evidence.service.cases.cases import Cases
from evidence.service.examining.fixity import Fixity
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.reports import Reports
from evidence.service.jobs import JobName
from evidence.service.recordings.playing import Playing
from tests.adapters.db.engines import Fresh, dump
from tests.builders import SITE, START, SmallSite, an_origin
from tests.chains import verify_logs
from tests.manned_site import OPERATOR

BODY = b"not a film"
A = "a" * 32
# tests/service/log/test_auditing.py does them, and looks for the same.
ABOUT_THE_LOG = {Act.LOG_KEY, Act.LOG_ROTATE, Act.LOG_CHECK, Act.ALARM_CLEAR, Act.PROVE, Act.READ_LOG}
# tests/service/test_watching.py, tests/adapters/db/test_journal.py and tests/rebuilding do these.
ABOUT_THE_LOG |= {Act.START, Act.LOG_ROWS, Act.REBUILD}
SECRETS = {
    "device": "SERIAL-4711",
    "wearer": "王小明-98765",
    "name": "geheim-记录.mp4",
    "label": "杭罚2026-1",
}


def journey(small: SmallSite) -> None:
    """Do every act that a site logs, on a file whose names must not show."""
    who = {"device": SECRETS["device"], "wearer": SECRETS["wearer"]}
    file = an_origin(SECRETS["name"], size_bytes=len(BODY), labels={"case-number": SECRETS["label"]}, **who)
    other = an_origin(SECRETS["name"], size_bytes=5, **who)
    small.accounts.open_site()
    small.cards.announce(small.dock, file, [file])
    small.clock.pass_by(timedelta(days=2))
    small.work.sweep()
    small.uploads.terminate(small.dock, small.uploads.create(small.dock, other, None).id)
    upload = small.send(file, BODY)
    small.do_jobs()
    small.send(file, BODY)
    small.send(other, b"other")
    small.uploads.create(small.dock, other, None)
    small.do_jobs()
    small.clock.pass_by(timedelta(days=30))
    small.work.sweep()
    _, original = small.recordings.open_original(small.administrator, upload.id)
    original.close()
    small.recordings.manifest(small.administrator, upload.id)
    small.recordings.list(small.administrator)
    Reports(small.site).gaps(small.administrator)
    Deadlines(small.site).list(small.administrator)
    list(Fixity(small.site).verify_all(small.administrator))
    with pytest.raises(Refused):
        small.recordings.list(small.dock)
    case(small, upload.id)
    small.accounts.revoke_dock(small.administrator, small.dock.id)


def case(small: SmallSite, recording: str) -> None:
    """Play a recording, and do all acts about a case of it."""
    Playing(small.site).play(OPERATOR, recording, lambda size: (0, size)).file.close()
    here, person_id = new_id(), new_id()
    with small.database.writing() as unit:
        unit.units.add(Unit(here, "unit", unit_path(None, here)), small.clock.now())
        one = Person(person_id, SECRETS["wearer"], None, PersonType.OFFICER, here)
        unit.people.add(one, small.clock.now())
    cases = Cases(small.site)
    opened = cases.open(OPERATOR, SECRETS["label"], here)
    cases.link(OPERATOR, opened.id, recording)
    cases.name(OPERATOR, opened.id, person_id, {Action.PLAY})
    cases.dismiss(OPERATOR, opened.id, person_id)
    cases.unlink(OPERATOR, opened.id, recording, "误列")
    cases.close(OPERATOR, opened.id)


# The acts of the desks for people and access; what these write is looked at beside each desk (tests/service).
ABOUT_PEOPLE = (
    *("account.", "declassify.", "denials.", "dock.bind", "emergency.", "evidence.classify"),
    *(
        "evidence.place",
        "exemption.",
        "factor.",
        "gap.",
        "grant.",
        "hold.",
        "identity.",
        "label.",
        "link.",
        "notices.",
    ),
    *("password.", "person.", "personal.", "reader.", "serious.", "session.", "token.", "unit.", "views."),
    *("derivative.", "export.", "medium.", "share.", "transfer."),
    "log.timestamp",
    *("device.", "sample.", "case.end", "case.document", "case.strike", "case.archive", "case.term"),
    *("disposal.", "evidence.destroy", "evidence.retain"),
    *("complaint.", "document.", "fault.", "legal.", "marker.", "step."),
)


def test_no_entry_of_a_whole_journey_names_a_file_a_person_or_a_device(small: SmallSite) -> None:
    journey(small)
    entries = small.log()
    done = {json.loads(body)["act"] for body in entries}
    assert {act for act in done if not act.startswith(ABOUT_PEOPLE)} == {
        act.value
        for act in Act
        if act not in ABOUT_THE_LOG
        and act is not Act.MOVE  # of a whole site: tests/cli/test_move.py
        and act not in (Act.BACKUP, Act.RESTORE)  # tests/service/test_backups.py
        and act is not Act.UPLOAD_CLEAR  # what a crash left: tests/service/intake/test_staging_debris.py
        and act is not Act.QUALIFY  # of an object store: tests/test_qualify_store.py
        and not act.value.startswith(ABOUT_PEOPLE)
    }, "every act was done"
    for body in entries:
        text = body.decode()
        for kind, secret in SECRETS.items():
            for form in (secret, json.dumps(secret).strip('"'), secret.split("-")[0]):
                assert form not in text, (kind, text)


def test_every_entry_is_canonical_and_of_the_one_form(small: SmallSite) -> None:
    journey(small)
    for body in small.log():
        entry = json.loads(body)
        assert rfc8785.dumps(entry) == body
        assert read_entry(body) == entry
        always = {"act", "by", "facts", "id", "log", "obj", "res", "salt", "t", "v"}
        assert set(entry) - {"pd", "ref"} == always
        assert entry["v"] == 1
        assert ("pd" in entry) == (entry["act"] == "case.unlink")  # of these acts only it has a reason
        assert ("ref" in entry) == (entry["act"] in ("evidence.seal", "upload.refuse"))


def test_each_log_of_a_journey_has_its_leaves_without_a_hole_and_each_object_its_whole_history(
    small: SmallSite,
) -> None:
    journey(small)
    logs = verify_logs(small.database)
    assert set(logs) == {f"{SITE}/custody", f"{SITE}/access/2026"}
    assert sum(size for size, _ in logs.values()) == len(small.log())
    for log, (size, root) in logs.items():
        leaves = [body for body in small.log() if read_entry(body)["log"] == log]
        assert len(leaves) == size
        assert root == root_of(map(SHA256.leaf, leaves)), "arrival has the order of the leaves"


def test_each_salt_has_16_bytes_and_none_comes_twice(small: SmallSite) -> None:
    with small.database.writing() as unit:
        for _ in range(50):
            unit.log.append(Entry(Act.INIT, "operator"), START)
    entries = [json.loads(body) for body in small.log()]
    salts = [base64.b64decode(entry["salt"], validate=True) for entry in entries]
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == 50
    assert len({entry["id"] for entry in entries}) == 50


def test_entries_come_in_the_order_of_their_numbers_and_can_be_read_on(small: SmallSite) -> None:
    ids = [f"{number:032x}" for number in range(5)]
    with small.database.writing() as unit:
        for id_ in ids:
            unit.log.append(Entry(Act.INIT, id_), START)
    with small.database.reading() as unit:
        everything, rest = list(unit.log.entries()), list(unit.log.entries(3))
    assert [number for number, _ in everything] == [1, 2, 3, 4, 5]
    assert [json.loads(body)["by"] for _, body in everything] == ids
    assert rest == everything[3:]


TOO_LONG = Entry(Act.INIT, "operator", facts={"long": "x" * 65_536})
TWICE = Entry(Act.EXAMINE, "service", (("recording", A), ("upload", A)))
NO_CALLER = Entry(Act.INIT, "somebody")


@pytest.mark.parametrize(
    ("bad", "code"),
    [(TOO_LONG, "log-entry-too-long"), (TWICE, "entry-malformed"), (NO_CALLER, "entry-malformed")],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_an_entry_that_cannot_stand_in_the_log_is_refused_and_the_act_with_it(
    small: SmallSite, bad: Entry, code: str, at_once: bool
) -> None:
    good = Entry(Act.EXAMINE, "service", (("recording", A),))
    before = inside_of(small)
    with pytest.raises(Invalid, match=code), small.database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        if not at_once:
            unit.log.append(good, START)
        unit.log.append_all([good, bad], START)
    assert inside_of(small) == before
    with small.database.writing() as unit:
        assert unit.log.append(good, START) == Place(f"{SITE}/custody", 0)


def inside_of(small: SmallSite) -> whole.Contents:
    with small.database.reading() as unit:
        return whole.contents(unit)


def look(*ids: str) -> Entry:
    return Entry(Act.READ_ORIGINAL, "operator", tuple(("recording", id_) for id_ in ids))


def test_a_new_year_opens_a_new_log_of_access_and_histories_run_on_through_it(small: SmallSite) -> None:
    end = datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    beijing = timezone(timedelta(hours=8))
    places = []
    for at in (
        end,
        end + timedelta(microseconds=1),
        end.astimezone(beijing),
        datetime(2031, 5, 1, tzinfo=UTC),
    ):
        with small.database.writing() as unit:
            places.append(unit.log.append(look(A), at))
            unit.log.append(Entry(Act.EXAMINE, "service", (("recording", A),)), at)
    years = [f"{SITE}/access/{year}" for year in (2026, 2027, 2026, 2031)]
    assert places == [Place(log, index) for log, index in zip(years, (0, 0, 1, 0), strict=True)]
    links = [read_entry(body)["obj"][0] for body in small.log() if b"evidence.read" in body]
    about = {"id": A, "k": "recording"}
    assert links == [
        {**about, "n": 1},
        {**about, "n": 2, "prev": 0, "prev_log": years[0]},
        {**about, "n": 3, "prev": 0, "prev_log": years[1]},
        {**about, "n": 4, "prev": 1, "prev_log": years[0]},
    ]
    assert {log: size for log, (size, _) in verify_logs(small.database).items()} == {
        f"{SITE}/custody": 4,
        years[0]: 2,
        years[1]: 1,
        years[3]: 1,
    }


def test_many_entries_at_once_of_both_kinds_stand_as_if_they_came_one_by_one(small: SmallSite) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    objects = [f"{number:032x}" for number in range(900)]  # more than one question holds
    entries = [
        replace(
            look(*chance.sample(objects, chance.randrange(4))),
            act=chance.choice([Act.EXAMINE, Act.READ_ORIGINAL]),
        )
        for _ in range(300)
    ] + [look(*objects[:850])]
    at, places = 0, []
    while at < len(entries):
        step = chance.choice([0, 1, 2, 40])
        with small.database.writing() as unit:
            places += unit.log.append_all(entries[at : at + step], START)
            assert len(places) == min(at + step, len(entries))
        at += step
    logs = verify_logs(small.database)
    assert sum(size for size, _ in logs.values()) == len(entries)
    found = [read_entry(body) for body in small.log()]
    assert [tuple(one["id"] for one in entry["obj"]) for entry in found] == [
        tuple(id_ for _, id_ in entry.objects) for entry in entries
    ]
    assert [(place.log, entry["act"]) for place, entry in zip(places, found, strict=True)] == [
        (entry["log"], one.act.value) for entry, one in zip(found, entries, strict=True)
    ]


HARMS = {
    "a leaf is gone": "DELETE FROM audit_entry WHERE log = 'custody' AND idx = 3",
    "the first leaf is gone": "DELETE FROM audit_entry WHERE log = 'custody' AND idx = 0",
    "a leaf moved": "UPDATE audit_entry SET idx = 1000 WHERE log = 'custody' AND idx = 3",
    "a leaf in another log": "UPDATE audit_entry SET log = 'access/2025' WHERE log = 'access/2026'",
    "a counter is gone": "DELETE FROM audit_about WHERE n = 2",
    "a counter changed": "UPDATE audit_about SET n = n + 1000 WHERE n = 3",
    "a pointer changed": "UPDATE audit_about SET idx = idx + 1 WHERE n = 1",
    "an act changed": "UPDATE audit_entry SET act = 'site.move' WHERE id = 2",
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_somebody_changed_in_the_tables_is_found_from_the_rows_alone(
    small: SmallSite, fresh: Fresh, harm: str
) -> None:
    journey(small)
    verify_logs(small.database)
    for name in ("audit_entry", "audit_about"):
        for verb in ("UPDATE", "DELETE"):
            drop = {
                "sqlite": f"DROP TRIGGER {name}_no_{verb}",
                "postgres": f"ALTER TABLE {name} DISABLE TRIGGER USER",
            }
            fresh.raw(drop[fresh.name])
    fresh.raw(HARMS[harm])
    with pytest.raises((AssertionError, IntegrityFault)):
        verify_logs(small.database)


def test_a_log_whose_end_was_cut_off_takes_no_entry_about_what_stood_there(
    small: SmallSite, fresh: Fresh
) -> None:
    """The counters still know of the entry: whoever cuts must find them too."""
    about = Entry(Act.EXAMINE, "service", (("recording", A),))
    with small.database.writing() as unit:
        unit.log.append_all([about, about], START)
    fresh.raw(
        {
            "sqlite": "DROP TRIGGER audit_entry_no_DELETE",
            "postgres": "ALTER TABLE audit_entry DISABLE TRIGGER USER",
        }[fresh.name]
    )
    fresh.raw("DELETE FROM audit_entry WHERE idx = 1")
    with (
        pytest.raises(IntegrityFault, match="history-broken reason='order'"),
        small.database.writing() as unit,
    ):
        unit.log.append(about, START)


def test_a_log_that_was_begun_under_another_name_of_the_site_is_refused_and_left_as_it_is(
    small: SmallSite, fresh: Fresh
) -> None:
    other = SqlDatabase(fresh.url, "another.example/site")
    other.migrate()  # nothing is in it yet
    with small.database.writing() as unit:
        unit.log.append(look(A), START)
    before = dump(fresh)
    with pytest.raises(Unavailable) as refusal:
        other.migrate()
    other.close()
    assert refusal.value.code == "log-of-another-site"
    assert refusal.value.fields == {
        "found": f"{SITE}/access/2026",
        "wanted": "another.example/site/access/2026",
    }
    assert dump(fresh) == before
    small.database.migrate()
