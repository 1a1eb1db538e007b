"""The tables about signing in: passwords, factors, sessions, failed tries, the use of tokens.

Nothing of them goes into the vault: after a rebuild each person gets a new link.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, UniqueConstraint

from evidence.adapters.db.columns import AnyText, Id, Sha256, Time, Words, metadata

sign_in = Table(
    "sign_in",
    metadata,
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("login", AnyText, nullable=False, unique=True),
    Column("password", Words(300)),  # argon2id, as a PHC string; null until the link was used
    Column("password_at", Time),
    Column("totp_secret", LargeBinary),
    Column("totp_step", BigInteger, nullable=False),  # the last one used: none is taken twice
    Column("created_at", Time, nullable=False),
    Column("disabled_at", Time),
)

passkey = Table(  # WebAuthn
    "passkey",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("credential_sha256", Sha256, nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("added_at", Time, nullable=False),
    Column("used_at", Time),
    Column("doubted_at", Time),  # it counted backwards: somebody has a copy
)

oidc_identity = Table(
    "oidc_identity",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("issuer", AnyText, nullable=False),
    Column("subject_sha256", Sha256, nullable=False),
    Column("linked_at", Time, nullable=False),
    UniqueConstraint("issuer", "subject_sha256"),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", Sha256, primary_key=True),
    Column("id", Id, nullable=False, unique=True),  # what the log names
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("factors", Words(40), nullable=False),  # "password", "password totp", "oidc", …
    Column("csrf", Words(64), nullable=False),
    Column("network", Words(64), nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False),
    Column("ends_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("ended_why", Words(30)),
)

token_use = Table(  # when the token of another system was used last, at most once a minute
    "token_use",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("used_at", Time, nullable=False),
)

challenge = Table(  # what is asked of somebody who is signing in, or adding a factor; used once
    "challenge",
    metadata,
    Column("token_sha256", Sha256, primary_key=True),
    Column("kind", Words(20), nullable=False),  # "link", "second-factor", "passkey", "oidc"
    Column("person_id", Id, ForeignKey("person.id")),
    Column("body", AnyText, nullable=False),
    Column("made_by", Words(32), nullable=False),
    Column("made_at", Time, nullable=False),
    Column("ends_at", Time, nullable=False),
    Column("used_at", Time),
)

failure = Table(  # failed tries to sign in, for one account from one network
    "failure",
    metadata,
    Column("login_sha256", Sha256, primary_key=True),
    Column("network", Words(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", Time, nullable=False),
    Column("locked_at", Time),
    Column("locked_until", Time),  # null while locked: until somebody releases it
)
