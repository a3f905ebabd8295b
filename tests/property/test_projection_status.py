"""The fold of the readings and `evolve` of the decider may not drift: both name the same status."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from events.envelope import Envelope
from events.evolve import evolve
from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
    Resolution,
    TaskCancelled,
    TaskClaimed,
    TaskCompleted,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    TaskResumed,
    TaskStarted,
    UnknownFact,
)
from events.failure import ErrorType, Strategy
from events.task import Escalated, InProgress, Paused, Recovery, Task, Unknown, lease_of, status_of
from projections.task_fold import take
from projections.task_row import TaskRow, utc
from tests.unit.projections.log import Log, at, submitted

FAILURES = {"error_type": ErrorType.TIMEOUT, "error_message": "no answer"}


def fact(random: Random) -> TaskFact | UnknownFact:
    """Any fact at all; drawn by hand, as hypothesis hardly ever draws the same kind of neighbours twice."""
    epoch, soon, later = random.randint(1, 4), at(random.randint(0, 10_000)), at(random.randint(0, 10_000))
    attempt = random.randint(1, 5)
    error = {**FAILURES, "error_type": random.choice(list(ErrorType))}
    endings: list[TaskFact] = [TaskCompleted(lease_epoch=epoch), TaskFailed(**error), TaskCancelled()]
    if random.random() < 1 / 40:
        return random.choice(endings)
    resolutions: list[Resolution] = ["retry", "retry", "retry", "complete", "cancel"]
    planned = RecoveryPlanned(
        lease_epoch=epoch,
        strategy=random.choice(list(Strategy)),
        attempt_number=attempt,
        retry_at=later,
        same_session=random.random() < 0.5,
        lease_until=soon if random.random() < 0.5 else None,
        **error,
    )
    facts: list[TaskFact | UnknownFact] = [
        submitted(),
        TaskClaimed(worker="w", attempt=attempt, lease_epoch=epoch, lease_until=soon),
        TaskClaimed(worker="w", attempt=attempt, lease_epoch=epoch, lease_until=soon),
        TaskStarted(lease_epoch=epoch, lease_until=soon, deadline=later, steps_offset=0),
        TaskStarted(lease_epoch=epoch, lease_until=soon, deadline=later, steps_offset=0),
        LeaseRenewed(lease_epoch=epoch, lease_until=soon),
        TaskReleased(lease_epoch=epoch),
        planned,
        planned,
        TaskRecovered(lease_epoch=epoch, attempt_number=attempt, lease_until=soon),
        TaskEscalated(**error),
        PauseRequested(),
        TaskPaused(),
        TaskResumed(),
        CancelRequested(),
        EscalationClaimed(operator="ada"),
        EscalationResolved(operator="ada", resolution=random.choice(resolutions)),
        UnknownFact(type="task.teleported"),
    ]
    return random.choice(facts)


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=True))
def test_every_stream_ends_in_the_status_that_evolve_gives_it(random: Random) -> None:
    task: Task = Unknown()
    row = TaskRow("t")
    chain = Log().task()
    for _ in range(60):
        envelope = chain.link(fact(random))
        chain.seconds += 1
        take(row, envelope)
        if isinstance(envelope, Envelope):
            task = evolve(task, envelope.event, envelope.recorded_at)

        assert row.status == status_of(task)
        _assert_same_lease_and_times(row, task)


def _assert_same_lease_and_times(row: TaskRow, task: Task) -> None:
    lease = lease_of(task)
    assert row.lease_until == (None if lease is None else utc(lease.until))
    if lease is not None:
        assert (row.worker, row.lease_epoch, row.attempts) == (lease.worker, lease.epoch, lease.attempt)
    if not isinstance(task, Unknown):
        began = task.history.started_at
        assert row.started_at == (None if began is None else utc(began))
        assert row.attempts == task.history.attempts
    if isinstance(task, Recovery | Paused):
        assert row.retry_at == (None if task.retry_at is None else utc(task.retry_at))
    if isinstance(task, InProgress):
        assert (row.deadline, row.asked) == (utc(task.deadline), task.asked)
    if isinstance(task, Escalated) and task.operator is not None:
        assert row.operator == task.operator
