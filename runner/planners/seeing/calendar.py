"""Days: typed where a field takes them, else picked in the calendar that the field opens. Pure."""

from __future__ import annotations

import re

from runner.page.acts import Push, Put, Strike
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.grammar_values import month_of
from runner.planners.seeing.matching import controls
from runner.planners.seeing.wishes import PickDate

_SHOWN = re.compile(r"\b([A-Za-z]{3,9})\.?\s*,?\s+(\d{4})\b")
_MOST_MONTHS = 36
_MOST_TURNS = 8  # presses of an arrow
_TRIES = 2


def pick_date(wish: PickDate, at: Situation) -> Step:
    """Bring the day into the field."""
    if at.noted("picked"):
        return MET
    field = _field(at.view)
    if field is None:
        return Refusal("which field takes the day is not clear")
    if field.type == "date":
        value = f"{wish.year:04d}-{wish.month:02d}-{wish.day:02d}"
        return do(Put(field.id, value), f"enter {value}", "picked")
    shown = shown_month(at.view)
    if shown is None:
        if not field.readonly and "datepicker" not in field.tokens.casefold():
            return do(Put(field.id, f"{wish.month:02d}/{wish.day:02d}/{wish.year}"), "enter the day", "picked")
        return (
            do(Push(field.id), "open the calendar", "opened")
            if at.noted("opened") < _TRIES
            else Refusal("no calendar opens")
        )
    months = (wish.year - shown[0]) * 12 + wish.month - shown[1]
    if months:
        return _turn(months, field, at)
    days = [
        e
        for e in at.view
        if e.own == str(wish.day) and e.role in {"link", "button", "gridcell", "cell"} and not e.disabled
    ]
    days = [e for e in days if e.press and e.role != "cell"] or days
    if len(days) != 1:
        return Refusal(f"{len(days)} days in the calendar are {wish.day}")
    return do(Push(days[0].id), f"pick day {wish.day}", "picked")


def _turn(months: int, field: Element, at: Situation) -> Step:
    """By keys first, as calendars are made for; by its arrows where keys do nothing."""
    if abs(months) > _MOST_MONTHS or at.noted("turned") > _MOST_TURNS:
        return Refusal("the calendar does not come to the month")
    by_keys = [d for d in at.deeds if isinstance(d.act, Strike)]
    if not by_keys and abs(months) > 1:
        return do(
            Strike(field.id, "PageDown" if months > 0 else "PageUp", abs(months)), f"{months} months on", "turned"
        )
    name = "next" if months > 0 else "prev"
    found = [e for e in controls(at.view, name) if not e.field]
    if len(found) != 1:
        return Refusal("the calendar has no arrows")
    return do(Push(found[0].id), f"{name} month", "turned")


def shown_month(view: View) -> tuple[int, int] | None:
    """Year and month of the calendar that is open."""
    said = [e.own for e in view if e.own and not e.field]
    for index, text in enumerate(said):
        joined = text if _SHOWN.search(text) else f"{text} {said[index + 1]}" if index + 1 < len(said) else text
        match = _SHOWN.fullmatch(joined.strip())
        if match is not None and month_of(match[1]):
            return int(match[2]), month_of(match[1])
    return None


def _field(view: View) -> Element | None:
    fields = [e for e in view if e.field and not e.disabled and not e.options and e.checked is None]
    for test in (lambda e: e.type == "date", lambda e: "datepicker" in e.tokens.casefold(),
                 lambda e: "date" in f"{e.label} {e.tokens} {e.placeholder}".casefold(), lambda e: e.type == "text"):  # fmt: skip
        found = [e for e in fields if test(e)]
        if found:
            return found[0] if len(found) == 1 else None
    return None
