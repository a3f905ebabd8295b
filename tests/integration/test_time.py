"""What runs out on a real broker: a task's time under a living lease, and the wait of what nobody starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from events.facts import RecoveryPlanned, TaskFailed, TaskStarted
from events.failure import ErrorType
from local.kafka_server import Broker
from tests.integration.processing import Watched, Worker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


def test_time_that_is_up_counts_as_a_failure_and_what_nobody_starts_expires(log: Watched) -> None:
    log.processor()
    worker = Worker(log)
    slow = log.submit(timeout_minutes=0.02)
    waiting = [log.submit(queue="nobody", expires_in_seconds=2) for _ in range(20)]
    epoch = worker.assignment(slow).lease_epoch
    worker.start(slow, epoch)

    planned = log.await_fact(slow, "task.recovery_planned")
    started = log.await_fact(slow, "task.started").event
    assert isinstance(planned.event, RecoveryPlanned)
    assert isinstance(started, TaskStarted)
    assert planned.event.error_type is ErrorType.TASK_TIMEOUT
    assert started.deadline <= planned.recorded_at < started.lease_until
    again = worker.assignment(slow, after=1)
    assert again.lease_epoch == epoch + 1
    for task in waiting:
        failed = log.await_fact(task, "task.failed")
        assert isinstance(failed.event, TaskFailed)
        assert failed.event.error_type is ErrorType.EXPIRED
        assert failed.recorded_at - log.facts[task][0].recorded_at >= timedelta(seconds=2)
        assert log.kinds(task) == ["task.submitted", "task.failed"]
    worker.die()
