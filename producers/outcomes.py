"""Answers to commands: asked for before the command is sent, handed over when the lifecycle agent has decided."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

from events.codec import decode
from events.commands import TaskCommand
from events.errors import CommandRejected
from events.outcome import Outcome
from events.topics import Topics
from producers.commands import CommandSender, new_command_id
from producers.follower import TopicFollower
from producers.publisher import Placement

_REMEMBERED = 5_000  # outcomes, for callers that ask for one by its command's id


class Outcomes(Protocol):
    """Whoever can be asked for the outcome of a command."""

    def expect(self, command_id: str) -> Future[Outcome]:
        """Ask for one outcome; do it before the command is sent, or the answer may be missed.

        Cancel the future to stop waiting: nothing is kept for it then.
        """
        ...

    def recent(self, command_id: str) -> Outcome | None:
        """An outcome that was heard a while ago, whoever asked for it; a few thousand are remembered."""
        ...


@dataclass(slots=True)
class OutcomeDesk:
    """Who waits for what; also the fake of `OutcomeListener`, with `answer` called by the test."""

    _waiting: dict[str, list[Future[Outcome]]] = field(default_factory=dict)
    _recent: OrderedDict[str, Outcome] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, command_id: str) -> Future[Outcome]:
        """See `Outcomes.expect`."""
        future: Future[Outcome] = Future()
        with self._lock:
            self._waiting.setdefault(command_id, []).append(future)
        # Runs on answer and on cancel alike, so an abandoned wait leaves nothing behind.
        future.add_done_callback(lambda done: self._forget(command_id, done))
        return future

    def answer(self, outcome: Outcome) -> None:
        """Hand an outcome to whoever waits for it; nobody may."""
        with self._lock:
            waiting = self._waiting.pop(outcome.command_id, [])
            self._recent[outcome.command_id] = outcome
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(outcome)

    def recent(self, command_id: str) -> Outcome | None:
        """See `Outcomes.recent`."""
        with self._lock:
            return self._recent.get(command_id)

    def __len__(self) -> int:
        """How many are waiting."""
        return sum(len(waiting) for waiting in self._waiting.values())

    def _forget(self, command_id: str, future: Future[Outcome]) -> None:
        with self._lock:
            waiting = self._waiting.get(command_id, [])
            if future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[command_id]


class OutcomeListener:
    """The desk, fed by `commands.outcomes` from the ends as they are at the start."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._desk = OutcomeDesk()
        self._follower = TopicFollower(connection, topics.outcomes, self._take, since="end")

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._follower.start()

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until no answer can be missed; false when the time is up."""
        return self._follower.wait_ready(timeout_seconds)

    @property
    def ready(self) -> bool:
        """Whether no answer can be missed."""
        return self._follower.ready

    def expect(self, command_id: str) -> Future[Outcome]:
        """See `Outcomes.expect`."""
        return self._desk.expect(command_id)

    def recent(self, command_id: str) -> Outcome | None:
        """See `Outcomes.recent`."""
        return self._desk.recent(command_id)

    def close(self) -> None:
        """Stop listening."""
        self._follower.close()

    def _take(self, body: bytes) -> None:
        self._desk.answer(decode(Outcome, body))


@dataclass(frozen=True, slots=True)
class Request:
    """A command under way whose outcome is wanted."""

    command_id: str
    placement: Future[Placement]  #: ends when the broker has it; PublishFailed when it did not take it
    outcome: Future[Outcome]

    def wait(self, timeout_seconds: float) -> Outcome | None:
        """The outcome, or none when the time is up; the command may still be decided then.

        Raises:
            PublishFailed: the broker did not take the command.
        """
        ends = monotonic() + timeout_seconds
        try:
            self.placement.result(timeout_seconds)
            return self.outcome.result(max(0.0, ends - monotonic()))
        except TimeoutError:
            return None
        finally:
            self.outcome.cancel()


def ask(
    sender: CommandSender, outcomes: Outcomes, task_id: str, command: TaskCommand, *, command_id: str | None = None
) -> Request:
    """Send one command and ask for its outcome; returns at once.

    Raises:
        BodyTooLarge: over 256 KiB; nothing was sent.
    """
    chosen = command_id or new_command_id()
    outcome = outcomes.expect(chosen)
    try:
        placement = sender.send(task_id, command, command_id=chosen, reply=True)
    except BaseException:
        outcome.cancel()
        raise
    return Request(chosen, placement, outcome)


def decided(
    sender: CommandSender,
    outcomes: Outcomes,
    task_id: str,
    command: TaskCommand,
    *,
    command_id: str,
    seconds: float,
) -> Outcome | None:
    """Send one command and wait for what is decided; none when the time is up, and it may still be decided then.

    Raises:
        CommandRejected: it was refused; the text says why.
        PublishFailed: the broker did not take it.
        BodyTooLarge: over 256 KiB; nothing was sent.
    """
    ends = monotonic() + seconds
    outcome = ask(sender, outcomes, task_id, command, command_id=command_id).wait(seconds)
    if outcome is not None and outcome.may_be_asked_again:
        rest = max(0.0, ends - monotonic())
        outcome = ask(sender, outcomes, task_id, command, command_id=command_id).wait(rest)
    if outcome is not None and outcome.result == "refused":
        raise CommandRejected(outcome.reason or "refused", code=outcome.code or "illegal_transition")
    return outcome
