"""The settings of a site: one TOML file in its data folder, written by `init`; the environment may override.

The only module that reads the environment. Unknown settings are errors; weak values are refused.
"""

from __future__ import annotations

import json
import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from evidence.domain.addresses import holds_password, is_origin, is_readable
from evidence.errors import Invalid

FILE = "site.toml"
NAME = r"^[A-Za-z0-9._/-]{1,100}$"


class Settings(BaseSettings):
    """One site. Every field can be overridden by EVIDENCE_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="EVIDENCE_", extra="forbid", frozen=True)

    data: Path
    name: str = Field(pattern=NAME)  # stands in signatures: no space, no "+"
    policy: str
    profile: Literal["default", "cjis", "djcp3"] = "default"  # how people sign in (domain/sign_in.py)
    # One address per engine; empty = the embedded one. A password stands in a file: "…?password_file=/run/…".
    database: str = ""  # "postgresql://user@host/name"; empty = SQLite in the data folder
    vault: str = ""  # "s3://access-key@host:port/bucket" or "file:///…"; empty = a folder in the data folder
    broker: str = ""  # "redis://host:port/0"; empty = workers beside the service
    sm3: bool = True
    deep: bool = True
    immutable: bool = False  # chattr +i on sealed files; needs root, and root to undo
    upload_rest_hours: int = Field(default=168, ge=1)
    first_check_hours: int = Field(default=24, ge=1, le=24)
    next_check_days: int = Field(default=30, ge=1, le=30)
    check_mib_per_s: int = Field(default=50, ge=1)
    workers: int = Field(default=2, ge=1, le=64)
    publish_s: int = Field(default=5, ge=1, le=60)  # how long an entry of the log waits for its checkpoint
    audit_minutes: int = Field(
        default=50, ge=1, le=60
    )  # between two checks of the logs, of what they speak of
    backup_hours: int = Field(default=26, ge=0, le=8760)  # how old the last backup may be; 0: not watched
    restore_days: int = Field(default=31, ge=0, le=366)  # … and the last restore that was tried
    witnesses: str = ""  # a trust file whose witnesses have addresses; empty = nobody is asked
    public_url: str = (
        ""  # "https://host[:port]": what browsers call this site; passkeys and single sign-on need it
    )
    oidc_issuer: str = ""  # of the provider of single sign-on, letter for letter; empty = none
    oidc_client_id: str = ""
    oidc_client_secret_file: str = ""
    tsa_url: str = ""  # a time-stamping authority (RFC 3161); empty = none is asked
    tsa_certificate: str = (
        ""  # PEM: its certificate and that of the authority above it, from the data folder on
    )
    tsa_minutes: int = Field(default=60, ge=1, le=1440)
    roster_names: bool = False  # the public roster shows names too
    roster_contact: str = Field(default="", max_length=200)  # where complaints are received: shown there
    roster_per_minute: int = Field(default=30, ge=1)  # looks from one network
    keep_names_days: int = Field(default=1095, ge=365)  # of people who have left, before a name may be erased
    # The operator's speech-to-text engine: name with version, command, the folder that holds it.
    speech_name: str = Field(default="", max_length=80)
    speech_command: str = Field(default="", max_length=1000)
    speech_folder: str = ""
    # The operator's detector of what is to be hidden, likewise.
    detector_name: str = Field(default="", max_length=80)
    detector_command: str = Field(default="", max_length=1000)
    detector_folder: str = ""
    signer: str = ""  # folder with the socket of a signer that somebody else runs; empty = a child of ours
    exports: str = ""  # folder where packages lie until they are handed over; empty = one in the data folder

    @field_validator("database", "vault", "broker")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and not is_readable(url):
            raise ValueError("no address; a password with special characters belongs into a file")
        return url

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        if url and not is_origin(url):
            raise ValueError("wanted: https://host or https://host:port, nothing behind it")
        return url

    @field_validator("oidc_issuer")
    @classmethod
    def _is_an_issuer(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.query or parts.fragment or not is_origin(f"{parts.scheme}://{parts.netloc}")):
            raise ValueError("wanted: https://host/path, without query and fragment")
        return url

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse single sign-on, a speech-to-text engine or a detector, that lacks a part."""
        parts = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret_file)
        if any(parts) and not (all(parts) and self.public_url):
            raise ValueError(
                "oidc_issuer, oidc_client_id, oidc_client_secret_file and public_url belong together"
            )
        for kind in ("speech", "detector"):
            names = [f"{kind}_{part}" for part in ("name", "command", "folder")]
            told = [getattr(self, name) for name in names]
            if any(told) and not all(told):
                raise ValueError(f"{', '.join(names)} belong together")
        return self

    @property
    def detector(self) -> tuple[str, str, str]:
        """The operator's detector of what is to be hidden: name, command, folder; empty: none."""
        return self.detector_name, self.detector_command, self.detector_folder

    def oidc_client_secret(self) -> str:
        """Read the secret of the client at the provider. Raises: Invalid("password-file-unreadable")."""
        return read_secret(self.oidc_client_secret_file)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, but never over which site this is; read nothing else."""
        del dotenv_settings, file_secret_settings
        given = init_settings() if isinstance(init_settings, InitSettingsSource) else {}
        return InitSettingsSource(settings_cls, {"data": given.get("data")}), env_settings, init_settings

    @property
    def backups_every(self) -> tuple[timedelta, timedelta]:
        """How old the last backup may be, and the last restore; nothing: not watched."""
        return timedelta(hours=self.backup_hours), timedelta(days=self.restore_days)

    @property
    def signer_folder(self) -> Path:
        """Where the signer's socket lies."""
        return Path(self.signer) if self.signer else self.data / "signer"

    @property
    def exports_folder(self) -> Path:
        """Where packages lie until they are handed over."""
        return Path(self.exports) if self.exports else self.data / "exports"

    @property
    def witnesses_file(self) -> Path | None:
        """The trust file that names the witnesses."""
        return self.data / self.witnesses if self.witnesses else None

    @property
    def tsa_file(self) -> Path | None:
        """The certificates of the time-stamping authority. Raises: Invalid where one is set up without."""
        if self.tsa_url and not self.tsa_certificate:
            raise Invalid(
                "settings-wrong", file=str(self.data / FILE), reason="tsa_url without tsa_certificate"
            )
        return self.data / self.tsa_certificate if self.tsa_url else None

    @property
    def database_url(self) -> str:
        """The database's URL; a folder's name may hold what means something else in a URL."""
        return with_password(self.database) or f"sqlite:///{quote(str(self.data / 'evidence.db'))}"

    @property
    def vault_url(self) -> str:
        """The vault's URL."""
        return with_password(self.vault) or (self.data / "vault").absolute().as_uri()

    @property
    def broker_url(self) -> str:
        """The queue's URL; "memory://" is the embedded one."""
        return with_password(self.broker) or "memory://"

    @property
    def runs_own_workers(self) -> bool:
        """Whether the service has workers of its own beside it."""
        return self.broker_url == "memory://"


def load(data: Path) -> Settings:
    """Read the settings of a site. Raises: Invalid when the folder is no site or a setting is wrong."""
    file = data / FILE
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise Invalid("not-a-site", folder=str(data)) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Invalid("settings-unreadable", file=str(file), reason=str(problem)) from problem
    try:
        return Settings(data=data, **values)
    except (ValidationError, TypeError) as problem:
        raise Invalid("settings-wrong", file=str(file), reason=reason_of(problem)) from None


def reason_of(problem: ValidationError | TypeError) -> str:
    """Say which settings are wrong and why. What stands there may be a password, and is not repeated."""
    if not isinstance(problem, ValidationError):
        return "a setting that the file must not hold: data" if "'data'" in str(problem) else "unreadable"
    found = problem.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)


def engines() -> str:
    """Return the lines of a new site's file for the engines that the environment names.

    A site opened later without them would take an empty folder for its vault. An address that holds a
    password itself stays out of the file.
    """
    lines = ""
    for name in ("database", "vault", "broker"):
        url = os.environ.get(f"EVIDENCE_{name.upper()}", "")
        if url and not holds_password(url):
            lines += f"{name} = {json.dumps(url)}\n"
    return lines


def with_password(url: str) -> str:
    """Put the password that `password_file` names into a URL: no setting and no process list shows it.

    Raises: Invalid when the file cannot be read or is empty.
    """
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    files = [value for name, value in options if name == "password_file"]
    if not files:
        return url
    password = read_secret(files[0])
    if len(files) > 1 or parts.password is not None:
        raise Invalid("password-file-unreadable", file=files[0])
    place = f"{parts.username or ''}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    query = urlencode([pair for pair in options if pair[0] != "password_file"])
    return urlunsplit(parts._replace(netloc=place, query=query))


def read_secret(file: str) -> str:
    """Read a secret from a file of its own. Raises: Invalid when it cannot be read or is empty."""
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid("password-file-unreadable", file=file) from problem
    if not secret:
        raise Invalid("password-file-unreadable", file=file)
    return secret


def default_data() -> Path | None:
    """Return the data folder that EVIDENCE_DATA names, if any."""
    named = os.environ.get("EVIDENCE_DATA")
    return Path(named) if named else None
