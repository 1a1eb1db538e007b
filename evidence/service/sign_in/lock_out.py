"""Failed tries to sign in, counted for one account from one network, and the lock that follows.

A try is counted before the password is looked at, so that many at once are not more than allowed; what then
turns out right is taken back. That there is a lock is not told to the caller: a locked account answers like a
wrong password (drills S08, S09).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evidence.domain.audit import Act, Entry
from evidence.domain.sign_in import SECOND_FACTOR, SignInRules
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.sessions import token_hash
from evidence.service.sign_in.sign_in_ports import StoredFailure


def login_hash(login: str) -> str:
    """Return what stands for a login where failures are counted: nobody's number is in that table."""
    return token_hash(login)


def begin_try(unit: UnitOfWork, rules: SignInRules, login: str, network: str, now: datetime) -> bool:
    """Count a try; False where the account is locked for this network, and nothing is counted."""
    unit.failures.forget(now - rules.window, now)
    key = login_hash(login)
    one = unit.failures.get(key, network) or StoredFailure(key, network, 0, now)
    if one.locked_at is not None or one.count >= rules.failures:
        return False
    unit.failures.put(replace(one, count=one.count + 1))
    return True


def take_back(unit: UnitOfWork, login: str, network: str) -> None:
    """Take back a try that was none: the password was right, and something else is asked next."""
    one = unit.failures.get(login_hash(login), network)
    if one is not None and one.locked_at is None:
        unit.failures.put(replace(one, count=max(0, one.count - 1)))


def fail(
    unit: UnitOfWork,
    rules: SignInRules,
    login: str,
    network: str,
    person_id: str | None,
    why: str,
    now: datetime,
    peer: str,
) -> None:
    """Log a failed try; lock the account for the network where that was one too many. peer: from where."""
    about = (("account", person_id),) if person_id else ()
    told = {"network": peer}
    entry = Entry(Act.SIGN_IN_FAIL, "anyone", about, "refused", {"why": why}, personal=told)
    unit.log.append(entry, now)
    one = unit.failures.get(login_hash(login), network)
    if one is None or one.locked_at is not None or one.count < rules.failures:
        return
    until = None if rules.locked_for is None else now + rules.locked_for
    unit.failures.put(replace(one, locked_at=now, locked_until=until))
    facts = {"count": one.count, "of": "second-factor" if network == SECOND_FACTOR else "password"}
    unit.log.append(Entry(Act.LOCK, "service", about, facts=facts, personal=told), now)
