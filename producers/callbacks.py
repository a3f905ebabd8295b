"""Callbacks for tasks that are over: found in the log from where the last look ended, made at least once each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog

from events.errors import ApiUnreachable, BrokerUnreachable, LogConflict, NoSuchTask
from events.facts import EscalationResolved, TaskCancelled, TaskCompleted, TaskFailed
from events.partitioner import partition_of
from events.topics import Topics
from producers.callback_store import CallbackStore, Owed
from producers.goal_answers import TaskResult
from producers.link import Lookup

#: Facts after which a task may be over; the readings say whether it is.
_ENDS = (TaskCompleted, TaskFailed, TaskCancelled, EscalationResolved)

Handler = Callable[[TaskResult], object]

log = structlog.get_logger(__name__)


class ResultOf(Protocol):
    """Reads a task, as of a fact or later."""

    def __call__(self, task_id: str, *, wait_for: str | None) -> TaskResult:
        """Raises NoSuchTask or ApiUnreachable."""
        ...


class Callbacks:
    """One store of callbacks, and the handlers that this process knows by name."""

    def __init__(
        self, store: CallbackStore, result_of: ResultOf, topics: Topics, lookup: Lookup | None, *, once: bool = False
    ) -> None:
        """Prepare.

        Args:
            store: what is owed.
            result_of: reads a task.
            topics: names and partitions.
            lookup: to find ended tasks in the log; without it each awaited task is asked for.
            once: whether each handler makes one callback and is forgotten then.
        """
        self._once = once
        self._store, self._result_of, self._topics, self._lookup = store, result_of, topics, lookup
        self._handlers: dict[str, Handler] = {}

    def know(self, name: str, handler: Handler) -> None:
        """From now on callbacks of this name are made by `handler`."""
        self._handlers[name] = handler

    def owe(self, task_id: str, handler: str) -> None:
        """Call the handler of this name once the task is over."""
        self._store.add(task_id, handler)

    def owe_not(self, task_id: str, handler: str) -> None:
        """Do not, after all."""
        self._store.remove(task_id, handler)

    def check(self) -> int:
        """Make the callbacks that are due; returns how many were made.

        A handler that raises is tried again at the next check. While another process checks the same file, nothing is
        done here.
        """
        with self._store.alone() as alone:
            if not alone:
                return 0
            self._store.forget_old()
            try:
                self._follow()
                self._verify()
            except (ApiUnreachable, BrokerUnreachable) as error:
                log.warning("ends are looked for later", action="callbacks.wait", error=str(error))
            return self._call()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _follow(self) -> None:
        """Note which awaited tasks may be over, from the log since the last look."""
        if self._lookup is None:
            return
        awaited = self._store.awaited()
        if not awaited:
            self._store.stop()
            return
        positions = self._store.positions()
        if positions.keys() != set(range(self._topics.partitions)):
            self._store.begin(self._lookup.fact_ends())
            return
        try:
            facts, after = self._lookup.facts_since(positions, awaited.__contains__)
        except LogConflict as gone:
            log.warning("ends were archived unseen: each task is asked for", action="callbacks.begin", why=str(gone))
            self._store.begin(self._lookup.fact_ends())
            return
        if any(after[partition] < positions[partition] for partition in positions):
            log.warning("the log is shorter than it was: is it another one?", action="callbacks.begin")
            self._store.begin(after)
            return
        self._store.moved(after, {fact.task_id: str(place) for fact, place in facts if isinstance(fact.event, _ENDS)})

    def _verify(self) -> None:
        """Ask for tasks that may have ended before the log was followed for them, as of where it is followed from."""
        positions = self._store.positions()
        for task_id in self._store.unverified():
            partition = partition_of(task_id, self._topics.partitions)
            seen = positions.get(partition, 0) - 1
            place = f"{self._topics.task_events}:{partition}:{seen}" if seen >= 0 else None
            try:
                over = self._result_of(task_id, wait_for=place).is_complete
            except NoSuchTask:
                over = False
            if over:
                self._store.ended(task_id)
            elif positions:
                self._store.verified(task_id)

    def _call(self) -> int:
        made = 0
        for owed in self._store.owed():
            handler = self._handlers.get(owed.handler)
            if handler is None:
                log.warning(
                    "no handler of this name: register it before checking",
                    action="callbacks.skip", handler=owed.handler, task_id=owed.task_id,
                )  # fmt: skip
                continue
            try:
                result = self._result_of(owed.task_id, wait_for=owed.ended)
            except (ApiUnreachable, NoSuchTask) as error:
                log.warning("callback waits", action="callbacks.wait", task_id=owed.task_id, error=str(error))
                self._store.failed(owed, str(error))
                if isinstance(error, NoSuchTask):
                    continue
                break  # the others would wait as long; this one is the last of them next time
            if result.is_complete:
                made += self._made(owed, handler, result)
            else:
                self._store.not_ended(owed.task_id)
        return made

    def _made(self, owed: Owed, handler: Handler, result: TaskResult) -> bool:
        try:
            handler(result)
        except Exception as error:
            log.exception(
                "a callback raised; it is made again", action="callbacks.failed",
                handler=owed.handler, task_id=owed.task_id,
            )  # fmt: skip
            self._store.failed(owed, repr(error))
            return False
        self._store.called(owed)
        if self._once:
            self._handlers.pop(owed.handler, None)
        return True
