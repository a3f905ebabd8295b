"""Python callers on a published snapshot: opened by one call, typed answers, lists by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from events.errors import NoSnapshot
from events.facts import RecoveryPlanned, TaskCancelled, TaskEscalated, TaskFact, TaskFailed
from events.failure import ErrorType, Strategy
from events.task import Status
from projections.answers import TaskPage
from projections.snapshot import Snapshot, open_snapshot
from projections.snapshot_writer import publish
from projections.store import Store
from tests.unit.projections.log import Log, at, claimed, completed, read, started, submitted

SITES = {"swim": "https://aquatechswim.com/classes", "music": "https://music.example/"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """One task in each state, named after it; the running ones are for music."""
    home = tmp_path_factory.mktemp("home")
    store, log = Store(home / "live.duckdb"), Log()
    planned = RecoveryPlanned(
        lease_epoch=1,
        error_type=ErrorType.MODAL,
        error_message="covered",
        strategy=Strategy.CLOSE_MODAL_AND_RETRY,
        attempt_number=1,
        retry_at=at(60),
    )
    wrong = {"error_type": ErrorType.SITE_DOWN, "error_message": "down"}
    lives: dict[str, list[TaskFact]] = {
        "pending": [],
        "claimed": [claimed()],
        "running": [claimed(), started()],
        "recovering": [claimed(), started(), planned],
        "escalated": [claimed(), started(), TaskEscalated(**wrong)],
        "completed": [claimed(), started(), completed()],
        "failed": [claimed(), started(), TaskFailed(**wrong)],
        "cancelled": [TaskCancelled()],
    }
    for goal, facts in lives.items():
        site = SITES["music" if goal in {"claimed", "running"} else "swim"]
        read(store, log.task().facts(submitted(goal=goal, site_url=site), *facts))
    store.close()
    publish(home / "live.duckdb", home / "published")
    with open_snapshot(home / "published") as opened:
        yield opened


def goals(page: TaskPage) -> set[str]:
    assert page.total == len(page.tasks), "the true total"
    return {task.goal for task in page.tasks}


def test_lists_by_name(snapshot: Snapshot) -> None:
    assert goals(snapshot.active()) == {"claimed", "running"}
    assert goals(snapshot.pending()) == {"pending"}
    assert goals(snapshot.completed()) == {"completed"}
    assert goals(snapshot.failed()) == {"failed"}
    assert goals(snapshot.needing_recovery()) == {"recovering"}
    assert goals(snapshot.by_site("MUSIC.example")) == {"claimed", "running"}
    assert goals(snapshot.by_site("nowhere")) == set()


def test_pages_of_a_list(snapshot: Snapshot) -> None:
    first, second = snapshot.active(limit=1), snapshot.active(limit=1, offset=1)
    assert (len(first.tasks), first.total, second.total) == (1, 2, 2)
    assert first.tasks[0].id != second.tasks[0].id
    assert (snapshot.active(limit=0).tasks, snapshot.active(limit=0).total) == ([], 2)


def test_what_a_task_tells_of_itself(snapshot: Snapshot) -> None:
    (running,) = [task for task in snapshot.active().tasks if task.status is Status.IN_PROGRESS]
    (done,) = snapshot.completed().tasks
    (waiting,) = snapshot.pending().tasks
    assert (running.is_running(), running.is_complete()) == (True, False)
    assert (done.is_running(), done.is_complete()) == (False, True)
    assert (waiting.is_running(), waiting.is_complete()) == (False, False)
    whole = {task.id: snapshot.get_task(task.id) for task in (running, done, waiting)}
    assert [task and task.duration(at(13)) for task in whole.values()] == [10.0, 1.0, None]


def test_sql_of_ones_own(snapshot: Snapshot) -> None:
    rows = snapshot.sql(
        "SELECT site, count(*) AS tasks FROM v_tasks WHERE site = $site GROUP BY site", {"site": "music.example"}
    )
    assert rows == [{"site": "music.example", "tasks": 2}]


def test_a_file_is_opened_as_well_as_the_folder(snapshot: Snapshot) -> None:
    with open_snapshot(str(snapshot.path)) as same:
        assert same.count_by_status() == snapshot.count_by_status()


def test_what_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="goaltrail snapshot"):
        open_snapshot(tmp_path)
    with pytest.raises(NoSnapshot, match="goaltrail snapshot"):
        open_snapshot(tmp_path / "none.duckdb")
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(NoSnapshot, match="cannot be opened"):
        open_snapshot(tmp_path / "text.duckdb")
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    with pytest.raises(NoSnapshot, match="no snapshot of the readings"):
        open_snapshot(tmp_path / "other.duckdb")
