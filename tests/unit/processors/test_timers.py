"""Timers only ask, and never have many questions under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from events.commands import CheckDeadlines, TaskCommand
from events.errors import BrokerUnreachable
from processors.agents import Lifecycle
from processors.clock import BrokerClock
from processors.due import DueTimes
from processors.ledger import Ledger
from processors.policy import Policy
from processors.post import CommandPost, Delivered
from processors.timers import DeadlineTimer

LEASE = timedelta(seconds=2)


class World:
    """A lifecycle, a ledger and a post in one: the timer's whole neighbourhood, moved by hand."""

    def __init__(self, due: int) -> None:
        self.passed = 0.0
        self.reachable, self.decides, self.delivers = True, True, True
        self.clock = BrokerClock(lambda: self.passed, lambda: 1_000.0 + self.passed, silence_seconds=1)
        self.deadlines = {f"t{n}": datetime.fromtimestamp(999, UTC) for n in range(due)}
        self.asked: list[str] = []
        self.open: set[str] = set()
        self.most_open = 0
        self._times = DueTimes()
        for task_id, moment in self.deadlines.items():
            self._times.note(task_id, moment, self.deadlines.get)
        self.timer = DeadlineTimer(
            cast("Lifecycle", self), cast("Ledger", self), cast("CommandPost", self), self.clock, Policy(lease=LEASE)
        )

    def tick(self, *, after: float) -> None:
        self.passed += after
        asyncio.run(self.timer.tick([0, 1]))

    def watermark(self, _partition: int) -> int:
        if not self.reachable:
            raise BrokerUnreachable("away")
        return 0

    async def due(self, partitions: Sequence[int], most: int) -> list[tuple[int, str]]:
        if self.decides:
            for task_id in self.open:
                del self.deadlines[task_id]
            self.open.clear()
        return [(partitions[0], t) for t in self._times.due(self.clock.now(), self.deadlines.get, most)]

    def is_due(self, _partition: int, task_id: str) -> bool:
        return task_id in self.deadlines

    def send(self, task_id: str, command: TaskCommand, delivered: Delivered) -> None:
        assert isinstance(command, CheckDeadlines)
        self.asked.append(task_id)
        self.open.add(task_id)
        self.most_open = max(self.most_open, len(self.open))
        if not self.delivers:
            delivered(task_id, 0, None)

    def poll(self) -> None:
        return


def settled(due: int) -> World:
    """A world whose timer has heard of the broker for a full lease."""
    world = World(due)
    for _ in range(3):
        world.tick(after=0.9)
    return world


def test_a_lease_is_not_judged_before_a_full_lease_has_passed() -> None:
    world = World(3)
    world.tick(after=0.5)
    world.tick(after=0.9)
    assert world.asked == []
    world.tick(after=0.7)
    assert sorted(world.asked) == ["t0", "t1", "t2"]


def test_after_a_silence_the_lease_is_waited_for_again() -> None:
    world = World(1)
    world.tick(after=0.5)
    world.reachable = False
    world.tick(after=30)
    world.reachable = True
    world.tick(after=0.1)
    world.tick(after=0.9)
    world.tick(after=0.9)
    assert world.asked == []
    world.tick(after=0.3)
    assert world.asked == ["t0"]


def test_what_is_not_decided_is_asked_once_and_again_after_a_while() -> None:
    world = World(1)
    world.decides = False
    for _ in range(7):
        world.tick(after=0.9)
    assert world.asked == ["t0"]
    for _ in range(3):
        world.tick(after=0.9)
    assert world.asked == ["t0", "t0"]


def test_a_burst_is_asked_in_small_lots_each_once() -> None:
    world = World(2_000)
    for _ in range(3):
        world.tick(after=0.9)
    for _ in range(20):
        world.tick(after=0.1)
    assert sorted(world.asked) == sorted(f"t{n}" for n in range(2_000))
    assert world.most_open == 200


def test_lots_that_are_not_decided_hold_back_the_rest() -> None:
    world = World(1_000)
    world.decides = False
    for _ in range(4):
        world.tick(after=0.8)
    assert len(world.asked) == len(set(world.asked)) == 200


def test_a_check_that_did_not_arrive_is_sent_again_later() -> None:
    world = World(1)
    world.decides = world.delivers = False
    for _ in range(4):
        world.tick(after=0.9)
    assert world.asked == ["t0"]
    world.delivers = True
    for _ in range(6):
        world.tick(after=0.9)
    assert world.asked == ["t0", "t0"]


def test_nobody_is_asked_without_partitions() -> None:
    world = settled(0)
    asyncio.run(world.timer.tick([]))
    assert world.asked == []


@pytest.mark.parametrize(("lease", "tick"), [(60, 1.0), (3, 0.3), (1, 0.2)])
def test_ticks_are_short_beside_a_lease(lease: float, tick: float) -> None:
    world = World(0)
    policy = Policy(lease=timedelta(seconds=lease))
    timer = DeadlineTimer(
        cast("Lifecycle", world), cast("Ledger", world), cast("CommandPost", world), world.clock, policy
    )
    assert timer.tick_seconds == pytest.approx(tick)
