"""docs/recovery.md says what the rules are, and its example is read."""

from __future__ import annotations

import re
from pathlib import Path

from events.failure import ErrorType
from processors.recovery_file import read_recovery_tables
from processors.recovery_rules import RecoveryTable

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recovery.md").read_text()
ROW = re.compile(r"^\| (`.+`) \| `(\w+)` \|$", re.MULTILINE)


def test_the_page_has_a_row_for_every_error_type() -> None:
    said = {name: course for names, course in ROW.findall(PAGE) for name in re.findall(r"`(\w+)`", names)}
    assert said == {error.value: str(RecoveryTable().rule(error).then) for error in ErrorType}


def test_the_example_is_read(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    assert example is not None
    path = tmp_path / "recovery.toml"
    path.write_text(example[1])

    tables = read_recovery_tables(path, RecoveryTable())

    assert tables.general.max_recoveries == 3
    assert tables.for_site("https://shop.example.org").max_recoveries == 1
    assert tables.for_site("https://other.example.org").rule(ErrorType.TIMEOUT).then == "stop"
