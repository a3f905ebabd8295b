"""Whether the demo went as it should: the tasks' states, and the school's own book beside them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.goals import CONFIRMATION, DemoGoal, Registration
from demo.site.record import Entry
from events.task import FINAL, Status

#: Nothing further happens by itself in these.
ENDS = FINAL | {Status.ESCALATED}


@dataclass(frozen=True, slots=True)
class Performed:
    """A goal, and its task as the API tells it now."""

    goal: DemoGoal
    task_id: str
    task: dict[str, Any]

    @property
    def status(self) -> Status:
        """The task's state."""
        return Status(self.task["status"])

    @property
    def is_over(self) -> bool:
        """Whether nothing further happens by itself."""
        return self.status in ENDS

    @property
    def as_expected(self) -> bool:
        """Whether it ended as it should, and says why if that is a failure."""
        explained = self.status is not Status.FAILED or bool(self.task["error_message"])
        return self.status is self.goal.expected and explained


def confirmation_of(wanted: Registration | None, book: Sequence[Entry]) -> str:
    """The numbers under which the book holds a registration; more than one is a double."""
    return ", ".join(entry.number for entry in book if wanted is not None and _is(entry, wanted))


def complaints(performed: Sequence[Performed], book: Sequence[Entry]) -> list[str]:
    """Everything that is not as it should be, in sentences.

    Args:
        performed: the goals with their tasks.
        book: what reached the school since the goals were submitted.
    """
    found = [
        f"{one.goal.title}: {one.status}, should be {one.goal.expected}: {one.task['error_message'] or 'no reason given'}"
        for one in performed
        if not one.as_expected
    ]
    wanted = Counter(one.goal.registers for one in performed if one.goal.registers is not None)
    there = Counter(Registration(entry.child, entry.class_id, entry.day) for entry in book)
    for registration in wanted | there:
        if wanted[registration] != there[registration]:
            who = f"{registration.child}, {registration.class_id}, {registration.day}"
            found.append(f"{who}: {there[registration]} times in the school's book, should be {wanted[registration]}")
    return found + _unlike_numbers(performed, book)


def _unlike_numbers(performed: Sequence[Performed], book: Sequence[Entry]) -> list[str]:
    """Tasks that report another confirmation number than the school noted."""
    found = []
    for one in performed:
        read = (one.task["result_data"] or {}).get(CONFIRMATION)
        noted = confirmation_of(one.goal.registers, book)
        if read is not None and read != noted:
            found.append(f"{one.goal.title}: the task read number {read}, the school noted {noted or 'none'}")
    return found


def _is(entry: Entry, wanted: Registration) -> bool:
    return Registration(entry.child, entry.class_id, entry.day) == wanted
