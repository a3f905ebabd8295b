"""One claim under way: how many tasks are wanted, which have come, and when it is time to return. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from producers.held_task import HeldTask

_MORE_SECONDS = 0.25  # after a task came, others are waited for this long: one decision often grants several


@dataclass(slots=True)
class OpenClaim:
    """The gate through which assignments come in; what comes while none is open goes back."""

    most: int
    ends: float  #: monotonic
    taken: dict[str, HeldTask] = field(default_factory=dict)
    newest: float | None = None  #: when the newest task came
    abandoned: bool = False

    @property
    def room(self) -> int:
        """How many more are wanted."""
        return 0 if self.abandoned else max(0, self.most - len(self.taken))

    def put(self, held: HeldTask, now: float) -> None:
        """A task came."""
        self.taken[held.task_id] = held
        self.newest = now

    def lose(self, held: HeldTask) -> None:
        """A task was withdrawn before the claim returned; another one may come."""
        if self.taken.get(held.task_id) is held:
            del self.taken[held.task_id]

    def closes_at(self) -> float:
        """When to stop waiting for more; the past when there is nothing to wait for."""
        if not self.room:
            return float("-inf")
        return min(self.ends, self.newest + _MORE_SECONDS) if self.taken and self.newest else self.ends

    def confirmed(self) -> list[HeldTask]:
        """Tasks whose start was confirmed."""
        return [held for held in self.taken.values() if held.started and held.ended is None]

    def unconfirmed(self) -> list[HeldTask]:
        """Tasks whose start is asked for and not confirmed."""
        return [held for held in self.taken.values() if not held.started and held.ended is None]
