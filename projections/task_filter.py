"""Which tasks a list holds, and where its next page begins. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypedDict
from uuid import UUID

from events.task import Status
from projections.reading import filter_of, naive


class TaskFilter(TypedDict, total=False):
    """What tasks must be to be listed; what is left out or None does not matter, times are inclusive."""

    status: Status | Sequence[Status] | None  #: any of them
    site_url: str | None  #: a part of the address
    queue: str | None
    priority: int | None
    worker: str | None  #: that holds it, or held it when it ended
    submitted_by: str | None
    error_type: str | None  #: of the last failed attempt
    text: str | None  #: a part of the goal
    metadata: Mapping[str, str] | None  #: values of the caller's own fields, at their first level, as text
    created_after: datetime | None
    created_before: datetime | None
    completed_after: datetime | None
    completed_before: datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last task of a page; the next page begins behind it, whatever was submitted meanwhile."""

    created_at: datetime  #: UTC without zone, as the store keeps it
    task_id: UUID

    def encode(self) -> str:
        """As callers keep it."""
        return base64.urlsafe_b64encode(f"{self.created_at.isoformat()}|{self.task_id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """As callers hand it back.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            plain = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
            created_at, _, task_id = plain.partition("|")
            return cls(datetime.fromisoformat(created_at).replace(tzinfo=None), UUID(task_id))
        except (ValueError, binascii.Error) as error:
            raise ValueError("not the `next_cursor` of a page: leave it out to begin at the newest task") from error


def conditions(wanted: TaskFilter, after: Cursor | None = None) -> tuple[str, dict[str, Any]]:
    """The filter as SQL over `tasks`, and its parameters."""
    status = wanted.get("status")
    statuses = [status.value] if isinstance(status, Status) else [each.value for each in status or ()]
    where, values = filter_of(
        [
            ("list_contains($statuses, status)", "statuses", statuses or None),
            ("contains(lower(site_url), lower($site))", "site", wanted.get("site_url")),
            ("queue = $queue", "queue", wanted.get("queue")),
            ("priority = $priority", "priority", wanted.get("priority")),
            ("worker = $worker", "worker", wanted.get("worker")),
            ("submitted_by = $submitted_by", "submitted_by", wanted.get("submitted_by")),
            ("error_type = $error_type", "error_type", wanted.get("error_type")),
            ("contains(lower(goal), lower($text))", "text", wanted.get("text")),
            ("created_at >= $after", "after", naive(wanted.get("created_after"))),
            ("created_at <= $before", "before", naive(wanted.get("created_before"))),
            ("completed_at >= $ended_after", "ended_after", naive(wanted.get("completed_after"))),
            ("completed_at <= $ended_before", "ended_before", naive(wanted.get("completed_before"))),
        ],
        "status IS NOT NULL",
    )
    parts = [where]
    for number, (name, value) in enumerate((wanted.get("metadata") or {}).items()):
        parts.append(f"json_extract_string(metadata, $key{number}) = $value{number}")
        values |= {f"key{number}": f"/{_pointer(name)}", f"value{number}": value}
    if after is not None:
        # The first bound lets DuckDB pass over whole blocks (duckdb-notes.md §2), the second is exact.
        parts.append("created_at <= $at AND (created_at < $at OR task_id < $behind)")
        values |= {"at": after.created_at, "behind": after.task_id}
    return " AND ".join(parts), values


def _pointer(name: str) -> str:
    """A field's name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
