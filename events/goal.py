"""A goal as a caller states it: the fields shared by the command that submits it and the fact that records it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, JsonValue
from pydantic_core import to_json

from events.action import Action
from events.indicators import SuccessIndicator

#: Named priorities; 10 is the most urgent.
PRIORITIES = {"LOW": 2, "NORMAL": 5, "HIGH": 8, "CRITICAL": 10}
MAX_JSON_BYTES = 64 * 1024  #: of `metadata` and of `inputs`, each
#: Every record that carries the goal on nests it deeper, and readers of JSON give up at 200 levels.
MAX_JSON_DEPTH = 64


@lru_cache(maxsize=4_096)  # a site's addresses are few, and facts are read by the million after a restart
def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        port_ok = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"not a web address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_ok:
        raise ValueError("must be an http:// or https:// address with a host")
    if value.split() != [value] or parts.username or parts.password:
        raise ValueError("must hold no spaces and no user name or password")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(_web_address(value.replace("://*.", "://", 1)))
    if parts.path or parts.query or parts.fragment:
        raise ValueError("must be an origin such as https://login.example.org, or https://*.example.org")
    if "*" in (parts.hostname or "") or (
        value != value.replace("://*.", "://", 1) and "." not in (parts.hostname or "")
    ):
        raise ValueError("may begin with one `*.` before a name of two parts or more, and hold no other `*`")
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        return value
    size = len(to_json(value))
    if size > MAX_JSON_BYTES:
        raise ValueError(f"is {size} bytes of JSON, at most {MAX_JSON_BYTES} are taken")
    if not _within(value, MAX_JSON_DEPTH):
        raise ValueError(f"is nested more than {MAX_JSON_DEPTH} levels deep")
    return value


def _within(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_within(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_within(item, depth - 1) for item in value)
    return True


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


Goal = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"\S")]
WebAddress = Annotated[str, Field(min_length=8, max_length=2_000), AfterValidator(_web_address)]
AllowedOrigin = Annotated[str, Field(min_length=8, max_length=300), AfterValidator(_origin)]
Priority = Annotated[int, Field(ge=1, le=10)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
SecretReference = Annotated[str, Field(pattern=r"^(env|file):.+$", max_length=500)]
SmallJson = Annotated[dict[str, JsonValue], AfterValidator(_small)]
Inputs = Annotated[dict[Name, str | int | float | bool], AfterValidator(_small)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200)]

#: Fields that may hold personal data; marked so that they can be sealed later (design.md §1).
PERSONAL: dict[str, JsonValue] = {"personal": True}


class GoalStatement(BaseModel):
    """What to do, where, how urgently, and how to tell that it is done."""

    goal: Goal = Field(json_schema_extra=PERSONAL)
    site_url: WebAddress
    priority: Priority = 5  #: 1 to 10, 10 is the most urgent
    timeout_minutes: Annotated[float, Field(gt=0, le=1_440)] = 30.0  #: of one attempt, from its start
    metadata: SmallJson = Field(default_factory=dict, json_schema_extra=PERSONAL)
    inputs: Inputs = Field(default_factory=dict, json_schema_extra=PERSONAL)
    secrets: dict[Name, SecretReference] = Field(default_factory=dict)  #: name -> reference, never a value
    success_indicators: Annotated[list[SuccessIndicator], Field(max_length=20)] = Field(default_factory=list)
    steps: Annotated[list[Action], Field(max_length=200)] = Field(default_factory=list)  #: a declared plan
    max_steps: Annotated[int, Field(ge=1, le=1_000)] = 20
    allowed_origins: Annotated[list[AllowedOrigin], Field(max_length=20)] = Field(
        default_factory=list
    )  #: beside the site
    queue: Name = "default"
    not_before: Moment | None = None  #: start no earlier
    expires_at: Moment | None = None  #: give up if not started by
    expires_in_seconds: Annotated[float, Field(gt=0, le=31_622_400)] | None = (
        None  #: likewise, counted from the submission; the earlier of both holds
    )
    callback_url: WebAddress | None = None  #: told when the task has ended or needs a human

    @property
    def account(self) -> str | None:
        """The site's account the task works with (`metadata.account`); ceilings are kept per account."""
        value = self.metadata.get("account")
        return value if isinstance(value, str) else None


def seconds_of(earlier: datetime, later: datetime) -> float:
    """Seconds between two aware times, never negative (clocks of several machines meet here)."""
    return max(0.0, (later - earlier).total_seconds())
