"""Which callbacks are owed, kept in SQLite: what is written here survives a kill at any moment."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS callbacks (
        task_id TEXT NOT NULL,
        handler TEXT NOT NULL,
        verified INTEGER NOT NULL DEFAULT 0, -- whether an end before `positions` is ruled out
        ended TEXT,                          -- topic:partition:offset of the fact that may have ended the task
        tries INTEGER NOT NULL DEFAULT 0,
        last_error TEXT,
        called_at REAL,
        PRIMARY KEY (task_id, handler)
    )
    """,
    "CREATE INDEX IF NOT EXISTS owed ON callbacks (called_at, ended)",
    "CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL)",
)
_REMEMBERED_SECONDS = 7 * 24 * 3600  # as long as the lifecycle remembers finished tasks and idempotency keys
_BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Owed:
    """A callback whose task seems to be over."""

    task_id: str
    handler: str
    ended: str | None


class CallbackStore:
    """Callbacks owed and how far the log was read for them; safe to use from several threads and processes."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; without one, everything is kept in memory."""
        self._path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._lock = threading.RLock()
        self._checking = threading.Lock()
        with self._changing():
            for statement in _SCHEMA:
                self._connection.execute(statement)

    def add(self, task_id: str, handler: str) -> None:
        """Owe a callback; one that is owed or was made already is not owed twice."""
        self._write("INSERT OR IGNORE INTO callbacks (task_id, handler) VALUES (?, ?)", task_id, handler)

    def remove(self, task_id: str, handler: str) -> None:
        """Owe it no longer."""
        self._write("DELETE FROM callbacks WHERE task_id = ? AND handler = ? AND called_at IS NULL", task_id, handler)

    def awaited(self) -> frozenset[str]:
        """Tasks with a callback owed that are not known to be over."""
        return frozenset(
            self._column("SELECT DISTINCT task_id FROM callbacks WHERE called_at IS NULL AND ended IS NULL")
        )

    def unverified(self) -> list[str]:
        """Those of them that may have ended before the log was followed for them."""
        return self._column(
            "SELECT DISTINCT task_id FROM callbacks WHERE called_at IS NULL AND ended IS NULL AND verified = 0"
        )

    def owed(self) -> list[Owed]:
        """Callbacks to be made now: those tried least, and of them the oldest, first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT task_id, handler, ended FROM callbacks"
                " WHERE called_at IS NULL AND ended IS NOT NULL ORDER BY tries, rowid"
            ).fetchall()
        return [Owed(task_id, handler, ended or None) for task_id, handler, ended in rows]

    def positions(self) -> dict[int, int]:
        """By partition of `tasks.events`, what to read next; empty when it is not followed."""
        with self._lock:
            return dict(self._connection.execute("SELECT partition, next_offset FROM positions").fetchall())

    def begin(self, positions: Mapping[int, int]) -> None:
        """Follow from here: whatever is awaited may have ended before."""
        with self._changing():
            self._connection.execute("UPDATE callbacks SET verified = 0, ended = NULL WHERE called_at IS NULL")
            self._put(positions)

    def stop(self) -> None:
        """Nothing is awaited: the log need not be read on from here."""
        self._write("DELETE FROM positions")

    def moved(self, positions: Mapping[int, int], ended: Mapping[str, str]) -> None:
        """The log was read on; these tasks seem to be over. Both or nothing is kept."""
        with self._changing():
            for task_id, place in ended.items():
                self._connection.execute("UPDATE callbacks SET ended = ? WHERE task_id = ?", (place, task_id))
            self._put(positions)

    def ended(self, task_id: str, place: str = "") -> None:
        """The task is over, as of the fact named if one is."""
        self._write("UPDATE callbacks SET ended = ? WHERE task_id = ?", place, task_id)

    def not_ended(self, task_id: str) -> None:
        """It only seemed to be over."""
        self._write("UPDATE callbacks SET ended = NULL WHERE task_id = ?", task_id)

    def verified(self, task_id: str) -> None:
        """It had not ended before the positions."""
        self._write("UPDATE callbacks SET verified = 1 WHERE task_id = ?", task_id)

    def called(self, owed: Owed) -> None:
        """The callback was made."""
        self._write(
            "UPDATE callbacks SET called_at = ?, tries = tries + 1 WHERE task_id = ? AND handler = ?",
            time.time(),
            owed.task_id,
            owed.handler,
        )

    def failed(self, owed: Owed, error: str) -> None:
        """The callback could not be made; it stays owed."""
        self._write(
            "UPDATE callbacks SET last_error = ?, tries = tries + 1 WHERE task_id = ? AND handler = ?",
            error,
            owed.task_id,
            owed.handler,
        )

    def forget_old(self) -> None:
        """Drop callbacks made so long ago that their tasks are forgotten too."""
        self._write("DELETE FROM callbacks WHERE called_at < ?", time.time() - _REMEMBERED_SECONDS)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else makes callbacks from this store meanwhile; a process that dies lets go at once."""
        if not self._checking.acquire(blocking=False):
            yield False
            return
        try:
            with self._file_lock() as locked:
                yield locked
        finally:
            self._checking.release()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _file_lock(self) -> Iterator[bool]:
        if self._path is None:
            yield True
            return
        with self._path.with_name(f"{self._path.name}.lock").open("ab") as lock:
            locked = False
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                locked = True
            yield locked

    def _put(self, positions: Mapping[int, int]) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", list(positions.items()))

    def _write(self, statement: str, *values: str | float) -> None:
        with self._changing():
            self._connection.execute(statement, values)

    def _column(self, statement: str) -> list[str]:
        with self._lock:
            return [row[0] for row in self._connection.execute(statement).fetchall()]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
