"""Commands are sent and their outcomes awaited, as long as a caller is made to wait and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from time import monotonic

from api.access import Caller
from api.parts import Parts
from events.codec import encode
from events.commands import TaskCommand
from events.errors import CommandRejected, PublishFailed
from events.outcome import Outcome
from events.queues import DispatchCommand, DispatchCommandEnvelope
from producers.commands import CommandSender, new_command_id
from producers.publisher import Placement

Send = Callable[[str], "Future[Placement]"]  #: under this command id


async def decided(parts: Parts, caller: Caller, task_id: str, command: TaskCommand) -> tuple[str, Outcome | None]:
    """Send a command about a task and wait for its outcome; none when it takes longer than the API waits.

    Raises:
        CommandRejected: it was refused.
        PublishFailed: the broker did not confirm it.
        BodyTooLarge: nothing was sent.
    """
    sender = CommandSender(parts.publisher, parts.topics, caller.issued_by)
    return await _outcome(parts, lambda chosen: sender.send(task_id, command, command_id=chosen, reply=True))


async def ordered(parts: Parts, caller: Caller, subject: str, order: DispatchCommand) -> tuple[str, Outcome | None]:
    """The same with an order for the dispatcher, about a queue or a worker."""

    def send(chosen: str) -> Future[Placement]:
        envelope = DispatchCommandEnvelope(
            command_id=chosen,
            subject=subject,
            issued_at=datetime.now(UTC),
            issued_by=caller.issued_by,
            reply=True,
            command=order,
        )
        return parts.publisher.send(parts.topics.queue_commands, subject, encode(envelope))

    return await _outcome(parts, send)


async def _outcome(parts: Parts, send: Send) -> tuple[str, Outcome | None]:
    command_id = new_command_id()
    ends = monotonic() + parts.outcome_wait_seconds
    outcome = await _answered(parts, send, command_id, ends)
    if outcome is not None and outcome.may_be_asked_again:
        outcome = await _answered(parts, send, command_id, ends)
    if outcome is not None and outcome.result == "refused":
        raise CommandRejected(outcome.reason or "refused", code=outcome.code or "illegal_transition")
    return command_id, outcome


async def _answered(parts: Parts, send: Send, command_id: str, ends: float) -> Outcome | None:
    outcome = parts.outcomes.expect(command_id)  # before it is sent, or the answer may be missed
    try:
        placement = send(command_id)
        try:
            async with asyncio.timeout(max(0.0, ends - monotonic())):
                await asyncio.shield(asyncio.wrap_future(placement))
                return await asyncio.wrap_future(outcome)
        except TimeoutError:
            if placement.done():
                return None
            raise PublishFailed(
                "the broker has not confirmed the command in time; it may still arrive:"
                " repeat it with the same Idempotency-Key, or look at the task in a moment"
            ) from None
    finally:
        outcome.cancel()
