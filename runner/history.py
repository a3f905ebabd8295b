"""What earlier attempts did, read from the task's step facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from events.envelope import StepEnvelope
from events.failure import ErrorType
from events.steps import StepExecuted, StepIntended


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where the step numbers go on, and whether something that cannot be taken back may have been done."""

    last_step: int = 0
    irreversible: str | None = None  #: the act, in words; none when nothing of the kind was done or meant
    certain: bool = False  #: whether the act is known to have been carried out

    @property
    def must_verify(self) -> bool:
        """Whether the task may only be verified: acting again could do the same thing twice."""
        return self.irreversible is not None


class StepFacts(Protocol):
    """Where the step facts of a task can be read."""

    def of_task(self, task_id: str, since: int) -> list[StepEnvelope]:
        """The task's facts from offset `since` of its partition on, in order; blocks.

        Raises:
            BrokerUnreachable: they cannot be read to the end.
        """
        ...


def read_history(facts: Iterable[StepEnvelope]) -> Earlier:
    """Fold step facts, in the order of the log.

    An intent without its step, and an irreversible step that failed, are treated alike: nobody knows the effect. An
    intent whose step is recorded as *not* irreversible was surely not carried out: the runner saw that it was not.
    """
    last = 0
    meant: dict[tuple[int, int], str] = {}
    done: list[StepExecuted] = []
    for fact in facts:
        match fact.event:
            case StepIntended():
                last = max(last, fact.event.step_number)
                meant[fact.lease_epoch, fact.event.step_number] = fact.event.action
            case StepExecuted():
                last = max(last, fact.event.step_number)
                meant.pop((fact.lease_epoch, fact.event.step_number), None)
                if fact.event.irreversible:
                    done.append(fact.event)
            case _:
                continue
    sure = [step.action for step in done if step.result == "success"]
    unsure = [*meant.values(), *(step.action for step in done if step.result != "success")]
    return Earlier(last, next(iter([*unsure, *sure]), None), certain=bool(sure) and not unsure)


def permitted_again(earlier: Earlier, last_error: ErrorType | None) -> Earlier:
    """The history as the attempt must take it, once it is known why the last one failed.

    An attempt after `unconfirmed` exists only because a human looked and said "retry": then the act may be done again.
    """
    return Earlier(earlier.last_step) if last_error is ErrorType.UNCONFIRMED else earlier
