"""Sending commands: the envelope, the ids, and nothing else."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from events.codec import encode
from events.commands import CommandEnvelope, TaskCommand
from events.topics import Topics
from producers.publisher import Placement, Publisher


def new_command_id() -> str:
    """A fresh command id; a retry of the same request must use the same one."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class CommandSender:
    """Appends commands to `tasks.commands` in somebody's name."""

    publisher: Publisher
    topics: Topics
    issued_by: str  #: `api:<key id>`, `runner:<worker id>`, ...

    def send(
        self, task_id: str, command: TaskCommand, *, command_id: str | None = None, reply: bool = False
    ) -> Future[Placement]:
        """Append one command.

        Args:
            task_id: the task it is for; decides the partition.
            command: what is asked.
            command_id: of an earlier try of the same request; a fresh one when omitted.
            reply: whether an outcome is wanted on `commands.outcomes`.

        Returns:
            A future that ends once the broker has the command; PublishFailed when it did not take it.

        Raises:
            BodyTooLarge: over 256 KiB.
        """
        envelope = CommandEnvelope(
            command_id=command_id or new_command_id(),
            task_id=task_id,
            issued_at=datetime.now(UTC),
            issued_by=self.issued_by,
            reply=reply,
            command=command,
        )
        return self.publisher.send(self.topics.task_commands, task_id, encode(envelope))
