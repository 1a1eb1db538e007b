"""Text of every kind: both engines give back exactly what they took, and refuse the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.adapters.db.columns import UnstorableText
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.access import Caller
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.ids import new_id
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Invalid
from evidence.service.catalogue import AnnouncedFile, Scope
from evidence.service.intake.cards import LONGEST_NAME_BYTES, LONGEST_TEXT
from evidence.service.jobs import JobName
from tests.adapters.db.engines import Fresh, dump
from tests.builders import START, SmallSite, an_origin
from tests.domain.packs import a_pack

# What no compression makes shorter: the most that an entry of an index would have to hold.
_LONG = "".join(chr(0x10000 + i * 7919 % 0x20000) for i in range(LONGEST_NAME_BYTES // 4))
NAMES = [
    "..",
    "../../etc/passwd",
    " a ",
    "a\\b\\\\x41\\000",
    "%s %(name)s :name ? $1 {0}",
    "'\"`;--\r\n\t\x01\x1f\x7f\x85\u2028",
    "Ｄ记录\U0001f600e\u0301\u202egpm.4\ufeff\uffff\U0010ffff",
    _LONG,
    "x" * LONGEST_NAME_BYTES,
    "\\N",
    "NULL",
]


def an_upload(origin: Origin, account_id: str, **changes: object) -> Upload:
    values: dict[str, object] = {
        "id": new_id(),
        "account_id": account_id,
        "origin": origin,
        "state": UploadState.RECEIVING,
        "offset": 0,
        "created_at": START,
        "expires_at": START + timedelta(days=7),
        **changes,
    }
    return Upload(**values)  # type: ignore[arg-type]


@pytest.fixture
def dock(database: SqlDatabase) -> str:
    caller = Caller(new_id(), Kind.DOCK, "dock")
    with database.writing() as unit:
        unit.accounts.add(caller, "0" * 64, START)
    return caller.id


def test_every_name_comes_back_as_it_was_from_every_table(database: SqlDatabase, dock: str) -> None:
    device, wearer = "设备\U0001f4f9" * (LONGEST_TEXT // 3), "\u200bА" * (LONGEST_TEXT // 2)
    who = {"device": device, "wearer": wearer, "card_id": new_id()}
    origins = [
        an_origin(name, size_bytes=i, labels={"case-number": name[:500]}, **who)
        for i, name in enumerate(NAMES)
    ]
    uploads = [an_upload(origin, dock) for origin in origins]
    card_id = str(who["card_id"])
    with database.writing() as unit:
        unit.cards.add(card_id, dock, origins[0], START)
        files = [AnnouncedFile(new_id(), card_id, origin, START) for origin in origins]
        unit.cards.announce(files)
        for upload in uploads:
            unit.uploads.add(upload)
            assert unit.claims.take(device, upload.origin.name, upload.id) == upload.id
            unit.jobs.add(JobName.SEQUENCE, device, START)
    with database.writing() as unit:
        again = unit.cards.announce([AnnouncedFile(new_id(), card_id, one, START) for one in origins])
        assert [file.id for file in again] == [file.id for file in files], "each is owed once"
        assert [unit.uploads.get(upload.id) for upload in uploads] == uploads
        found = unit.uploads.named(device, NAMES, [UploadState.RECEIVING])
        assert sorted(one.origin.name for one in found) == sorted(NAMES)
        for upload in uploads:
            match = unit.cards.match(upload.origin)
            assert match is not None
            assert match.origin.name == upload.origin.name
            assert unit.claims.take(device, upload.origin.name, new_id()) == upload.id
        assert unit.jobs.counts() == {"queued": 1}


def test_names_that_look_alike_are_different_names(database: SqlDatabase, dock: str) -> None:
    alike = ["a.mp4", "A.mp4", "a.mp4 ", "á.mp4", "a\u0301.mp4", "ａ.mp4", "a\u200b.mp4"]
    with database.writing() as unit:
        for name in alike:
            upload = an_upload(an_origin(name), dock)
            unit.uploads.add(upload)
            assert unit.claims.take("device", name, upload.id) == upload.id
        assert len(unit.uploads.named("DSJX9A00123", ["a.mp4"], [UploadState.RECEIVING])) == 1


def test_a_whole_journey_with_the_longest_and_oddest_names(small: SmallSite) -> None:
    for i, name in enumerate(NAMES):
        body = b"not a film %d" % i
        origin = an_origin(name, size_bytes=len(body))
        small.cards.announce(small.dock, origin, [origin])
        small.send(origin, body)
    small.do_jobs()
    stored = small.recordings.list(small.administrator)
    assert sorted(one.recording.origin.name for one in stored) == sorted(NAMES)
    assert len(small.recordings.list(small.administrator, "DSJX9A00123")) == len(NAMES)
    with small.database.reading() as unit:
        assert unit.cards.outstanding() == []
        assert set(unit.jobs.counts()) == {"done"}


@pytest.mark.parametrize("half", ["\0", "a\0b", "\ud800", "\udcff.mp4"])
def test_what_not_every_engine_can_hold_is_refused_by_both(
    database: SqlDatabase, fresh: Fresh, dock: str, half: str
) -> None:
    def acts(unit: SqlUnitOfWork) -> list[object]:
        upload = an_upload(an_origin("a", device=half), dock)
        return [
            lambda: unit.uploads.add(upload),
            lambda: unit.jobs.add(JobName.SEQUENCE, half, START),
            lambda: unit.claims.take(half, "a", upload.id),
            lambda: unit.examinations.facts("device", half, "probe"),
        ]

    before = dump(fresh)
    for i in range(4):
        with pytest.raises(UnstorableText), database.writing() as unit:
            unit.jobs.add(JobName.SEAL, "a", START)
            acts(unit)[i]()  # type: ignore[operator]
    assert dump(fresh) == before


@pytest.mark.parametrize("card", ["x", "0" * 33, "\0", "0" * 31 + "\0", "\ud800"])
def test_a_card_that_is_no_id_is_refused_as_the_callers_mistake(
    database: SqlDatabase, fresh: Fresh, dock: str, card: str
) -> None:
    before = dump(fresh)
    with pytest.raises(Invalid) as refusal, database.writing() as unit:
        unit.uploads.add(an_upload(an_origin("a", card_id=card), dock))
    assert (refusal.value.code, refusal.value.fields) == ("invalid-text", {"field": "card"})
    assert dump(fresh) == before


@pytest.mark.parametrize("device", ["\0", "a\0", "\udcff"])
def test_nobody_can_ask_for_a_device_that_no_device_can_be(database: SqlDatabase, device: str) -> None:
    with pytest.raises(Invalid) as refusal, database.reading() as unit:
        list(unit.recordings.all(device))
    assert refusal.value.fields == {"field": "device"}


def test_the_problem_of_a_job_is_kept_whatever_is_in_it(database: SqlDatabase, fresh: Fresh) -> None:
    with database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        job = unit.jobs.claim("tester", START, [JobName.SEAL])
        assert job is not None
        assert unit.jobs.fail(job, "bad\0name \udcff 记录", None, START)
    assert fresh.raw("SELECT problem, state FROM job") == [("bad\\0name \\udcff 记录", "failed")]


def test_findings_and_facts_come_back_as_they_were(database: SqlDatabase) -> None:
    odd = Finding(Code.LATE, Severity.INFO, _LONG, measured="\x01\"\\'", detail={"nul": "\0", "n": 2**62})
    scope = Scope("device", "设备", "设备")
    with database.writing() as unit:
        assert unit.examinations.record(scope, "probe", a_pack(), '{"a": "\\u0000"}', [odd], START)
    with database.reading() as unit:
        assert unit.examinations.facts("device", "设备", "probe") == '{"a": "\\u0000"}'
        (found,) = unit.examinations.current(device="设备")
        assert found.body == odd.as_json()


def test_the_largest_numbers_come_back_and_sums_are_whole(database: SqlDatabase, dock: str) -> None:
    most, years = 2**62 - 1, 100 * 365 * 86_400_000
    with database.writing() as unit:
        for sign in (1, -1):
            origin = an_origin(str(sign), size_bytes=most, clock_offset_ms=sign * years)
            upload = an_upload(origin, dock)
            unit.uploads.add(upload)
            assert unit.uploads.get(upload.id) == upload
        _, owed = unit.uploads.receiving()[dock]
        unit.uploads.move_offset(upload.id, 0, most, START)
    assert (owed, type(owed)) == (2 * most, int)


def test_lists_are_sorted_by_code_point_on_both(database: SqlDatabase, dock: str) -> None:
    names = ["Z", "a", "A", "_", "é", "z", "记", "-", "~", "ß", "\U0001f600", "\uffff"]
    card_id = new_id()
    with database.writing() as unit:
        unit.cards.add(card_id, dock, an_origin("-"), START)
        origins = [an_origin(name, card_id=card_id) for name in names]
        unit.cards.announce([AnnouncedFile(new_id(), card_id, origin, START) for origin in origins])
        assert [file.origin.name for file in unit.cards.outstanding()] == sorted(names)
