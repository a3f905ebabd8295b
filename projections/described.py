"""What every table, view and column means, read from the comments of the SQL files: their one source.

A line `column TYPE, -- meaning` of a table or a view describes that column; comment lines right above `CREATE` describe
the relation. A column without a comment has that of the first relation it comes from, or else the one below that holds for
its name everywhere. `COMMENT ON` statements carry all of it into snapshots; `python -m projections.data_dictionary` writes
the page. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

#: In the order in which they must be made.
PARTS = ("schema.sql", "views_usage.sql", "views.sql", "views_figures.sql")

#: What a column of this name is wherever its own line says nothing.
EVERYWHERE = {
    "task_id": "the task: a UUIDv7, which grows with the time at which it was drawn",
    "goal": "what shall be reached, in words",
    "site_url": "where",
    "site": "host (and port) of site_url",
    "priority": "1 to 10, 10 most urgent",
    "queue": "the queue it waits in",
    "worker": "the worker: a name that is new for every process start",
    "lease_epoch": "1-based count of the task's leases",
    "partition": "of the topic",
    "offset": "in the partition",
    "topic": "its whole name, prefix included",
    "event_id": "the fact's id",
    "version": "1-based number of the fact in its chain",
    "error_type": "what went wrong, as the worker classified it",
    "error_message": "what went wrong, in words",
    "evidence": "what the failure was told from",
    "recovery_strategy": "what was to be done about it",
    "model": "the AI model; NULL: none was used, or it was not said",
    "input_tokens": "tokens sent to the model",
    "output_tokens": "tokens the model wrote",
    "cost": "USD, as reported",
    "ai_used": "who decided: rules, cache, or an AI provider",
    "ai_provider": "the AI provider",
    "action": "what was done, in short",
    "result": "success, error, retry or skipped",
    "error_details": "of a step that went wrong",
    "artifacts": "screenshots and traces: kind and sha256 of each",
    "url": "where the page was",
    "number": "1-based, within the task",
    "step_number": "1-based, within the task; it grows over all attempts",
    "created_at": "when it was made",
    "recorded_at": "when, by the broker's clock",
    "updated_at": "by the broker's clock, when the row last changed",
    "operator": "who acted",
    "note": "given with it",
    "status": "of the task",
    "day": "UTC day",
}

_RELATION = re.compile(r"((?:^--[^\n]*\n)*)^CREATE (TABLE|VIEW) (\w+)\b(.*?;)$", re.MULTILINE | re.DOTALL)
_FIRST_WORD = re.compile(r'^ {4}"?([a-z_0-9]+)"? [A-Z]')
_LAST_WORD = re.compile(r'"?([a-z_0-9]+)"?,?\s*$')
_SOURCE = re.compile(r"\b(?:FROM|JOIN) (\w+)")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view, as its SQL describes it."""

    name: str
    kind: str  #: TABLE or VIEW
    comment: str
    own: dict[str, str] = field(default_factory=dict)  #: comments of columns on their own lines
    columns: frozenset[str] = frozenset()  #: of a table; those of a view are known once it is made
    sources: tuple[str, ...] = ()  #: relations a view reads, in their order


def sql() -> str:
    """Everything that makes an empty file."""
    return "\n".join(files("projections").joinpath(part).read_text("utf-8") for part in PARTS)


@cache
def relations() -> dict[str, Relation]:
    """All of them by name, in the order in which they are made."""
    return {found.name: found for found in map(_relation, _RELATION.finditer(sql()))}


def comment_of(relation: str, column: str) -> str | None:
    """What the column means; none when nobody said it."""
    return _inherited(relation, column) or EVERYWHERE.get(column)


def comments_on(columns: dict[str, list[str]]) -> str:
    """`COMMENT ON` statements for these relations and their columns; what is none of ours stays as it is."""
    lines = []
    for name in columns.keys() & relations().keys():
        relation = relations()[name]
        lines.append(f"COMMENT ON {relation.kind} {name} IS {_quoted(relation.comment)};")
        for column in columns[name]:
            said = comment_of(name, column)
            if said is not None:
                lines.append(f'COMMENT ON COLUMN {name}."{column}" IS {_quoted(said)};')
    return "\n".join(lines)


def _relation(found: re.Match[str]) -> Relation:
    above, kind, name, body = found.groups()
    comment = " ".join(line.removeprefix("--").strip() for line in above.splitlines())
    lines = [line.partition("-- ") for line in body.splitlines()]
    column = _FIRST_WORD if kind == "TABLE" else _LAST_WORD
    named = [(match.group(1), said.strip()) for code, _, said in lines if (match := column.search(code))]
    own = {name: said for name, said in named if said}
    if kind == "TABLE":
        return Relation(name, kind, comment, own, columns=frozenset(name for name, _ in named))
    return Relation(name, kind, comment, own, sources=tuple(_SOURCE.findall("\n".join(code for code, *_ in lines))))


def _inherited(relation: str, column: str) -> str | None:
    known = relations().get(relation)
    if known is None:
        return None
    if column in known.own or column in known.columns:
        return known.own.get(column) or EVERYWHERE.get(column)
    return next((said for source in known.sources if (said := _inherited(source, column))), None)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
