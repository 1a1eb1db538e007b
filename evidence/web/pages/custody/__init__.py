"""The custodian's desk: search, recordings, cases, holds, disposals, devices; the player of all desks."""

from __future__ import annotations

from fastapi import APIRouter

from evidence.web.pages.custody import cases, devices, keeping, recording, search

router = APIRouter()
for _one in (search, recording, cases, keeping, devices):
    router.include_router(_one.router)
