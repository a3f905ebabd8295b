"""Names of files that come, and rows of tables as objects."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from events.action import Action
from runner.files import base_name
from runner.reading import rows_of
from runner.wording import describe

ACTION: TypeAdapter[Action] = TypeAdapter(Action)


@pytest.mark.parametrize(
    ("suggested", "name"),
    [
        ("times.csv", "times.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("a\nb\x00.txt", "ab.txt"),
        ("..", "download"),
        ("", "download"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_file_is_called_as_the_site_suggests_without_folders(suggested: str, name: str) -> None:
    assert base_name(suggested) == name


def test_rows_are_objects_by_the_names_of_their_columns() -> None:
    assert rows_of(["Day", "", "Day"], [["Mon", "x", "Tue"], ["Wed"], ["Thu", "y", "Fri", "more"]]) == [
        {"Day": "Mon", "column 2": "x", "Day (2)": "Tue"},
        {"Day": "Wed"},
        {"Day": "Thu", "column 2": "y", "Day (2)": "Fri", "column 4": "more"},
    ]
    assert rows_of([], [["a", "b"]]) == [{"column 1": "a", "column 2": "b"}]
    assert rows_of(["Day"], []) == []


FILE = {"css": "#f"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"op": "upload", "target": FILE, "files": []}, "at least 1"),
        ({"op": "upload", "target": FILE, "files": [{"name": "a"}]}, "exactly one of"),
        ({"op": "upload", "target": FILE, "files": [{"name": "a", "text": "", "base64": ""}]}, "exactly one of"),
        ({"op": "upload", "target": FILE, "files": [{"name": "../a", "text": ""}]}, "no folders"),
        ({"op": "upload", "target": FILE, "files": [{"name": "a", "artifact": "../x"}]}, "pattern"),
        ({"op": "extract", "target": FILE, "key": "k", "table": True, "all": True}, "by itself"),
        ({"op": "download", "target": FILE, "key": "k", "timeout_seconds": 600}, "less than or equal"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_door(step: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ACTION.validate_python(step)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"op": "upload", "target": {"label": "CV"}, "files": [{"name": "a.pdf", "text": ""}, {"name": "b", "text": ""}]},
         'upload a.pdf, b to field "CV"'),
        ({"op": "download", "target": {"text": "Bill"}, "key": "bill"}, 'download from element "Bill" as "bill"'),
        ({"op": "extract", "target": {"text": "x"}, "key": "k", "all": True, "attribute": "href"},
         'read href of every element "x" as "k"'),
        ({"op": "extract", "target": {"css": "#t"}, "key": "k", "table": True}, 'read the table element #t as "k"'),
    ],
)  # fmt: skip
def test_files_and_tables_in_words(step: dict[str, Any], words: str) -> None:
    assert describe(ACTION.validate_python(step)) == words
