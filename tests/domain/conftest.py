"""What the laws of the policy start from."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def policy_seed() -> int:
    """Where the lots begin: another place each time; EVIDENCE_POLICY_SEED goes back to one."""
    return int(os.environ.get("EVIDENCE_POLICY_SEED", secrets.randbelow(10**6)))
