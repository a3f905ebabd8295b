"""Goals straight to the log: the command, its id, and the wait for its acceptance."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from events.codec import encode
from events.commands import SubmitTask
from events.envelope import StepEnvelope
from events.errors import NotDecidedYet, PublishFailed
from events.goal import GoalStatement
from events.steps import CostReported
from producers.commands import CommandSender, new_command_id
from producers.link import LogLink
from producers.outcomes import decided
from producers.task_ids import body_hash, new_task_id, task_id_for


class Submission:
    """Submits in a service's name."""

    def __init__(self, link: LogLink, service: str, answer_seconds: float) -> None:
        self._link, self._caller, self._answer_seconds = link, f"service:{service}", answer_seconds
        self._sender = CommandSender(link.publisher, link.topics, self._caller)

    def new_id(self, key: str | None) -> str:
        """The id that a goal will have, unless its idempotency key was used before."""
        return new_task_id() if key is None else task_id_for(self._caller, key, self._link.topics.partitions)

    def submit(self, task_id: str, statement: GoalStatement, *, key: str | None) -> str:
        """Submit; returns the id under which the goal was accepted.

        Raises:
            CommandRejected, PublishFailed, BodyTooLarge: it was not.
            NotDecidedYet: with a key only; without one the id is known to be right.
        """
        command = SubmitTask.model_validate(
            {
                **dict(statement),
                "submitted_by": self._caller,
                "idempotency_key": key,
                "body_hash": None if key is None else body_hash(statement),
            }
        )
        outcome = decided(
            self._sender,
            self._link.outcomes,
            task_id,
            command,
            command_id=new_command_id(),
            seconds=self._answer_seconds,
        )
        if outcome is not None:
            return outcome.task_id
        if key is None:
            return task_id
        raise NotDecidedYet(f"no answer yet: submit again with the idempotency key {key!r}")

    def report_cost(self, task_id: str, cost: CostReported) -> None:
        """Record a cost; returns once the broker has it.

        Raises:
            PublishFailed: it did not take it, or not in time.
        """
        envelope = StepEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=task_id,
            worker=self._caller,
            lease_epoch=0,
            recorded_at=datetime.now(UTC),
            event=cost,
        )
        placed = self._link.publisher.send(self._link.topics.step_events, task_id, encode(envelope))
        try:
            placed.result(self._answer_seconds)
        except TimeoutError as error:
            raise PublishFailed("the cost is not confirmed yet and may still arrive") from error
