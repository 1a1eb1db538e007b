"""Who notices a mutant of the policy: the tests of the policy, run in a child process on the mutant."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import io
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tests.drills.policy_mutants import PolicyMutant, mutants

PATIENCE_S = 120
CASES = 2_000  # of each law
_ANEW = ("evidence", "tests.domain", "tests.policy", "tests.permissions", "tests.adapters")
_LIVES, _JUDGES = "lives", 3
Proof = tuple[str, Callable[[], object]]


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives out the mutant in the place of the module."""

    def __init__(self, mutant: PolicyMutant) -> None:
        self._module, self._source = mutant.module, mutant.source

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Say that the mutant's module comes from here."""
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant's source."""
        exec(compile(self._source, "<mutant>", "exec"), module.__dict__)


def proofs(seed: int) -> Iterator[Proof]:
    """Yield the tests of the policy, the quickest first."""
    from tests.domain import test_access, test_access_laws, test_rights
    from tests.domain.lots import Lots
    from tests.policy import test_bars

    for module in (test_rights, test_bars, test_access):
        yield from ((name, test) for name, test in vars(module).items() if name.startswith("test_"))
    for law in test_access_laws.LAWS:

        def holds(law: test_access_laws.Law = law) -> None:
            lots = Lots(seed)
            for _ in range(CASES):
                law(lots)

        yield law.__name__, holds
    yield (
        "administrators",
        test_access_laws.test_no_role_and_no_roles_that_go_together_equal_all_three_administrators,
    )
    yield "crowd", lambda: _crowd(seed)


def _crowd(seed: int) -> None:
    """Hold a small crowd in memory against the policy."""
    from sqlalchemy import create_engine

    from evidence.adapters.db.tables import metadata
    from tests.adapters.db import crowd_checks
    from tests.adapters.db.crowd import Crowd
    from tests.domain.lots import Lots

    with create_engine("sqlite://").begin() as db:
        metadata.create_all(db)
        crowd = Crowd(db, Lots(seed), people=40, recordings=80)
        crowd_checks.check_callers(crowd)
        crowd_checks.check_standings(crowd)
        crowd_checks.check_lists(crowd)


def judge(mutant: PolicyMutant | None, seed: int) -> str | None:
    """Return the test that notices a mutant, None when it lives. Without a mutant: what fails as it is.

    A judge that dies says nothing, and nothing is no verdict. Raises: RuntimeError when three have died.
    """
    statuses = []
    for _ in range(_JUDGES):
        ear, mouth = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ear)
            try:
                os.write(mouth, (_noticed(mutant, seed) or _LIVES).encode()[:4000])
            finally:
                os._exit(0)
        os.close(mouth)
        with os.fdopen(ear, "rb") as heard:
            said = heard.read().decode(errors="replace")
        statuses.append(os.waitpid(child, 0)[1])
        if said:
            return None if said == _LIVES else said
    raise RuntimeError(f"judges died: {statuses}")


def _noticed(mutant: PolicyMutant | None, seed: int) -> str | None:
    if mutant is not None:
        sys.meta_path.insert(0, _Loader(mutant))
    for name in [name for name in sys.modules if name.startswith(_ANEW)]:
        del sys.modules[name]
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(PATIENCE_S)
    asked = "import"
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            for asked, proof in proofs(seed):  # noqa: B007 (named where it fails)
                proof()
        except BaseException as problem:  # noqa: BLE001 (whatever it is, the mutant was noticed)
            return f"{asked}: {type(problem).__name__}"
    return None


def _too_long(*_: object) -> None:
    raise TimeoutError


def lot(count: int, seed: int) -> list[PolicyMutant]:
    """Draw so many mutants, all of them for 0."""
    found = mutants()
    return random.Random(seed).sample(found, count) if 0 < count < len(found) else found


def hold_trial(drawn: Sequence[PolicyMutant], seed: int, processes: int = 1) -> bool:
    """Judge mutants and print the table. True: 95 in 100 were noticed, and all that touch denials."""
    sound = judge(None, seed)
    if sound is not None:
        print(f"the policy fails as it is: {sound}")
        return False
    with ThreadPoolExecutor(processes) as pool:
        noticed = list(pool.map(partial(judge, seed=seed), drawn))
    alive = [mutant for mutant, by in zip(drawn, noticed, strict=True) if by is None]
    for mutant in alive:
        print(f"ALIVE {'(denies) ' if mutant.denies else ''}{mutant.name}")
    denying = [mutant for mutant in drawn if mutant.denies]
    lost = [mutant for mutant in alive if mutant.denies]
    print(f"noticed {len(drawn) - len(alive)} of {len(drawn)}")
    print(f"of what denies {len(denying) - len(lost)} of {len(denying)}", flush=True)
    return not lost and len(alive) <= len(drawn) // 20
