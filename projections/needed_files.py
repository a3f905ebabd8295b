"""Which kept files tasks may still need: told from the tasks that are not over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from projections.reading import Reading


@dataclass(frozen=True, slots=True)
class NeededFiles:
    """What must stay, whatever its age."""

    since: (
        datetime | None
    )  #: whatever was kept from then on: the oldest task that is not over began; none: no such task
    task_id: str | None  #: that task
    named: frozenset[str]  #: by SHA-256: what such tasks were given, or learned paths give; may be older than they are


class FileReadings(Reading):
    """Files outside the log."""

    def needed_files(self) -> NeededFiles:
        """What tasks that are not over may need."""
        oldest = self._rows(_OLDEST)
        named = frozenset(str(name) for (name,) in self._rows(_NAMED))
        if not oldest:
            return NeededFiles(None, None, named)
        task_id, created_at = oldest[0]
        return NeededFiles(created_at.replace(tzinfo=UTC), str(task_id), named)


_OLDEST = """
SELECT task_id, created_at FROM tasks WHERE completed_at IS NULL AND created_at IS NOT NULL
ORDER BY created_at, task_id LIMIT 1
"""
_NAMED = """
SELECT DISTINCT unnest(regexp_extract_all(words, '[0-9a-f]{64}')) FROM (
    SELECT concat_ws(' ', plan, inputs, checkpoint) AS words FROM tasks WHERE completed_at IS NULL
    UNION ALL SELECT steps::VARCHAR FROM navigation_path_editions)
"""
