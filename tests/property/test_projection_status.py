"""The fold of the readings and `evolve` of the decider may not drift: both name the same status."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.evolve import evolve
from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
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
from events.task import Paused, Recovery, Task, Unknown, lease_of, status_of
from projections.task_fold import take
from projections.task_row import TaskRow, utc
from tests.unit.projections.log import START, Log, submitted

_EPOCHS = st.integers(1, 4)
_TIMES = st.integers(0, 10_000).map(lambda seconds: START + timedelta(seconds=seconds))
_FAILURES = {"error_type": st.sampled_from(ErrorType), "error_message": st.just("no answer")}

FACTS: st.SearchStrategy[TaskFact | UnknownFact] = st.one_of(
    st.just(submitted()),
    st.builds(TaskClaimed, worker=st.just("w"), attempt=st.integers(1, 5), lease_epoch=_EPOCHS, lease_until=_TIMES),
    st.builds(TaskStarted, lease_epoch=_EPOCHS, lease_until=_TIMES, deadline=_TIMES, steps_offset=st.just(0)),
    st.builds(LeaseRenewed, lease_epoch=_EPOCHS, lease_until=_TIMES),
    st.builds(TaskReleased, lease_epoch=_EPOCHS),
    st.builds(TaskCompleted, lease_epoch=_EPOCHS),
    st.builds(
        RecoveryPlanned,
        lease_epoch=_EPOCHS,
        strategy=st.sampled_from(Strategy),
        attempt_number=st.integers(1, 3),
        retry_at=_TIMES,
        same_session=st.booleans(),
        lease_until=st.none() | _TIMES,
        **_FAILURES,
    ),
    st.builds(TaskRecovered, lease_epoch=_EPOCHS, attempt_number=st.integers(1, 3), lease_until=_TIMES),
    st.builds(TaskFailed, **_FAILURES),
    st.builds(TaskEscalated, **_FAILURES),
    st.builds(PauseRequested),
    st.builds(TaskPaused),
    st.builds(TaskResumed),
    st.builds(CancelRequested),
    st.builds(TaskCancelled),
    st.builds(EscalationClaimed, operator=st.just("ada")),
    st.builds(EscalationResolved, operator=st.just("ada"), resolution=st.sampled_from(["retry", "complete", "cancel"])),
    st.builds(UnknownFact, type=st.just("task.teleported")),
)


#: Endings are drawn rarely, or most streams would be over after three facts.
STREAMS = st.lists(
    FACTS.filter(lambda fact: not isinstance(fact, TaskCompleted | TaskFailed | TaskCancelled)) | FACTS, max_size=25
)


@given(STREAMS, st.booleans())
def test_every_stream_ends_in_the_status_that_evolve_gives_it(
    stream: list[TaskFact | UnknownFact], begun: bool
) -> None:
    task: Task = Unknown()
    row = TaskRow("t")
    chain = Log().task()
    for fact in ([submitted()] if begun else []) + stream:
        envelope = chain.link(fact)
        chain.seconds += 1
        take(row, envelope)
        if not isinstance(fact, UnknownFact):
            task = evolve(task, fact, envelope.recorded_at)

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
