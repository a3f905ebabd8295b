"""Fields that help: proposals while one types, and colours. Pure."""

from __future__ import annotations

import re

from runner.page.acts import Push, Put, Write
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do, wait
from runner.planners.seeing.grammar_values import colour_of, rgb
from runner.planners.seeing.matching import field_named, text_fields
from runner.planners.seeing.wishes import Colour, Complete


def complete(wish: Complete, at: Situation) -> Step:
    """Type the beginning, then choose the one proposal that fits."""
    if at.noted("chose"):
        return MET
    if not at.noted("typed"):
        fields = text_fields(at.view)
        named = field_named(at.view, wish.field, fields) if wish.field else fields
        if len(named) != 1:
            return Refusal(f"{len(named)} fields could be meant")
        return do(Write(named[0].id, wish.starts), f"type {wish.starts!r}", "typed")
    offered = proposals(at)
    if not offered:
        return wait(at, 4, "a proposal")
    leaves = [e for e in offered if not any(o.id != e.id and o.path[: len(e.path)] == e.path for o in offered)]
    fit = [e for e in leaves if _fits(e.text or e.own, wish)]
    whole = [e for e in fit if re.search(rf"(?<!\w){re.escape(wish.starts)}(?!\w)", e.text or e.own)]
    fit = whole if wish.field and whole else fit
    if not fit and at.noted("wait") < 2:  # noqa: PLR2004
        return wait(at, 2, "a proposal that fits")
    if not fit:
        return Refusal(f"no proposal begins with {wish.starts!r} and ends with {wish.ends!r}")
    if len(fit) > 1 and not wish.ends:
        exact = [e for e in fit if (e.text or e.own).strip() == wish.starts]
        fit = exact or fit[:1]
    return do(Push(fit[0].id), f"choose {fit[0].text or fit[0].own!r}", "chose")


def _fits(text: str, wish: Complete) -> bool:
    said = text.strip().casefold()
    inside = wish.field and wish.starts.casefold() in said
    return bool(inside) or (said.startswith(wish.starts.casefold()) and said.endswith(wish.ends.casefold()))


def proposals(at: Situation) -> list[Element]:
    """What came while one typed, and is no field."""
    before = {e.css for e in at.deeds[0].seen}
    return [e for e in at.view if e.css not in before and (e.text or e.own) and not e.field and not e.disabled]


def colour(wish: Colour, at: Situation) -> Step:
    """The code of the colour, into the only field that takes one."""
    if at.noted("filled"):
        return MET
    fields = [e for e in at.view if e.field and (e.type == "color" or "color" in e.tokens or "colour" in e.tokens)]
    if len(fields) != 1:
        return Refusal("which field takes the colour is not clear")
    code = colour_of(wish.name) if wish.name else _shown(at.view, fields[0])
    if code is None:
        return Refusal(f"{wish.name or 'the shown colour'!r} is no colour the rules know")
    value = "".join(f"{part:02x}" for part in code)
    marked = fields[0].type == "color" or fields[0].value.startswith("#")
    return do(Put(fields[0].id, f"#{value}" if marked else value), f"enter colour {value}", "filled")


def _shown(view: View, field: Element) -> tuple[int, int, int] | None:
    swatches = [
        e for e in view if e.color and not e.own and not e.field and not e.shape and not e.press and e.id != field.id
    ]
    codes = {code for e in swatches if (code := rgb(e.color)) is not None}
    return codes.pop() if len(codes) == 1 else None
