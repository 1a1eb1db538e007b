"""Signing in, as rules: how long a session lives, when an account is locked, which passwords are too weak.

Profiles differ where the sources contradict each other, and a site chooses one (`profile` in its settings):
ASVS 5.0 forbids that a password runs out (6.2.10), GB/T 22239-2019 8.1.4.1 a) asks for it; CJIS Security
Policy 5.9.5 AC-7 keeps an account locked until an administrator releases it, ASVS 6.1.1 wants no lock that a
stranger can use as a weapon. What is locked is therefore always an account as seen from one network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.rights import ADMINISTRATORS, Role

LINK_LIVES = timedelta(hours=72)
STEP_LIVES = timedelta(minutes=5)  # between the password and the second factor
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000  # characters (ASVS 6.2.1, 6.2.9)
SECOND_FACTOR = "second-factor"  # stands for the network where tries of the second factor are counted
FACTORS = ("totp", "passkey", "oidc")  # what counts as a second factor beside a password

# Of the passwords that leaked most often those of at least twelve characters, and what people make of the
# names around them. Compared without case, blanks and marks (ASVS 6.2.4, 6.2.11).
_COMMON_WORDS = """
123456789012 1234567890123 12345678901234 123456789123 123456123456 111111111111 000000000000
121212121212 112233445566 123123123123 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc zaq12wsxcde3 qwertyuiop12
qwertyuiop123 qwertyuiopasdf qwertyuiopasdfghjkl qwerty123456 qwerty1234567 qwer1234qwer asdfghjkl123
asdfghjklqwerty zxcvbnmasdfghjkl abcdefghijkl abcdefghijklm abcdefg12345 abcd1234abcd abc123456789
abc123abc123 a123456789012 aa1234567890 woaini123456 woaini1314520 woaini520520 5201314520131
woaini5201314 passwordpassword password1234 password12345 password123456 passw0rd1234 p4ssw0rd1234
iloveyou1234 iloveyou12345 letmein12345 welcome12345 welcome123456 administrator administrator1
administrator123 admin1234567 admin12345678 adminadmin123 adminadminadmin changeme1234 changemeplease
trustno1trustno1 correcthorsebatterystaple football1234 evidence1234 evidenceevidence bodycamera12
bodycamera123 police123456 policepolice zhifajiluyi zhifajiluyi123 xingzhengzhifa gongan123456
chengguan1234 dazhezhifa123
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What a profile says.

    failures within window lock an account for one network, for `locked_for` (None: until it is released).
    idle and longest: of a session. strong_roles: who needs a second factor; everybody where for_all.
    verifies_user: a passkey behind a password must verify its user too. strong_methods: one of
    them a provider of single sign-on must name (`amr`, RFC 8176) to count as two factors; none: never.
    password_lives: None where a password never runs out. memory_kib, passes, lanes: of argon2id (RFC 9106).
    """

    failures: int
    window: timedelta
    locked_for: timedelta | None
    idle: timedelta
    longest: timedelta
    strong_roles: frozenset[Role]
    for_all: bool = False
    password_lives: timedelta | None = None
    verifies_user: bool = False
    strong_methods: frozenset[str] = frozenset()
    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4

    def needs_second_factor(self, roles: Iterable[Role]) -> bool:
        """Tell whether somebody with these roles signs in with two factors."""
        return self.for_all or not self.strong_roles.isdisjoint(roles)

    def is_over(self, password_at: datetime | None, now: datetime) -> bool:
        """Tell whether a password has run out."""
        lives = self.password_lives
        return lives is not None and password_at is not None and password_at + lives <= now


_QUARTER = timedelta(minutes=15)
PROFILES: Mapping[str, SignInRules] = {
    "default": SignInRules(
        failures=10,
        window=_QUARTER,
        locked_for=_QUARTER,
        idle=timedelta(minutes=30),
        longest=timedelta(hours=12),
        strong_roles=ADMINISTRATORS | {Role.CUSTODIAN},
        strong_methods=frozenset({"mfa"}),
    ),
    "cjis": SignInRules(  # AC-7, AC-11, AC-12; IA-2 (1), (2): all accounts
        failures=5,
        window=_QUARTER,
        locked_for=None,
        idle=timedelta(minutes=30),
        longest=timedelta(hours=12),
        strong_roles=frozenset(),
        for_all=True,
        verifies_user=True,
    ),
    "djcp3": SignInRules(  # 等保三级, GB/T 22239-2019 8.1.4.1 a), b), d)
        failures=5,
        window=_QUARTER,
        locked_for=timedelta(minutes=30),
        idle=_QUARTER,
        longest=timedelta(hours=8),
        strong_roles=frozenset(),
        for_all=True,
        verifies_user=True,
        password_lives=timedelta(days=90),
    ),
}
DEFAULT = PROFILES["default"]


def network_of(address: str) -> str:
    """Return what is one network: an IPv4 address, the /64 of an IPv6 one (RFC 6177), or else the text."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def weakness(password: str, *known: str | None) -> str | None:
    """Tell what is wrong with a new password, in one word; None where nothing is.

    known: of its owner, like login and name. Kinds of characters do not matter (ASVS 6.2.5).
    """
    if len(password) < SHORTEST_PASSWORD:
        return "too-short"
    if len(password) > LONGEST_PASSWORD:
        return "too-long"
    plain = _plain(password)
    if plain in _COMMON or len(set(plain)) < 5:
        return "common"
    words = [_plain(word) for word in known if word]
    # Of a name with one or two letters nothing can be asked.
    return "holds-name" if any(len(word) > 2 and word in plain for word in words) else None


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
