"""Processors on a real broker: the road of a task, leases, takeovers, order, repeats, and death of everything."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.commands import StartTask, SubmitTask
from events.worker import LeaseEnded
from local.kafka_server import Broker
from producers.task_ids import new_task_id
from tests.integration.processing import Watched, Worker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


@pytest.fixture
def worker(log: Watched) -> Iterator[Worker]:
    alone = Worker(log)
    yield alone
    alone.die()


def test_a_task_goes_from_submission_to_completion(log: Watched, worker: Worker) -> None:
    log.processor()
    task = log.submit()

    assigned = worker.assignment(task)
    worker.start(task, assigned.lease_epoch)
    outcome = log.ask(task, worker.completion(assigned.lease_epoch))

    log.await_fact(task, "task.completed")
    assert log.kinds(task) == ["task.submitted", "task.claimed", "task.started", "task.completed"]
    assert [fact.version for fact in log.facts[task]] == [1, 2, 3, 4]
    assert [fact.follows for fact in log.facts[task]] == [None, *(fact.event_id for fact in log.facts[task][:-1])]
    assert outcome.result == "accepted"
    assert outcome.fact is not None
    assert outcome.fact.startswith(f"{log.topics.task_events}:")


def test_a_lost_lease_goes_to_another_runner_and_late_reports_are_refused(log: Watched) -> None:
    log.processor()
    first = Worker(log)
    task = log.submit()
    old = first.assignment(task).lease_epoch
    first.start(task, old)
    first.die()
    second = Worker(log)

    assigned = second.assignment(task)
    refused = log.ask(task, first.completion(old))
    log.send(task, first.renewal(old))
    ended = until(lambda: first.told(task, LeaseEnded), what="the first runner hears that it is over")
    second.start(task, assigned.lease_epoch)
    accepted = log.ask(task, second.completion(assigned.lease_epoch))
    second.die()

    assert assigned.lease_epoch > old
    assert (refused.result, refused.code) == ("refused", "stale_epoch")
    assert ended[0].lease_epoch == old
    assert accepted.result == "accepted"
    assert log.kinds(task).count("task.recovery_planned") == 1
    assert log.kinds(task).count("task.completed") == 1


def test_a_released_task_costs_no_attempt(log: Watched, worker: Worker) -> None:
    log.processor()
    task = log.submit()
    first = worker.assignment(task)
    worker.start(task, first.lease_epoch)
    log.send(task, worker.release(first.lease_epoch))

    again = worker.assignment(task, after=1)

    assert again.lease_epoch == first.lease_epoch + 1
    assert again.message.attempt == first.message.attempt == 1  # type: ignore[union-attr]


def test_the_most_urgent_waiting_task_comes_first(log: Watched) -> None:
    log.processor()
    waiting = {priority: log.submit(priority=priority) for priority in (2, 9, 5)}
    for task in waiting.values():
        log.await_fact(task, "task.submitted")
    worker = Worker(log, capacity=1)

    order = []
    for turn in range(3):
        assigned = worker.assignment(after=turn)
        order.append(assigned.task_id)
        worker.start(assigned.task_id, assigned.lease_epoch)
        log.send(assigned.task_id, worker.completion(assigned.lease_epoch))
    worker.die()

    assert order == [waiting[9], waiting[5], waiting[2]]


def test_a_command_sent_twice_is_decided_once(log: Watched) -> None:
    log.processor()
    task = new_task_id()
    command = SubmitTask(goal="register", site_url="http://127.0.0.1/")
    sent = log.send(task, command, reply=True)
    first = until(lambda: log.outcomes.pop(sent, None))
    log.send(task, command, reply=True, command_id=sent)
    second = until(lambda: log.outcomes.pop(sent, None))

    assert first is not None
    assert second is not None
    assert first.result == second.result == "accepted"
    assert first.fact == second.fact
    assert log.kinds(task) == ["task.submitted"]


def test_an_idempotency_key_finds_the_first_task_and_refuses_another_body(log: Watched) -> None:
    log.processor()
    common = {"goal": "register", "site_url": "http://127.0.0.1/", "submitted_by": "me", "idempotency_key": "k"}
    first, repeat, other = (_in_one_partition(log) for _ in range(3))
    log.ask(first, SubmitTask(**common, body_hash="a"))

    again = log.ask(repeat, SubmitTask(**common, body_hash="a"))
    conflict = log.ask(other, SubmitTask(**common, body_hash="b"))

    assert (again.result, again.task_id) == ("accepted", first)
    assert (conflict.result, conflict.code) == ("refused", "conflict")
    assert log.kinds(repeat) == log.kinds(other) == []


def _in_one_partition(log: Watched) -> str:
    from events.partitioner import partition_of

    return next(t for t in iter(new_task_id, "") if partition_of(t, log.topics.partitions) == 1)


def test_death_of_everything_leaves_no_task_behind(log: Watched) -> None:
    processors = [log.launched(name).launch() for name in ("a", "b")]
    first = Worker(log, capacity=2)
    tasks = [log.submit() for _ in range(5)]
    held = [first.assignment(after=number) for number in range(2)]
    for assigned in held:
        first.start(assigned.task_id, assigned.lease_epoch)
    for process in processors:
        process.stop(signal.SIGKILL)
    first.die()

    # No new command: leases must run out all the same, and what waited must still wait.
    log.processor("c")
    for assigned in held:
        lost = log.await_fact(assigned.task_id, "task.recovery_planned", timeout=40)
        assert lost.event.error_type == "runner_lost"  # type: ignore[union-attr]
    second = Worker(log, capacity=5)
    for task in tasks:
        assigned = second.assignment(task)
        second.start(task, assigned.lease_epoch)
        log.send(task, second.completion(assigned.lease_epoch))
    for task in tasks:
        log.await_fact(task, "task.completed")
    second.die()


def test_two_processors_share_the_work_and_one_takes_over_from_the_other(log: Watched, worker: Worker) -> None:
    both = [log.launched(name).launch() for name in ("a", "b")]
    for process in both:
        until(lambda p=process: "caught up" in p.log.read_text(), 60, what="both own partitions")  # type: ignore[misc]
    before = [log.submit() for _ in range(12)]
    for task in before:
        log.await_fact(task, "task.submitted")

    both[0].stop(signal.SIGTERM)
    after = [log.submit() for _ in range(12)]
    for task in after:
        log.await_fact(task, "task.submitted", timeout=40)
    assigned = worker.assignment()
    worker.start(assigned.task_id, assigned.lease_epoch)

    assert log.ask(assigned.task_id, worker.completion(assigned.lease_epoch)).result == "accepted"


def test_a_report_about_a_task_nobody_knows_is_refused(log: Watched) -> None:
    log.processor()

    outcome = log.ask(new_task_id(), StartTask(worker="w", lease_epoch=1))

    assert (outcome.result, outcome.code, outcome.status) == ("refused", "unknown_task", None)
