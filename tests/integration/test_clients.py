"""The clients of services and workers against a processor, an API and a real broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from events.action import Click, Target
from events.codec import encode
from events.commands import CancelTask, PauseTask
from events.envelope import Envelope
from events.errors import CommandRejected, NoSuchTask
from events.facts import RecoveryPlanned, TaskClaimed, TaskFailed, TaskStarted
from events.paths import PathStep, UsablePath
from events.worker import WorkerAlive
from producers.commands import CommandSender
from producers.goals import GoalClient
from producers.kafka import KafkaPublisher
from producers.reader import LogReader
from producers.worker_answers import ClaimedTask
from producers.workers import WorkerClient
from tests.integration.installation import Installation
from tests.wait import until

pytestmark = pytest.mark.kafka

SITE = "https://swim.example"
QUEUE = "clients"  # examples of the docstrings use the default one
LEASE_S = 3.0


@pytest.fixture(scope="module")
def goals(client_home: Installation) -> Iterator[GoalClient]:
    with GoalClient(
        client_home.url, client_home.key, connection=client_home.connection, topics=client_home.topics
    ) as client:
        yield client


NewWorkers = Callable[[], WorkerClient]


@pytest.fixture
def new_workers(client_home: Installation) -> Iterator[NewWorkers]:
    made: list[WorkerClient] = []

    def make() -> WorkerClient:
        made.append(
            WorkerClient(
                client_home.url,
                client_home.key,
                connection=client_home.connection,
                topics=client_home.topics,
                queues=[QUEUE],
            )
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def workers(new_workers: NewWorkers) -> WorkerClient:
    return new_workers()


@pytest.fixture(scope="module")
def log(client_home: Installation) -> Iterator[LogReader]:
    reader = LogReader(client_home.connection, client_home.topics)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def operator(client_home: Installation) -> Iterator[CommandSender]:
    publisher = KafkaPublisher(client_home.connection)
    yield CommandSender(publisher, client_home.topics, "test")
    publisher.close()


def facts_of(log: LogReader, task_id: str) -> list[Envelope]:
    found, _ = log.facts_since(dict.fromkeys(log.fact_ends(), 0), lambda key: key == task_id)
    return [fact for fact, _ in found]


def kinds(log: LogReader, task_id: str) -> list[str]:
    return [fact.event.type for fact in facts_of(log, task_id)]


def claimed_one(workers: WorkerClient, goals: GoalClient) -> ClaimedTask:
    task_id = goals.submit_goal("Register Eden", SITE, 10, queue=QUEUE)
    [task] = workers.claim_task("w", wait_seconds=15).tasks
    assert task.task_id == task_id
    return task


def test_a_claim_comes_with_the_path_that_led_to_its_goal(
    goals: GoalClient, operator: CommandSender, new_workers: NewWorkers
) -> None:
    step = PathStep(action=Click(target=Target(role="button", name="Book")))
    path = UsablePath(
        path_key="k1", site=SITE, goal_pattern="Book {{child}}", path="e1", steps=[step], inputs=["child"]
    )
    operator.publisher.send(operator.topics.paths, path.path_key, encode(path)).result(10)
    workers = new_workers()
    goals.submit_goal("Book Eden", SITE, 10, inputs={"child": "Eden"}, queue=QUEUE)

    [task] = workers.claim_task("w", wait_seconds=15).tasks

    assert task.cached_path == path
    assert workers.report_completion(task.task_id, "done", cache_path_used=True).status == "COMPLETED"


def test_a_task_is_claimed_worked_on_and_completed(goals: GoalClient, workers: WorkerClient) -> None:
    task_id = goals.submit_goal(
        "Register {{child}}", SITE, 8, 2.0, metadata={"chain_id": "c-1"}, inputs={"child": "Eden"}, queue=QUEUE
    )

    claim = workers.claim_task("assigner", max_tasks=3, wait_seconds=15)
    [task] = claim.tasks
    first = workers.update_progress(task_id, 1, "open", 2, "claude", duration_ms=100, cost=0.002)
    second = workers.update_progress(task_id, 2, "press", duration_ms=50, result="retry", error_details="slow")
    done = workers.report_completion(task_id, "Confirmation 4711", True, 1.5)

    assert (claim.count, claim.worker_id) == (1, "assigner")
    assert (task.task_id, task.goal, task.site_url, task.priority) == (task_id, "Register {{child}}", SITE, 8)
    assert (task.timeout_seconds, task.metadata, task.cached_path) == (120, {"chain_id": "c-1"}, None)
    assert (first.total_steps, first.total_cost, first.stop_requested) == (1, 0.002, None)
    assert (second.total_steps, second.total_cost, second.total_duration_ms) == (2, 0.002, 150)
    assert 0 < second.held_for_seconds <= LEASE_S
    assert (done.status, done.total_steps) == ("COMPLETED", 2)
    result = goals.wait_for_completion(task_id, 15, 0.02)
    assert (result.final_result, result.cache.cached_path_used, result.cache.time_saved_seconds) == (
        "Confirmation 4711",
        True,
        1.5,
    )
    status = until(lambda: (s := workers.get_task_status(task_id)).steps == 2 and s)
    assert status
    assert (status.status, status.progress, status.cost) == ("COMPLETED", 100, 0.002)
    assert goals.get_task_chain_id(task_id) == "c-1"


def test_two_clients_claiming_at_once_never_hold_the_same_task(goals: GoalClient, new_workers: NewWorkers) -> None:
    submitted = {goals.submit_goal(f"goal {number}", SITE, queue=QUEUE) for number in range(12)}
    clients = [new_workers(), new_workers()]
    taken: list[str] = []

    def claim_all(client: WorkerClient) -> None:
        while not submitted <= set(taken):
            for task in client.claim_task("same-name", max_tasks=3, wait_seconds=1).tasks:
                taken.append(task.task_id)
                client.report_completion(task.task_id, "done")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(claim_all, clients))

    assert sorted(taken) == sorted(submitted)


def test_a_grant_that_comes_after_the_claim_returned_is_released(
    client_home: Installation, goals: GoalClient, new_workers: NewWorkers, log: LogReader, operator: CommandSender
) -> None:
    slow, quick = new_workers(), new_workers()
    assert slow.claim_task("slow", wait_seconds=0.01).count == 0
    session = slow._desk._sessions["slow"]
    task_id = goals.submit_goal("late", SITE, queue=QUEUE)

    def went_back() -> bool:
        # As if the word that nothing more is wanted were still on its way; said anew, since the session says it too.
        wants_one = WorkerAlive(worker=session.worker, capacity=1, queues=[QUEUE], sent_at=datetime.now(UTC))
        operator.publisher.send(client_home.topics.workers_alive, session.worker, encode(wants_one)).result(10)
        return "task.released" in kinds(log, task_id)

    until(went_back)
    session._beat()
    [task] = quick.claim_task("quick", wait_seconds=15).tasks
    quick.report_completion(task.task_id)

    holders = [fact.event.worker for fact in facts_of(log, task_id) if isinstance(fact.event, TaskClaimed)]
    assert holders[0] == session.worker
    assert holders[-1] != session.worker
    assert "task.recovery_planned" not in kinds(log, task_id)
    with pytest.raises(CommandRejected, match="after the claim had returned"):
        slow.update_progress(task_id, 1, "open")


def test_a_claimed_task_is_kept_past_the_length_of_its_lease(
    goals: GoalClient, workers: WorkerClient, log: LogReader
) -> None:
    task = claimed_one(workers, goals)

    until(lambda: kinds(log, task.task_id).count("task.lease_renewed") >= 6, 3 * LEASE_S)
    progress = workers.update_progress(task.task_id, 1, "open")
    workers.report_completion(task.task_id)

    facts = facts_of(log, task.task_id)
    [started] = [fact for fact in facts if isinstance(fact.event, TaskStarted)]
    assert (facts[-1].recorded_at - started.recorded_at).total_seconds() > LEASE_S
    assert progress.held_for_seconds > 0
    assert [fact.event.type for fact in facts if fact.event.type != "task.lease_renewed"] == [
        "task.submitted",
        "task.claimed",
        "task.started",
        "task.completed",
    ]


MESSAGES = [
    ("timeout: no answer within 30 s", "wait_and_retry"),
    ("a modal dialog covers the page", "close_modal_and_retry"),
    ("login form shown: the session expired", "re_authenticate"),
    ("stale element reference", "refresh_and_retry"),
    ("interrupted by another navigation", "refresh_and_retry"),
    ("rate limit: too many requests", "back_off_and_retry"),
    ("something odd", "back_off_and_retry"),
    ("site down", None),
    ("access denied", None),
    ("invalid URL", None),
]


def test_a_failure_is_answered_with_the_strategy_that_its_fact_holds(
    goals: GoalClient, workers: WorkerClient, log: LogReader, operator: CommandSender
) -> None:
    for message, strategy in MESSAGES:
        task = claimed_one(workers, goals)
        answer = workers.report_failure(task.task_id, message)
        [decision] = [
            fact.event for fact in facts_of(log, task.task_id) if isinstance(fact.event, RecoveryPlanned | TaskFailed)
        ]
        operator.send(task.task_id, CancelTask())

        assert answer.strategy == strategy, message
        assert answer.strategy == (decision.strategy if isinstance(decision, RecoveryPlanned) else None)
        assert answer.error_type == decision.error_type
        assert answer.status == ("RECOVERY" if strategy else "FAILED")
        assert answer.attempt_number == (1 if strategy else None)
        with pytest.raises(CommandRejected):
            workers.report_completion(task.task_id)


def test_without_recovery_a_failure_is_final(goals: GoalClient, workers: WorkerClient) -> None:
    task = claimed_one(workers, goals)

    answer = workers.report_failure(task.task_id, "timeout", recovery_needed=False)

    assert (answer.status, answer.strategy, answer.is_over) == ("FAILED", None, True)


def test_in_a_living_session_the_task_is_kept_recovered_and_completed(
    goals: GoalClient, workers: WorkerClient, log: LogReader
) -> None:
    task = claimed_one(workers, goals)

    answer = workers.report_failure(task.task_id, "a dialog covers the page", session_alive=True)
    workers.report_recovered(task.task_id)
    workers.report_completion(task.task_id, "done")

    assert (answer.same_session, answer.strategy) == (True, "close_modal_and_retry")
    assert [kind for kind in kinds(log, task.task_id) if kind != "task.lease_renewed"][-3:] == [
        "task.recovery_planned",
        "task.recovered",
        "task.completed",
    ]


@pytest.mark.parametrize(("command", "status"), [(PauseTask(), "PAUSED"), (CancelTask(), "CANCELLED")])
def test_a_request_to_stop_is_seen_and_obeyed(
    goals: GoalClient, workers: WorkerClient, operator: CommandSender, command: PauseTask | CancelTask, status: str
) -> None:
    task = claimed_one(workers, goals)
    with pytest.raises(CommandRejected, match="nobody asked"):
        workers.yield_task(task.task_id)

    operator.send(task.task_id, command).result(10)
    asked = until(lambda: workers.update_progress(task.task_id, 1, "look").stop_requested)
    back = workers.yield_task(task.task_id)

    assert command.type == f"{asked}_task"
    assert back.status == status
    with pytest.raises(CommandRejected, match="yielded"):
        workers.update_progress(task.task_id, 2, "press")


def test_a_later_attempt_counts_what_earlier_ones_did(goals: GoalClient, new_workers: NewWorkers) -> None:
    first, second = new_workers(), new_workers()
    task = claimed_one(first, goals)
    first.update_progress(task.task_id, 1, "open", cost=0.5, duration_ms=10)
    first.release_task(task.task_id)

    [again] = second.claim_task("other", wait_seconds=15).tasks
    progress = second.update_progress(again.task_id, again.last_step + 1, "press", cost=0.25, duration_ms=5)
    second.report_completion(again.task_id)

    assert (again.task_id, again.last_step) == (task.task_id, 1)
    assert (progress.total_steps, progress.total_cost, progress.total_duration_ms) == (2, 0.75, 15)


def test_a_closed_client_gives_back_what_it_holds(goals: GoalClient, new_workers: NewWorkers, log: LogReader) -> None:
    first = new_workers()
    task = claimed_one(first, goals)

    first.close()
    second = new_workers()
    [again] = second.claim_task("next", wait_seconds=15).tasks
    second.report_completion(again.task_id)

    assert again.task_id == task.task_id
    assert "task.recovery_planned" not in kinds(log, task.task_id)


def test_a_cost_is_counted_after_the_end_too(goals: GoalClient, workers: WorkerClient) -> None:
    task = claimed_one(workers, goals)
    workers.report_completion(task.task_id)
    goals.report_task_cost(task.task_id, 0.125, "claude")

    until(lambda: goals.get_task_result(task.task_id).total_cost == 0.125)


def test_with_http_alone_goals_costs_and_figures_work_too(client_home: Installation, workers: WorkerClient) -> None:
    heard: list[str] = []
    with GoalClient(client_home.url, client_home.key) as goals:
        task_id = goals.submit_goal(
            "Register Eden",
            SITE,
            metadata={"chain_id": "c-2"},
            queue=QUEUE,
            on_complete=lambda result: heard.append(result.task_id),
        )
        [task] = workers.claim_task("w", wait_seconds=15).tasks
        until(lambda: goals.get_active_task_count() == 1)
        workers.report_completion(task_id, "done")
        goals.report_task_cost(task_id, 0.25, "claude")

        assert until(goals.check_and_call_callbacks) == 1
        assert (heard, task.task_id, goals.get_task_chain_id(task_id)) == ([task_id], task_id, "c-2")
        until(lambda: goals.get_task_result(task_id).total_cost == 0.25)
        until(lambda: goals.get_active_task_count() == 0)
        assert goals.get_queue_depth() == 0
        assert goals.get_metrics_summary().total_tasks_completed >= 1
        with pytest.raises(NoSuchTask):
            goals.report_task_cost("018f0000-0000-7000-8000-000000000001", 1, "claude")
