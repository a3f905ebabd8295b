"""A published snapshot for Python: every answer of the readings, and SQL of one's own."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from events.errors import NoSnapshot
from projections.queries import Readings
from projections.snapshot_writer import newest


class Snapshot(Readings):
    """The readings as they were when the snapshot was published; nothing writes to it any more."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection.cursor)
        self.path = path
        self._connection = connection

    def sql(self, query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of one query by column name; `$name` in it stands for a value."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or {})
            names = [str(column[0]) for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_snapshot(path: Path | str) -> Snapshot:
    """Open a snapshot read-only; any number of processes may have it open.

    Args:
        path: a snapshot, or the folder they are published in: then the newest.

    Raises:
        NoSnapshot: there is none, or the file is none.
    """
    asked = Path(path)
    found = newest(asked) if asked.is_dir() else asked
    if found is None or not found.is_file():
        raise NoSnapshot(f"there is no snapshot at {asked}: `goaltrail snapshot` makes one while the API runs")
    try:
        connection = duckdb.connect(str(found), read_only=True)
    except duckdb.Error as error:
        raise NoSnapshot(f"{found} cannot be opened: {error}") from error
    if not connection.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'v_tasks'").fetchall():
        connection.close()
        raise NoSnapshot(f"{found} is a database, but no snapshot of the readings")
    return Snapshot(found, connection)
