"""Single sign-on: a real provider, one that lies, and one that is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from evidence.adapters.oidc import OidcProvider
from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act
from evidence.domain.rights import Kind, Role
from evidence.domain.sign_in import PROFILES
from evidence.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from evidence.service.sign_in.oidc import Identities, Returned, Sent, SingleSignOn, made_of
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn, SigningIn
from tests import inside
from tests.service_process import free_port
from tests.sign_in_room import SignInRoom
from tests.simulators.sign_on import CLIENT, SECRET, Browser, LyingProvider, RealProvider

PUBLIC = "https://station-7.example"
NETWORK = "192.0.2.7"
SECURITY = Caller("c" * 32, Kind.PERSON, grants=(Grant(Role.SECURITY_ADMINISTRATOR),))
PASSWORD = "vier kleine Boote im Hafen"


class Room(SignInRoom):
    """A site with single sign-on, now: providers have clocks of their own. An officer of it: 023456."""

    def __init__(self, folder: Path, issuer: str) -> None:
        super().__init__(folder)
        self.small.clock.time = datetime.now(UTC)
        provider = OidcProvider(issuer, CLIENT, lambda: SECRET, PUBLIC)
        self.desk = SingleSignOn(self.small.site, provider)
        self.identities = Identities(self.small.site, provider)
        self.officer = self.add_person("023456", Role.FIELD_OFFICER)

    def sessions_of(self) -> list[tuple[object, ...]]:
        return inside.rows(self.small.folder, "SELECT person_id, factors FROM session")

    def why(self) -> str:
        """Return the reason of the last failed try in the log."""
        return str(self.entries(Act.SIGN_IN_FAIL)[-1]["facts"]["why"])

    def trust(self, *methods: str) -> None:
        """Let these methods count as two factors."""
        rules = replace(self.small.site.terms.sign_in, strong_methods=frozenset(methods))
        object.__setattr__(self.small.site, "terms", replace(self.small.site.terms, sign_in=rules))


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    with LyingProvider() as provider:
        yield provider


@pytest.fixture
def room(tmp_path: Path, liar: LyingProvider) -> Room:
    made = Room(tmp_path, liar.issuer)
    made.identities.link(SECURITY, "023456", "acc-1")
    return made


@pytest.fixture(scope="module")
def real() -> Iterator[RealProvider]:
    with RealProvider(free_port(), PUBLIC, "acc-1") as provider:
        yield provider


def returned(address: str) -> Returned:
    asked = parse_qs(urlsplit(address).query)
    code, issuer = asked.get("code", [None]), asked.get("iss", [None])
    return Returned(asked["state"][0], code[0], issuer[0])


def begun(room: Room, liar: LyingProvider) -> tuple[Sent, Returned]:
    """Begin at the lying provider; return what an honest browser would bring back."""
    sent = room.desk.begin()
    asked = parse_qs(urlsplit(sent.address).query)
    liar.nonce = asked["nonce"][0]
    return sent, Returned(asked["state"][0], "a code", liar.issuer)


def test_a_linked_person_signs_in_at_a_real_provider_with_pkce_and_its_code_is_used_up(
    real: RealProvider, tmp_path: Path
) -> None:
    room = Room(tmp_path, real.issuer)
    room.identities.link(SECURITY, "023456", "acc-1")
    sent = room.desk.begin()
    asked = parse_qs(urlsplit(sent.address).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = Browser().follow(sent.address)
    assert back.startswith(f"{PUBLIC}/sign-in/oidc/return?")
    answer = room.desk.finish(sent.token, returned(back), NETWORK)
    assert isinstance(answer, SignedIn)
    assert room.sessions_of() == [(room.officer.id, "oidc")]
    with pytest.raises(Refused, match="step-over"):
        room.desk.finish(sent.token, returned(back), NETWORK)
    again = room.desk.begin()
    replayed = replace(returned(back), state=made_of(again.token, "state"))
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(again.token, replayed, NETWORK)
    assert room.why() == "oidc-code"
    assert len(room.sessions_of()) == 1


def test_a_code_of_a_real_provider_is_worth_nothing_to_who_did_not_begin(
    real: RealProvider, tmp_path: Path
) -> None:
    room = Room(tmp_path, real.issuer)
    room.identities.link(SECURITY, "023456", "acc-1")
    victim, thief = room.desk.begin(), room.desk.begin()
    back = returned(Browser().follow(victim.address))
    stolen = replace(back, state=made_of(thief.token, "state"))
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(thief.token, stolen, NETWORK)  # PKCE: the verifier is another
    assert room.why() == "oidc-code"
    assert room.sessions_of() == []


def test_one_signs_out_at_a_real_provider_too(real: RealProvider, tmp_path: Path) -> None:
    address = Room(tmp_path, real.issuer).desk.logout_address()
    assert address is not None
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{real.issuer}/session/end?")
    assert asked == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{PUBLIC}/sign-in"]}


def test_who_is_not_linked_is_told_their_subject_and_becomes_nobody(
    real: RealProvider, tmp_path: Path
) -> None:
    room = Room(tmp_path, real.issuer)
    people = inside.rows(room.small.folder, "SELECT * FROM person ORDER BY id")
    sent = room.desk.begin()
    with pytest.raises(Refused, match="identity-not-linked") as told:
        room.desk.finish(sent.token, returned(Browser().follow(sent.address)), NETWORK)
    assert told.value.fields == {"subject": "acc-1"}
    assert room.why() == "oidc-not-linked"
    assert inside.rows(room.small.folder, "SELECT * FROM person ORDER BY id") == people
    assert inside.rows(room.small.folder, "SELECT * FROM oidc_identity") == []
    assert room.sessions_of() == []


def changed(**claims: Any) -> Any:
    return lambda right: {name: value for name, value in {**right, **claims}.items() if value is not None}


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": changed(iss="https://evil.example")},
    "no issuer": {"claims": changed(iss=None)},
    "another audience": {"claims": changed(aud="another client")},
    "an audience of two for another party": {"claims": changed(aud=[CLIENT, "x"], azp="x")},
    "an audience of two for nobody": {"claims": changed(aud=[CLIENT, "x"])},
    "another nonce": {"claims": changed(nonce="replayed")},
    "no nonce": {"claims": changed(nonce=None)},
    "expired": {"claims": changed(exp=1_700_000_000, iat=1_600_000_000)},
    "without an end": {"claims": changed(exp=None)},
    "from the future": {"claims": changed(iat=4_000_000_000, exp=4_000_000_300)},
    "no subject": {"claims": changed(sub=None)},
    "an empty subject": {"claims": changed(sub="")},
    "a subject that is no text": {"claims": changed(sub=7)},
    "unsigned": {"algorithm": "none"},
    "signed with the public key": {"algorithm": "HS256"},
    "signed by somebody else": {"forged_key": True},
    "of another access token": {"claims": changed(at_hash="x" * 22)},
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_of_a_provider_opens_a_session(lie: str, room: Room, liar: LyingProvider) -> None:
    for name, value in LIES[lie].items():
        setattr(liar, name, value)
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(sent.token, back, NETWORK)
    assert room.why() == "oidc-token"
    assert room.sessions_of() == []


def test_the_same_provider_signs_in_when_it_does_not_lie(room: Room, liar: LyingProvider) -> None:
    sent, back = begun(room, liar)
    assert isinstance(room.desk.finish(sent.token, back, NETWORK), SignedIn)
    verifier = liar.asked["code_verifier"][0]
    assert liar.asked["redirect_uri"] == [f"{PUBLIC}/sign-in/oidc/return"]
    assert verifier == made_of(sent.token, "verifier")
    assert len(verifier) == 43


@pytest.mark.parametrize("issuer", [None, "https://evil.example", ""])
def test_what_comes_from_another_issuer_is_refused_before_any_code_is_redeemed(
    issuer: str | None, room: Room, liar: LyingProvider
) -> None:
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(sent.token, replace(back, issuer=issuer), NETWORK)
    assert (room.why(), liar.asked) == ("oidc-issuer", {})
    assert room.sessions_of() == []


@pytest.mark.parametrize("state", ["", "x" * 43, "执法"])
def test_a_state_that_this_browser_did_not_begin_is_refused(
    state: str, room: Room, liar: LyingProvider
) -> None:
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="step-over"):
        room.desk.finish(sent.token, replace(back, state=state), NETWORK)
    with pytest.raises(Refused, match="step-over"):
        room.desk.finish("x" * 43, back, NETWORK)
    assert (liar.asked, room.sessions_of()) == ({}, [])
    assert isinstance(room.desk.finish(sent.token, back, NETWORK), SignedIn), "the right one still can"


def test_a_step_is_over_after_five_minutes(room: Room, liar: LyingProvider) -> None:
    sent, back = begun(room, liar)
    room.small.clock.pass_by(timedelta(minutes=5))
    with pytest.raises(Refused, match="step-over"):
        room.desk.finish(sent.token, back, NETWORK)
    assert room.sessions_of() == []


def test_who_was_turned_away_by_the_provider_is_not_signed_in(room: Room, liar: LyingProvider) -> None:
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(sent.token, replace(back, code=None), NETWORK)
    assert room.why() == "oidc-denied"
    assert room.sessions_of() == []


METADATA: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "no issuer": {"issuer": None},
    "an endpoint in the clear": {"authorization_endpoint": "ftp://127.0.0.1/x"},
    "an endpoint that is none": {"authorization_endpoint": 7},
}


@pytest.mark.parametrize("wrong", METADATA)
def test_metadata_of_another_provider_are_not_used(wrong: str, room: Room, liar: LyingProvider) -> None:
    liar.metadata = METADATA[wrong]
    with pytest.raises(Unavailable, match="provider-unavailable"):
        room.desk.begin()


def test_a_provider_that_is_down_is_said_plainly_and_passwords_go_on(room: Room, liar: LyingProvider) -> None:
    liar.status = 503
    with pytest.raises(Unavailable, match="provider-unavailable"):
        room.desk.begin()
    liar.__exit__()
    with pytest.raises(Unavailable, match="provider-unavailable"):
        room.desk.begin()
    assert room.desk.logout_address() is None
    with room.small.database.writing() as unit:
        written = room.small.site.passwords.write(PASSWORD)
        unit.sign_ins.set_password(room.officer.id, written, room.small.clock.now())
    assert isinstance(SigningIn(room.small.site).begin("023456", PASSWORD, NETWORK), SignedIn)


def test_a_new_key_of_the_provider_is_asked_for_once(room: Room, liar: LyingProvider) -> None:
    sent, back = begun(room, liar)
    room.desk.finish(sent.token, back, NETWORK)
    liar.key = LyingProvider().key
    sent, back = begun(room, liar)
    assert isinstance(room.desk.finish(sent.token, back, NETWORK), SignedIn)


def test_the_providers_word_is_one_factor_unless_the_profile_says_otherwise(
    room: Room, liar: LyingProvider
) -> None:
    room.identities.unlink(SECURITY, "023456")
    room.identities.link(SECURITY, "012345", "acc-1")  # a custodian: needs two
    liar.claims = changed(amr=["pwd", "otp", "mfa"])
    room.trust()
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="second-factor-missing"):
        room.desk.finish(sent.token, back, NETWORK)
    assert (room.why(), room.sessions_of()) == ("second-factor-missing", [])
    room.trust("mfa")
    sent, back = begun(room, liar)
    assert isinstance(room.desk.finish(sent.token, back, NETWORK), SignedIn)
    assert room.sessions_of() == [(room.person.id, "oidc mfa")]
    liar.claims = changed(amr=["pwd"])
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="second-factor-missing"):
        room.desk.finish(sent.token, back, NETWORK)
    assert {name for name, rules in PROFILES.items() if rules.strong_methods} == {"default"}


def test_who_has_a_second_factor_here_is_asked_for_it(room: Room, liar: LyingProvider) -> None:
    with room.small.database.writing() as unit:
        unit.sign_ins.set_totp(room.officer.id, b"sealed")
    sent, back = begun(room, liar)
    answer = room.desk.finish(sent.token, back, NETWORK)
    assert isinstance(answer, MoreAsked)
    assert (answer.kind, answer.ways) == ("second-factor", ("totp",))
    assert room.sessions_of() == []


def test_who_may_not_sign_in_here_does_not_by_a_provider(room: Room, liar: LyingProvider) -> None:
    with room.small.database.writing() as unit:
        unit.sign_ins.disable(room.officer.id, room.small.clock.now())
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(sent.token, back, NETWORK)
    assert (room.why(), room.sessions_of()) == ("disabled", [])


def test_an_identity_is_linked_once_by_an_administrator_and_the_log_does_not_name_it(room: Room) -> None:
    told = room.entries(Act.IDENTITY_LINK)[-1]
    assert (told["by"], told["obj"][0]["id"]) == (SECURITY.id, room.officer.id)
    assert "acc-1" not in str(told)
    assert told["pd"].keys() == {"subject"}
    before = inside.rows(room.small.folder, "SELECT * FROM oidc_identity")
    with pytest.raises(Conflict, match="identity-taken"):
        room.identities.link(SECURITY, "012345", "acc-1")
    for subject in ("", "a\nb", "s" * 256):
        with pytest.raises(Invalid, match="invalid-subject"):
            room.identities.link(SECURITY, "012345", subject)
    with pytest.raises(NotFound, match="person-not-found"):
        room.identities.link(SECURITY, "nobody", "acc-2")
    officer = Caller(room.officer.id, Kind.PERSON, grants=(Grant(Role.FIELD_OFFICER),))
    with pytest.raises(Refused, match="not-permitted"):
        room.identities.link(officer, "012345", "acc-2")
    assert inside.rows(room.small.folder, "SELECT * FROM oidc_identity") == before


def test_an_identity_taken_away_opens_nothing_more_and_ends_what_it_opened(
    room: Room, liar: LyingProvider
) -> None:
    sent, back = begun(room, liar)
    answer = room.desk.finish(sent.token, back, NETWORK)
    assert isinstance(answer, SignedIn)
    room.identities.unlink(SECURITY, "023456")
    assert room.sessions.find(answer.token) is None
    assert room.identities.issuers(SECURITY, "023456") == []
    assert room.entries(Act.IDENTITY_UNLINK)[-1]["by"] == SECURITY.id
    sent, back = begun(room, liar)
    with pytest.raises(Refused, match="identity-not-linked"):
        room.desk.finish(sent.token, back, NETWORK)
    with pytest.raises(NotFound, match="not-linked"):
        room.identities.unlink(SECURITY, "023456")


def test_a_site_without_a_provider_has_no_single_sign_on(room: Room) -> None:
    with pytest.raises(NotFound, match="no-provider"):
        SingleSignOn(room.small.site, None).begin()
    with pytest.raises(NotFound, match="no-provider"):
        Identities(room.small.site, None).link(SECURITY, "012345", "acc-2")
    assert SingleSignOn(room.small.site, None).logout_address() is None
