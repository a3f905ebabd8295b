"""The client of third-party workers: claims tasks, keeps their leases, reports steps and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Literal, NotRequired, Self, TypedDict

from pydantic import JsonValue

from events.commands import CompleteTask, FailAttempt, ReportRecovered, YieldTask
from events.failure import ErrorType
from events.steps import StepExecuted
from events.task import Status
from events.topics import Topics
from producers.http import Door
from producers.link import connect
from producers.readings import status_of_task
from producers.worker_answers import (
    Claim,
    CompletionReported,
    FailureReported,
    Progress,
    TaskGivenBack,
    WorkerTaskStatus,
)
from producers.worker_decisions import after_failure
from producers.worker_desk import WorkerDesk


class WorkerOptions(TypedDict):
    """What a `WorkerClient` is made with besides URL and key."""

    connection: Mapping[str, Any]
    topics: NotRequired[Topics | None]
    queues: NotRequired[Sequence[str]]
    answer_seconds: NotRequired[float]


class WorkerClient:
    """Takes tasks and reports on them; one client serves any number of worker ids, from any number of threads.

    Claims and reports go by Kafka, readings come from the HTTP API. Leases of claimed tasks are renewed in the
    background until the task's end is reported or the client is closed; what it holds then goes back.

    Example:
        >>> with WorkerClient(url, api_key, connection=connection) as workers:
        ...     claim = workers.claim_task("assigner-1", max_tasks=2)
        ...     for task in claim.tasks:
        ...         progress = workers.update_progress(task.task_id, 1, "open the timetable", duration_ms=120)
        ...         if progress.stop_requested:
        ...             workers.yield_task(task.task_id)
        ...         else:
        ...             print(workers.report_completion(task.task_id, "Registered, confirmation 4711").status)
        COMPLETED
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        connection: Mapping[str, Any],
        topics: Topics | None = None,
        queues: Sequence[str] = ("default",),
        answer_seconds: float = 15.0,
    ) -> None:
        """Connect.

        Args:
            url: of the API, such as `http://127.0.0.1:8310`.
            api_key: with the scope `read`.
            connection: librdkafka settings.
            topics: names and partitions, if they are not the default ones.
            queues: whose tasks are taken.
            answer_seconds: how long the decision on a report is awaited.

        Raises:
            BrokerUnreachable: nothing answers.
        """
        self._running = ExitStack()
        self._door = self._running.enter_context(Door(url, api_key))
        with ExitStack() as unless_connected:
            unless_connected.callback(self._running.close)
            link = connect(connection, topics or Topics(), self._running, seconds=answer_seconds)
            self._desk = WorkerDesk(link, tuple(queues), answer_seconds)
            self._running.callback(self._desk.close)
            unless_connected.pop_all()

    def claim_task(self, worker_id: str, max_tasks: int = 1, *, wait_seconds: float = 5.0) -> Claim:
        """Take up to `max_tasks` tasks; they are started and yours when the call returns.

        Waits up to `wait_seconds` for the first one, and a moment longer for more. No task is ever held by two
        workers; what is granted too late goes back at no cost. One worker id makes one claim at a time: another one waits
        for its turn.

        Raises:
            BrokerUnreachable: nothing answers.

        Example:
            >>> claim = workers.claim_task("assigner-1", max_tasks=1, wait_seconds=0.1)
            >>> claim.worker_id, claim.count
            ('assigner-1', 0)
        """
        if max_tasks < 1:
            raise ValueError(f"max_tasks is {max_tasks}, at least 1 is wanted")
        tasks = [held.shown() for held in self._desk.claim(worker_id, max_tasks, wait_seconds)]
        return Claim(tasks=tasks, count=len(tasks), worker_id=worker_id, claimed_at=datetime.now(UTC))

    def abandon_claim(self, worker_id: str) -> None:
        """Let a claim that another thread has under way return empty; what it got goes back."""
        self._desk.abandon_claim(worker_id)

    def update_progress(
        self,
        task_id: str,
        step_number: int,
        action: str,
        ai_level: int = 0,
        ai_used: str = "",
        *,
        duration_ms: float = 0.0,
        cost: float = 0.0,
        result: Literal["success", "error", "retry", "skipped"] = "success",
        error_details: str | None = None,
        irreversible: bool = False,
    ) -> Progress:
        """Record one step; it is on the log when the call returns.

        Args:
            task_id: a task that this client holds.
            step_number: 1-based; goes on after `last_step` of the claim.
            action: what was done, in words without secrets.
            ai_level: 0 none, 1 Ollama, 2 Claude, 3 Codex, 4 Gemini, 5 a human.
            ai_used: the provider, or `cached_path`, `rules`.
            duration_ms: how long it took.
            cost: in USD.
            result: how it went.
            error_details: why it did not go well.
            irreversible: whether it had an effect on the site that cannot be taken back.

        Returns:
            Totals so far; with `stop_requested`, call `yield_task` instead of going on.

        Raises:
            CommandRejected: the task is not held, or no longer: stop at once.
            PublishFailed: the broker did not take the step; report it again.

        Example:
            >>> progress = workers.update_progress(task_id, 1, "open /timetable", 2, "claude", cost=0.002)
            >>> progress.total_steps, progress.total_cost, progress.stop_requested
            (1, 0.002, None)
        """
        session, held = self._desk.holder(task_id)
        step = StepExecuted(
            step_number=step_number,
            action=action,
            ai_level=ai_level,
            ai_used=ai_used,
            duration_ms=duration_ms,
            cost=cost,
            result=result,
            error_details=error_details,
            irreversible=irreversible,
        )
        self._desk.append(session, held, step)
        held.totals.add(step)
        session.task(task_id)  # the lease may have ended meanwhile: then this was the last step
        return held.progress(monotonic())

    def report_completion(
        self,
        task_id: str,
        final_result: str = "",
        cache_path_used: bool = False,  # noqa: FBT001, FBT002 - the user's own signature (mission §5)
        cache_time_saved_seconds: float = 0.0,
        *,
        result_data: Mapping[str, JsonValue] | None = None,
        evidence: Sequence[str] = (),
    ) -> CompletionReported:
        """The goal was reached; the task is completed when the call returns.

        Raises:
            CommandRejected: the task is not held, or no longer.
            NotDecidedYet: no decision in time; report the same again, it counts once.
            PublishFailed: the broker did not take it; report again.

        Example:
            >>> done = workers.report_completion(task_id, "Registered, confirmation 4711")
            >>> done.status.value, done.total_steps
            ('COMPLETED', 1)
        """
        session, held = self._desk.holder(task_id)
        report = CompleteTask(
            worker=session.worker,
            lease_epoch=held.lease.epoch,
            final_result=final_result,
            result_data=dict(result_data or {}),
            evidence=list(evidence),
            cached_path_used=cache_path_used,
            cache_time_saved_seconds=cache_time_saved_seconds,
            total_steps=held.totals.steps,
            total_cost=held.totals.cost,
        )
        outcome = self._desk.decided(session, held, report)
        session.let_go(held, "its completion was reported")
        return CompletionReported(
            task_id=task_id,
            status=outcome.status or Status.COMPLETED,
            completed_at=outcome.decided_at,
            total_steps=held.totals.steps,
            total_cost=held.totals.cost,
        )

    def report_failure(
        self,
        task_id: str,
        error_message: str,
        recovery_needed: bool = True,  # noqa: FBT001, FBT002 - the user's own signature (mission §5)
        *,
        error_type: ErrorType | None = None,
        evidence: Mapping[str, JsonValue] | None = None,
        session_alive: bool = False,
    ) -> FailureReported:
        """The attempt failed; returns what the processor decided.

        Args:
            task_id: a task that this client holds.
            error_message: what went wrong; without `error_type` the strategy is chosen from its words.
            recovery_needed: false to stop and report.
            error_type: what went wrong, if it is known better than its words tell.
            evidence: what helps to understand it.
            session_alive: the page is open and this worker can carry the strategy out in it; then look at
                `same_session` of the answer.

        Raises:
            CommandRejected, NotDecidedYet, PublishFailed: as `report_completion`.

        Example:
            >>> decision = workers.report_failure(task_id, "login form shown: session expired")
            >>> decision.strategy.value, decision.attempt_number
            ('re_authenticate', 1)
        """
        session, held = self._desk.holder(task_id)
        report = FailAttempt(
            worker=session.worker,
            lease_epoch=held.lease.epoch,
            error_type=error_type,
            error_message=error_message,
            evidence=dict(evidence or {}),
            recovery_needed=recovery_needed,
            session_alive=session_alive,
        )
        outcome = self._desk.decided(session, held, report)
        answer = after_failure(outcome, self._desk.fact_of(outcome))
        if not answer.same_session:
            session.let_go(held, "its failure was reported")
        return answer

    def report_recovered(self, task_id: str) -> Progress:
        """The strategy held, after a `report_failure` answered with `same_session`; the task goes on.

        Raises:
            CommandRejected, NotDecidedYet, PublishFailed: as `report_completion`.
        """
        session, held = self._desk.holder(task_id)
        self._desk.decided(session, held, ReportRecovered(worker=session.worker, lease_epoch=held.lease.epoch))
        return held.progress(monotonic())

    def yield_task(self, task_id: str, checkpoint: str | None = None) -> TaskGivenBack:
        """Obey a `stop_requested`: the task is paused or cancelled when the call returns.

        Raises:
            CommandRejected: the task is not held, or nobody asked for it.
            NotDecidedYet, PublishFailed: as `report_completion`.
        """
        session, held = self._desk.holder(task_id)
        report = YieldTask(worker=session.worker, lease_epoch=held.lease.epoch, checkpoint=checkpoint)
        outcome = self._desk.decided(session, held, report)
        session.let_go(held, "it was yielded as asked for")
        return TaskGivenBack(task_id=task_id, status=outcome.status or Status.PAUSED)

    def release_task(self, task_id: str, reason: str = "") -> None:
        """Give the task back at no cost of an attempt; somebody else gets it.

        Raises:
            CommandRejected: the task is not held.
        """
        session, held = self._desk.holder(task_id)
        session.give_back(held, reason or "given back by its worker")

    def get_task_status(self, task_id: str) -> WorkerTaskStatus:
        """Status, progress in percent, steps, cost and elapsed time of any task, as the readings tell it.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> workers.get_task_status(task_id).progress
            100
        """
        return status_of_task(self._door, task_id)

    def close(self) -> None:
        """Give back what is held and disconnect."""
        self._running.close()

    def __enter__(self) -> Self:
        """Connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()
