"""The gate: the one way into a use case. Keeps the register of which use case needs which action.

`@admits(Action.X)` goes on a method `def use_case(self, caller, …)` of an object with a `site`. A use case
without it is not reachable from a door: the house tests walk the doors and compare with this register.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.site import Site

P = ParamSpec("P")
R = TypeVar("R")


class Desk(Protocol):
    """An object with use cases."""

    @property
    def site(self) -> Site:
        """The site it works on."""


D = TypeVar("D", bound=Desk)

REGISTER: dict[str, Action] = {}


def admits(
    action: Action,
) -> Callable[[Callable[Concatenate[D, Caller, P], R]], Callable[Concatenate[D, Caller, P], R]]:
    """Guard a use case with an action. Raises (in the use case): Refused("not-permitted")."""

    def guard(use_case: Callable[Concatenate[D, Caller, P], R]) -> Callable[Concatenate[D, Caller, P], R]:
        REGISTER[use_case.__qualname__] = action

        @functools.wraps(use_case)
        def guarded(self: D, caller: Caller, *args: P.args, **kwargs: P.kwargs) -> R:
            self.site.admit(caller, action)
            return use_case(self, caller, *args, **kwargs)

        return cast("Callable[Concatenate[D, Caller, P], R]", guarded)

    return guard
