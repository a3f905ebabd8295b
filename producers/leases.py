"""What a worker surely holds, on its own clock: the arithmetic of leases and of inbox versions. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

_RENEWALS_PER_LEASE = 4
_REMEMBERED = 16  # reports under way; older ones were answered or never will be


@dataclass(slots=True)
class Lease:
    """One task under one epoch.

    A lease lasts from the broker's time of a report, which is later than the time the report was sent. So what is
    counted from the sending of a *confirmed* report ends no later than the lease itself (design.md §2, Fencing).
    """

    epoch: int
    length: float  #: seconds
    version: int = 0  #: of the newest inbox message taken
    held_until: float = float("-inf")  #: monotonic seconds
    _sent: dict[str, float] = field(default_factory=dict)
    _renewed_at: float = float("-inf")

    def takes(self, epoch: int, version: int) -> bool:
        """Whether an inbox message is for this lease and no older than what was taken; if so it is taken.

        Equal versions are re-sent ones, or a second answer about the same fact: taking them twice does no harm.
        """
        if epoch != self.epoch or version < self.version:
            return False
        self.version = version
        return True

    def reported(self, command_id: str, now: float) -> None:
        """A report that lengthens the lease is being sent; a repeat counts from its first sending."""
        self._sent.setdefault(command_id, now)
        self._renewed_at = now
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def confirmed(self, command_id: str | None) -> None:
        """The inbox confirmed a report; what is not ours, or came twice, changes nothing."""
        sent = self._sent.pop(command_id, None) if command_id is not None else None
        if sent is not None:
            self.held_until = max(self.held_until, sent + self.length)

    def remaining(self, now: float) -> float:
        """Seconds for which the task is surely ours; negative once that is over."""
        return self.held_until - now

    def may_act(self, needed: float, now: float) -> bool:
        """Whether an act that takes at most `needed` seconds ends while the task is surely ours."""
        return self.remaining(now) >= needed

    def renewal_due(self, now: float) -> bool:
        """Whether it is time for the next report."""
        return now >= self.renew_at

    @property
    def renew_at(self) -> float:
        """When the next report is due."""
        return self._renewed_at + self.length / _RENEWALS_PER_LEASE
