"""Tokens of other systems: made for some actions and a while, shown once, worthless as soon as revoked.

1. A token may do only what tokens are for (`TOKEN_SCOPES`), and never more than its maker may do in the
   whole site: a token knows no units.
2. It ends: after 90 days, or as asked, at most 366.
3. It is 256 random bits, kept as their SHA-256 only; revoked, it is refused from the next request on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import WHOLE
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind
from evidence.errors import Invalid, Known, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.people.people_ports import StoredToken
from evidence.service.sign_in.accounts import verify_name
from evidence.service.sign_in.sessions import new_token, token_hash
from evidence.service.site import Site

USUAL_DAYS = 90
MOST_DAYS = 366
WARNING = timedelta(days=14)


@dataclass(frozen=True)
class Tokens:
    """The desk for tokens of other systems."""

    site: Site

    @admits(Action.MANAGE_TOKENS)
    def add(
        self, caller: Caller, name: str, scopes: Collection[str], days: int = USUAL_DAYS
    ) -> tuple[StoredToken, str]:
        """Make a token for `days` (1 to 366) and return it with its secret, shown this once.

        Raises: Invalid("invalid-name", "no-scope", "invalid-scope", "invalid-days"),
        Refused("scope-too-wide"), Conflict("name-taken").
        """
        verify_name(name)
        asked = _read_scopes(scopes)
        if not 1 <= days <= MOST_DAYS:
            raise Invalid("invalid-days", days=days, most=MOST_DAYS)
        self._verify_everywhere(caller, {Action.MANAGE_TOKENS, *asked})
        secret, account = new_token(), Caller(new_id(), Kind.INTEGRATION, name, scopes=asked)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            until = now + timedelta(days=days)
            unit.accounts.add(account, token_hash(secret), now, until)
            facts = {"scopes": sorted(one.value for one in asked), "until": to_text(until)}
            entry = Entry(Act.TOKEN_ADD, caller.id, (("account", account.id),), facts=facts)
            unit.log.append(entry, now)
        return StoredToken(account.id, name, asked, now, until), secret

    @admits(Action.MANAGE_TOKENS)
    def all(self, _caller: Caller) -> Sequence[StoredToken]:
        """Return the tokens that nobody revoked, the first to expire first."""
        with self.site.database.reading() as unit:
            return unit.tokens.all()

    @admits(Action.MANAGE_TOKENS)
    def revoke(self, caller: Caller, token: str) -> None:
        """Make a token worthless at once. token: its id, or its name. Raises: NotFound, Refused."""
        self._verify_everywhere(caller, {Action.MANAGE_TOKENS})
        with self.site.database.writing() as unit:
            now, known = self.site.clock.now(), unit.tokens.all()
            named = {**{one.name: one.id for one in known}, **{one.id: one.id for one in known}}
            account_id = named.get(token)
            if account_id is None or not unit.accounts.revoke(account_id, now):
                raise NotFound("token-not-found", token=token)
            unit.log.append(Entry(Act.TOKEN_REVOKE, caller.id, (("account", account_id),)), now)

    def _verify_everywhere(self, caller: Caller, actions: Collection[Action]) -> None:
        """Refuse what the caller may not do in the whole site, and log it. Raises: Refused."""
        bars = self.site.bars()
        beyond = sorted(one.value for one in actions if not may_in(caller, one, WHOLE, bars))
        if not beyond:
            return
        facts = {"action": Action.MANAGE_TOKENS.value, "why": "scope-too-wide", "scopes": beyond}
        with self.site.database.writing() as unit:
            unit.log.append(
                Entry(Act.DENIED, caller.id, result="refused", facts=facts), self.site.clock.now()
            )
        raise Refused("scope-too-wide", scopes=" ".join(beyond))


def is_about_to_expire(token: StoredToken, now: datetime) -> bool:
    """Tell whether a token ends within 14 days, or has ended: somebody must make another."""
    return token.expires_at is not None and token.expires_at - now <= WARNING


def _read_scopes(names: Collection[str]) -> frozenset[Action]:
    """Read the actions that a token shall be for. Raises: Invalid."""
    known = {one.value: one for one in TOKEN_SCOPES}
    if unknown := sorted(set(names) - known.keys()):
        raise Invalid("invalid-scope", scopes=" ".join(unknown), known=Known(sorted(known), "action"))
    if not names:
        raise Invalid("no-scope", known=Known(sorted(known), "action"))
    return frozenset(known[one] for one in names)
