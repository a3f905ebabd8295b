"""What analysts' queries may use, and the locked configuration that keeps them to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, JsonValue

DuckConfig = dict[str, str | bool | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """Ceilings of one query; what goes beyond is ended with an error that names the ceiling."""

    seconds: float = 10.0
    memory_mb: int = 512  #: of DuckDB's own accounting
    process_mb: int = 2_048  #: of the worker's address space, for what DuckDB does not account for
    threads: int = 1
    rows: int = 10_000
    result_bytes: int = 8 * 1024 * 1024
    sql_bytes: int = 64 * 1024

    def duckdb_config(self) -> DuckConfig:
        """Read-only in every sense: no files, no network, no extensions, and no way to change that.

        Source: https://duckdb.org/docs/current/operations_manual/securing_duckdb/overview
        """
        return {
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{self.memory_mb}MB",
            "threads": str(self.threads),
            "max_temp_directory_size": "0KB",
            "max_execution_time": str(int(self.seconds * 1_000)),
            "lock_configuration": "true",
        }


class SqlColumn(BaseModel):
    """A column of a result."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str  #: as DuckDB names it


class SqlResult(BaseModel):
    """A query's whole answer."""

    model_config = ConfigDict(frozen=True)

    columns: list[SqlColumn]
    rows: list[list[JsonValue]]  #: times are ISO 8601, decimals and UUIDs are text
    row_count: int
    elapsed_ms: float


class SqlReply(BaseModel):
    """What a worker says of one query: a result, or why there is none."""

    model_config = ConfigDict(frozen=True)

    result: SqlResult | None = None
    refused: str | None = None
