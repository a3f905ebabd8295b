"""What the dispatcher needs of a fact, without building the rest: most facts it reads are submissions. Pure."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic takes typing's own from Python 3.12 on

from events.codec import decode_fact
from events.envelope import SCHEMA_VERSION, Envelope, UnknownEnvelope
from events.facts import TaskSubmitted
from events.goal import GoalStatement

_SUBMITTED = b'"type":"task.submitted"'
_NEWEST = b'"schema_version":%d,' % SCHEMA_VERSION
_PRIORITY = GoalStatement.model_fields["priority"].default
_QUEUE = GoalStatement.model_fields["queue"].default


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted task, as far as it matters to its place among others."""

    event_id: str
    follows: str | None
    task_id: str
    version: int
    recorded_at: datetime
    site_url: str
    account: str | None
    queue: str
    priority: int
    not_before: datetime | None

    @staticmethod
    def of(fact: Envelope, goal: TaskSubmitted) -> Submission:
        """The same of a fact that was read whole."""
        return Submission(
            fact.event_id,
            fact.follows,
            fact.task_id,
            fact.version,
            fact.recorded_at,
            goal.site_url,
            goal.account,
            goal.queue,
            goal.priority,
            goal.not_before,
        )


class _Metadata(TypedDict):
    account: NotRequired[Any]


class _Goal(TypedDict):
    type: Literal["task.submitted"]
    site_url: str
    metadata: NotRequired[_Metadata]
    queue: NotRequired[str]
    priority: NotRequired[int]
    not_before: NotRequired[AwareDatetime | None]


class _Fact(TypedDict):
    event_id: str
    follows: NotRequired[str | None]
    task_id: str
    version: int
    schema_version: int
    recorded_at: AwareDatetime
    event: _Goal


_GLANCE: TypeAdapter[_Fact] = TypeAdapter(_Fact)


def glance(value: bytes | None) -> Envelope | UnknownEnvelope | Submission:
    """One record of `tasks.events`; raises as `decode_fact`, which reads whatever is no plain submission."""
    if value is not None and _SUBMITTED in value and _NEWEST in value:
        try:
            return _submission(_GLANCE.validate_json(value))
        except ValidationError:
            return decode_fact(value)
    return decode_fact(value)


def _submission(fact: _Fact) -> Submission:
    goal = fact["event"]
    account = goal.get("metadata", {}).get("account")
    queue = goal.get("queue", _QUEUE)
    return Submission(
        fact["event_id"],
        fact.get("follows"),
        fact["task_id"],
        fact["version"],
        fact["recorded_at"],
        goal["site_url"],
        account if isinstance(account, str) else None,
        sys.intern(queue),
        goal.get("priority", _PRIORITY),
        goal.get("not_before"),
    )
