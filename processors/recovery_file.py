"""Reads the recovery tables that users write (TOML): what they leave out stays as it is by default.

max_recoveries = 3

[errors.rate_limited]
then = "back_off_and_retry"
backoff_seconds = 30

[sites."*.example.org"]
max_recoveries = 1

[sites."*.example.org".errors.timeout]
then = "stop"
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from events.errors import SetupIncomplete
from events.failure import ErrorType, Strategy
from processors.recovery_rules import RecoveryTable, RecoveryTables, Rule

_Seconds = Annotated[float, Field(gt=0, le=86_400)]
_Site = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Rule(_Written):
    then: Strategy | Literal["stop", "escalate"]
    backoff_seconds: _Seconds | None = None


class _Table(_Written):
    max_recoveries: Annotated[int, Field(ge=0, le=100)] | None = None
    backoff_seconds: _Seconds | None = None
    backoff_ceiling_seconds: _Seconds | None = None
    hold_page_seconds: Annotated[float, Field(ge=0, le=3_600)] | None = None
    errors: dict[ErrorType, _Rule] = Field(default_factory=dict)

    @field_validator("errors")
    @classmethod
    def _asks_a_human(cls, errors: dict[ErrorType, _Rule]) -> dict[ErrorType, _Rule]:
        unconfirmed = errors.get(ErrorType.UNCONFIRMED)
        if unconfirmed is not None and unconfirmed.then != "escalate":
            raise ValueError("unconfirmed always escalates: an act that cannot be taken back is never repeated blindly")
        return errors


class _File(_Table):
    sites: dict[_Site, _Table] = Field(default_factory=dict)


def read_recovery_tables(path: Path, default: RecoveryTable) -> RecoveryTables:
    """The tables of a file, over `default`; a site's table is laid over the file's general one.

    Raises:
        SetupIncomplete: the file cannot be read, or says what nobody understands; the text names the place.
    """
    try:
        written = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SetupIncomplete(f"the recovery policy cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupIncomplete(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SetupIncomplete(f"{path}: {where}: {first['msg']}") from error
    general = _laid_over(default, written)
    return RecoveryTables(general, {site: _laid_over(general, table) for site, table in written.sites.items()})


def _laid_over(under: RecoveryTable, table: _Table) -> RecoveryTable:
    rules = {error: Rule(rule.then, _span(rule.backoff_seconds)) for error, rule in table.errors.items()}
    return replace(
        under,
        rules={**under.rules, **rules},
        max_recoveries=under.max_recoveries if table.max_recoveries is None else table.max_recoveries,
        backoff=_span(table.backoff_seconds) or under.backoff,
        backoff_ceiling=_span(table.backoff_ceiling_seconds) or under.backoff_ceiling,
        hold_page=under.hold_page if table.hold_page_seconds is None else timedelta(seconds=table.hold_page_seconds),
    )


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
