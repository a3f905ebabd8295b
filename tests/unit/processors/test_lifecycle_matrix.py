"""The page of every state and every command is what the decider does today, and knows them all."""

from __future__ import annotations

from typing import get_args

from events.commands import TaskCommand
from events.task import Status, status_of
from tests.given import given
from tests.lifecycle_matrix import CLIENTS, HOLDERS, OURS, PAGE, STATES, page


def test_the_matrix_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.lifecycle_matrix"


def test_the_matrix_knows_every_command() -> None:
    asked = {type(command) for command in (*CLIENTS.values(), *HOLDERS.values(), *OURS.values())}
    assert asked == set(get_args(TaskCommand))


def test_the_matrix_knows_every_state_by_its_name() -> None:
    found = {name: status_of(given(*facts).task) for name, facts in STATES.items()}
    assert set(found.values()) == {None, *Status}
    assert [name for name, status in found.items() if status is not None and name.split()[0].strip(",") != status] == []
