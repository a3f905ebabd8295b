"""What the follower remembers beside the store."""

from __future__ import annotations

import pytest

from projections import recent
from projections.recent import Recent
from projections.task_row import TaskRow

OLD, NEW, NEWER = (f"0199f000-0000-7000-8000-00000000000{n}" for n in range(3))


def test_a_task_below_the_newest_one_is_looked_for_and_one_above_it_is_not() -> None:
    """What is above all that is stored cannot be stored."""
    remembered = Recent(OLD)
    assert remembered.to_load({OLD, NEW}) == {OLD}
    assert remembered.steps_to_look_for([(OLD, "a"), (NEW, "b")]) == [(OLD, "a")]


def test_steps_of_a_task_that_began_here_are_known_without_a_look() -> None:
    """A sender that sends again is found out by memory alone."""
    remembered = Recent(OLD)
    remembered.written([], {NEW}, [(NEW, "a")])
    remembered.written([], {NEW, OLD}, [(NEW, "b"), (OLD, "c")])
    asked = [(NEW, "a"), (NEW, "b"), (NEW, "x"), (OLD, "c")]
    assert remembered.known_steps(asked) == {(NEW, "a"), (NEW, "b")}
    assert remembered.steps_to_look_for(asked) == [(OLD, "c")]


def test_a_task_whose_only_fact_was_not_taken_is_looked_for_afterwards() -> None:
    """It has no row, and the store is asked, which knows better than memory."""
    remembered = Recent("")
    remembered.written([], {NEW}, [])
    assert remembered.to_load({NEW, NEWER}) == {NEW}


def test_after_a_batch_that_was_not_stored_everything_is_looked_for() -> None:
    """Rows may have been changed, and events noted, that nobody will find."""
    remembered = Recent(OLD)
    remembered.written([], {NEW}, [(NEW, "a")])
    remembered.tasks[NEW] = TaskRow(NEW)
    remembered.forget()
    assert remembered.to_load({NEW}) == {NEW}
    assert remembered.known_steps([(NEW, "a")]) == set()
    assert remembered.steps_to_look_for([(NEW, "a")]) == [(NEW, "a")]


def test_tasks_touched_last_are_kept_and_the_others_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, for rows and for events."""
    monkeypatch.setattr(recent, "_KEPT", 1)
    remembered = Recent("")
    remembered.tasks.update({NEW: TaskRow(NEW), NEWER: TaskRow(NEWER)})
    remembered.written([NEWER, NEW], {NEW}, [(NEW, "a")])
    remembered.written([], {NEWER}, [(NEWER, "b")])
    assert remembered.to_load({NEW, NEWER}) == {NEWER}
    assert remembered.steps_to_look_for([(NEW, "a"), (NEWER, "b")]) == [(NEW, "a")]
