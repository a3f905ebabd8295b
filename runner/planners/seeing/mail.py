"""Mailboxes: a message is found by its sender; its icons stand in its row, or on its own page. Pure."""

from __future__ import annotations

from runner.page.acts import Push, Put, Scroll
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.matching import beside, caption, controls, text_fields
from runner.planners.seeing.wishes import Mail
from runner.planners.seeing.words import plain

_TO_NAMES = ("to", "recipient", "recipients", "an")
_WHAT = {"star": ("star", "important"), "delete": ("trash", "delete")}


def mail(wish: Mail, at: Situation) -> Step:
    """Do it to the only message of that sender."""
    if wish.do in {"star", "delete"}:
        return _in_row(wish, at)
    if not at.noted("opened"):
        found = _messages(at.view, wish.sender)
        if len(found) != 1:
            return Refusal(f"{len(found)} messages of {wish.sender}")
        return do(Push(found[0].id), f"open the message of {wish.sender}", "opened")
    if not at.noted("began"):
        found = controls(at.view, wish.do)
        if len(found) != 1:
            return Refusal(f"{len(found)} controls to {wish.do}")
        return do(Push(found[0].id), wish.do, "began")
    if not at.noted("filled"):
        field = _field(wish, at.view)
        if field is None:
            return Refusal("where to write is not clear")
        return do(Put(field.id, wish.to or wish.text), f"write {wish.to or wish.text!r}", "filled")
    if not at.noted("sent"):
        found = controls(at.view, "send") or controls(at.view, "submit")
        if len(found) != 1:
            return Refusal(f"{len(found)} controls to send")
        return do(Push(found[0].id), "send", "sent")
    return MET


def _messages(view: View, sender: str) -> list[Element]:
    return [e for e in view if plain(e.own) == plain(sender) and not e.field]


def _in_row(wish: Mail, at: Situation) -> Step:
    if at.noted("done"):
        return MET
    found = _messages(at.view, wish.sender)
    if len(found) != 1:
        lists = [e for e in at.view if e.scroll and e.scroll[0] + e.scroll[2] < e.scroll[1]]
        if not found and lists and not at.noted("scrolled"):
            return do(Scroll(lists[0].id, "bottom"), "look further down", "scrolled")
        return Refusal(f"{len(found)} messages of {wish.sender}")
    for name in _WHAT[wish.do]:
        icons = controls(at.view, name)
        near = beside(found[0], icons) if len(icons) > 1 else (icons[0] if icons else None)
        if near is not None:
            return do(Push(near.id), f"{wish.do} the message of {wish.sender}", "done")
    if not at.noted("opened"):
        return do(Push(found[0].id), f"open the message of {wish.sender}", "opened")
    return Refusal(f"nothing here would {wish.do} it")


def _field(wish: Mail, view: View) -> Element | None:
    fields = text_fields(view)
    if wish.do == "forward":
        named = [f for f in fields if plain(caption(view, f)) in _TO_NAMES or "to" in f.tokens.split()]
        fields = named or [f for f in fields if not f.value and f.tag == "input"]
    else:
        fields = [f for f in fields if f.tag == "textarea" and not f.value] or fields
    return fields[0] if len(fields) == 1 else None
