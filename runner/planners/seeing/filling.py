"""The form that fits a goal: every input into its field once, nothing asked for left open, then sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.page.acts import Push, Tick
from runner.page.view import Element
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import Refusal, Situation, Step, do
from runner.planners.seeing.aftermath import be_patient
from runner.planners.seeing.assigning import Plan, assign, offered
from runner.planners.seeing.evidence import listed, text_of
from runner.planners.seeing.forms import Form, named, senders
from runner.planners.seeing.matching import rows
from runner.planners.seeing.progress import accounted, leads_here, note, off_topic, to_give, tried, unused
from runner.planners.seeing.rowwise import pick, row_names
from runner.planners.seeing.slots import Slot
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import words

_TRIES = 2
_WAITS = 5
_AGREES = frozenset({"agree", "accept", "consent", "terms", "conditions", "policy", "rules", "privacy", "waiver"})
_SHORT = 300  # letters: what says more than a form's own words


@dataclass(frozen=True, slots=True)
class Fit:
    """A form, what goes into it, and how it is sent."""

    form: Form
    plan: Plan
    senders: tuple[Element, ...]
    how: str  #: `sent`, or `on` to the next page
    row: str = ""  #: what the row says that it stands in
    used: tuple[str, ...] = ()  #: the values that the row says
    by: tuple[str, ...] = ()  #: the inputs that decided between rows


def fitting(wish: Reach, at: Situation, here: Sequence[Form], *, poorly: bool = False) -> Fit | Refusal | None:
    """The one form that takes what is given and is sent by the verb.

    Args:
        wish: the goal.
        at: where it stands.
        here: the forms of the page.
        poorly: also one that takes less than it leaves over, such as a box for a newsletter below what is looked for.
    """
    leads = leads_here(wish, at)
    given = to_give(wish, at)
    put_in = any(deed.element is not None and verbs.is_step(named(deed.element)) for deed in at.deeds)
    fits: list[Fit] = []
    against: list[str] = []
    for form in here:
        if form.is_door:
            continue
        plan = assign(given, form.slots, at.view)
        offered([*wish.becomes, *wish.aims, *wish.about], form.slots, plan, at.view)
        found, how = senders(form, wish.verb, leads=leads)
        if put_in:  # the basket holds what was asked for
            found = [b for b in found if not verbs.is_step(named(b))]
        if found and (plan.filled or plan.unclear or _asks(form, leads=leads)):
            fits.append(Fit(form, plan, tuple(found), how))
        elif plan.filled and not found and len(plan.filled) == len(given):
            against.extend(named(b) for b in form.buttons if verbs.opposite(wish.verb, named(b)))
    if not poorly:
        fits = [fit for fit in fits if not _is_poor(wish, at, fit)]
    most = max((len(fit.plan.filled) for fit in fits), default=0)
    fuller = [fit for fit in fits if len(fit.plan.filled) == most]
    if len(fuller) == 1 and len({named(fit.senders[0]) for fit in fits}) == len(fits):
        fits = fuller
    if not fits:
        return (
            Refusal(f"the form here is sent by {listed(against[:3])}, which is not to {wish.said}") if against else None
        )
    return fits[0] if len(fits) == 1 else _by_row(wish, at, fits)


def _is_poor(wish: Reach, at: Situation, fit: Fit) -> bool:
    """Whether it would be sent with more left over than it takes."""
    return fit.how == "sent" and len(unused(wish, at, fit.plan)) > len(fit.plan.filled)


def _asks(form: Form, *, leads: bool) -> bool:
    """Whether a form that takes nothing of what is given stands in the way nevertheless."""
    return leads and any(slot.missing for slot in form.slots)


def _by_row(wish: Reach, at: Situation, fits: list[Fit]) -> Fit | Refusal:
    """Of several forms, the one whose row says what the goal says."""
    own = rows([fit.senders[0] for fit in fits])
    texts = [text_of(at.view.within(own[fit.senders[0].id])) for fit in fits]
    names = row_names(at.view, own, [fit.senders[0] for fit in fits])
    picked = pick(wish, texts, text_of(at.view), names)
    if picked.why:
        return Refusal(picked.why)
    fit = fits[picked.index]
    return Fit(fit.form, fit.plan, fit.senders, fit.how, texts[picked.index], picked.used, picked.by)


def fill_in(wish: Reach, at: Situation, fit: Fit) -> Step:
    """The next field, or the button; or what is lacking, before anything is touched."""
    if fit.plan.unclear:
        return Refusal(f"{fit.plan.unclear}; name the input like the field")
    agreed = [s for s in fit.form.slots if _agreement(s) and s.missing and s not in fit.plan.filled.values()]
    open_ = [s for s in fit.form.slots if s.missing and s not in fit.plan.filled.values() and s not in agreed]
    if open_:
        return Refusal(
            f"the page asks for {listed(list(dict.fromkeys(s.called for s in open_)))}; give inputs named like that"
        )
    if agreed and not wish.agrees:
        return Refusal(
            f"the page wants {listed([s.called for s in agreed])} ticked; say in the goal that it is agreed to"
        )
    lacking = _lacking(wish, at, fit)
    if lacking is not None:
        return lacking
    return _next_field(at, fit, agreed) or _send(wish, at, fit)


def _lacking(wish: Reach, at: Situation, fit: Fit) -> Refusal | None:
    """What has to be clear before a form is sent for good."""
    if len(fit.senders) > 1:
        return Refusal(f"{listed([named(b) for b in fit.senders])} could both send it; say which in quotes")
    if fit.how != "sent":
        return None
    own = text_of(at.view.within(fit.form.region))
    left = unused(wish, at, fit.plan, f"{fit.row} {own if len(own) < _SHORT else ''}")
    if left:
        return Refusal(f"nothing on this page takes {listed(left)}; name inputs like the fields, or declare `steps`")
    strange = off_topic(wish, at, f"{fit.row} {' '.join(fit.plan.values.values())}")
    return Refusal(f"nothing seen here is about {listed(strange)}; declare `steps`") if strange else None


def _next_field(at: Situation, fit: Fit, agreed: Sequence[Slot]) -> Step | None:
    for name, slot in sorted(fit.plan.filled.items(), key=lambda item: item[1].parts[0].path):
        value = fit.plan.values[name]
        if slot.holds(value, at.view):
            continue
        act = slot.put(value, at.view)
        if isinstance(act, str):
            return Refusal(act)
        if at.noted(note("filled", (name, value))) >= _TRIES:
            return Refusal(f"{slot.called!r} does not keep {value!r}")
        return do(act, f"enter {value!r} into {slot.called!r}", note("filled", (name, value)), fit.by)
    for slot in agreed:
        if not slot.parts[0].checked and not at.tried(slot.parts[0]):
            return do(Tick(slot.parts[0].id), f"agree to {slot.called!r}, as the goal says", "agreed")
    return None


def _send(wish: Reach, at: Situation, fit: Fit) -> Step:
    button = fit.senders[0]
    if button.disabled:
        return be_patient(at, _WAITS) or Refusal(f"{named(button)!r} cannot be pressed; the page lacks something")
    if fit.how == "sent" and tried(at, button):
        return Refusal(f"the form is there again after {named(button)!r} was pressed; see whether it was taken")
    taken = accounted(wish, ()) if fit.how == "sent" else [*fit.plan.values.values(), *fit.used]
    return do(Push(button.id), f"{named(button)!r} sends it", note(fit.how, taken), fit.by)


def _agreement(slot: Slot) -> bool:
    """Whether it is a box by which one agrees to something."""
    return slot.kind == "box" and bool(set(words(slot.name)) & _AGREES)
