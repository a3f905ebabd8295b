"""Decides recorded failures again under other rules, with the decider's own code. Pure.

What would have come after a changed decision is not known: where the other rules go on and the log shows an end, another
attempt is counted and nothing is said of how it would have gone; where they end and the log goes on, the failures that
followed would not have happened, and are counted as spared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from events import facts as f
from events.chain import EMPTY, Stream, follows, take
from events.envelope import Envelope, UnknownEnvelope
from events.failure import ErrorType
from events.task import Claimed, Finished, InProgress, Recovery
from processors.policy import Policy
from processors.worker_reports import attempt_failed

Held = Claimed | InProgress | Recovery
Decision = f.RecoveryPlanned | f.TaskFailed | f.TaskEscalated
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Course:
    """What followed one failure."""

    then: str  #: the strategy, `stop` or `escalate`
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Redecided:
    """One recorded failure, and what the other rules make of it."""

    task_id: str
    error_type: ErrorType
    recorded: Course
    other: Course | None  #: none when it would not have happened, as the task had ended before


@dataclass(slots=True)
class _Line:
    """One task, on the log and under the other rules."""

    stream: Stream = EMPTY
    recoveries: int = 0
    losses: int = 0
    ended: bool = False  #: under the other rules, while the log goes on


@dataclass(slots=True)
class Replay:
    """Takes the facts of a log in the order of each partition."""

    policy: Policy  #: the other rules
    present: Policy  #: the rules of this installation: what they do not stop, a worker asked to stop
    since: datetime = _BEGINNING
    redecided: list[Redecided] = field(default_factory=list)
    #: tasks that were completed after a failure at which the other rules would have given up
    lost: set[str] = field(default_factory=set)
    _lines: dict[str, _Line] = field(default_factory=dict)

    def take(self, fact: Envelope | UnknownEnvelope) -> None:
        """Take one fact; what does not follow is passed over."""
        line = self._lines.setdefault(fact.task_id, _Line())
        if not follows(line.stream, fact):
            return
        before, event = line.stream.task, fact.event
        line.stream = take(line.stream, fact)
        failed = isinstance(event, f.RecoveryPlanned | f.TaskFailed | f.TaskEscalated)
        if failed and isinstance(before, Claimed | InProgress | Recovery) and not self._asked_for(before, event):
            self._decide_again(line, fact, before, event)
        elif isinstance(event, f.TaskRecovered):
            line.losses = 0
        elif isinstance(event, f.EscalationResolved):
            line.recoveries, line.losses = 0, 0
        if line.ended and isinstance(event, f.TaskCompleted):
            self.lost.add(fact.task_id)
        if isinstance(line.stream.task, Finished):
            line.stream = replace(line.stream, task=line.stream.task)
            self._lines[fact.task_id] = _Line(line.stream)

    def _asked_for(self, held: Held, event: object) -> bool:
        """Whether the worker, not the rules, ended the task."""
        if not isinstance(event, f.TaskFailed):
            return False
        return self.present.recovery.for_site(held.goal.site_url).rule(event.error_type).then != "stop"

    def _decide_again(self, line: _Line, fact: Envelope | UnknownEnvelope, held: Held, event: object) -> None:
        if not isinstance(event, f.RecoveryPlanned | f.TaskFailed | f.TaskEscalated):
            return
        at = fact.recorded_at
        other: Course | None = None
        if not line.ended:
            history = replace(held.history, recoveries=line.recoveries, losses=line.losses)
            decision = attempt_failed(
                replace(held, history=history), event.error_type, event.error_message, at, self.policy
            )
            other = _course(decision, at)
            self._move(line, decision, event.error_type)
        if at >= self.since:
            self.redecided.append(Redecided(fact.task_id, event.error_type, _course(event, at), other))

    def _move(self, line: _Line, decision: object, error_type: ErrorType) -> None:
        if not isinstance(decision, f.RecoveryPlanned):
            line.ended = True
            return
        line.recoveries = decision.attempt_number
        line.losses = line.losses + 1 if error_type is ErrorType.RUNNER_LOST else 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The failures of a log under both policies."""

    failures: int
    changed: int
    spared: int  #: failures that would not have happened
    recorded: dict[str, int]  #: how often each course was taken
    other: dict[str, int]
    recorded_wait_seconds: float
    other_wait_seconds: float
    completions_lost: int
    changes: list[tuple[str, str, str, int]]  #: error type, recorded course, other course, how often


def compare(replay: Replay) -> Comparison:
    """Add it up."""
    pairs = replay.redecided
    changes = Counter(_changes(pairs))
    return Comparison(
        failures=len(pairs),
        changed=sum(1 for pair in pairs if pair.other is not None and pair.other != pair.recorded),
        spared=sum(1 for pair in pairs if pair.other is None),
        recorded=dict(Counter(pair.recorded.then for pair in pairs)),
        other=dict(Counter(pair.other.then for pair in pairs if pair.other is not None)),
        recorded_wait_seconds=round(sum(pair.recorded.wait_seconds for pair in pairs), 3),
        other_wait_seconds=round(sum(pair.other.wait_seconds for pair in pairs if pair.other is not None), 3),
        completions_lost=len(replay.lost),
        changes=[(*change, count) for change, count in changes.most_common()],
    )


def _changes(pairs: list[Redecided]) -> Iterator[tuple[str, str, str]]:
    for pair in pairs:
        if pair.other is None:
            yield pair.error_type.value, pair.recorded.then, "(would not have happened)"
        elif pair.other.then != pair.recorded.then:
            yield pair.error_type.value, pair.recorded.then, pair.other.then


def _course(decision: object, at: datetime) -> Course:
    match decision:
        case f.RecoveryPlanned():
            return Course(decision.strategy.value, max(0.0, (decision.retry_at - at).total_seconds()))
        case f.TaskFailed():
            return Course("stop")
        case f.TaskEscalated():
            return Course("escalate")
        case _:
            return Course("asked to stop")
