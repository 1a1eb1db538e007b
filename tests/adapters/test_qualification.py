"""The outcome of probing a store: only one that passed, for this store, signed by us, lets evidence in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters import qualification
from evidence.adapters.keys import FileSigner, make_key
from evidence.errors import Unavailable
from evidence.ledger.canonical import canonical
from storage.address import Address
from storage.qualify import Probe

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
STORE = Address("store:7443", "evidence", "evidence-key", "secret")
KEPT = Probe("date-cannot-be-shortened", True, True, "AccessDenied")
TOLD = Probe("lock-of-parts-is-kept", False, False, "dropped without a word")
BROKEN = Probe("hold-binds-alone", True, False, "the locked version is gone")


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    (tmp_path / "keys").mkdir()
    make_key(tmp_path / "keys", "test.example/site")
    return FileSigner(tmp_path / "keys")


def refused(data: Path, signer: FileSigner, store: Address = STORE, now: datetime = AT) -> object:
    """Return the reason for which the store is refused."""
    with pytest.raises(Unavailable, match="store-not-qualified") as caught:
        qualification.verify(data, signer, store, now, None)
    return caught.value.fields["reason"]


def test_a_store_that_kept_what_is_needed_may_be_used(tmp_path: Path, signer: FileSigner) -> None:
    qualification.keep(tmp_path, signer, STORE, [KEPT, TOLD], AT)
    qualification.verify(tmp_path, signer, STORE, AT, None)
    body = qualification.read(tmp_path, signer)
    assert body is not None
    assert (body["passed"], body["at"]) == (True, "2026-03-02T09:00:00.000000Z")


def test_one_broken_promise_that_is_needed_refuses_the_store(tmp_path: Path, signer: FileSigner) -> None:
    qualification.keep(tmp_path, signer, STORE, [KEPT, BROKEN], AT)
    assert refused(tmp_path, signer) == "failed"


def test_a_store_nobody_probed_or_that_answered_no_probe_is_refused(
    tmp_path: Path, signer: FileSigner
) -> None:
    assert refused(tmp_path, signer) == "missing"
    qualification.keep(tmp_path, signer, STORE, [], AT)
    assert refused(tmp_path, signer) == "failed"


def test_the_outcome_of_another_store_is_none(tmp_path: Path, signer: FileSigner) -> None:
    qualification.keep(tmp_path, signer, replace(STORE, host="other:7443"), [KEPT], AT)
    assert refused(tmp_path, signer) == "other-store"


def test_an_outcome_holds_for_every_bucket_of_one_account_in_one_region_under_one_authority(
    tmp_path: Path, signer: FileSigner
) -> None:
    authority = tmp_path / "authority.crt"
    authority.write_text("the first")
    store = replace(STORE, ca_file=authority)
    qualification.keep(tmp_path, signer, store, [KEPT], AT)
    qualification.verify(tmp_path, signer, replace(store, bucket="another", secret_key="newer"), AT, None)
    assert refused(tmp_path, signer, replace(store, access_key="other")) == "other-account"
    assert refused(tmp_path, signer, replace(store, region="eu")) == "other-region"
    assert refused(tmp_path, signer, STORE) == "other-authority"
    authority.write_text("the second")
    assert refused(tmp_path, signer, store) == "other-authority"
    authority.unlink()
    assert refused(tmp_path, signer, store) == "authority-unreadable"


def test_an_outcome_holds_for_400_days_and_one_of_the_future_not_at_all(
    tmp_path: Path, signer: FileSigner
) -> None:
    qualification.keep(tmp_path, signer, STORE, [KEPT], AT)
    qualification.verify(tmp_path, signer, STORE, AT + timedelta(days=400), None)
    assert refused(tmp_path, signer, now=AT + timedelta(days=400, seconds=1)) == "too-old"
    qualification.verify(tmp_path, signer, STORE, AT - timedelta(minutes=1), None)
    assert refused(tmp_path, signer, now=AT - timedelta(days=2)) == "too-old"


def test_an_outcome_of_before_that_names_no_account_is_none(tmp_path: Path, signer: FileSigner) -> None:
    qualification.keep(tmp_path, signer, STORE, [KEPT], AT)
    body = dict(qualification.read(tmp_path, signer) or {})
    del body["account"]
    (tmp_path / qualification.FILE).write_bytes(signer.sign(canonical(body)))
    assert refused(tmp_path, signer) == "other-account"


def test_an_outcome_that_was_changed_or_signed_by_another_site_is_none(
    tmp_path: Path, signer: FileSigner
) -> None:
    qualification.keep(tmp_path, signer, STORE, [KEPT, BROKEN], AT)
    file = tmp_path / qualification.FILE
    file.write_bytes(file.read_bytes().replace(b'"passed":false', b'"passed":true'))
    assert refused(tmp_path, signer) == "unreadable"
    (tmp_path / "other").mkdir()
    make_key(tmp_path / "other", "test.example/site")
    qualification.keep(tmp_path, FileSigner(tmp_path / "other"), STORE, [KEPT], AT)
    assert refused(tmp_path, signer) == "unreadable"


def test_a_later_outcome_takes_the_place_of_the_earlier(tmp_path: Path, signer: FileSigner) -> None:
    qualification.keep(tmp_path, signer, STORE, [BROKEN], AT)
    qualification.keep(tmp_path, signer, STORE, [KEPT], AT)
    qualification.verify(tmp_path, signer, STORE, AT, None)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [qualification.FILE]
