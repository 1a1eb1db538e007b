"""The door for Celery: `celery -A workers.app worker -Q seal -c 2`, `celery -A workers.app beat`.

The site is the one that EVIDENCE_DATA names. Any number of these may run, on any number of hosts; Redis only
tells them that there is work (evidence/adapters/celery_bell.py).
"""

from __future__ import annotations

from evidence.errors import EvidenceError
from workers.grown import make_app, refuse

try:
    app = make_app()
except EvidenceError as problem:
    refuse(problem)
