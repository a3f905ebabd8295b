"""What the log says of navigation paths, told from each path's facts as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from events.codec import decode
from events.paths import (
    PathEnvelope,
    PathExpired,
    PathFailed,
    PathHealed,
    PathLearned,
    PathPinned,
    PathQuarantined,
    PathReplayed,
    PathUnpinned,
)
from projections.recount.story import Cells, naive

_CLOSED = {"path.expired": "expired", "path.quarantined": "quarantined"}
_NANO = Decimal("1e-9")


@dataclass(slots=True)
class CountedPaths:
    """All facts of paths, in the order of their partitions."""

    facts: dict[str, dict[str, PathEnvelope]] = field(default_factory=dict)  #: by path key, then event

    def take(self, value: bytes | None) -> str:
        """One record; what became of it."""
        fact = decode(PathEnvelope, value)
        if fact.task_id is not None:
            fact = fact.model_copy(update={"task_id": str(UUID(fact.task_id))})
        known = self.facts.setdefault(fact.path_key, {})
        if fact.event_id in known:
            return "repeats"
        known[fact.event_id] = fact
        return "taken"

    def rows(self) -> dict[tuple[Any, ...], Cells]:
        """`navigation_paths`."""
        return {(key,): _row(list(facts.values())) for key, facts in self.facts.items()}

    def editions(self) -> dict[tuple[Any, ...], Cells]:
        """`navigation_path_editions`."""
        return {
            (key, number): _edition(number, fact)
            for key, facts in self.facts.items()
            for number, fact in enumerate(_bringing(facts.values()), start=1)
        }

    def events(self) -> dict[tuple[Any, ...], Cells]:
        """`navigation_path_events`."""
        return {(key, event): _event(fact) for key, facts in self.facts.items() for event, fact in facts.items()}


def _bringing(facts: Any) -> Iterator[PathEnvelope]:
    return (fact for fact in facts if isinstance(fact.event, PathLearned | PathHealed))


def _row(facts: list[PathEnvelope]) -> Cells:
    editions = list(_bringing(facts))
    replays = [fact for fact in facts if isinstance(fact.event, PathReplayed)]
    failures = [fact for fact in facts if isinstance(fact.event, PathFailed)]
    used = [fact for fact in facts if isinstance(fact.event, PathReplayed | PathFailed)]
    newest = editions[-1].event_id if editions else None
    last = failures[-1].event if failures else None
    return {
        "path_key": facts[0].path_key,
        "site": facts[0].site,
        "goal_pattern": facts[0].goal_pattern,
        "editions": len(editions),
        **_in_use(facts),
        "newest": newest,
        "newest_state": _state(facts, newest),
        "successes": len(replays),
        "failures": len(failures),
        "failures_in_row": _in_row(facts),
        "replay_us": sum(_micro(fact, "seconds") for fact in used),
        "saved_us": sum(_micro(fact, "time_saved_seconds") for fact in replays),
        "last_error_type": last.error_type.value if isinstance(last, PathFailed) else None,
        "last_error": last.error_message if isinstance(last, PathFailed) else None,
        "created_at": naive(facts[0].recorded_at),
        "last_used_at": naive(used[-1].recorded_at) if used else None,
        "expires_at": _expiry(facts, newest),
        "updated_at": naive(facts[-1].recorded_at),
    }


def _micro(fact: PathEnvelope, name: str) -> int:
    seconds: float = getattr(fact.event, name)
    return round(seconds * 1e6)


def _state(facts: list[PathEnvelope], path: str | None) -> str:
    """The last word on one edition; a pin takes it out of quarantine."""
    if path is None:
        return "unknown"
    state = "usable"
    for event in (fact.event for fact in facts if getattr(fact.event, "path", None) == path):
        if isinstance(event, PathPinned) and state == "quarantined":
            state = "usable"
        state = _CLOSED.get(event.type, state)
    return state


def _in_use(facts: list[PathEnvelope]) -> Cells:
    """Which edition, in what state, and the reason given with the last change of that."""
    at = max((i for i, f in enumerate(facts) if isinstance(f.event, PathPinned | PathUnpinned)), default=None)
    pin = None if at is None else facts[at].event
    if at is not None and isinstance(pin, PathPinned):
        since = [f.event for f in facts[at:] if isinstance(f.event, PathQuarantined) and f.event.path == pin.path]
        state = "quarantined" if since else "usable"
        reason = since[-1].reason if since else pin.reason
        return {"path": pin.path, "state": state, "pinned": True, "reason": reason or None}
    newest = next((f.event_id for f in reversed(facts) if isinstance(f.event, PathLearned | PathHealed)), None)
    changes = [
        f.event
        for i, f in enumerate(facts)
        if f.event_id == newest
        or i == at
        or (isinstance(f.event, PathExpired | PathQuarantined) and f.event.path == newest and i > (at or 0))
    ]
    reason = getattr(changes[-1], "reason", "") if changes else ""
    return {"path": newest, "state": _state(facts, newest), "pinned": False, "reason": reason or None}


def _in_row(facts: list[PathEnvelope]) -> int:
    number = 0
    for fact in reversed(facts):
        if isinstance(fact.event, PathReplayed | PathLearned | PathHealed | PathPinned):
            break
        number += isinstance(fact.event, PathFailed)
    return number


def _expiry(facts: list[PathEnvelope], newest: str | None) -> Any:
    said = None
    for fact in facts:
        event = fact.event
        if isinstance(event, PathLearned | PathHealed) and fact.event_id == newest:
            said = event.expires_at
        elif isinstance(event, PathReplayed) and event.path == newest:
            said = event.expires_at or said
    return None if said is None else naive(said)


def _edition(number: int, fact: PathEnvelope) -> Cells:
    event = fact.event.model_dump(mode="json")
    learned = isinstance(fact.event, PathLearned)
    return {
        "path_key": fact.path_key,
        "number": number,
        "path": fact.event_id,
        "heals": event.get("path"),
        "steps": event["steps"],
        "changed": event.get("changed", []),
        "inputs": event.get("inputs"),
        "success_indicators": event.get("success_indicators"),
        "learned_seconds": event.get("seconds"),
        "learned_cost": (Decimal(round(event["cost"] * 1e9)) * _NANO).quantize(_NANO) if learned else None,
        "task_id": fact.task_id,
        "caused_by": fact.caused_by,
        "created_at": naive(fact.recorded_at),
    }


def _event(fact: PathEnvelope) -> Cells:
    said = fact.event.model_dump(mode="json")
    return {
        "path_key": fact.path_key,
        "event_id": fact.event_id,
        "type": fact.event.type,
        "path": said.get("path", fact.event_id if isinstance(fact.event, PathLearned) else None),
        "task_id": fact.task_id,
        "seconds": said.get("seconds"),
        "time_saved_seconds": said.get("time_saved_seconds"),
        "step": said.get("step"),
        "error_type": said.get("error_type"),
        "details": said.get("error_message", said.get("reason", "")),
        "caused_by": fact.caused_by,
        "recorded_at": naive(fact.recorded_at),
    }
