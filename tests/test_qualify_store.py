"""Probing a store anew: from its first moment until its good end the store is not qualified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from evidence import bootstrap, founding, qualifying
from evidence.adapters import qualification
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.keys import FileSigner
from evidence.domain.audit import Act
from evidence.errors import Unavailable
from storage.errors import StoreUnavailable
from storage.opening import bucket_address
from storage.qualify import Probe

STORE = "s3://key:secret@127.0.0.1:1/bucket"
KEPT = Probe("date-cannot-be-shortened", True, True, "AccessDenied")
BROKEN = Probe("hold-binds-alone", True, False, "the locked version is gone")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A site whose store has passed."""
    founding.initialise(tmp_path / "data", "dazhe-2020", "test.example/site", sm3=False)
    data = tmp_path / "data"
    with (data / "site.toml").open("a") as file:
        file.write(f'vault = "{STORE}"\n')
    qualification.keep(data, FileSigner(data / "keys"), bucket_address(STORE), [KEPT], datetime.now(UTC))
    bootstrap.verify_may_ingest(data)
    return data


def probes(monkeypatch: pytest.MonkeyPatch, *outcomes: Probe | type[BaseException]) -> None:
    def outcome(*_: object) -> Iterator[Probe]:
        for one in outcomes:
            if not isinstance(one, Probe):
                raise one
            yield one

    monkeypatch.setattr(qualifying, "qualify", outcome)


def kept(data: Path) -> list[object]:
    """Return the names of the probes that stand signed; the store is refused."""
    with pytest.raises(Unavailable, match="store-not-qualified") as problem:
        bootstrap.verify_may_ingest(data)
    assert problem.value.fields["reason"] == "failed"
    body = qualification.read(data, FileSigner(data / "keys"))
    assert body is not None
    assert isinstance(body["probes"], list)
    return [one["name"] for one in body["probes"]]


@pytest.mark.parametrize("fault", [StoreUnavailable, KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("before", [(), (KEPT,), (KEPT, BROKEN)], ids=len)
def test_a_pass_is_over_when_probing_anew_breaks_off(
    data: Path, monkeypatch: pytest.MonkeyPatch, before: tuple[Probe, ...], fault: type[BaseException]
) -> None:
    probes(monkeypatch, *before, fault)
    with pytest.raises(fault):
        list(qualifying.qualify_store(data))
    assert kept(data) == [probe.name for probe in before]


def test_a_pass_is_over_when_nobody_hears_the_rest(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probes(monkeypatch, KEPT, KEPT)
    asking = qualifying.qualify_store(data)
    next(asking)
    assert kept(data) == []  # should the machine stop here
    asking.close()  # type: ignore[attr-defined]
    assert kept(data) == [KEPT.name]


def test_probed_to_the_end_the_outcome_counts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probes(monkeypatch, KEPT, BROKEN)
    list(qualifying.qualify_store(data))
    assert kept(data) == [KEPT.name, BROKEN.name]
    probes(monkeypatch, KEPT)
    list(qualifying.qualify_store(data))
    bootstrap.verify_may_ingest(data)


def test_an_older_outcome_put_back_does_not_count_and_the_log_names_each(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = data / qualification.FILE
    before = file.read_bytes()  # kept by a move, say: the log knows of none yet
    probes(monkeypatch, KEPT)
    list(qualifying.qualify_store(data))
    passed = file.read_bytes()
    probes(monkeypatch, BROKEN)
    list(qualifying.qualify_store(data))
    failed = file.read_bytes()
    for older in (before, passed):
        file.write_bytes(older)
        with pytest.raises(Unavailable, match="store-not-qualified") as problem:
            bootstrap.verify_may_ingest(data)
        assert problem.value.fields["reason"] == "not-newest"
    url = f"sqlite:///{data}/evidence.db"
    with closing(SqlDatabase(url, "test.example/site")) as database, database.reading() as unit:
        entries = list(unit.log.of_act(Act.QUALIFY))
    assert [one["res"] for one in entries] == ["failed", "ok", "failed", "failed"], (
        "each begins as one that failed"
    )
    assert entries[1]["facts"]["sha256"] == sha256(passed).hexdigest()
    assert entries[3]["facts"]["sha256"] == sha256(failed).hexdigest()
    assert {one["facts"]["store"] for one in entries} == {"s3://127.0.0.1:1"}


def test_where_the_log_cannot_be_written_an_earlier_outcome_stays_as_it_is(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (data / qualification.FILE).read_bytes()
    (data / "evidence.db").rename(data / "aside.db")
    probes(monkeypatch, KEPT)
    with pytest.raises(Unavailable):
        list(qualifying.qualify_store(data))
    assert (data / qualification.FILE).read_bytes() == before
