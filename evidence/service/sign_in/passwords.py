"""A person's password is set here and nowhere else: what makes one too weak, what ends with the one before:
sessions, and steps of signing in or of setting up a factor that the old one has opened.

Argon2id takes a tenth of a second, so it is worked out before the one writing transaction is open.
"""

from __future__ import annotations

from datetime import datetime

from evidence.domain.audit import Act, Entry
from evidence.domain.people import Person
from evidence.domain.sign_in import weakness
from evidence.errors import Invalid
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.sessions import end_sessions
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from evidence.service.site import Site

_STEPS = ("second-factor", "new-password", "enrol", "passkey-new")


def work_out(site: Site, account: StoredSignIn, person: Person | None, password: str) -> str:
    """Return a new password as it may be stored.

    Raises: Invalid("weak-password"), field `why`: too-short, too-long, common, holds-name, same.
    """
    known = (account.login, person.number if person else None, person.name if person else None)
    why = weakness(password, *known)
    if why is None and account.password and site.passwords.matches(account.password, password):
        why = "same"
    if why is not None:
        raise Invalid("weak-password", why=why)
    return site.passwords.write(password)


def set_password(unit: UnitOfWork, site: Site, person_id: str, written: str, by: str) -> datetime:
    """Set a password that was worked out; end the sessions and steps of its owner; return the time."""
    now = site.clock.now()
    unit.sign_ins.set_password(person_id, written, now)
    unit.log.append(Entry(Act.PASSWORD, by, (("account", person_id),)), now)
    end_sessions(unit, person_id, "password", now)
    for kind in _STEPS:
        unit.challenges.withdraw(person_id, kind, now)
    return now
