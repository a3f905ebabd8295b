"""How far a rebuild is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from api.cli.rebuild import said_of, shown
from projections.bulk.run import Progress


def test_a_line_says_how_far_how_fast_and_how_long() -> None:
    assert said_of(Progress(0, 5_000_000), 0.0) == "0 records, 5,000,000 ahead, begins"
    line = said_of(Progress(2_500_000, 2_500_000), 10.0)
    assert line == "2,500,000 records, 2,500,000 ahead, 250,000/s, 19 s left"
    assert said_of(Progress(10, 0, folded=1.0), 2.0) == "10 records, 0 ahead, 5/s, 0 s left"


@pytest.mark.parametrize("terminal", [True, False])
def test_it_shows_from_the_first_moment_on(*, terminal: bool) -> None:
    written = StringIO()
    with shown(Console(file=written, force_terminal=terminal, width=120)) as report:
        report(Progress(0, 1_000))
        report(Progress(1_000, 0, folded=1.0))

    assert "0 records, 1,000 ahead" in written.getvalue() if not terminal else "1,000 records" in written.getvalue()
    assert ("\x1b[" in written.getvalue()) is terminal
