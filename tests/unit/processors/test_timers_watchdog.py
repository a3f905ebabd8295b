"""The watchdog ends a process when commands wait and nothing moves, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from events.errors import BrokerUnreachable
from processors.agents import Lifecycle
from processors.reader import GroupProgress
from processors.timers import Watchdog


class World:
    """The group's progress and the lifecycle in one, moved by hand; `ended` holds the reasons given."""

    def __init__(self) -> None:
        self.end, self.done, self.catch_ups, self.reachable = 0, 0, 0, True
        self.ended: list[str] = []
        progress, lifecycle = cast("GroupProgress", self), cast("Lifecycle", self)
        self._dog = Watchdog(progress, lifecycle, patience_seconds=60, end=self.ended.append)

    def look(self, now: float) -> bool:
        self._dog.look([0, 1], now)
        return bool(self.ended)

    def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        if not self.reachable:
            raise BrokerUnreachable("away")
        return dict.fromkeys(partitions, self.end)

    def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, self.done)


def test_commands_that_wait_and_do_not_move_end_the_process() -> None:
    world = World()
    world.end = 5
    assert not any(world.look(now) for now in (0.0, 30.0, 60.0))
    assert world.look(61.0)
    assert "tasks.commands[0]" in world.ended[0]


def test_movement_and_catching_up_count_as_progress() -> None:
    world = World()
    world.end = 5
    world.look(0.0)
    world.done = 1
    world.look(50.0)
    world.catch_ups = 1
    assert not world.look(100.0)
    assert not world.look(160.0)
    assert world.look(161.0)


def test_nothing_waits_and_a_silent_broker_end_nothing() -> None:
    world = World()
    assert not any(world.look(now) for now in (0.0, 500.0))
    world.end = 5
    world.look(501.0)
    world.reachable = False
    world.look(550.0)
    world.reachable = True
    assert not any(world.look(now) for now in (600.0, 660.0))
    assert world.look(661.0)
