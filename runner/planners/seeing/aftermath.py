"""What a page says once something was sent: a complaint, a question, or that it is done. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.page.acts import Await, Push
from runner.page.view import Element, View
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.evidence import headings, listed, text_of
from runner.planners.seeing.forms import is_bare, is_button, named, stages
from runner.planners.seeing.matching import innermost
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import words

_COMPLAINS = frozenset(
    {"error", "errors", "danger", "invalid", "wrong", "warning", "problem", "failed", "failure", "feedback"}
)
_CHEERS = frozenset({"success", "ok", "confirmation", "info"})
_DONE = re.compile(
    r"\b(thank(s| you)|confirmed|success\w*|received|complete|completed|done|all set|registered|enrolled|booked|reserved|cancell?ed"
    r"|ordered|placed|subscribed|unsubscribed|updated|changed|saved|added|removed|deleted|withdrawn|requested|submitted|sent)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"\b(please (?:give|enter|choose|select|fill|provide|correct|check|try)|required|invalid|incorrect|wrong|error|failed"
    r"|not (?:available|valid|found|possible|allowed)|cannot|can't|could not|couldn't|unable|sorry|already|full|sold out|denied)\b",
    re.IGNORECASE,
)
_MOST_WAITS = 8
_WAIT_SECONDS = 0.4
_MOST_QUESTIONS = 2
_MOST_LETTERS = 200  # of a complaint


def complaint(view: View, before: View | None) -> str:
    """What the page says went wrong, in its own words; empty if it does not."""
    old = {(e.css, e.own or e.text) for e in before} if before is not None else set()
    for e in view:
        if e.field or e.is_control or (e.css, e.own or e.text) in old or not (e.text or e.own):
            continue
        tokens = set(words(e.tokens))
        text = e.text or e.own
        alerts = e.role == "alert" and not tokens & _CHEERS
        if (alerts and (_TROUBLE.search(text) or not _DONE.search(text))) or (
            tokens & _COMPLAINS and not tokens & _CHEERS and len(text) < _MOST_LETTERS and not _DONE.search(text)
        ):
            return " ".join(text.split())[:_MOST_LETTERS]
    return ""


def aftermath(wish: Reach, at: Situation, left: Sequence[str]) -> Step | None:
    """What follows from what was sent last; None when the page has to be looked at like any other.

    Args:
        wish: the goal.
        at: where it stands.
        left: names of the inputs that nothing took so far.
    """
    sent = next(deed for deed in reversed(at.deeds) if deed.note != "wait")
    if not changed(at.view, sent.seen):
        return be_patient(at, _MOST_WAITS) or Refusal(f"nothing happened after {said_of(sent.element)!r} was pressed")
    if said := complaint(at.view, sent.seen):
        return Refusal(f"the page says: {said}")
    question = _question(wish, at, sent.seen)
    if question is not None:
        return question
    if sent.note.startswith("verb") and not _DONE.search(fresh_text(at.view)):
        return None
    if left:
        return Refusal(
            f"{said_of(sent.element)!r} was pressed, but nothing took the input {listed(left)}; see whether it is done"
        )
    return MET


def be_patient(at: Situation, most: int) -> Step | None:
    """Wait for what is on its way, so many times after the last act."""
    waits = 0
    for deed in reversed(at.deeds):
        if deed.note != "wait":
            break
        waits += 1
    return do(Await(_WAIT_SECONDS), "wait for the page", "wait") if waits < most else None


def said_of(element: Element | None) -> str:
    """What is written on a control that was pressed."""
    return named(element) if element is not None else ""


def changed(view: View, before: View) -> bool:
    """Whether the page shows anything else than before, apart from what was typed."""
    return view.url != before.url or _shows(view) != _shows(before)


def _shows(view: View) -> tuple[tuple[str, str, bool], ...]:
    return tuple((e.css, e.own, e.disabled) for e in view)


def fresh_text(view: View) -> str:
    """What is new on the page, and its headings."""
    return f"{headings(view)} {text_of(e for e in view if e.id in view.fresh)}"


def _question(wish: Reach, at: Situation, before: View) -> Step | None:
    """Say yes to "are you sure?", where just one button does and it was not there before."""
    stage = stages(at.view)[0]
    in_dialog = len(stages(at.view)) > 1
    known = set() if in_dialog else {named(e) for e in before if e.is_control}
    buttons = [
        b for b in innermost([e for e in stage if is_button(e) or (e.is_control and in_dialog)]) if not b.disabled
    ]
    says_yes = [
        b
        for b in buttons
        if named(b) not in known
        and not verbs.starts_over(named(b))
        and (verbs.confirms(named(b)) or verbs.same(wish.verb, named(b)) == 1.0)
        and not verbs.opposite(wish.verb, named(b))
    ]
    if len(says_yes) > 1:
        says_yes = [b for b in says_yes if not is_bare(named(b), wish.verb)]
    if not says_yes or (_DONE.search(headings(at.view)) and not in_dialog):
        return None
    if any(e.field and e.missing for e in stage):
        return None
    if len(says_yes) > 1:
        return Refusal(f"{listed([named(b) for b in says_yes])} could both say yes; declare `steps`")
    yes = says_yes[0]
    if (
        is_bare(named(yes), wish.verb)
        and len(buttons) > 1
        and not all(verbs.backs_out(named(b)) for b in buttons if b.id != yes.id)
    ):
        return None
    if sum(d.note == "sent yes" for d in at.deeds) >= _MOST_QUESTIONS:
        return Refusal("the page asks again and again whether it is meant; declare `steps`")
    return do(Push(yes.id), f"say yes: {named(yes)!r}", "sent yes")


def is_done(view: View) -> bool:
    """Whether the page says in its headings that something was done."""
    return _DONE.search(headings(view)) is not None
