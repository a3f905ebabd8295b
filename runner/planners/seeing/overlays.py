"""Pop-ups in the way: close them, and only them. Pure."""

from __future__ import annotations

from runner.page.acts import Push
from runner.planners.seeing.advice import Refusal, Situation, Step, do
from runner.planners.seeing.matching import match_control

_CLOSERS = ("close", "x", "\u00d7", "\u2715", "no thanks", "not now", "maybe later", "dismiss", "cancel", "skip",
            "got it", "ok", "exit", "no", "later", "decline", "reject all", "accept")  # fmt: skip


def uncover(at: Situation) -> Step:
    """Close what lies over the element that is wanted."""
    pool = [e for e in at.view if (e.is_control or e.press) and not e.covered and not e.disabled and not e.field]
    newest = [e for e in pool if e.id in at.view.fresh] or pool
    for name in _CLOSERS:
        found = [e for e in newest if match_control(e, name) >= 0.85]
        if len(found) == 1 and at.noted("uncovered") < 3:
            return do(Push(found[0].id), f"close what is in the way: {found[0].said!r}", "uncovered")
    return Refusal("something lies over the page and nothing closes it")
