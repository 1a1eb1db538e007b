"""An entry of the log is canonical, salted, and tells nothing of people, devices or files, on each engine."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import rfc8785

from evidence.domain.audit import Act, Entry
from evidence.errors import IntegrityFault, Refused
from evidence.service.deadlines import Deadlines
from evidence.service.fixity import Fixity
from evidence.service.reports import Reports
from tests.builders import START, SmallSite, an_origin

BODY = b"not a film"
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
    small.accounts.revoke_dock(small.administrator, small.dock.id)


def test_no_entry_of_a_whole_journey_names_a_file_a_person_or_a_device(small: SmallSite) -> None:
    journey(small)
    entries = small.log()
    assert {json.loads(body)["act"] for body in entries} == {
        act.value
        for act in Act
        if act is not Act.MOVE  # of a whole site: tests/cli/test_move.py
    }, "every act was done"
    for body in entries:
        text = body.decode()
        for kind, secret in SECRETS.items():
            for form in (secret, json.dumps(secret).strip('"'), secret.split("-")[0]):
                assert form not in text, (kind, text)


def test_every_entry_is_canonical_and_has_the_same_fields(small: SmallSite) -> None:
    journey(small)
    for body in small.log():
        entry = json.loads(body)
        assert rfc8785.dumps(entry) == body
        assert set(entry) == {"act", "by", "facts", "id", "obj", "res", "salt", "t", "v"}
        assert entry["v"] == 1


def test_each_salt_has_16_bytes_and_none_comes_twice(small: SmallSite) -> None:
    with small.database.writing() as unit:
        for _ in range(50):
            unit.log.append(Entry(Act.INIT, "tester"), START)
    entries = [json.loads(body) for body in small.log()]
    salts = [base64.b64decode(entry["salt"], validate=True) for entry in entries]
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == 50
    assert len({entry["id"] for entry in entries}) == 50


def test_entries_come_in_the_order_of_their_numbers_and_can_be_read_on(small: SmallSite) -> None:
    with small.database.writing() as unit:
        numbers = [unit.log.append(Entry(Act.INIT, str(i)), START) for i in range(5)]
    with small.database.reading() as unit:
        everything, rest = list(unit.log.entries()), list(unit.log.entries(numbers[2]))
    assert [number for number, _ in everything] == numbers
    assert rest == everything[3:]


def test_an_entry_that_is_too_long_is_refused_and_the_act_with_it(small: SmallSite) -> None:
    with pytest.raises(IntegrityFault, match="log-entry-too-long"), small.database.writing() as unit:
        unit.log.append(Entry(Act.INIT, "tester"), START)
        unit.log.append(Entry(Act.INIT, "tester", facts={"long": "x" * 65_536}), START)
    assert small.log() == []
