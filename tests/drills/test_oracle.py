"""The oracle is judged too: a sound site has no violation, and each harm done to it is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.drills import oracle, sites, sweeps, tracer
from tests.drills.acknowledgements import Acknowledgement, Receipt, read
from tests.drills.ground import Ground, settle

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine"),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, list[Acknowledgement]]]:
    data = tmp_path_factory.mktemp("sound") / "site"
    with sweeps.room() as room:
        life = room.life(data)
        life.survey()
        said = read(life.acknowledgements / "acknowledgements.jsonl")
    settle(life.ground.database)
    yield life.ground, said


@pytest.fixture
def copy(sound: tuple[Ground, list[Acknowledgement]], tmp_path: Path) -> Ground:
    return sites.clone(sound[0], tmp_path / "site")


def harm(ground: Ground, statement: str) -> None:
    """Change the database as somebody with the file in hand can."""
    with closing(sqlite3.connect(ground.database)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        assert database.execute(statement).rowcount > 0
        database.commit()


def original(ground: Ground) -> Path:
    return min((ground.data / "vault/recordings").glob("*/data"))


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    body = change(path.read_bytes())
    path.unlink()
    path.write_bytes(body)
    path.chmod(0o444)


def test_a_sound_site_has_no_violation(sound: tuple[Ground, list[Acknowledgement]], copy: Ground) -> None:
    assert [type(one).__name__ for one in sound[1]].count("Receipt") == 8
    assert oracle.examine(copy, sound[1], at_rest=True) == []


HARMS: dict[str, tuple[Callable[[Ground], object], str]] = {
    "an object removed": (lambda g: original(g).unlink(), "I2 a row without its object"),
    "a bit flipped": (
        lambda g: rewrite(original(g), lambda b: bytes([b[0] ^ 1]) + b[1:]),
        "I1 the object data has not",
    ),
    "an object cut short": (lambda g: rewrite(original(g), lambda b: b[:-1]), "I1 the lock of data is about"),
    "an object writable": (lambda g: original(g).chmod(0o644), "I1 data can be written"),
    "a lock removed": (
        lambda g: original(g).with_name("data~lock.000001.json").unlink(),
        "I1 data is not locked",
    ),
    "a manifest altered": (
        lambda g: rewrite(original(g).with_name("manifest.json"), lambda b: b.replace(b"012345", b"012346")),
        "I1 manifest or receipt: signature",
    ),
    "a foreign object": (
        lambda g: (g.data / "vault/recordings/stray").write_bytes(b"x"),
        "I2 an object that nobody",
    ),
    "an offset moved back": (lambda g: harm(g, 'update upload set "offset" = 1'), "the database has 1"),
    "an upload forgotten": (lambda g: harm(g, "delete from upload where state='refused'"), "has no row"),
    "a receipt changed": (lambda g: harm(g, "update recording set receipt = x'00'"), "I3 the receipt of"),
    "an entry removed": (
        lambda g: harm(g, "delete from audit_entry where act = 'evidence.seal'"),
        "I4 the log's numbers",
    ),
    "an act twice": (
        lambda g: harm(
            g,
            "insert into audit_entry (log, idx, at, act, body) select log, idx + 1000, at, act, body "
            "from audit_entry where act = 'upload.complete' limit 1",
        ),
        "I4 entries of upload.complete",
    ),
    "a leaf at another place": (
        lambda g: harm(g, "update audit_entry set idx = idx + 1000 where act = 'evidence.seal'"),
        "I4 1 entries of the seal, the receipt names",
    ),
    "the last leaf moved": (
        lambda g: harm(g, "update audit_entry set idx = 1000 where id = (select max(id) from audit_entry)"),
        "I4 leaf 1000 of",
    ),
    "an entry put before another": (
        lambda g: harm(g, "update audit_entry set body = replace(body, '\"n\":2', '\"n\":3')"),
        "I4 the history of",
    ),
    "a counter removed": (
        lambda g: harm(g, "delete from audit_about where n = 2"),
        "I4 the counters of the log",
    ),
    "a seal of other bytes": (
        lambda g: harm(
            g,
            "update audit_entry set body = replace(body, '\"size\":', '\"size\":1') "
            "where act = 'evidence.seal'",
        ),
        "I1 the entry of the seal",
    ),
    "a seal left undone": (
        lambda g: harm(g, "update job set state = 'queued' where name = 'seal'"),
        "I6 the seal of",
    ),
    "bytes without a row": (
        lambda g: (g.staging / f"{'0' * 32}.part").write_bytes(bytes(oracle.WITH_A_CREATION + 1)),
        "I6 00000000000000000000000000000000.part in staging has bytes",
    ),
}


@pytest.mark.parametrize("name", HARMS)
def test_each_harm_is_named(sound: tuple[Ground, list[Acknowledgement]], copy: Ground, name: str) -> None:
    do, sentence = HARMS[name]
    do(copy)
    found = oracle.examine(copy, sound[1], at_rest=True)
    assert any(sentence in violation for violation in found), found


def test_a_receipt_that_the_site_never_gave_is_noticed(
    sound: tuple[Ground, list[Acknowledgement]], copy: Ground
) -> None:
    given = next(one for one in sound[1] if isinstance(one, Receipt))
    forged = Receipt("f" * 32, given.device, given.name, given.size, given.sha256, given.document)
    assert oracle.examine(copy, [forged], at_rest=True) != []
