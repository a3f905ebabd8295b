"""`python -m projections.sql_worker SNAPSHOT LIMITS`: answers analysts' queries, in a process that may be killed.

One request per line on standard input (a JSON string), one `SqlReply` per line on standard output. What DuckDB does not
account for is bounded by the process's address space, and whoever waits ends the process when the time is up.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb
from pydantic_core import from_json, to_json

from projections.sql_limits import SqlColumn, SqlLimits, SqlReply, SqlResult

_CHUNK = 500
#: PIVOT as a statement, SHOW and DESCRIBE come as SELECT or not at all; everything else changes or reaches something.
_ALLOWED = frozenset({"SELECT", "EXPLAIN"})


def main() -> int:
    """Answer until standard input ends."""
    limits = SqlLimits(**json.loads(sys.argv[2]))
    ceiling = limits.process_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    connection = duckdb.connect(sys.argv[1], read_only=True, config=limits.duckdb_config())
    for line in sys.stdin.buffer:
        reply = answer(connection, str(from_json(line)), limits)
        sys.stdout.buffer.write(reply.model_dump_json().encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0


def arguments(snapshot: Path, limits: SqlLimits) -> list[str]:
    """The command line of a worker."""
    return [sys.executable, "-m", "projections.sql_worker", str(snapshot), json.dumps(asdict(limits))]


def answer(connection: duckdb.DuckDBPyConnection, sql: str, limits: SqlLimits) -> SqlReply:
    """One query in a session of its own, so that nothing of it is left for the next."""
    started = monotonic()
    cursor = connection.cursor()
    try:
        refusal = refused(cursor, sql, limits)
        if refusal is not None:
            return SqlReply(refused=refusal)
        cursor.execute(sql)
        columns = [SqlColumn(name=str(name), type=str(kind)) for name, kind, *_ in cursor.description or []]
        rows: list[list[Any]] = []
        size = 0
        for chunk in _chunks(cursor):
            plain = to_json(_spelled_out(chunk), inf_nan_mode="strings", bytes_mode="base64", fallback=str)
            size += len(plain)
            rows.extend(from_json(plain))
            if len(rows) > limits.rows:
                return SqlReply(refused=f"the result has more than {limits.rows} rows: aggregate it, or add a LIMIT")
            if size > limits.result_bytes:
                most = limits.result_bytes // (1024 * 1024)
                return SqlReply(refused=f"the result is larger than {most} MB: choose fewer columns or rows")
    except duckdb.Error as error:
        return SqlReply(refused=_said(error, limits))
    except MemoryError:
        return SqlReply(refused=f"the query needs more memory than the {limits.memory_mb} MB it may have")
    finally:
        cursor.close()
    took = round((monotonic() - started) * 1_000, 1)
    return SqlReply(result=SqlResult(columns=columns, rows=rows, row_count=len(rows), elapsed_ms=took))


def _spelled_out(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Python writes a decimal nought as 0E-15."""
    return [[f"{value:f}" if isinstance(value, Decimal) else value for value in row] for row in rows]


def refused(cursor: duckdb.DuckDBPyConnection, sql: str, limits: SqlLimits) -> str | None:
    """Why the text is not even tried; none when it is one query."""
    if len(sql.encode()) > limits.sql_bytes:
        return f"the query is longer than {limits.sql_bytes // 1024} KB"
    statements = cursor.extract_statements(sql)
    if len(statements) != 1:
        return f"one statement at a time, please: there are {len(statements)}"
    kind = statements[0].type.name.removeprefix("StatementType.")
    if kind not in _ALLOWED:
        return f"only queries (SELECT, WITH, SHOW, DESCRIBE, EXPLAIN) are answered here, no {kind} statements"
    return None


def _chunks(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk


def _said(error: duckdb.Error, limits: SqlLimits) -> str:
    """DuckDB's own sentence, or the ceiling that was met."""
    text = str(error)
    match error:
        case duckdb.InterruptException():
            return f"the query was ended after {limits.seconds:g} s"
        case duckdb.OutOfMemoryException():
            return f"the query needs more memory than the {limits.memory_mb} MB it may have"
        case duckdb.PermissionException():
            return f"files, networks and settings are out of reach here: {text}"
        case _:
            return text


if __name__ == "__main__":
    sys.exit(main())
