"""The root of the error tree. A class is a stable code and fields; no prose, no HTTP status, no language.

    EvidenceError
    ├── Refused          the caller may not, or asked for something the rules forbid     (caller acts)
    │   ├── Invalid      the request itself is malformed
    │   └── PolicyError  a policy pack cannot be read: names file and line
    ├── Conflict         the request contradicts what is already stored
    │   └── Busy         somebody else is writing; try again
    ├── NotFound         no such thing, or none the caller may know of
    ├── IntegrityFault   bytes, digests, signatures or log do not agree                  (evidence)
    └── Unavailable      the machine cannot now; retryable                               (machine)
        ├── NoSpace      the disk is full; nothing was acknowledged that is not durable
        └── Misconfigured  no wait mends it: somebody must correct a setting, or an engine beside us

Texts stand in evidence/locale, HTTP statuses in evidence/web/errors.py, exit codes in evidence/cli.
"""

from __future__ import annotations

from collections.abc import Iterable


class EvidenceError(Exception):
    """Base of all errors of this package. `code` is stable; `fields` are facts for people and machines."""

    code = "evidence-error"

    def __init__(self, code: str | None = None, /, **fields: object) -> None:
        if code is not None:
            self.code = code
        self.fields = fields
        super().__init__(self.code, fields)

    @property
    def known(self) -> Known | None:
        """What would have been taken, where the error says so."""
        return next((one for one in self.fields.values() if isinstance(one, Known)), None)

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{k}={v!r}" for k, v in self.fields.items())])


class Known(str):
    """What would have been taken, as the field of an error: codes, whose words stand in a group of the
    catalogues; or, with no group, words as people type them.
    """

    def __new__(cls, taken: Iterable[str], group: str | None = None) -> Known:
        """Make it of what would have been taken."""
        every = tuple(taken)
        made = super().__new__(cls, (" " if group else "; ").join(every))
        made.taken, made.group = every, group
        return made

    taken: tuple[str, ...]
    group: str | None


class Refused(EvidenceError):
    """The caller may not do this, or the rules forbid it."""

    code = "refused"


class Invalid(Refused):
    """The request is malformed."""

    code = "invalid"


class PolicyError(Refused):
    """A policy pack is wrong. Fields: file, line, reason."""

    code = "policy-error"


class Conflict(EvidenceError):
    """The request contradicts what is stored."""

    code = "conflict"


class Busy(Conflict):
    """Another writer holds what is asked for."""

    code = "busy"


class NotFound(EvidenceError):
    """There is no such thing, or none that the caller may know of."""

    code = "not-found"


class IntegrityFault(EvidenceError):
    """Bytes, digests, signatures or records do not agree."""

    code = "integrity-fault"


class Unavailable(EvidenceError):
    """The machine cannot do this now; the same request may succeed later."""

    code = "unavailable"


class NoSpace(Unavailable):
    """No space is left; nothing was acknowledged that is not durable."""

    code = "no-space"


class Misconfigured(Unavailable):
    """No wait mends it: somebody must correct a setting, or the engine it names. Until then whoever must act
    goes on trying, as with everything that is away. Field: setting."""

    code = "misconfigured"
