"""The Faust shell of the decider: consume, decide, append, tell, acknowledge. It judges nothing itself.

No exception leaves the agent for what a command holds; when the log itself cannot be written, the process ends and
starts again from the log (design.md §2.5, §2.6).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog

from events.codec import encode
from events.errors import GoaltrailError
from events.topics import Topics
from processors.batch import Batch, Deciding, RawCommand
from processors.clock import BrokerClock
from processors.fold import PartitionFold
from processors.ledger import Ledger, Outgoing, Run
from processors.policy import Policy
from processors.snapshots import Snapshots

log = structlog.get_logger(__name__)

EXIT_CONFLICT = 75


class Lifecycle:
    """Folds of the partitions this process owns, and what is done with a batch of commands."""

    def __init__(  # the five things decisions are made from and written to
        self, ledger: Ledger, clock: BrokerClock, topics: Topics, policy: Policy, snapshot_folder: Path
    ) -> None:
        self._ledger = ledger
        self._snapshot_folder = snapshot_folder
        self._snapshots: Snapshots | None = None  #: known once the broker has said which log this is
        self._clock = clock
        self._topics = topics
        self._policy = policy
        self._lock = asyncio.Lock()
        self._folds: dict[int, PartitionFold] = {}
        self._fresh: dict[int, int] = {}  #: by partition, the generation its fold was caught up in
        self.generation = 0  #: counts revocations: what was fresh before one is not fresh after it
        self.catch_ups = 0  #: partitions caught up so far; the watchdog does not take catching up for a stall

    async def revoked(self) -> None:
        """Partitions were taken away; returns once no batch is under way, as others may write from then on."""
        self.generation += 1
        async with self._lock:
            return

    async def handle(self, events: Sequence[Any]) -> None:
        """Decide a batch of Faust events and return once every consequence is on the log."""
        raws = [_raw(event.message) for event in events]
        for _, raw in raws:
            self._clock.saw(raw.timestamp_ms)
        async with self._lock:
            try:
                batches = [await self._decide(p, commands) for p, commands in _by_partition(raws)]
                await self._append([Run(b.partition, first, b.facts) for b, first in batches if b.facts])
                await self._tell([batch for batch, _ in batches])
            except GoaltrailError as error:
                log.critical("the log could not be written; starting again from it", error=str(error), action="exit")
                os._exit(EXIT_CONFLICT)
            except BaseException:
                # Decided but perhaps not written: what we believe may be wrong, so believe nothing.
                self._folds.clear()
                self._fresh.clear()
                raise

    async def due(self, partitions: Sequence[int], most: int) -> list[tuple[int, str]]:
        """At most `most` tasks with a deadline that has passed, by partition; catches up where no command came."""
        found: list[tuple[int, str]] = []
        for partition in partitions:
            async with self._lock:
                fold = await self._caught_up(partition)
                due = fold.due(self._clock.now(), most - len(found))
            found.extend((partition, task_id) for task_id in due)
        return found

    def is_due(self, partition: int, task_id: str) -> bool:
        """Whether the task's deadline still stands and has passed, as far as is known."""
        fold = self._folds.get(partition)
        moment = fold.deadline_of(task_id) if fold is not None else None
        return moment is not None and moment <= self._clock.now()

    async def save_snapshots(self) -> None:
        """Write the folds that have grown enough; what they hold is on the log, as no batch is under way."""
        for partition in list(self._folds):
            async with self._lock:
                fold = self._folds.get(partition)
                if fold is not None and self._snapshots is not None:
                    await asyncio.to_thread(_save, self._snapshots, fold)

    async def _decide(self, partition: int, commands: list[RawCommand]) -> tuple[Batch, int]:
        fold = await self._caught_up(partition)
        first = fold.next_offset
        return Deciding(fold, self._policy, self._topics).decide_all(commands), first

    async def _caught_up(self, partition: int) -> PartitionFold:
        generation = self.generation
        known = self._folds.get(partition)
        if known is not None and self._fresh.get(partition) == generation:
            return known
        fold = await asyncio.to_thread(self._begin, partition) if known is None else known
        read = await asyncio.to_thread(self._ledger.catch_up, fold)
        end = await asyncio.to_thread(self._ledger.commands_end, partition)
        if fold.decided_to >= end:
            log.critical(
                "facts name commands that the log does not hold: tasks.commands was emptied or belongs to another log;"
                " restore it, or wipe both topics",
                partition=partition,
                decided_to=fold.decided_to,
                end=end,
                action="exit",
            )
            os._exit(EXIT_CONFLICT)
        self._folds[partition] = fold
        self._fresh[partition] = generation
        self.catch_ups += 1
        log.info("caught up", action="catch_up", partition=partition, read=read, tasks=len(fold.entries))
        return fold

    def _begin(self, partition: int) -> PartitionFold:
        if self._snapshots is None:
            self._ledger.require_broker_clock()
            self._snapshots = Snapshots(self._snapshot_folder, self._ledger.identity())
        fold = self._snapshots.load(_name(partition), PartitionFold)
        if fold is None:
            return PartitionFold(partition)
        end = self._ledger.watermark(partition)
        if fold.next_offset > end:
            self._snapshots.discard(_name(partition), f"the log ends at {end}, before {fold.next_offset}")
            return PartitionFold(partition)
        return fold

    async def _append(self, runs: list[Run]) -> None:
        if runs:
            await asyncio.to_thread(self._ledger.append, runs)

    async def _tell(self, batches: Sequence[Batch]) -> None:
        records = [record for batch in batches for record in _outgoing(batch, self._topics)]
        if records:
            await asyncio.to_thread(self._ledger.send, records)


def _name(partition: int) -> str:
    return f"fold-{partition}"


def _save(snapshots: Snapshots, fold: PartitionFold) -> None:
    if snapshots.wanted(_name(fold.partition), fold.next_offset):
        snapshots.save(_name(fold.partition), fold, fold.next_offset)


def _raw(message: Any) -> tuple[int, RawCommand]:
    """The parts of a Faust message that matter; its timestamp is the broker's, in seconds."""
    return message.partition, RawCommand(message.offset, round(message.timestamp * 1_000), message.key, message.value)


def _by_partition(raws: list[tuple[int, RawCommand]]) -> list[tuple[int, list[RawCommand]]]:
    ordered = sorted(raws, key=lambda pair: (pair[0], pair[1].offset))
    return [(p, [raw for _, raw in group]) for p, group in groupby(ordered, key=lambda pair: pair[0])]


def _outgoing(batch: Batch, topics: Topics) -> list[Outgoing]:
    inbox = [Outgoing(topics.inbox, note.worker.encode(), encode(note)) for note in batch.inbox]
    outcomes = [Outgoing(topics.outcomes, answer.task_id.encode(), encode(answer)) for answer in batch.outcomes]
    dead = [Outgoing(topics.dead_letters, key or None, encode(letter)) for key, letter in batch.dead]
    return [*inbox, *outcomes, *dead]
