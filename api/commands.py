"""The calls that want something to happen: each appends one command and waits for its outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.asking import decided
from api.auth import GuardedRoute, Writer
from api.parts import parts_of
from events.commands import CancelTask, PauseTask, ResumeTask, SubmitTask
from events.outcome import Outcome
from events.task import Status
from producers.task_ids import body_hash, made_at, new_task_id, task_id_for

_FAILURES: dict[int | str, dict[str, Any]] = {
    401: {"model": s.Failure, "description": "No key, or one that opens nothing"},
    403: {"model": s.Failure, "description": "The key lacks the scope `write`"},
    409: {"model": s.Failure, "description": "The task's state does not allow it; the error names the state"},
    422: {"model": s.Failure, "description": "Malformed input; the error names the field"},
    503: {"model": s.Failure, "description": "The broker took nothing; try again"},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": s.Failure, "description": "No such task"}}
_UNDERWAY: dict[int | str, dict[str, Any]] = {
    202: {"model": s.Answer[s.Underway], "description": "On the log; the outcome takes longer than the API waits"}
}
_TOO_LARGE: dict[int | str, dict[str, Any]] = {413: {"model": s.Failure, "description": "The body is too large"}}
_REPEATED: dict[int | str, dict[str, Any]] = {
    200: {"model": s.Answer[s.Submitted], "description": "The Idempotency-Key was used before: the first task"}
}

router = APIRouter(prefix="/api/browser-tasks", tags=["tasks: commands"], route_class=GuardedRoute, responses=_FAILURES)

IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same key gives the same task; with another body it is a conflict (409)",
    ),
]


@router.post(
    "",
    status_code=201,
    response_model=s.Answer[s.Submitted],
    responses={**_REPEATED, **_UNDERWAY, **_TOO_LARGE},
    summary="Submit a goal",
)
async def submit(
    request: Request, caller: Writer, goal: s.SubmitGoal, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Take on a goal; answers once it is on the log and a processor has accepted it."""
    parts = parts_of(request)
    task_id = (
        new_task_id()
        if idempotency_key is None
        else task_id_for(caller.issued_by, idempotency_key, parts.topics.partitions)
    )
    command = SubmitTask.model_validate(
        {
            **dict(goal),
            "submitted_by": caller.issued_by,
            "idempotency_key": idempotency_key,
            "body_hash": None if idempotency_key is None else body_hash(goal),
        }
    )
    command_id, outcome = await decided(parts, caller, task_id, command)
    if outcome is None:
        return answer(202, s.Underway(task_id=task_id, command_id=command_id))
    repeated = outcome.task_id != task_id
    return answer(
        200 if repeated else 201,
        s.Submitted(
            task_id=outcome.task_id,
            status=outcome.status or Status.PENDING,
            queued_at=(made_at(outcome.task_id) if repeated else None) or outcome.decided_at,
            priority=goal.priority,
            timeout_minutes=goal.timeout_minutes,
            fact=outcome.fact,
        ),
    )


@router.put(
    "/{task_id}/pause",
    response_model=s.Answer[s.Paused],
    responses={**_UNDERWAY, **_UNKNOWN},
    summary="Let a task rest",
)
async def pause(request: Request, caller: Writer, task_id: UUID) -> Response:
    """Pause a waiting task at once, a running one at the end of its step."""
    parts, identity = parts_of(request), str(task_id)
    command_id, outcome = await decided(parts, caller, identity, PauseTask())
    if outcome is None:
        return answer(202, s.Underway(task_id=identity, command_id=command_id))
    task = await run_in_threadpool(parts.readings.get_task, identity)
    status = outcome.status or Status.PAUSED
    return answer(
        200,
        s.Paused(
            task_id=identity,
            status=status,
            paused_at=_since(outcome, Status.PAUSED, task.paused_at if task else None),
            steps_completed=0 if task is None else task.total_steps,
            fact=outcome.fact,
        ),
    )


@router.put(
    "/{task_id}/resume",
    response_model=s.Answer[s.Resumed],
    responses={**_UNDERWAY, **_UNKNOWN},
    summary="Let a paused task go on",
)
async def resume(request: Request, caller: Writer, task_id: UUID) -> Response:
    """Put a paused task back into its queue, or into the recovery it was in."""
    identity = str(task_id)
    command_id, outcome = await decided(parts_of(request), caller, identity, ResumeTask())
    if outcome is None:
        return answer(202, s.Underway(task_id=identity, command_id=command_id))
    return answer(
        200,
        s.Resumed(
            task_id=identity,
            status=outcome.status or Status.PENDING,
            resumed_at=outcome.decided_at,
            fact=outcome.fact,
        ),
    )


@router.delete(
    "/{task_id}",
    response_model=s.Answer[s.Cancelled],
    responses={**_UNDERWAY, **_UNKNOWN},
    summary="Cancel a task",
)
async def cancel(request: Request, caller: Writer, task_id: UUID) -> Response:
    """Cancel a waiting task at once, a running one at the end of its step."""
    parts, identity = parts_of(request), str(task_id)
    command_id, outcome = await decided(parts, caller, identity, CancelTask())
    if outcome is None:
        return answer(202, s.Underway(task_id=identity, command_id=command_id))
    task = await run_in_threadpool(parts.readings.get_task, identity)
    status = outcome.status or Status.CANCELLED
    return answer(
        200,
        s.Cancelled(
            task_id=identity,
            status=status,
            cancelled_at=_since(outcome, Status.CANCELLED, task.completed_at if task else None),
            fact=outcome.fact,
        ),
    )


def _since(outcome: Outcome, wanted: Status, read: datetime | None) -> datetime | None:
    """When the task came into the state wanted; none while it is only asked for."""
    if outcome.status is not wanted:
        return None
    return read if outcome.result == "already_true" and read is not None else outcome.decided_at
