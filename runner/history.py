"""What earlier attempts did, read from the task's step facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from events.envelope import StepEnvelope
from events.failure import ErrorType
from events.steps import CheckpointSaved, StepExecuted, StepIntended


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where the step numbers go on, where the task can be continued, and what may have been done for good."""

    last_step: int = 0
    irreversible: str | None = None  #: the act, in words; none when nothing of the kind was done or meant
    certain: bool = False  #: whether the act is known to have been carried out
    checkpoint: str | None = None  #: artifact of the newest checkpoint
    covered: bool = False  #: whether every such act is certain, and known to whoever saved that checkpoint
    failed_since: bool = False  #: whether a step failed after that checkpoint
    acts: int = 0  #: irreversible steps on the log

    @property
    def must_verify(self) -> bool:
        """Whether the task may only be verified, unless it can be continued from its checkpoint.

        Acting again from the beginning could do the same thing twice.
        """
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
    saved: CheckpointSaved | None = None
    failed_since = False
    for fact in facts:
        match fact.event:
            case StepIntended():
                last = max(last, fact.event.step_number)
                meant[fact.lease_epoch, fact.event.step_number] = fact.event.action
            case StepExecuted():
                last = max(last, fact.event.step_number)
                meant.pop((fact.lease_epoch, fact.event.step_number), None)
                failed_since = failed_since or fact.event.result == "error"
                if fact.event.irreversible:
                    done.append(fact.event)
            case CheckpointSaved():
                saved, failed_since = fact.event, False
            case _:
                continue
    sure = [step.action for step in done if step.result == "success"]
    unsure = [*meant.values(), *(step.action for step in done if step.result != "success")]
    return Earlier(
        last,
        next(iter([*unsure, *sure]), None),
        certain=bool(sure) and not unsure,
        checkpoint=None if saved is None else saved.artifact.sha256,
        # Counted, not ordered: facts of a runner that was replaced may arrive at any time.
        covered=bool(sure) and not unsure and saved is not None and saved.acts == len(done),
        failed_since=saved is not None and failed_since,
        acts=len(done),
    )


def permitted_again(earlier: Earlier, last_error: ErrorType | None) -> Earlier:
    """The history as the attempt must take it, once it is known why the last one failed.

    An attempt after `unconfirmed` exists because a human looked and said "retry": then the act may be done again, from
    the beginning. But the word outlives that attempt: a task that was paused or given back after it has done the act
    anew, and gone on to a checkpoint without a failure since, is continued there.
    """
    if last_error is not ErrorType.UNCONFIRMED or (earlier.covered and not earlier.failed_since):
        return earlier
    return Earlier(earlier.last_step, acts=earlier.acts)
