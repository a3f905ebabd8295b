"""The chain that lifts old records to the newest schema, one pure dict-to-dict step per version. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

#: `STEPS[n]` lifts a record of schema version n to n + 1; a test proves that there is no gap.
STEPS: dict[int, Callable[[Record], Record]] = {}


def upcast(record: Record, newest: int) -> Record:
    """Lift `record` step by step to version `newest`."""
    for version in range(record.get("schema_version", 1), newest):
        record = {**STEPS[version](record), "schema_version": version + 1}
    return record
