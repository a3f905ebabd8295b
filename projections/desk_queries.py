"""Answers for those who look after tasks and records nobody else could finish; and webhooks."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from typing import Any

from projections.desk_answers import (
    DeadLetterAnswer,
    DeadLetterPage,
    EscalationAnswer,
    EscalationPage,
    LastStep,
    LetterAct,
    LetterState,
    WebhookAnswer,
)
from projections.reading import Reading, Row, filter_of, page_of, uuid_of, values_of

_LAST_STEPS = 5


class DeskReadings(Reading):
    """Escalations, dead letters, webhooks."""

    def escalations(
        self, *, operator: str | None = None, unclaimed: bool = False, limit: int = 100, offset: int = 0
    ) -> EscalationPage:
        """Open ones, of one operator or of nobody if so asked: the most urgent first, then the oldest."""
        where, values = filter_of(
            [
                ("t.operator = $operator", "operator", operator),
                ("t.operator IS NULL AND $unclaimed", "unclaimed", unclaimed or None),
            ]
        )
        open_ones, page = f"t.completed_at IS NULL AND t.status = 'ESCALATED' AND {where}", page_of(limit, offset)
        rows = self._rows(_ESCALATIONS.format(where=open_ones), {**values, **page})
        total = self._rows(f"SELECT count(*) FROM tasks AS t WHERE {open_ones}", values)  # noqa: S608 - our own words
        return EscalationPage(self._escalations(rows), total[0][0], **page)

    def escalation(self, task_id: str) -> EscalationAnswer | None:
        """The newest one of the task, resolved or not; none if it never needed a human."""
        key = uuid_of(task_id)
        if key is None:
            return None
        one = {"id": key, "limit": 1, "offset": 0}
        found = self._escalations(self._rows(_ESCALATIONS.format(where="t.task_id = $id"), one))
        return found[0] if found else None

    def dead_letters(
        self,
        *,
        state: LetterState | None = None,
        topic: str | None = None,
        reader: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> DeadLetterPage:
        """Records nobody could process, newest first, without their bytes."""
        where, values = filter_of(
            [
                ("state = $state", "state", state),
                ("topic = $topic", "topic", topic),
                ("reader = $reader", "reader", reader),
            ]
        )
        page = page_of(limit, offset)
        rows = self._rows(_LETTERS.format(where=where), {**values, **page})
        total = self._rows(_LETTERS_IN_ALL.format(where=where), values)
        acts = self._acts([row[0] for row in rows])
        letters = [_letter(row, None, None, acts.get(row[0], [])) for row in rows]
        return DeadLetterPage(letters, total[0][0], **page)

    def dead_letter(self, letter: str) -> DeadLetterAnswer | None:
        """One with its bytes, by its own `topic:partition:offset`."""
        rows = self._rows(_LETTERS.format(where="letter = $letter"), {"letter": letter, "limit": 1, "offset": 0})
        if not rows:
            return None
        ((key, value),) = self._rows(_BODY, {"letter": letter})
        return _letter(rows[0], key, value, self._acts([letter]).get(letter, []))

    def dead_letter_count(self) -> int:
        """How many records nobody could process and nobody did anything about."""
        return int(self._rows(_LETTERS_IN_ALL.format(where="state = 'open'"))[0][0])

    def webhooks(self, task_id: str) -> list[WebhookAnswer]:
        """Every message to the task's `callback_url`, oldest first."""
        key = uuid_of(task_id)
        if key is None:
            return []
        columns = ", ".join(_WEBHOOK_FIELDS)
        sql = f"SELECT {columns} FROM webhooks WHERE task_id = $id ORDER BY created_at, message_id"  # noqa: S608
        return [WebhookAnswer(**values_of(_WEBHOOK_FIELDS, row)) for row in self._rows(sql, {"id": key})]

    def _escalations(self, rows: list[Row]) -> list[EscalationAnswer]:
        if not rows:
            return []
        steps: dict[Any, list[Row]] = {}
        for row in self._rows(_STEPS, {"ids": [row[0] for row in rows], "last": _LAST_STEPS}):
            steps.setdefault(row[0], []).append(row[1:])
        return [_escalation(row, steps.get(row[0], [])) for row in rows]

    def _acts(self, letters: list[str]) -> dict[str, list[LetterAct]]:
        found: dict[str, list[LetterAct]] = {}
        for row in self._rows(_ACTS, {"letters": letters}) if letters else ():
            found.setdefault(row[0], []).append(LetterAct(**values_of(_ACT_FIELDS, row[1:])))
        return found


_ACT_FIELDS = tuple(field.name for field in fields(LetterAct))
_WEBHOOK_FIELDS = tuple(field.name for field in fields(WebhookAnswer))
_ESCALATION_FIELDS = tuple(
    field.name for field in fields(EscalationAnswer) if field.name not in {"last_url", "last_steps"}
)
_LETTER_FIELDS = ("letter", "topic", "partition", "offset", "reason", "error", "reader", "value_bytes", "recorded_at")

#: The page is cut before acts are joined. A task's newest escalation carries the number the task counts.
_ESCALATIONS = """
WITH page AS (
    SELECT t.task_id, goal, site_url, priority, queue, number, e.error_type, e.error_message, e.evidence,
           escalated_at, e.attempts, e.recovery_attempts
    FROM tasks AS t JOIN escalations AS e ON e.task_id = t.task_id AND e.number = t.escalations
    WHERE {where} ORDER BY priority DESC, escalated_at, t.task_id LIMIT $limit OFFSET $offset
),
acts AS (
    SELECT a.task_id, arg_max(operator, act) AS operator,
           arg_max(acted_at, act) FILTER (resolution IS NULL) AS claimed_at,
           arg_max(resolution, act) AS resolution,
           arg_max(note, act) FILTER (resolution IS NOT NULL) AS note,
           arg_max(hints, act) FILTER (resolution IS NOT NULL) AS hints,
           arg_max(acted_at, act) FILTER (resolution IS NOT NULL) AS resolved_at
    FROM escalation_acts AS a JOIN page ON page.task_id = a.task_id AND page.number = a.number GROUP BY a.task_id
)
SELECT page.task_id, goal, site_url, priority, queue, error_type, error_message, evidence, escalated_at, operator,
       claimed_at, attempts, recovery_attempts, resolution, note, hints, resolved_at
FROM page LEFT JOIN acts ON acts.task_id = page.task_id ORDER BY priority DESC, escalated_at, page.task_id
"""
_STEPS = """
SELECT task_id, step_number, action, result, error_details, artifacts, url
FROM escalation_steps JOIN (SELECT unnest($ids::UUID[]) AS task_id) AS d USING (task_id)
QUALIFY row_number() OVER (PARTITION BY task_id ORDER BY step_number DESC, created_at DESC, event_id) <= $last
ORDER BY task_id, step_number, created_at, event_id DESC
"""
_WITH_STATE = """
WITH acted AS (
    SELECT letter, arg_max(type, (recorded_at, "partition", "offset")) AS newest FROM dead_letter_acts GROUP BY letter
),
letters AS (
    SELECT d.*, CASE newest WHEN 'dead_letter.redriven' THEN 'redriven'
                            WHEN 'dead_letter.discarded' THEN 'discarded' ELSE 'open' END AS state
    FROM dead_letters AS d LEFT JOIN acted ON acted.letter = d.letter
)
"""
_LETTERS = (
    _WITH_STATE
    + """
SELECT letter, topic, "partition", "offset", reason, error, reader, value_bytes, recorded_at, state
FROM letters WHERE {where} ORDER BY recorded_at DESC, letter LIMIT $limit OFFSET $offset
"""
)
_LETTERS_IN_ALL = _WITH_STATE + "SELECT count(*) FROM letters WHERE {where}"  # noqa: S608 - our own words
_BODY = "SELECT key_base64, value_base64 FROM dead_letters WHERE letter = $letter LIMIT 1"
_ACTS = """
SELECT letter, type, operator, note, redriven_to, recorded_at FROM dead_letter_acts
WHERE list_contains($letters, letter) ORDER BY recorded_at, "partition", "offset"
"""


def _escalation(row: Row, steps: list[Row]) -> EscalationAnswer:
    return EscalationAnswer(
        **values_of(_ESCALATION_FIELDS, row),
        last_url=steps[-1][-1] or None if steps else None,
        last_steps=[_step(step) for step in steps],
    )


def _step(row: Row) -> LastStep:
    number, action, result, error_details, artifacts, _ = row
    kept = [{"kind": one.get("kind"), "sha256": one.get("sha256")} for one in json.loads(artifacts)]
    return LastStep(number, action, result, error_details, kept)


def _letter(row: Row, key: str | None, value: str | None, acts: list[LetterAct]) -> DeadLetterAnswer:
    named, state = values_of(_LETTER_FIELDS, row[:-1]), row[-1]
    text = None if value is None else _text(value, named["value_bytes"])
    return DeadLetterAnswer(**named, key=key, value=value, text=text, state=state, acts=acts)


def _text(value: str, whole_bytes: int) -> str | None:
    """The bytes as text, when they are JSON in UTF-8 and none are missing."""
    try:
        body = base64.b64decode(value, validate=True)
        if len(body) != whole_bytes:
            return None
        text = body.decode()
        json.loads(text)
    except ValueError:
        return None
    return text
