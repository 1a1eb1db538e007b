"""F23, short: the object store fails at one request of a seal, by lot (whole: every request, and 1,000)."""

from __future__ import annotations

import os
import random

import pytest

from tests import forms
from tests.drills import store_faults
from tests.servers.object_store import ObjectStoreServer

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))


@pytest.mark.grown
@pytest.mark.slow
def test_whatever_the_store_does_to_a_seal_there_is_one_locked_whole_version(
    object_store_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the runner has it on the grown form: no session of tests is there to give a site its engines.
    monkeypatch.setattr(forms, "GROWN", True)
    monkeypatch.setattr(forms, "_servers", [])
    assert store_faults.store_faults(object_store_server, 12, SEED)
