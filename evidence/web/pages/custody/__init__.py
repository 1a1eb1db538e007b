"""The custodian's desk: search, recordings, cases, exports, holds, disposals, devices; all desks' player."""

from __future__ import annotations

from fastapi import APIRouter

from evidence.web.pages.custody import cases, devices, exports, handing, keeping, recording, redacting, search

router = APIRouter()
for _one in (search, recording, redacting, cases, exports, handing, keeping, devices):
    router.include_router(_one.router)
