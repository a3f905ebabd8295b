"""One micro-batch folded into the rows to write. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from events.envelope import Envelope, StepEnvelope, UnknownEnvelope
from events.facts import TaskSubmitted
from events.steps import CostReported, StepExecuted
from events.task import FINAL
from projections import desk_fold, step_fold, task_fold
from projections.daily_fold import DailySums
from projections.desk_rows import OrderRow, WebhookRow
from projections.history_fold import History
from projections.intake import Decoded
from projections.path_fold import PathRow, Paths, fold_path
from projections.records import Tally
from projections.step_fold import Totals
from projections.task_row import Row, TaskRow, fact_row, goal_columns, utc


@dataclass(slots=True)
class Before:
    """What the store holds of the batch's subjects; changed in place by the fold, what is missing is added."""

    tasks: dict[str, TaskRow] = field(default_factory=dict)
    known_steps: Collection[tuple[str, str]] = ()  #: task and event of step facts of the batch that are stored already
    orders: dict[str, OrderRow] = field(default_factory=dict)
    webhooks: dict[str, WebhookRow] = field(default_factory=dict)
    paths: dict[str, PathRow] = field(default_factory=dict)
    known_paths: Collection[tuple[str, str]] = ()  #: path key and event of path facts that are stored already


@dataclass(slots=True)
class Changes:
    """The rows one transaction writes."""

    tasks: dict[str, TaskRow] = field(default_factory=dict)
    unstored: set[str] = field(default_factory=set)  #: tasks among them that have no stored row yet
    goals: dict[str, Row] = field(default_factory=dict)  #: columns of goals submitted in the batch
    facts: list[Row] = field(default_factory=list)
    history: History = field(default_factory=History)
    daily: DailySums = field(default_factory=DailySums)
    steps: list[Row] = field(default_factory=list)
    costs: list[Row] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)
    orders: dict[str, OrderRow] = field(default_factory=dict)
    webhooks: dict[str, WebhookRow] = field(default_factory=dict)
    paths: Paths = field(default_factory=Paths)

    def models(self) -> set[tuple[str, str | None]]:
        """Providers and models that were used."""
        return {(row[4], row[6]) for row in self.steps} | {(row[1], row[2]) for row in self.costs}


def fold_batch(decoded: Decoded, before: Before) -> Changes:
    """What the batch changes; the batch's tallies are completed here."""
    changes = Changes()
    for raw, task_id, fact in decoded.facts:
        if _fold_fact(changes, decoded.tallies[raw.place], before.tasks, task_id, fact):
            changes.facts.append(fact_row(task_id, raw, fact))
    seen = set(before.known_steps)
    for place, task_id, record in decoded.steps:
        tally = decoded.tallies[place]
        if (task_id, record.event_id) in seen:
            tally.repeats += 1
            continue
        seen.add((task_id, record.event_id))
        tally.taken += 1
        _fold_step(changes, before.tasks.get(task_id), task_id, record)
    for place, order in decoded.orders:
        desk_fold.fold_order(before.orders, changes.orders, decoded.tallies[place], order)
    for place, path in decoded.paths:
        fold_path(before.paths, before.known_paths, changes.paths, decoded.tallies[place], path)
    for task_id, webhook in decoded.webhooks:
        changes.webhooks[webhook.message_id] = desk_fold.fold_webhook(before.webhooks, task_id, webhook)
    return changes


def _fold_fact(
    changes: Changes, tally: Tally, rows: dict[str, TaskRow], task_id: str, fact: Envelope | UnknownEnvelope
) -> bool:
    """Whether the fact follows and was taken."""
    row = rows.get(task_id)
    unstored = row is None
    if row is None:
        row = TaskRow(task_id)
    if not task_fold.follows(row, fact):
        tally.strays += 1
        return False
    if unstored:
        rows[task_id] = row
        changes.unstored.add(task_id)
    changes.tasks[task_id] = row
    tally.taken += 1
    if isinstance(fact, UnknownEnvelope):
        tally.unknown += 1
        task_fold.take(row, fact)
        return True
    if row.status is None and isinstance(fact.event, TaskSubmitted):
        changes.goals[task_id] = goal_columns(fact.event, utc(fact.recorded_at))
    was, tried, held = row.status, row.recovery_attempts, row.recovery_succeeded
    task_fold.take(row, fact)
    if row.status is not was and row.status in FINAL:
        changes.daily.ended(row)
    if row.recovery_attempts:
        changes.history.recovery(row, fact, tried, held)
    if row.escalations:
        changes.history.escalation(row, fact, was)
    return True


def _fold_step(changes: Changes, row: TaskRow | None, task_id: str, record: StepEnvelope) -> None:
    event = record.event
    if isinstance(event, StepExecuted):
        changes.steps.append(step_fold.step_row(task_id, record, event))
        if row is not None and row.escalations:
            changes.history.step(task_id, record, event)
    elif isinstance(event, CostReported):
        changes.costs.append(step_fold.cost_row(task_id, record, event))
    else:
        return
    changes.totals.setdefault(task_id, Totals()).add(event)
    if row is not None and row.completed_at is not None:
        changes.daily.late(row, event, record.recorded_at)
