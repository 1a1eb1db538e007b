"""Workers killed (kill -9) in the middle of a job have done it a moment after they are back, once."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from evidence import bootstrap, founding
from evidence.domain.access import Caller
from evidence.domain.rights import TOKEN_SCOPES, Kind
from tests.service_process import ServiceProcess
from tests.web.talk import Dock

OPERATOR = Caller("operator", Kind.OPERATOR)
BODY = bytes(range(256)) * 2000
ENDED = "the workers' process has ended (9)"


@pytest.mark.parametrize("where", ["after-data", "after-commit"])
def test_a_seal_that_was_killed_midway_is_finished_after_the_restart(tmp_path: Path, where: str) -> None:
    data = tmp_path / "data"
    founding.initialise(data, "dazhe-2020", "test.example/site", sm3=False)
    application = bootstrap.build(data)
    token = application.accounts.add_dock(OPERATOR, "dock")[1]
    administrator = application.tokens.add(OPERATOR, "tests", TOKEN_SCOPES)[1]
    service = ServiceProcess(data, EVIDENCE_CRASHPOINT=where)
    service.admin_token, dock = administrator, Dock(service, token)
    try:
        service.start()
        path = dock.open(len(BODY))
        with suppress(OSError, http.client.HTTPException):  # it may die before it has answered
            dock.patch(path, 0, BODY)
        deadline = time.monotonic() + 30
        while ENDED not in service.output():
            assert time.monotonic() < deadline, "the job did not reach the point"
            time.sleep(0.05)
        service.stop(signal.SIGKILL)
        service._environment = {}
        service.start()
        receipt = dock.receipt(path, patience_s=30)
        assert receipt["sha256"] == hashlib.sha256(BODY).hexdigest()
        rows = json.loads(service.get("/api/v1/recordings", service.admin_token)[1])
        assert [row["id"] for row in rows] == [receipt["recording"]]
        status, original = service.get(f"/api/v1/recordings/{rows[0]['id']}/original", service.admin_token)
        assert (status, original) == (200, BODY)
    finally:
        service.stop(signal.SIGKILL)
