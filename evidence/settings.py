"""The settings of a site: one TOML file in its data folder, written by `init`; the environment may override.

The only module that reads the environment. Unknown settings are errors; weak values are refused.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from evidence.errors import Invalid

FILE = "site.toml"
NAME = r"^[A-Za-z0-9._/-]{1,100}$"


class Settings(BaseSettings):
    """One site. Every field can be overridden by EVIDENCE_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="EVIDENCE_", extra="forbid", frozen=True)

    data: Path
    name: str = Field(pattern=NAME)  # stands in signatures: no space, no "+"
    policy: str
    database: str = ""  # SQLAlchemy URL; empty = SQLite in the data folder
    vault: str = ""  # "file:///…"; empty = a folder in the data folder
    sm3: bool = True
    deep: bool = True
    immutable: bool = False  # chattr +i on sealed files; needs root, and root to undo
    upload_rest_hours: int = Field(default=168, ge=1)
    first_check_hours: int = Field(default=24, ge=1, le=24)
    next_check_days: int = Field(default=30, ge=1, le=30)
    check_mib_per_s: int = Field(default=50, ge=1)
    workers: int = Field(default=2, ge=1, le=64)

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
    def database_url(self) -> str:
        """The database's URL; a folder's name may hold what means something else in a URL."""
        return self.database or f"sqlite:///{quote(str(self.data / 'evidence.db'))}"

    @property
    def vault_url(self) -> str:
        """The vault's URL."""
        return self.vault or (self.data / "vault").absolute().as_uri()


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
        raise Invalid("settings-wrong", file=str(file), reason=str(problem)) from problem


def default_data() -> Path | None:
    """Return the data folder that EVIDENCE_DATA names, if any."""
    named = os.environ.get("EVIDENCE_DATA")
    return Path(named) if named else None
