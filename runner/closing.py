"""How an attempt ends, as the one command that says so: verdicts, and what cuts an attempt short. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from events.commands import CompleteTask, FailAttempt, ReleaseTask, TaskCommand, YieldTask
from events.failure import ErrorType
from runner.performer import Fell, Reached, Verdict, Yielded
from runner.secrets import SecretBox

_TEXT_LIMIT = 20_000  # characters the commands take


class Cut(Enum):
    """Why an attempt was cut short."""

    ENDED = "the lease is over"
    LAPSED = "the lease could not be renewed in time"
    TIME_OUT = "the task's time is over"
    DRAINED = "the runner is shutting down"


@dataclass(frozen=True, slots=True)
class Closing:
    """Makes the last command of one attempt; `committed` says whether an irreversible step was begun."""

    worker: str
    epoch: int
    secrets: SecretBox
    committed: bool = False
    total_steps: int = 0
    total_cost: float = 0.0

    def of_verdict(self, verdict: Verdict) -> TaskCommand:
        """What a performer's verdict leads to."""
        match verdict:
            case Reached():
                return self._completed(verdict)
            case Yielded():
                return YieldTask(worker=self.worker, lease_epoch=self.epoch, checkpoint=verdict.checkpoint)
            case Fell():
                return self._failed(verdict)

    def of_cut(self, cut: Cut) -> TaskCommand | None:
        """What an attempt that was cut short leads to; nothing is said about a lease that is over."""
        match cut:
            case Cut.ENDED:
                return None
            case Cut.TIME_OUT:
                return self.of_break(Fell(ErrorType.TASK_TIMEOUT, cut.value))
            case Cut.LAPSED | Cut.DRAINED if self.committed:
                return self.of_break(Fell(ErrorType.UNCONFIRMED, cut.value))
            case Cut.LAPSED | Cut.DRAINED:
                return self.release(cut.value)

    def of_break(self, fell: Fell) -> FailAttempt:
        """A failure from outside the performer: unconfirmed, once an irreversible step was begun."""
        if not self.committed:
            return self._failed(fell)
        said = f"An irreversible step was begun and its effect is not known: {fell.message}"
        return self._failed(Fell(ErrorType.UNCONFIRMED, said, fell.evidence))

    def release(self, reason: str) -> ReleaseTask:
        """Give the task back at no cost of an attempt."""
        return ReleaseTask(worker=self.worker, lease_epoch=self.epoch, reason=reason)

    def of_trouble(self, fell: Fell) -> FailAttempt:
        """A failure of an attempt that goes on, if it is told how: its page is open."""
        return self._failed(fell).model_copy(update={"session_alive": True})

    def _completed(self, verdict: Reached) -> CompleteTask:
        return CompleteTask(
            worker=self.worker,
            lease_epoch=self.epoch,
            final_result=self.secrets.redact(verdict.final_result)[:_TEXT_LIMIT],
            result_data=self.secrets.redact_json(verdict.data),
            evidence=self.secrets.redact_json(verdict.evidence),
            cached_path_used=verdict.path is not None,
            cache_time_saved_seconds=verdict.seconds_saved,
            total_steps=self.total_steps,
            total_cost=self.total_cost,
        )

    def _failed(self, fell: Fell) -> FailAttempt:
        return FailAttempt(
            worker=self.worker,
            lease_epoch=self.epoch,
            error_type=fell.error_type,
            error_message=self.secrets.redact(fell.message)[:_TEXT_LIMIT],
            evidence=self.secrets.redact_json(fell.evidence),
            recovery_needed=fell.recovery_needed,
        )
