"""Tokens of other systems: made for named actions and a limited time, shown once, stored as their SHA-256."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind
from evidence.errors import Invalid
from evidence.service.accounts import verify_name
from evidence.service.gate import admits
from evidence.service.sessions import new_token, token_hash
from evidence.service.site import Site

USUAL_DAYS, MOST_DAYS = 90, 366


@dataclass(frozen=True)
class Tokens:
    """The desk for tokens of other systems."""

    site: Site

    @admits(Action.MANAGE_TOKENS)
    def add(
        self, caller: Caller, name: str, scopes: Collection[Action], days: int = USUAL_DAYS
    ) -> tuple[Caller, str]:
        """Make a token for some actions and so many days; return its account and the token.

        Raises: Conflict("name-taken"), Invalid("invalid-name", "invalid-scope", "invalid-days").
        """
        verify_name(name)
        if not scopes or not TOKEN_SCOPES.issuperset(scopes):
            raise Invalid("invalid-scope", allowed=" ".join(sorted(TOKEN_SCOPES)))
        if not 1 <= days <= MOST_DAYS:
            raise Invalid("invalid-days", most=MOST_DAYS)
        account, token = Caller(new_id(), Kind.INTEGRATION, name, scopes=frozenset(scopes)), new_token()
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            expires_at = now + timedelta(days=days)
            unit.accounts.add(account, token_hash(token), now, expires_at)
            facts = {"expires": to_text(expires_at), "scopes": sorted(one.value for one in scopes)}
            unit.log.append(Entry(Act.TOKEN_ADD, caller.id, (("account", account.id),), facts=facts), now)
        return account, token
