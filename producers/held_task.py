"""One task in a worker's hands: its lease, its totals, what was asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from events.commands import StartTask, TaskCommand
from events.envelope import StepEnvelope
from events.goal_patterns import FindPath
from events.steps import CostReported, StepExecuted, StepIntended
from events.worker import (
    Assignment,
    InboxEnvelope,
    LeaseConfirmed,
    LeaseEnded,
    RecoveryDirected,
    StartConfirmed,
    StopRequested,
)
from producers.commands import new_command_id
from producers.leases import Lease
from producers.worker_answers import ClaimedTask, Progress, StopRequest


@dataclass(slots=True)
class Totals:
    """Steps, cost and duration so far."""

    steps: int = 0
    last_step: int = 0
    cost: float = 0.0
    duration_ms: float = 0.0
    irreversible: list[str] = field(default_factory=list)  #: acts that had their effect
    intended: dict[tuple[int, int], str] = field(default_factory=dict)  #: acts that may have had it

    def add(self, fact: object, epoch: int) -> None:
        """Count one step fact of the lease with this epoch."""
        match fact:
            case StepIntended():
                self.last_step = max(self.last_step, fact.step_number)
                self.intended[epoch, fact.step_number] = fact.action
            case StepExecuted():
                self.intended.pop((epoch, fact.step_number), None)
                if fact.irreversible:
                    self.irreversible.append(fact.action)
                self.steps += 1
                self.last_step = max(self.last_step, fact.step_number)
                self.cost += fact.cost
                self.duration_ms += fact.duration_ms
            case CostReported():
                self.cost += fact.cost
            case _:
                return


@dataclass(slots=True)
class HeldTask:
    """Moves by inbox messages and by what its worker reports."""

    task_id: str
    assignment: Assignment
    lease: Lease
    start: StartTask
    start_id: str = field(default_factory=new_command_id)
    started: bool = False
    ended: str | None = None  #: why the task is no longer ours
    stop_requested: StopRequest | None = None
    totals: Totals = field(default_factory=Totals)
    _reports: dict[str, tuple[TaskCommand, str]] = field(default_factory=dict)

    def take(self, note: InboxEnvelope) -> None:
        """One inbox message about this task."""
        if self.ended is not None or not self.lease.takes(note.lease_epoch, note.version):
            return
        match note.message:
            case StartConfirmed():
                self.lease.confirmed(note.command_id)
                self.started = True
            case LeaseConfirmed() | RecoveryDirected():
                self.lease.confirmed(note.command_id)
            case StopRequested():
                self.stop_requested = note.message.why
            case LeaseEnded():
                self.ended = note.message.reason
            case _:
                return

    def recall(self, earlier: Iterable[StepEnvelope]) -> None:
        """Count what earlier attempts did."""
        for fact in earlier:
            self.totals.add(fact.event, fact.lease_epoch)

    def id_for(self, report: TaskCommand) -> str:
        """The command id of a report; the same one while it is made again without an answer, so that it counts once."""
        last = self._reports.get(report.type)
        if last is None or last[0] != report:
            last = self._reports[report.type] = (report, new_command_id())
        return last[1]

    def answered(self, report: TaskCommand) -> None:
        """The report was decided: the same words again are another report."""
        self._reports.pop(report.type, None)

    def shown(self, find_path: FindPath) -> ClaimedTask:
        """The task as its worker sees it, with a path that leads there, unless its caller or a human said how to go."""
        given, goal = self.assignment, self.assignment.goal
        path = None if goal.steps or given.hints else find_path(goal.goal, goal.site_url, goal.inputs)
        return ClaimedTask(
            task_id=self.task_id,
            goal=goal.goal,
            site_url=goal.site_url,
            priority=goal.priority,
            timeout_seconds=given.timeout_seconds,
            metadata=goal.metadata,
            cached_path=path,
            inputs=goal.inputs,
            secrets=goal.secrets,
            success_indicators=goal.success_indicators,
            steps=goal.steps,
            max_steps=goal.max_steps,
            attempt=given.attempt,
            last_step=self.totals.last_step,
            irreversible=[*self.totals.irreversible, *self.totals.intended.values()],
            strategy=given.strategy,
            error_type=given.error_type,
            hints=given.hints,
            checkpoint=given.checkpoint,
        )

    def progress(self, now: float) -> Progress:
        """Totals so far, and whether to go on."""
        return Progress(
            task_id=self.task_id,
            total_steps=self.totals.steps,
            total_cost=self.totals.cost,
            total_duration_ms=self.totals.duration_ms,
            stop_requested=self.stop_requested,
            held_for_seconds=max(0.0, self.lease.remaining(now)),
        )
