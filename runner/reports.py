"""Step facts on their way to the log: numbered, cleaned of secrets, fenced by the lease, awaited where it matters."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Literal

import structlog

from events.codec import encode
from events.envelope import StepEnvelope
from events.errors import BodyTooLarge, PublishFailed
from events.failure import Strategy
from events.steps import Artifact, CheckpointSaved, StepExecuted, StepFact, StepIntended
from events.topics import Topics
from producers.leases import Lease
from producers.publisher import Placement, Publisher
from producers.step_marks import StepMarks
from runner.performer import Fell
from runner.secrets import SecretBox

Ask = Callable[[Fell], Awaitable[Strategy]]
Held = Callable[[], Awaitable[None]]

_TEXT_LIMIT = 4_000  # characters of one text in a step; more is in the trace

log = structlog.get_logger("runner")


class StepLog:
    """The steps of one task under one lease; keeps the promises of `StepReporter`."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        *,
        task_id: str,
        worker: str,
        lease: Lease,
        secrets: SecretBox,
        marks: StepMarks,
        ask: Ask,
        held: Held,
    ) -> None:
        self._publisher, self._topics = publisher, topics
        self._task_id, self._worker, self._lease = task_id, worker, lease
        self._secrets, self._marks = secrets, marks
        self._ask, self._held_on = ask, held
        self._under_way: list[Future[Placement]] = []
        self._held = asyncio.Event()  #: set whenever the lease was lengthened
        self.step_number = 0
        self.cost = 0.0
        self.irreversible = False  #: whether an irreversible step was begun under this lease that no checkpoint covers
        self.acts = 0  #: irreversible steps of the task on the log
        self.stop_asked: Literal["pause", "cancel"] | None = None

    def lengthened(self) -> None:
        """The lease was confirmed anew; whoever waits to act looks again."""
        self._held.set()

    async def may_act(self, seconds: float) -> float:
        """See `StepReporter.may_act`; more than half a lease is never waited for, since it may never be there."""
        needed = min(seconds, self._lease.length / 2)
        while not self._lease.may_act(needed, monotonic()):
            self._held.clear()
            await self._held.wait()
        return self._lease.remaining(monotonic())

    async def intend(self, action: str) -> None:
        """See `StepReporter.intend`.

        Raises:
            PublishFailed: the intent is not on the log, so the act must not happen.
        """
        self.irreversible = True
        intent = StepIntended(step_number=self.step_number + 1, action=self._clean(action))
        self._send(intent)
        await self.delivered()

    def executed(self, step: StepExecuted) -> None:
        """See `StepReporter.executed`."""
        self.step_number += 1
        self.cost += step.cost
        self.acts += step.irreversible
        details = None if step.error_details is None else self._clean(step.error_details)
        changes = {
            "step_number": self.step_number,
            "action": self._clean(step.action),
            "level_reason": self._clean(step.level_reason),
            "error_details": details,
            "url": self._clean(step.url),
        }
        self._send(step.model_copy(update=changes))

    def checkpoint(self, url: str, artifact: Artifact) -> None:
        """See `StepReporter.checkpoint`."""
        saved = CheckpointSaved(step_number=self.step_number, url=self._clean(url), artifact=artifact, acts=self.acts)
        self._send(saved)
        # Should this not reach the log, whoever takes over finds the act without it, and verifies.
        self.irreversible = False

    async def recourse(self, fell: Fell) -> Strategy:
        """See `StepReporter.recourse`."""
        with suppress(PublishFailed):  # a step missing on the log is no reason to give up the page
            await self.delivered()
        return await self._ask(fell)

    async def recovered(self) -> None:
        """See `StepReporter.recovered`."""
        await self._held_on()

    async def delivered(self) -> None:
        """Wait until every step so far is on the log.

        Raises:
            PublishFailed: one is not.
        """
        waiting, self._under_way = self._under_way, []
        for future in waiting:
            await asyncio.wrap_future(future)

    def _send(self, fact: StepFact) -> None:
        envelope = StepEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=self._task_id,
            worker=self._worker,
            lease_epoch=self._lease.epoch,
            recorded_at=datetime.now(UTC),
            event=fact,
        )
        try:
            future = self._publisher.send(self._topics.step_events, self._task_id, encode(envelope))
        except BodyTooLarge as error:
            log.error("a step was too large to record", action="step.send", task_id=self._task_id, error=str(error))  # noqa: TRY400
            return
        future.add_done_callback(self._marks.delivered)
        self._under_way.append(future)

    def _clean(self, text: str) -> str:
        return self._secrets.redact(text)[:_TEXT_LIMIT]
