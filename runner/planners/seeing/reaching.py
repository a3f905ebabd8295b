"""Brings about what a goal says in its own words: rows, links, logins and forms, one look and one act at a time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.page.acts import Push
from runner.page.view import Element
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.aftermath import aftermath, be_patient, changed, complaint, is_done, said_of
from runner.planners.seeing.evidence import kin, listed, says, text_of
from runner.planners.seeing.filling import Fit, fill_in, fitting
from runner.planners.seeing.forms import Form, common, forms, is_bare, is_button, named, stages
from runner.planners.seeing.leading import Way, lead
from runner.planners.seeing.logging_in import log_in, must_log_in
from runner.planners.seeing.matching import innermost, rows
from runner.planners.seeing.overlays import dismiss
from runner.planners.seeing.progress import accounted, is_pressed, kind_of, last_act, note, off_topic, tried, unused
from runner.planners.seeing.revealing import next_page, open_something
from runner.planners.seeing.rowwise import Picked, nearest, pick, row_names
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import words

_MOST_LEADS = 8
_MOST_TURNS = 5
_WAITS = 3
_SHORT = 300  # letters: a container that says more is the page itself


def reach(wish: Reach, at: Situation) -> Step:
    """The next act on the way, or why there is none."""
    last = last_act(at)
    if last is not None and kind_of(last) in {"sent", "sent yes", "verb"}:
        if must_log_in(at, forms(at.view, at.view.elements)) is not None and changed(at.view, last.seen):
            return Refusal(
                f"the page asks for a login after {said_of(last.element)!r} was pressed; see whether it was taken"
            )
        step = aftermath(wish, at, unused(wish, at, None))
        if step is not None:
            return step
    if last is not None and kind_of(last) == "on":
        said = complaint(at.view, last.seen)
        if said:
            return Refusal(f"the page says: {said}")
        if not changed(at.view, last.seen):
            return be_patient(at, _WAITS) or Refusal(f"nothing happened after {said_of(last.element)!r} was pressed")
    found = stages(at.view)
    for place, stage in enumerate(found):
        step = _on_stage(wish, at, stage)
        if step is not None:
            return step
        if place + 1 < len(found) and any(e.covered for e in found[1]):
            return dismiss(at, stage)
    return _nothing_here(wish, at)


def _on_stage(wish: Reach, at: Situation, stage: Sequence[Element]) -> Step | None:
    """What the dialog, or the page, has to offer."""
    here = forms(at.view, stage)
    fit = fitting(wish, at, here)
    if isinstance(fit, Refusal):
        return fit
    if fit is not None:
        return fill_in(wish, at, fit)
    door = must_log_in(at, here)
    if door is not None:
        return log_in(wish, at, door)
    if is_pressed(wish, at):
        return None
    step = _press_verb(wish, at, stage, here)
    if step is not None:
        return step
    way = lead(wish, at, stage)
    if isinstance(way, Refusal):
        return way
    if way is not None:
        return _follow(wish, at, way)
    poor = fitting(wish, at, here, poorly=True)
    return fill_in(wish, at, poor) if isinstance(poor, Fit) else poor


def _follow(wish: Reach, at: Situation, way: Way) -> Step:
    if sum(kind_of(deed) == "led" for deed in at.deeds) >= _MOST_LEADS:
        return Refusal(f"after {_MOST_LEADS} pages nothing asks for what is given; declare `steps`")
    name = named(way.element)
    return do(Push(way.element.id), f"{name!r} leads on to {wish.said!r}", note("led", way.used), way.by)


def _press_verb(wish: Reach, at: Situation, stage: Sequence[Element], here: Sequence[Form]) -> Step | None:
    """The control that says the verb: the only one, or the one in the row that says all that is given."""
    found = _verb_controls(wish, at, stage, here)
    if not found or (len(found) == 1 and not is_button(found[0])):
        return None  # a single link is weighed against other links
    picked, text = _picked(wish, at, found)
    if picked.why:
        turn = next_page(at.view)
        if (
            turn is not None
            and sum(d.note == "turned" for d in at.deeds) < _MOST_TURNS
            and picked.why.startswith("no row")
        ):
            return do(Push(turn.id), "look on the next page", "turned")
        if not any(is_button(e) for e in found) and wish.verb not in verbs.ON_EXISTING:
            way = lead(wish, at, stage)
            if isinstance(way, Way) and way.element not in found:
                return _follow(wish, at, way)
        return Refusal(picked.why)
    meant = found[picked.index]
    strange = off_topic(wish, at, f"{text} {named(meant)}")
    if strange:
        way = lead(wish, at, [e for e in stage if any(kin(named(e), word) for word in strange)])
        if isinstance(way, Way):
            return _follow(wish, at, way)
        return Refusal(f"nothing seen here is about {listed(strange)}; declare `steps`")
    if not is_button(meant):
        return do(Push(meant.id), f"{named(meant)!r} is in the row that fits", note("led", picked.used), picked.by)
    return _press_for_good(wish, at, meant, text, picked)


def _press_for_good(wish: Reach, at: Situation, meant: Element, text: str, picked: Picked) -> Step:
    """A button that may be the last act: with nothing left over, unless it opens a form."""
    left = unused(wish, at, None, text)
    if left and (meant.posts or wish.verb in verbs.ON_EXISTING - {"change"}):
        return Refusal(
            f"{named(meant)!r} would be final, and nothing here takes or says {listed(left)}; declare `steps`"
        )
    kind = "on" if verbs.is_step(named(meant)) else "sent" if meant.posts else "verb"
    told = note(kind, [*accounted(wish, left), *picked.used])
    return do(Push(meant.id), f"press {named(meant)!r} where all that is given fits", told, picked.by)


def _picked(wish: Reach, at: Situation, found: list[Element]) -> tuple[Picked, str]:
    """Which control, and what its row says."""
    if len(found) == 1:
        picked = nearest(wish, at.view, found[0])
        around = next(
            (t for d in range(len(found[0].path), 0, -1) if (t := text_of(at.view.within(found[0].path[:d]))) and any(says(t, u) for u in picked.used)),
            "",
        )  # fmt: skip
        return picked, around if len(around) < _SHORT else ""
    own = rows(found)
    texts = [text_of(at.view.within(own[e.id])) for e in found]
    around = text_of(at.view.within(common([e.path for e in found])))
    picked = pick(wish, texts, around, row_names(at.view, own, found))
    return picked, texts[picked.index] if not picked.why else ""


def _verb_controls(wish: Reach, at: Situation, stage: Sequence[Element], here: Sequence[Form]) -> list[Element]:
    """The controls that do what the verb says, the surest kind; not those of a form with fields of its own."""
    inside = {button.id for form in here for button in form.buttons}
    pool = [
        e
        for e in innermost([e for e in stage if (e.is_control or e.press) and not e.field])
        if not e.disabled and not e.covered and e.id not in inside and not tried(at, e)
    ]
    for sure in (1.0, 0.6):
        found = [e for e in pool if verbs.same(wish.verb, named(e)) == sure and not _only_lists(named(e))]
        found = [e for e in found if not verbs.starts_over(named(e))]
        found = list({(named(e), e.href) if e.href else e.css: e for e in reversed(found)}.values())[::-1]
        buttons = [e for e in found if is_button(e)]
        if any(is_bare(named(e), wish.verb) for e in found) and len(found) == 1 and here:
            continue  # "Cancel" beside a form means the form
        if found:
            return buttons if wish.verb in verbs.ON_EXISTING and buttons else found
    return []


def _only_lists(name: str) -> bool:
    """Whether it leads to what exists: "My registrations", "Bookings"."""
    said = words(name)
    return any(word in {"my", "your"} for word in said) or any(
        word.endswith("s") and not word.endswith("ss") and verbs.families(word) for word in said
    )


def _nothing_here(wish: Reach, at: Situation) -> Step:
    """Wait, open what is closed, turn the page; then say that there is nothing."""
    if (patient := be_patient(at, 1)) is not None:
        return patient
    last = last_act(at)
    if is_pressed(wish, at) and last is not None:
        left = unused(wish, at, None)
        return be_patient(at, _WAITS) or (
            MET
            if not left
            else Refusal(
                f"{said_of(last.element)!r} was pressed, but nothing took {listed(left)}; see whether it is done"
            )
        )
    if (
        last is not None
        and kind_of(last) == "led"
        and verbs.same(wish.verb, said_of(last.element)) == 1.0
        and is_done(at.view)
    ):
        left = unused(wish, at, None)
        return MET if not left else Refusal(f"it seems done, but nothing took {listed(left)}; see whether it is")
    if sum(d.note in {"opened", "turned"} for d in at.deeds) < _MOST_TURNS:
        opened = open_something(at)
        if opened is not None:
            return opened
    if (patient := be_patient(at, _WAITS)) is not None:
        return patient
    against = [named(e) for e in at.view if is_button(e) and verbs.opposite(wish.verb, named(e))]
    if against:
        return Refusal(
            f"no control here says {wish.said!r}, only {listed(list(dict.fromkeys(against))[:3])}; declare `steps`"
        )
    return Refusal(
        f"nothing on this page leads to {wish.said!r}; declare `steps`, or give the address of the page that does"
    )
