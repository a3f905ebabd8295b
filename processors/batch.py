"""Deciding a batch of commands of one partition: bytes in; facts, answers and dead letters out. Pure but for ids.

Nothing here sends anything. What goes wrong with one command ends in a dead letter and leaves the others alone
(design.md §2.6).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from events.chain import Stream, take
from events.codec import decode_command, encode
from events.commands import CommandEnvelope, SubmitTask
from events.dead_letter import DeadLetter, bury
from events.envelope import Envelope
from events.errors import CommandRejected, GoaltrailError, UndecodableRecord
from events.outcome import Outcome
from events.partitioner import partition_of
from events.task import status_of
from events.topics import Topics
from events.worker import InboxEnvelope
from processors.decider import decide
from processors.fold import PartitionFold
from processors.followups import follow_up
from processors.policy import Policy
from processors.submission import check_id, first_use

READER = "lifecycle"


@dataclass(frozen=True, slots=True)
class RawCommand:
    """One record of `tasks.commands` as it was consumed."""

    offset: int
    timestamp_ms: int  #: the broker's
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Batch:
    """What a batch of commands leads to, in the order in which it must be sent."""

    partition: int
    facts: list[tuple[str, bytes]] = field(default_factory=list)  #: task id, body
    inbox: list[InboxEnvelope] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    dead: list[tuple[bytes | None, DeadLetter]] = field(default_factory=list)


@dataclass(slots=True)
class Deciding:
    """Decides commands against one partition's fold, which it moves on as if all facts were written already.

    A caller that cannot write them must throw the fold away.
    """

    fold: PartitionFold
    policy: Policy
    topics: Topics
    new_event_id: Callable[[], str] = lambda: os.urandom(16).hex()

    def decide_all(self, commands: Iterable[RawCommand]) -> Batch:
        """Decide in order; never raises for what a command holds."""
        batch = Batch(self.fold.partition)
        for raw in commands:
            now = datetime.fromtimestamp(raw.timestamp_ms / 1_000, UTC)
            self.fold.forget(now, self.policy.remember)
            command: CommandEnvelope | None = None
            try:
                command = self._read(raw)
                self._decide(command, raw.offset, now, batch)
            except Exception as error:  # noqa: BLE001 - whatever one command does, the others must go on
                self._bury(batch, raw, command, error, now)
        return batch

    def _read(self, raw: RawCommand) -> CommandEnvelope:
        command = decode_command(raw.value)
        key = (raw.key or b"").decode(errors="replace")
        if key != command.task_id:
            raise UndecodableRecord(f"the key {key!r} is not the task id {command.task_id!r}")
        home = partition_of(key, self.topics.partitions)
        if home != self.fold.partition:
            raise UndecodableRecord(
                f"the key {key!r} belongs to partition {home}, not {self.fold.partition}:"
                " set the client's partitioner to murmur2_random"
            )
        return command

    def _decide(self, command: CommandEnvelope, offset: int, now: datetime, batch: Batch) -> None:
        entry = self.fold.entry(command.task_id)
        known = entry.fact_of(command.command_id)
        if known is not None or self.fold.is_decided(offset):
            self._say_again(command, known, now, batch)
            return
        if isinstance(command.command, SubmitTask):
            first = first_use(self.fold, command.command)
            if first is not None and first.task_id != command.task_id:
                self._answer_repeat(command, first.task_id, now, batch)
                return
        before = entry.stream.task
        refusal: CommandRejected | None = None
        fact_offset: int | None = None
        try:
            fact_offset = self._append(command, offset, entry.stream, now, batch)
        except CommandRejected as rejected:
            refusal = rejected
        stream = self.fold.entry(command.task_id).stream
        self._tell(command, before, stream, refusal, batch)
        self._answer(command, stream, now, batch, fact_offset=fact_offset, refusal=refusal)

    def _append(self, command: CommandEnvelope, offset: int, stream: Stream, now: datetime, batch: Batch) -> int | None:
        """Decide; put the fact into the batch and the fold, and return the offset it must get."""
        if isinstance(command.command, SubmitTask):
            check_id(command.task_id, now, self.policy)
        event = decide(stream.task, command.command, now, self.policy)
        if event is None:
            return None
        fact = Envelope(
            event_id=self.new_event_id(),
            follows=stream.last_event,
            task_id=command.task_id,
            version=stream.version + 1,
            command_offset=offset,
            recorded_at=now,
            causation_id=command.command_id,
            caused_by=command.issued_by,
            event=event,
        )
        # Errors of evolve and of encoding must show before the fold moves.
        after, body = take(stream, fact), encode(fact)
        fact_offset = self.fold.next_offset
        self.fold.accept(fact, fact_offset, after)
        batch.facts.append((command.task_id, body))
        return fact_offset

    def _say_again(self, command: CommandEnvelope, known: int | None, now: datetime, batch: Batch) -> None:
        """Follow-ups of a command that was decided before; it is never decided twice."""
        stream = self.fold.entry(command.task_id).stream
        self._tell(command, stream.task, stream, None, batch)
        if not command.reply:
            return
        if known is not None:
            self._answer(command, stream, now, batch, fact_offset=known)
            return
        try:
            event = decide(stream.task, command.command, now, self.policy)
        except CommandRejected as refusal:
            self._answer(command, stream, now, batch, refusal=refusal)
            return
        again = None
        if event is not None:
            again = CommandRejected("the answer was lost in a restart: try again", code="try_again")
        self._answer(command, stream, now, batch, refusal=again)

    def _answer_repeat(self, command: CommandEnvelope, first_id: str, now: datetime, batch: Batch) -> None:
        """The idempotency key was used before: the first task is the answer, or a conflict."""
        if not isinstance(command.command, SubmitTask):
            return
        first = self.fold.entry(first_id)
        use = first_use(self.fold, command.command)
        conflict = None
        if use is not None and use.body_hash != command.command.body_hash:
            conflict = CommandRejected(
                f"idempotency key {command.command.idempotency_key!r} was used for task {first_id} with another body",
                code="conflict",
            )
        known = None if use is None else first.fact_of(use.command_id)
        repeat = command.model_copy(update={"task_id": first_id})
        self._answer(repeat, first.stream, now, batch, fact_offset=known, refusal=conflict)

    def _tell(
        self, command: CommandEnvelope, before: object, stream: Stream, refusal: CommandRejected | None, batch: Batch
    ) -> None:
        message = follow_up(command, before, stream, self.policy, refusal.reason if refusal else None)  # type: ignore[arg-type]
        if message is not None:
            batch.inbox.append(message)

    def _answer(
        self,
        command: CommandEnvelope,
        stream: Stream,
        now: datetime,
        batch: Batch,
        *,
        fact_offset: int | None = None,
        refusal: CommandRejected | None = None,
    ) -> None:
        if not command.reply:
            return
        accepted = "already_true" if fact_offset is None else "accepted"
        batch.outcomes.append(
            Outcome(
                command_id=command.command_id,
                task_id=command.task_id,
                result="refused" if refusal else accepted,
                code=refusal.code if refusal else None,
                reason=refusal.reason if refusal else None,
                status=status_of(stream.task),
                fact=None if fact_offset is None else f"{self.topics.task_events}:{self.fold.partition}:{fact_offset}",
                decided_at=now,
            )
        )

    def _bury(
        self, batch: Batch, raw: RawCommand, command: CommandEnvelope | None, error: Exception, now: datetime
    ) -> None:
        where = (self.topics.task_commands, self.fold.partition, raw.offset)
        batch.dead.append((raw.key, bury(*where, raw.key, raw.value, error=error, reader=READER, at=now)))
        if command is not None:
            reason = str(error) if isinstance(error, GoaltrailError) else "it could not be processed"
            refusal = CommandRejected(f"{reason} (kept as a dead letter)", code="undeliverable")
            self._answer(command, self.fold.entry(command.task_id).stream, now, batch, refusal=refusal)
