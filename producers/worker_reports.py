"""What a worker reports about the tasks it holds: steps, ends, failures; each returns once it is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Literal

from pydantic import JsonValue

from events.commands import CompleteTask, FailAttempt, ReportRecovered, YieldTask
from events.errors import CommandRejected
from events.failure import ErrorType
from events.steps import StepExecuted, StepIntended
from events.task import Status
from producers.worker_answers import CompletionReported, FailureReported, Progress, TaskGivenBack
from producers.worker_decisions import after_failure
from producers.worker_desk import WorkerDesk


class WorkerReports:
    """The half of `WorkerClient` that is about tasks in hand."""

    def __init__(self, desk: WorkerDesk) -> None:
        self._desk = desk

    def intend_step(self, task_id: str, step_number: int, action: str, *, needed_seconds: float = 0.0) -> Progress:
        """Say that an irreversible step is about to be taken: act once this has returned, then `update_progress`.

        Whoever takes the task over after a crash is told, and does not do it again.

        Raises:
            CommandRejected: the task is not held, or not surely for `needed_seconds` more: do not act.
            PublishFailed: it is not on the log: do not act.

        Example:
            >>> workers.intend_step(task_id, 1, 'press "Pay"', needed_seconds=1).held_for_seconds > 1
            True
            >>> progress = workers.update_progress(task_id, 1, 'press "Pay"', irreversible=True)
        """
        session, held = self._desk.holder(task_id)
        self._desk.append(session, held, StepIntended(step_number=step_number, action=action))
        session.task(task_id)
        if held.lease.remaining(monotonic()) < needed_seconds:
            raise CommandRejected(f"task {task_id!r} is not surely held for {needed_seconds:g} s", code="stale_epoch")
        return held.progress(monotonic())

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
