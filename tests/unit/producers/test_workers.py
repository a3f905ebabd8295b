"""The client of workers on a log in memory, decided by the real decider."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from events.action import Click, Target
from events.commands import CancelTask, PauseTask
from events.errors import CommandRejected, NotDecidedYet
from events.facts import RecoveryPlanned, TaskReleased
from events.paths import PathStep, UsablePath
from events.steps import StepExecuted
from events.worker import LeaseEnded
from processors.policy import Policy
from producers import workers as module
from producers.async_workers import AsyncWorkerClient
from producers.http import Door
from producers.worker_answers import Claim
from producers.workers import WorkerClient
from tests.unit.producers.hall import SITE, Hall
from tests.wait import until


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    made = Hall(Policy(lease=timedelta(seconds=3)))
    monkeypatch.setattr(module, "connect", made.connect)
    yield made
    made.close()


@pytest.fixture
def workers(hall: Hall) -> Iterator[WorkerClient]:  # noqa: ARG001 - stands behind it
    client = WorkerClient("http://api", "gt_x", connection={}, answer_seconds=5)
    yield client
    client.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def claimed(hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor, **goal: object) -> str:
    """A task in hand."""
    task_id = hall.submit(**goal)
    claim = pool.submit(workers.claim_task, "w")
    hall.grant(task_id)
    assert [task.task_id for task in claim.result(10).tasks] == [task_id]
    return task_id


def test_a_claim_has_the_shape_of_the_mission_and_what_a_worker_needs(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    task_id = hall.submit(priority=8, timeout_minutes=2, metadata={"user_id": 7}, inputs={"child": "Eden"})
    waiting = pool.submit(workers.claim_task, "assigner")
    hall.grant(task_id)
    claim = waiting.result(10)

    [task] = claim.tasks
    said = claim.model_dump()
    assert set(said) == {"tasks", "count", "worker_id", "claimed_at"}
    assert set(said["tasks"][0]) >= {
        "task_id", "goal", "site_url", "priority", "timeout_seconds", "metadata", "cached_path",
    }  # fmt: skip
    assert (claim.count, claim.worker_id) == (1, "assigner")
    assert (task.goal, task.site_url, task.priority, task.timeout_seconds) == ("register", SITE, 8, 120)
    assert (task.metadata, task.inputs, task.cached_path, task.attempt) == ({"user_id": 7}, {"child": "Eden"}, None, 1)
    assert hall.kinds(task_id) == ["task.submitted", "task.claimed", "task.started"]


def test_a_claim_comes_with_the_path_that_led_to_its_goal_unless_somebody_said_how_to_go(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    step = PathStep(action=Click(target=Target(role="button", name="Register")))
    known = UsablePath(path_key="k", site=SITE, goal_pattern="Register {{child}}", path="e", steps=[step], inputs=["child"])  # fmt: skip
    hall.shelf.put("k", known)
    goal = {"goal": "Register Eden", "inputs": {"child": "Eden"}}

    def comes_with(**fields: Any) -> UsablePath | None:
        task_id = hall.submit(**fields)
        waiting = pool.submit(workers.claim_task, "assigner")
        hall.grant(task_id)
        [task] = waiting.result(10).tasks
        return task.cached_path

    assert comes_with(**goal) == known
    assert comes_with(**{**goal, "goal": "Cancel Eden"}) is None
    assert comes_with(**goal, steps=[{"op": "navigate", "url": "/"}]) is None


def test_nothing_to_do_is_an_empty_claim_and_no_more_is_wanted_then(hall: Hall, workers: WorkerClient) -> None:
    claim = workers.claim_task("w", 4, wait_seconds=0.05)

    assert (claim.tasks, claim.count) == ([], 0)
    assert [word.capacity for word in hall.words()] == [4, 0]
    assert hall.words()[0].worker.startswith("w-")


def test_what_is_held_counts_in_the_capacity_of_the_next_claim(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    claimed(hall, workers, pool)
    workers.claim_task("w", 2, wait_seconds=0.05)

    assert hall.words()[-2].capacity == 3


@pytest.mark.parametrize("most", [0, -1])
def test_nobody_claims_less_than_one_task(workers: WorkerClient, most: int) -> None:
    with pytest.raises(ValueError, match="max_tasks"):
        workers.claim_task("w", most)


def test_a_grant_after_the_claim_returned_is_released(hall: Hall, workers: WorkerClient) -> None:
    workers.claim_task("w", wait_seconds=0.01)
    task_id = hall.submit()
    hall.grant(task_id, hall.words()[-1].worker)

    until(lambda: hall.kinds(task_id) == ["task.submitted", "task.claimed", "task.released"])
    with pytest.raises(CommandRejected, match="after the claim had returned"):
        workers.update_progress(task_id, 1, "open")


def test_more_grants_than_wanted_are_released(hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor) -> None:
    ids = [hall.submit() for _ in range(3)]
    waiting = pool.submit(workers.claim_task, "w", 2)
    worker = hall.claiming().worker
    for task_id in ids:
        hall.grant(task_id, worker)
    taken = [task.task_id for task in waiting.result(10).tasks]

    assert taken == ids[:2]
    until(lambda: hall.kinds(ids[2])[-1] == "task.released")


def test_a_task_paused_before_it_was_started_is_not_in_the_claim(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = hall.submit()
    waiting = pool.submit(workers.claim_task, "w", wait_seconds=0.4)
    worker = hall.claiming().worker
    send = hall.send

    def paused_first(topic: str, key: str, body: bytes) -> Future[object]:
        if b'"start_task"' in body:
            monkeypatch.undo()
            hall.order(task_id, PauseTask())
        return send(topic, key, body)  # type: ignore[return-value]

    monkeypatch.setattr(hall, "send", paused_first)
    hall.grant(task_id, worker)

    assert waiting.result(10).tasks == []
    assert hall.kinds(task_id) == ["task.submitted", "task.claimed", "task.paused"]


def test_totals_so_far_are_counted_and_each_step_carries_the_lease(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    task_id = claimed(hall, workers, pool)

    workers.update_progress(task_id, 1, "open", 2, "claude", duration_ms=40, cost=0.25)
    progress = workers.update_progress(task_id, 2, "press", result="error", error_details="no such button")

    assert (progress.total_steps, progress.total_cost, progress.total_duration_ms) == (2, 0.25, 40)
    first, second = hall.steps_of(task_id, 0)
    assert (first.lease_epoch, first.worker) == (1, hall.words()[0].worker)
    assert isinstance(first.event, StepExecuted)
    assert isinstance(second.event, StepExecuted)
    assert (first.event.ai_level, first.event.ai_used, first.event.cost) == (2, "claude", 0.25)
    assert (second.event.result, second.event.error_details) == ("error", "no such button")


def test_steps_can_be_read_from_where_the_start_said(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    first = claimed(hall, workers, pool)
    workers.update_progress(first, 1, "open")
    second = claimed(hall, workers, pool)
    workers.update_progress(second, 1, "open")

    [offset] = [f.event.steps_offset for f in hall.facts() if f.task_id == second and f.event.type == "task.started"]
    assert offset == 1
    assert len(hall.steps_of(second, offset)) == 1


def test_a_completion_not_answered_in_time_is_reported_again_and_counts_once(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    workers._desk._answer_seconds = 0.1
    task_id = claimed(hall, workers, pool)

    hall.mute = True
    with pytest.raises(NotDecidedYet):
        workers.report_completion(task_id, "done")
    hall.mute = False
    again = workers.report_completion(task_id, "done")

    assert again.status == "COMPLETED"
    assert hall.kinds(task_id).count("task.completed") == 1


def test_a_failure_not_answered_in_time_still_gets_the_strategy_of_its_fact(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    workers._desk._answer_seconds = 0.1
    task_id = claimed(hall, workers, pool)

    hall.mute = True
    with pytest.raises(NotDecidedYet):
        workers.report_failure(task_id, "timeout")
    hall.mute = False
    answer = workers.report_failure(task_id, "timeout")

    [planned] = [fact.event for fact in hall.facts() if isinstance(fact.event, RecoveryPlanned)]
    assert (answer.strategy, answer.retry_at) == (planned.strategy, planned.retry_at)


def test_the_fourth_failure_is_answered_with_escalated_and_no_strategy(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    task_id = claimed(hall, workers, pool)
    answers = [workers.report_failure(task_id, "modal", session_alive=True) for _ in range(4)]

    assert [answer.attempt_number for answer in answers] == [1, 2, 3, None]
    assert (answers[3].status, answers[3].strategy, answers[3].is_over) == ("ESCALATED", None, False)


def test_a_lease_that_is_over_is_said_clearly(hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor) -> None:
    task_id = claimed(hall, workers, pool)
    hall.tell(hall.words()[0].worker, task_id, LeaseEnded(reason="the task is CANCELLED"))

    with pytest.raises(CommandRejected, match="the task is CANCELLED") as refusal:
        workers.update_progress(task_id, 1, "open")
    assert refusal.value.code == "stale_epoch"
    with pytest.raises(CommandRejected, match="never claimed"):
        workers.report_completion("another")


def test_a_lease_lost_unheard_is_learned_from_the_refusal(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    task_id = claimed(hall, workers, pool)
    hall._inboxes.clear()
    workers._desk._sessions["w"].task(task_id).lease.epoch = 7

    with pytest.raises(CommandRejected, match="epoch 7"):
        workers.report_completion(task_id)
    with pytest.raises(CommandRejected, match="is not held: epoch 7"):
        workers.update_progress(task_id, 1, "open")


@pytest.mark.parametrize(("command", "status"), [(PauseTask(), "PAUSED"), (CancelTask(), "CANCELLED")])
def test_a_request_to_stop_is_shown_and_obeyed(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor, command: PauseTask | CancelTask, status: str
) -> None:
    task_id = claimed(hall, workers, pool)
    assert workers.update_progress(task_id, 1, "open").stop_requested is None

    hall.order(task_id, command)
    asked = until(lambda: workers.update_progress(task_id, 2, "press").stop_requested)

    assert f"{asked}_task" == command.type
    assert workers.yield_task(task_id, checkpoint="abc").status == status


def test_closing_gives_back_what_is_held(hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor) -> None:
    task_id = claimed(hall, workers, pool)
    workers.close()

    until(lambda: hall.kinds(task_id)[-1] == "task.released")
    assert hall.words()[-1].capacity == 0


def test_status_progress_steps_cost_and_elapsed_time_are_read(workers: WorkerClient) -> None:
    task = {
        "id": "t1", "status": "COMPLETED", "progress": 100, "total_steps": 4, "total_cost": 0.5,
        "started_at": "2026-11-22T08:30:00Z", "total_time_seconds": 12.5,
    }  # fmt: skip
    answers = iter([task, {**task, "total_time_seconds": None, "status": "IN_PROGRESS"}, {**task, "started_at": 5}])

    def script(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/browser-tasks/t1"
        return httpx.Response(200, json={"success": True, "data": next(answers), "error": None})

    workers._door = Door("http://api", "gt_x", transport=httpx.MockTransport(script))

    done, running = workers.get_task_status("t1"), workers.get_task_status("t1")
    assert (done.status, done.progress, done.steps, done.cost) == ("COMPLETED", 100, 4, 0.5)
    assert done.elapsed_seconds == 12.5
    assert running.elapsed_seconds > 0


async def test_coroutines_claim_and_report(hall: Hall) -> None:
    task_id = hall.submit()
    async with AsyncWorkerClient("http://api", "gt_x", connection={}) as workers:
        waiting = asyncio.create_task(workers.claim_task("w"))
        await asyncio.to_thread(hall.grant, task_id)
        claim: Claim = await waiting
        assert claim.count == 1
        assert (await workers.update_progress(task_id, 1, "open")).total_steps == 1
        assert (await workers.report_completion(task_id, "done")).status == "COMPLETED"


async def test_a_cancelled_claim_gives_back_what_it_gets(hall: Hall) -> None:
    task_id = hall.submit()
    async with AsyncWorkerClient("http://api", "gt_x", connection={}) as workers:
        waiting = asyncio.create_task(workers.claim_task("w", 2, wait_seconds=30))
        worker = (await asyncio.to_thread(hall.claiming)).worker
        await asyncio.to_thread(hall.grant, task_id, worker)
        await asyncio.to_thread(until, lambda: "task.started" in hall.kinds(task_id))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.to_thread(until, lambda: hall.kinds(task_id)[-1] == "task.released")

    [released] = [fact.event for fact in hall.facts() if isinstance(fact.event, TaskReleased)]
    assert released.reason == "the claim was abandoned"
    assert hall.words()[-1].capacity == 0


def test_an_irreversible_act_is_on_the_log_before_it_and_told_to_who_comes_next(
    hall: Hall, workers: WorkerClient, pool: ThreadPoolExecutor
) -> None:
    task_id = claimed(hall, workers, pool)
    workers.intend_step(task_id, 1, 'press "Pay"')
    workers.update_progress(task_id, 1, 'press "Pay"', irreversible=True)
    workers.intend_step(task_id, 2, 'press "Send"', needed_seconds=1)
    workers.release_task(task_id)

    waiting = pool.submit(workers.claim_task, "next")
    hall.grant(task_id)
    [task] = waiting.result(10).tasks

    assert task.irreversible == ['press "Pay"', 'press "Send"']
    assert task.last_step == 2
    with pytest.raises(CommandRejected, match="not surely held for 60 s"):
        workers.intend_step(task_id, 3, 'press "Send"', needed_seconds=60)
