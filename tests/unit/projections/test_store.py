"""The file: rows and offsets together, and refusals that name the way out. A real DuckDB in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from events.errors import StoreMismatch
from events.task import Status
from projections.queries import Readings
from projections.records import LogShape, Place, Record, Tally
from projections.store import Store
from projections.task_row import GOAL_COLUMNS, STATE_COLUMNS
from tests.unit.projections.log import TOPICS, Log, claimed, completed, cost, read, step, submitted

FACTS = Place(TOPICS.task_events, 0)
LASTING = (TOPICS.task_events,)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings" / "goaltrail.duckdb")
    yield opened
    opened.close()


def shape(*, cluster: str = "c1", topic_id: str = "t1", beginning: int = 0, end: int = 100) -> LogShape:
    return LogShape(cluster, {TOPICS.task_events: topic_id}, {FACTS: beginning}, {FACTS: end})


def columns(store: Store, table: str) -> list[str]:
    with store.cursor() as cursor:
        return [row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()]


def test_the_rows_of_a_task_have_the_tables_columns(store: Store) -> None:
    assert columns(store, "tasks") == ["task_id", *GOAL_COLUMNS, *STATE_COLUMNS[1:]]


def test_rows_and_offsets_are_there_together(store: Store) -> None:
    task = Log().task()
    tallies = read(store, task.facts(submitted(), claimed()))

    assert store.tables.load_tallies() == tallies == {FACTS: Tally(next_offset=2, taken=2)}
    assert store.tables.load_tasks([task.task_id])[task.task_id].status is Status.CLAIMED


def test_the_same_batch_twice_changes_nothing(store: Store) -> None:
    task = Log().task()
    records = task.facts(submitted(), claimed(), completed()) + task.steps(step(1, cost=0.1), cost(0.2))
    read(store, records)
    before = Readings(store.cursor).get_task(task.task_id)
    read(store, records)

    assert Readings(store.cursor).get_task(task.task_id) == before
    assert before is not None
    assert (before.total_steps, before.total_cost) == (1, 0.3)


def test_a_row_goes_on_where_the_last_batch_left_it(store: Store) -> None:
    task = Log().task()
    for record in task.facts(submitted(metadata={"user_id": "u1"}), claimed(), completed()):
        read(store, [record])
    answer = Readings(store.cursor).get_task(task.task_id)

    assert answer is not None
    assert (answer.status, answer.version, answer.metadata) == (Status.COMPLETED, 3, {"user_id": "u1"})


def test_a_step_sent_again_in_a_later_batch_counts_once(store: Store) -> None:
    task = Log().task()
    read(store, task.facts(submitted()) + task.steps(step(1), event_id="e1"))
    tallies = read(store, task.steps(step(1), event_id="e1") + task.steps(cost(0.5), event_id="e2"))
    read(store, task.steps(cost(0.5), event_id="e2"))
    answer = Readings(store.cursor).get_task(task.task_id)

    assert tallies[Place(TOPICS.step_events, 0)].repeats == 1
    assert answer is not None
    assert (answer.total_steps, answer.total_cost) == (1, 0.5)


def test_a_task_whose_chain_began_with_an_unknown_fact(store: Store) -> None:
    from events.facts import UnknownFact

    task = Log().task()
    read(store, task.facts(UnknownFact(type="task.dreamt")))
    readings = Readings(store.cursor)
    assert readings.get_task(task.task_id) is None
    assert readings.list_tasks().total == 0
    read(store, task.facts(submitted()))
    answer = readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.status, answer.version) == (Status.PENDING, 2)


def test_nothing_of_a_batch_that_failed_remains(store: Store) -> None:
    log = Log()
    good, bad = log.task(), log.task()
    first = good.facts(submitted())
    records: list[Record] = [*first, *good.steps(step(1)), *bad.steps(step(2**40))]
    with pytest.raises(duckdb.ConversionException):
        read(store, records)
    assert store.tables.load_tallies() == {}
    read(store, first)

    assert Readings(store.cursor).list_tasks().total == 1
    assert Readings(store.cursor).execution_log(good.task_id).execution_log == []


def test_a_file_goes_on_where_it_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    first = Store(path)
    assert first.adopt(shape(), LASTING) == {FACTS: 0}
    read(first, Log().task().facts(submitted(), claimed()))
    first.close()
    again = Store(path)

    assert again.adopt(shape(), LASTING) == {FACTS: 2}
    again.close()


def test_what_left_the_log_is_read_from_the_archive_or_missed(store: Store) -> None:
    with pytest.raises(StoreMismatch) as refusal:
        store.adopt(shape(beginning=3), LASTING, lambda _, start: start + 2)

    assert "goaltrail rebuild" in str(refusal.value)
    assert "GOALTRAIL_ARCHIVE" in str(refusal.value)
    assert store.adopt(shape(beginning=3), LASTING, lambda _, start: start + 3) == {FACTS: 0}


@pytest.mark.parametrize(
    ("log", "named"),
    [
        (shape(cluster="c2"), "cluster_id was c1, is c2"),
        (shape(topic_id="t2"), "tasks.events was t1, is t2"),
        (shape(end=1), "read up to 2, but the log ends at 1"),
        (shape(beginning=5), "read up to 2, but the log begins at 5"),
    ],
)
def test_another_log_is_refused_with_the_command_that_helps(store: Store, log: LogShape, named: str) -> None:
    store.adopt(shape(), LASTING)
    read(store, Log().task().facts(submitted(), claimed()))
    with pytest.raises(StoreMismatch) as refusal:
        store.adopt(log, LASTING)

    assert named in str(refusal.value)
    assert "goaltrail rebuild" in str(refusal.value)


def test_a_topic_that_forgets_may_have_forgotten(store: Store) -> None:
    store.adopt(shape(), ())
    read(store, Log().task().facts(submitted(), claimed()))

    assert store.adopt(shape(beginning=5), ()) == {FACTS: 5}


@pytest.mark.parametrize("name", ["schema_version", "code_version"])
def test_a_file_of_another_version_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.duckdb"
    Store(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE key = ?", [name])
    with pytest.raises(StoreMismatch, match=f"{name} 0.*goaltrail rebuild"):
        Store(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    path.write_bytes(b"something else entirely" * 1_000)
    with pytest.raises(StoreMismatch, match="goaltrail rebuild"):
        Store(path)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE other (a INTEGER)")
    with pytest.raises(StoreMismatch, match="none of ours"):
        Store(path)


def test_checkpoints_empty_the_log_of_changes(store: Store) -> None:
    wal = store.path.with_name(store.path.name + ".wal")
    task = Log().task()
    for _ in range(100):
        read(store, task.facts(submitted()))
        store.committed()
    assert wal.exists()
    store.quiet()

    assert not wal.exists()


def test_a_checkpoint_is_put_off_while_a_reader_needs_what_was(store: Store) -> None:
    task = Log().task()
    read(store, task.facts(submitted()))
    with store.cursor() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM tasks").fetchall()
        for _ in range(100):
            read(store, task.facts(claimed()))
            store.committed()
        store.quiet()
        reader.execute("COMMIT")

    assert store.path.with_name(store.path.name + ".wal").exists()
    assert Readings(store.cursor).list_tasks(status=Status.CLAIMED).total == 1
