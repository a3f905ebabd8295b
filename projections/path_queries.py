"""Answers about navigation paths: which there are, how they fare, and the editions of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from projections.reading import Reading, filter_of, page_of, values_of

PathState = Literal["usable", "expired", "quarantined", "unknown"]


@dataclass(frozen=True, slots=True)
class PathAnswer:
    """One path, with tallies over all its editions."""

    path_key: str
    site: str
    goal_pattern: str
    state: PathState  #: of the edition in use
    edition: str | None  #: in use
    editions: int
    pinned: bool
    reason: str | None
    successes: int
    failures: int
    failures_in_row: int
    saved_seconds: float
    last_error_type: str | None
    last_error: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class EditionAnswer:
    """One way of reaching the goal."""

    number: int
    edition: str
    heals: str | None  #: the edition it was made from; none: learned anew
    changed: list[int]  #: 1-based numbers of the steps that were healed
    steps: list[dict[str, Any]]
    task_id: str | None
    caused_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PathPage:
    """A page of paths, the last used first, and how many there are in all."""

    paths: list[PathAnswer]
    total: int
    limit: int
    offset: int


class PathReadings(Reading):
    """Navigation paths."""

    def paths(
        self,
        *,
        site: str | None = None,
        goal: str | None = None,
        state: PathState | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> PathPage:
        """Those whose site and goal pattern hold these texts, the last used first."""
        where, values = filter_of(
            [
                ("contains(lower(site), lower($site))", "site", site),
                ("contains(lower(goal_pattern), lower($goal))", "goal", goal),
                ("state = $state", "state", state),
            ]
        )
        page = page_of(limit, offset)
        rows = self._rows(_PATHS.format(where=where), {**values, **page})
        total = self._rows(f"SELECT count(*) FROM ({_NOW}) WHERE {where}", values)  # noqa: S608 - our own words
        return PathPage([PathAnswer(**values_of(_PATH_FIELDS, row)) for row in rows], total[0][0], **page)

    def paths_named(self, prefix: str) -> list[PathAnswer]:
        """Those whose key begins so; a few, if it is short."""
        named = {"prefix": prefix, "limit": 5, "offset": 0}
        rows = self._rows(_PATHS.format(where="starts_with(path_key, $prefix)"), named)
        return [PathAnswer(**values_of(_PATH_FIELDS, row)) for row in rows]

    def path_editions(self, path_key: str) -> list[EditionAnswer]:
        """The editions of a path, oldest first."""
        found = (values_of(_EDITION_FIELDS, row) for row in self._rows(_EDITIONS, {"key": path_key}))
        parsed = ({**f, "changed": json.loads(f["changed"]), "steps": json.loads(f["steps"])} for f in found)
        return [EditionAnswer(**fields) for fields in parsed]


_PATH_FIELDS = tuple(PathAnswer.__dataclass_fields__)
_EDITION_FIELDS = tuple(EditionAnswer.__dataclass_fields__)
#: A path whose time is over is expired before the agent has said so.
_NOW = """
SELECT * REPLACE (CASE WHEN state = 'usable' AND NOT pinned AND expires_at < make_timestamp(epoch_us(now())) THEN 'expired'
                  ELSE state END AS state)
FROM navigation_paths
"""
_PATHS = f"""
SELECT path_key, site, goal_pattern, state, path AS edition, editions, pinned, reason, successes, failures,
       failures_in_row, saved_us / 1e6 AS saved_seconds, last_error_type, last_error, created_at, last_used_at, expires_at
FROM ({_NOW}) WHERE {{where}}
ORDER BY coalesce(last_used_at, created_at) DESC, path_key LIMIT $limit OFFSET $offset
"""  # noqa: S608 - our own words
_EDITIONS = """
SELECT number, path AS edition, heals, changed, steps, task_id, caused_by, created_at
FROM navigation_path_editions WHERE path_key = $key ORDER BY number
"""
