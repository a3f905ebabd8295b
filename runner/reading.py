"""Reads pages into the result data: a text, a value, an attribute, of one element or of all, or a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from events.action import Extract
from events.failure import ErrorType
from runner.grounding import ground_all
from runner.hands import Act, Hands
from runner.outcome import StepTrouble
from runner.wording import name_of

_TEXT_LIMIT = 20_000  # characters of one text
_LIMIT = 100_000  # characters of JSON under one key; facts hold 256 KiB in all
_READ_JS = """(e, attribute) => {
  if (!attribute) return 'value' in e && e.tagName !== 'LI' ? String(e.value) : (e.innerText ?? e.textContent);
  const whole = ['href', 'src', 'action', 'poster', 'data'].includes(attribute) && typeof e[attribute] === 'string';
  return whole && e.getAttribute(attribute) !== null ? e[attribute] : e.getAttribute(attribute);
}"""
_READ_ALL_JS = f"(all, attribute) => all.map(e => ({_READ_JS})(e, attribute))"
_TABLE_JS = """e => {
  const roles = '[role=table], [role=grid], [role=treegrid]';
  const table = e.closest('table, ' + roles) ?? e.querySelector('table, ' + roles);
  if (!table) return null;
  const own = row => row.closest('table, ' + roles) === table;
  const shown = row => row.getClientRects().length > 0;
  const cells = row => [...row.querySelectorAll(
    ':scope > td, :scope > th, [role=cell], [role=gridcell], [role=columnheader], [role=rowheader]')];
  const said = cell => cell.innerText.replace(/\\s+/g, ' ').trim();
  const names = cell => cell.tagName === 'TH' || cell.getAttribute('role') === 'columnheader';
  const rows = [...table.querySelectorAll('tr, [role=row]')].filter(row => own(row) && shown(row)).map(row => ({
    head: cells(row).length > 0 && (row.closest('thead') !== null || cells(row).every(names)),
    texts: cells(row).flatMap(cell => [said(cell), ...Array((cell.colSpan || 1) - 1).fill('')])}));
  const head = rows.find(row => row.head);
  return {head: head ? head.texts : [], rows: rows.filter(row => !row.head && row.texts.length).map(row => row.texts)};
}"""


async def extract(hands: Hands, action: Extract) -> Act:
    """Read what the action asks for; see `Extract`."""
    target, milliseconds = action.target, hands.action_timeout * 1_000
    if action.all:
        every = await ground_all(hands.session.page, target, hands.action_timeout)

        async def read_all(_: float) -> None:
            said = await every.evaluate_all(_READ_ALL_JS, action.attribute)
            _keep(hands, action, [_cut(text) for text in said])

        return read_all
    element = await hands.find(target, "any")

    async def read(_: float) -> None:
        if action.table:
            found = await element.evaluate(_TABLE_JS, timeout=milliseconds)
            if found is None:
                raise StepTrouble(ErrorType.GOAL_UNREACHABLE, f"{name_of(target)} is no table and holds none")
            _keep(hands, action, rows_of(found["head"], found["rows"]))
            return
        said = await element.evaluate(_READ_JS, action.attribute, timeout=milliseconds)
        if said is None:
            raise StepTrouble(ErrorType.GOAL_UNREACHABLE, f"{name_of(target)} has no attribute {action.attribute!r}")
        _keep(hands, action, _cut(said))

    return read


def rows_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """The rows of a table as objects; columns without a name, or with one that another has, are numbered."""
    width = max((len(row) for row in (head, *rows)), default=0)
    named = [*head, *[""] * (width - len(head))]
    times: Counter[str] = Counter()
    columns: list[str] = []
    for place, name in enumerate(named, start=1):
        column = name or f"column {place}"
        times[column] += 1
        columns.append(column if times[column] == 1 else f"{column} ({times[column]})")
    return [dict(zip(columns, row, strict=False)) for row in rows]


def _cut(text: str | None) -> str | None:
    return None if text is None else text.strip()[:_TEXT_LIMIT]


def _keep(hands: Hands, action: Extract, value: Any) -> None:
    size = len(json.dumps(value))
    if size > _LIMIT:
        said = f"{name_of(action.target)} holds {size:,} characters, more than the {_LIMIT:,} that a result takes"
        raise StepTrouble(ErrorType.GOAL_UNREACHABLE, f"{said}; read a part of it, or download it")
    hands.data[action.key] = value
