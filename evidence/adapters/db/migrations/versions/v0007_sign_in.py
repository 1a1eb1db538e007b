"""How people sign in; tokens of other systems, with what they may do and until when.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    _make_failure()
    _make_challenge()
    _make_oidc_identity()
    _make_passkey()
    _make_session()
    _make_sign_in()
    _make_account()
    _make_token_use()


def _make_failure() -> None:
    op.create_table(
        "failure",
        sa.Column("login_sha256", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.String(length=27), nullable=False),
        sa.Column("locked_at", sa.String(length=27), nullable=True),
        sa.Column("locked_until", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("login_sha256", "network"),
    )


def _make_challenge() -> None:
    op.create_table(
        "challenge",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("ends_at", sa.String(length=27), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("token_sha256"),
    )


def _make_oidc_identity() -> None:
    op.create_table(
        "oidc_identity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject_sha256", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject_sha256"),
    )
    op.create_index(op.f("ix_oidc_identity_person_id"), "oidc_identity", ["person_id"], unique=False)


def _make_passkey() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("credential_sha256", sa.String(length=64), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.String(length=27), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=True),
        sa.Column("doubted_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_sha256"),
    )
    op.create_index(op.f("ix_passkey_person_id"), "passkey", ["person_id"], unique=False)


def _make_session() -> None:
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("factors", sa.String(length=40), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("ends_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_why", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_session_person_id"), "session", ["person_id"], unique=False)


def _make_sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password", sa.String(length=300), nullable=True),
        sa.Column("password_at", sa.String(length=27), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("disabled_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("login"),
    )


def _make_account() -> None:
    op.add_column("account", sa.Column("scopes", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("expires_at", sa.String(length=27), nullable=True))
    op.add_column("account", sa.Column("devices", sa.Text(), nullable=True))


def _make_token_use() -> None:
    op.create_table(
        "token_use",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
