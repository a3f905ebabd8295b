"""Which files must stay: told from tasks that are not over, and from what was given to them."""

from __future__ import annotations

from pathlib import Path

from events.action import Navigate, Target, Upload, UploadFile
from projections.queries import Readings
from projections.store import Store
from tests.unit.projections.log import Log, at, claimed, completed, read, started, submitted


def test_what_tasks_that_are_not_over_may_need(tmp_path: Path) -> None:
    store, log = Store(tmp_path / "a.duckdb"), Log()
    readings, given, passed, over = Readings(store.cursor), "a" * 64, "b" * 64, "c" * 64
    assert readings.needed_files().since is None
    ended, waiting, newer = log.task(), log.task(), log.task()
    upload = Upload(target=Target(label="Photo"), files=[UploadFile(name="a.png", artifact=given)])
    read(
        store,
        ended.facts(submitted(inputs={"photo": over}), claimed(), started(), completed())
        + waiting.facts(submitted(steps=[Navigate(url="/"), upload]))
        + newer.facts(submitted(inputs={"photo": passed})),
    )

    needed = readings.needed_files()

    known = [readings.get_task(task.task_id) for task in (waiting, newer)]
    assert needed.task_id in {waiting.task_id, newer.task_id}
    assert needed.since == min(answer.created_at for answer in known if answer)
    assert needed.since > at(0)
    assert needed.named == {given, passed}
    store.close()
