"""Generated pages are what the code says today."""

from __future__ import annotations

from typing import get_args

from events.catalogue import PAGE, page
from events.commands import TaskCommand
from events.facts import TaskFact


def test_the_catalogue_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m events.catalogue"


def test_the_catalogue_names_every_fact_and_command() -> None:
    for model in (*get_args(TaskFact), *get_args(TaskCommand)):
        assert f"| `{model.model_fields['type'].default}` |" in page()
