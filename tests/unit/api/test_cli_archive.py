"""`goaltrail archive`: an operator sees what would go, and what holds the rest, before anything does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.status import Status
from typer.testing import CliRunner

from api.cli import archive
from projections.archive.plan import PartitionPlan, Plan, Staying
from projections.archive.shelf import Shelf
from projections.records import LogShape, Place

FACTS, STEPS = Place("goaltrail.tasks.events", 4), Place("goaltrail.steps.events", 4)
TASK = "01a207a8-151b-720a-a053-52a25833595e"
CUTOFF = datetime(2026, 8, 25, tzinfo=UTC)
LOG = LogShape("c", {}, {FACTS: 10, STEPS: 0}, {FACTS: 900, STEPS: 5})
GOES = PartitionPlan(
    FACTS, 10, 350, records=340, bytes=2_621_440, tasks=85, oldest_ms=0, newest_ms=86_400_000,
    reason=f"task {TASK} is ESCALATED", waiting=20,
)  # fmt: skip
STAYS = PartitionPlan(STEPS, 0, 0, reason="from there on records are younger")
OTHERS = (Staying("goaltrail.dead-letters", 7, "letters may wait"), Staying("goaltrail.access.events", 0, "keys"))


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the survey says; and the cutoff it was asked for."""
    world: dict[str, Any] = {"plan": Plan(LOG, CUTOFF, (GOES, STAYS), OTHERS)}

    @contextmanager
    def opened() -> Iterator[tuple[object, Shelf, Status]]:
        yield object(), Shelf(str(tmp_path)), Status("")

    def survey(_log: object, _shelf: object, cutoff: datetime, _tell: object) -> Plan:
        world["cutoff"] = cutoff
        return world["plan"]  # type: ignore[no-any-return]

    def never(*_: object) -> None:
        raise AssertionError("nothing may be archived without consent")

    monkeypatch.setattr(archive, "_opened", opened)
    monkeypatch.setattr(archive, "survey", survey)
    monkeypatch.setattr(archive, "carry_out", never)
    return world


def test_the_plan_says_what_goes_and_what_holds_the_rest(planned: dict[str, Any]) -> None:
    shown = CliRunner().invoke(archive.app, ["plan", "--older-than", "90d"], env={"COLUMNS": "160"})

    assert shown.exit_code == 0
    row = next(line for line in shown.output.splitlines() if "10-900" in line)
    assert all(word in row for word in ("tasks.events", " 4 ", " 350 ", " 340 ", " 2.5 ", " 85 ", "1970-01-02"))
    assert (
        f"tasks.events[4] stays from 350 on: task {TASK} is ESCALATED (20 records behind it are old enough)"
        in shown.output
    )
    assert "dead-letters stays (7 records): letters may wait" in shown.output
    assert "access.events" not in shown.output
    assert "340 records, 2.5 MiB, would go" in shown.output
    assert 89.9 < (datetime.now(UTC) - planned["cutoff"]).total_seconds() / 86_400 < 90.1


def test_without_consent_nothing_is_archived(planned: dict[str, Any]) -> None:
    refused = CliRunner().invoke(archive.app, ["run", "--older-than", "30"], input="n\n")
    planned["plan"] = Plan(LOG, CUTOFF, (STAYS,))
    nothing = CliRunner().invoke(archive.app, ["run", "--older-than", "30", "--yes"])

    assert refused.exit_code == 1
    assert "delete them from the log?" in refused.output
    assert nothing.exit_code == 0
    assert "nothing would go" in nothing.output


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("age", ["7d", "0", "-9d", "soon", "9.5d"])
def test_what_processors_still_remember_stays(age: str) -> None:
    refused = CliRunner().invoke(archive.app, ["plan", f"--older-than={age}"])

    assert refused.exit_code == 2
    assert "seven days" in " ".join(refused.output.split())
