"""The DuckDB file: made, checked against the log it belongs to, read by cursors, kept small by checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from time import monotonic

import duckdb
import structlog

from events.errors import StoreMismatch
from projections import described
from projections.records import LogShape, Place, Tally
from projections.tables import Tables

_log = structlog.get_logger(__name__)

FILE = Path("readings") / "readings.duckdb"  #: where an installation keeps it, below its data folder
SNAPSHOTS = Path("snapshots-of-readings")  #: likewise, what is published for analysts
SCHEMA_VERSION = 6  #: raised with every change of schema.sql or of a view
CODE_VERSION = 5  #: raised when a fold gives other rows for the same facts

#: Checkpoints are ours to time: the default one comes every 16 MB, in the middle of a batch. Batches are small, so a
#: second thread adds 10 % of CPU and no speed.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"wal_autocheckpoint": "1GB", "threads": "1"}
REBUILD = "run `goaltrail rebuild`"
_CHECKPOINT_BYTES = 64 * 1024 * 1024  # of write-ahead log; a checkpoint stalls for half a second whatever its size
_CHECKPOINT_COMMITS = 1_000  # each costs 3 ms when the file is opened after a crash
_QUIET_COMMITS = 100  # enough to be worth a checkpoint when nobody waits
_RETRY_SECONDS = 10.0


class Store:
    """One open file; the thread that writes is the only one to touch `tables`, readers take a cursor per call."""

    def __init__(self, path: Path, *, logged: bool = True) -> None:
        """Open or make the file.

        Args:
            path: of the file.
            logged: false for a file that is thrown away if it is not finished: changes reach it at checkpoints alone.

        Raises:
            StoreMismatch: another process has it open, or it was written by another version.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._logged = logged
        self._connection = _open(path) if logged else _open_unlogged(path)
        try:
            self._prepare()
            self.tables = Tables(self._connection)
        except BaseException:
            self._connection.close()
            raise
        self._commits = 0
        self._not_before = 0.0
        self._held = False

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A reader of its own; close it, and leave no transaction open: that would hold up checkpoints."""
        cursor = self._connection.cursor()
        if not self._logged:
            cursor.execute("USE readings")
        return cursor

    def adopt(
        self, log: LogShape, lasting: Collection[str], reaches: Callable[[Place, int], int] = lambda _, start: start
    ) -> dict[Place, int]:
        """Where to read on in this log; a new file becomes this log's.

        Args:
            log: as the broker describes it now.
            lasting: topics that lose no records unread; of the others, old ones may be gone.
            reaches: up to which offset an archive holds everything from an offset on; nothing when there is none.

        Raises:
            StoreMismatch: the file belongs to another log, or to a longer one.
        """
        self._same_log(log)
        tallies = self.tables.load_tallies()
        return {place: _resume(place, tallies.get(place), log, lasting, reaches) for place in log.ends}

    def committed(self) -> None:
        """Told after each commit; writes the log of changes into the file when there is much of it."""
        self._commits += 1
        if self._commits >= _CHECKPOINT_COMMITS or self._wal_bytes() >= _CHECKPOINT_BYTES:
            self._checkpoint()

    def quiet(self) -> None:
        """Told when nothing is coming in: the moment at which a checkpoint disturbs nobody."""
        if self._commits >= _QUIET_COMMITS:
            self._checkpoint()

    def hold(self) -> bool:
        """Write all changes into the file and keep it as it is until `release`; false when a reader is in the way."""
        self._not_before = 0.0
        self._checkpoint()
        self._held = self._commits == 0
        return self._held

    def release(self) -> None:
        """Let the file change again."""
        self._held = False

    def close(self) -> None:
        """Close the file; DuckDB writes the log of changes into it."""
        if not self._logged:
            self._connection.execute("CHECKPOINT readings")
        self._connection.close()

    def _checkpoint(self) -> None:
        if self._held or monotonic() < self._not_before:
            return
        try:
            self.tables.compact()
            self._connection.execute("CHECKPOINT")
        except duckdb.TransactionException as error:
            # A reader is in the middle of something; the next call finds another moment.
            self._not_before = monotonic() + _RETRY_SECONDS
            _log.info("checkpoint put off", action="checkpoint", reason=str(error))
        else:
            self._commits = 0

    def _wal_bytes(self) -> int:
        # Never open() the file or its log from this process: closing it again would drop DuckDB's lock.
        try:
            return self.path.with_name(self.path.name + ".wal").stat().st_size
        except FileNotFoundError:
            return 0

    def _prepare(self) -> None:
        tables = self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        if not tables:
            self._connection.execute("BEGIN")
            self._connection.execute(described.sql())
            self._write_meta({"schema_version": str(SCHEMA_VERSION), "code_version": str(CODE_VERSION)})
            self._connection.execute("COMMIT")
            return
        if ("meta",) not in tables:
            raise StoreMismatch(f"{self.path} is a database, but none of ours; move it away, then {REBUILD}")
        known = self._meta()
        for name, wanted in (("schema_version", SCHEMA_VERSION), ("code_version", CODE_VERSION)):
            if known.get(name) != str(wanted):
                raise StoreMismatch(f"{self.path} has {name} {known.get(name)}, this version reads {wanted}; {REBUILD}")

    def _meta(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT key, value FROM meta").fetchall())

    def _same_log(self, log: LogShape) -> None:
        known = self._meta()
        wanted = {"cluster_id": log.cluster_id} | {f"topic_id:{name}": topic for name, topic in log.topic_ids.items()}
        for name, value in wanted.items():
            if known.get(name, value) != value:
                raise StoreMismatch(f"{self.path} reads another log: {name} was {known[name]}, is {value}; {REBUILD}")
        self._write_meta({name: value for name, value in wanted.items() if name not in known})

    def _write_meta(self, values: dict[str, str]) -> None:
        if values:
            sql = "INSERT INTO meta SELECT unnest($1), unnest($2)"
            self._connection.execute(sql, [list(values), list(values.values())])


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), config=_CONFIG)
    except duckdb.Error as error:
        if "lock" in str(error):
            raise StoreMismatch(f"{path} is open in another process; run `goaltrail down` first: {error}") from error
        raise StoreMismatch(f"{path} cannot be read; {REBUILD}: {error}") from error


def _open_unlogged(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=_CONFIG)
    quoted = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS readings (RECOVERY_MODE no_wal_writes)")
    connection.execute("USE readings")
    return connection


def _resume(
    place: Place, tally: Tally | None, log: LogShape, lasting: Collection[str], reaches: Callable[[Place, int], int]
) -> int:
    beginning, end = log.beginnings[place], log.ends[place]
    position = 0 if tally is None else tally.next_offset
    read = f"{place.topic}[{place.partition}] is read up to {position}"
    if position > end:
        raise StoreMismatch(f"{read}, but the log ends at {end}; {REBUILD}")
    if position >= beginning or place.topic not in lasting:
        return max(position, beginning)
    archived = reaches(place, position)
    if archived < beginning:
        raise StoreMismatch(
            f"{read}, but the log begins at {beginning}: what was between is in the archive;"
            f" {REBUILD}, which reads it where GOALTRAIL_ARCHIVE says (see docs/archive.md)"
        )
    return position
