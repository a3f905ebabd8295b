"""Looks at the page, then asks the cheapest level that can go on: local rules, then models; a climb for each step."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from events.action import Action
from events.failure import ErrorType
from events.templates import secrets_in
from runner.page.acts import PageAct, Push, Put, Write
from runner.page.bundle import bundle
from runner.page.recorded import as_action, as_seen
from runner.page.view import Element, View
from runner.planners.models import Choice, Ladder, ModelPlanner
from runner.planners.planner import Advice, Asked, GiveUp, Place, PlanDone, Proposal
from runner.planners.seeing import Deed, Done, Next, Refusal, decide
from runner.planners.seeing.wishes import Wish
from runner.wording import is_irreversible

_MODEL = "by a model"
_SENT = frozenset({"sent", "sent yes"})  #: how the rules note that a form was sent for good
#: Buttons of forms that send something and change nothing by it.
_ONLY_LOOKS = re.compile(
    r"\b(search|find|filter|show|sort|next|continue|back|log ?in|sign ?in|log ?out|sign ?out)\b", re.IGNORECASE
)
_MOST_WAITS = 12  # in a row; rules count their own, models do not


@dataclass(slots=True)
class Climber:
    """One attempt's planner that looks; see `Planner`."""

    goal: str  #: inputs filled in, secrets as references
    wishes: tuple[Wish, ...] | Refusal  #: what the rules read in the goal
    ladder: Ladder
    models: Mapping[int, ModelPlanner] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()  #: names that the task gives
    clean: Callable[[str], str] = str  #: takes secrets out of what a model is told
    used: str = "rules"
    known: Sequence[Action] = ()
    _deeds: list[list[Deed]] = field(default_factory=list)  #: by place: waits, then the act proposed
    _levels: list[int] = field(default_factory=list)  #: by place: who proposed it

    async def advise(self, place: Place) -> Advice:
        """See `Planner.advise`."""
        view = await place.look()
        self._arrived(place.taken, view)
        in_vain: list[Asked] = []
        while True:
            choice = self.ladder.choose(self._away())
            if not isinstance(choice, Choice):
                return GiveUp(choice.reason, ErrorType.NEEDS_HUMAN, tuple(in_vain))
            said, asked = await self._said(choice, view)
            match said:
                case Next() if said.is_wait and len(self._deeds[-1]) < _MOST_WAITS:
                    await self._wait(said, view)
                    view = await place.look()
                case Next():
                    proposal = self._proposal(said, view, choice, asked, tuple(in_vain))
                    if proposal is not None:
                        return proposal
                    self.ladder.refused(choice.level, "what it proposed may not be done")
                case Done():
                    return PlanDone(tuple(in_vain) if asked is None else (*in_vain, asked))
                case Refusal():
                    self.ladder.refused(choice.level, said.reason)
                    if asked is not None:
                        in_vain.append(asked)

    def _arrived(self, taken: int, view: View) -> None:
        """Tell the ladder how the last step went, and forget what is taken again."""
        if taken and taken == len(self._deeds):
            self.ladder.acted(self._levels[-1], shows(view))
        else:
            self.ladder.asked_anew()
        del self._deeds[taken:], self._levels[taken:]
        self._deeds.append([])

    @property
    def _history(self) -> tuple[Deed, ...]:
        return tuple(deed for deeds in self._deeds for deed in deeds)

    def _away(self) -> dict[int, str]:
        return {level: model.away for level, model in self.models.items() if model.away is not None}

    async def _said(self, choice: Choice, view: View) -> tuple[Next | Done | Refusal, Asked | None]:
        if choice.level == 0:
            return self._by_rules(view), None
        model = self.models[choice.level]
        told = await model.advise(self.goal, view, self._history, self.secrets, refused=choice.reason, clean=self.clean)
        said = told.advice
        why = said.reason if isinstance(said, Refusal) else ""
        asked = Asked(
            choice.level, model.level.used, told.model, why, told.input_tokens, told.output_tokens, told.seconds
        )
        return said, asked

    def _by_rules(self, view: View) -> Next | Done | Refusal:
        """What the rules say; what a model did for a wish may have served it, if the next wish can be served now."""
        wishes = self.wishes
        if isinstance(wishes, Refusal):
            return wishes
        said = decide(wishes, view, self._history)
        if isinstance(said, Refusal) and any(d.wish == said.wish and d.note == _MODEL for d in self._history):
            later = decide(wishes, view, self._history, said.wish + 1)
            return later if isinstance(later, Next) and not later.is_wait else said
        return said

    async def _wait(self, said: Next, view: View) -> None:
        self._deeds[-1].append(Deed.of(said, view))
        await asyncio.sleep(getattr(said.act, "seconds", 0.0))

    def _proposal(
        self, said: Next, view: View, choice: Choice, asked: Asked | None, in_vain: tuple[Asked, ...]
    ) -> Proposal | None:
        allowed = self._allowed(said, view, choice)
        if not _named(said.act) <= allowed:
            return None
        described = as_action(view, said.act)
        if described is None:
            return None
        for_good = is_irreversible(described) or _sends(view, said)
        deed = Deed.of(said if choice.level == 0 else replace(said, wish=self._wish(view), note=_MODEL), view)
        self._deeds[-1].append(deed)
        self._levels.append(choice.level)
        return Proposal(
            as_action(view, said.act, irreversible=for_good) or described,
            said.reason if choice.reason == "the cheapest level" else f"{said.reason} ({choice.reason})",
            used=self.used if asked is None else asked.used,
            seen=as_seen(view, said.act, irreversible=for_good),
            asked=asked,
            in_vain=in_vain,
            ready=True,
            secrets=allowed,
            locators=() if deed.element is None else bundle(view, deed.element),
            view=view,
            depends=frozenset(said.depends),
        )

    def _wish(self, view: View) -> int:
        """The wish that the rules cannot serve."""
        refused = self._by_rules(view)
        return refused.wish if isinstance(refused, Refusal) else max((deed.wish for deed in self._history), default=0)

    def _allowed(self, said: Next, view: View, choice: Choice) -> frozenset[str]:
        """The secrets that this act may fill in: those its wish names, so that no page can ask for one.

        A model reads what pages say, so it may only fill a secret into a field made for it.
        """
        if choice.level == 0:
            wishes = () if isinstance(self.wishes, Refusal) else self.wishes
            return self.secrets & frozenset(secrets_in(repr(wishes[said.wish]))) if wishes else frozenset()
        element = view.get(getattr(said.act, "element", ""))
        return frozenset() if element is None else frozenset(n for n in self.secrets if _is_for(n, element))


def _sends(view: View, said: Next) -> bool:
    """Whether the act sends a form that changes something on the site, whatever its button is called."""
    if said.note.partition("\n")[0] in _SENT:
        return True
    element = view.get(getattr(said.act, "element", ""))
    if element is None or not element.posts or not isinstance(said.act, Push):
        return False
    asks = any(e.type == "password" and (e.form, e.frame) == (element.form, element.frame) for e in view)
    return not asks and _ONLY_LOOKS.search(element.said) is None


def shows(view: View) -> str:
    """All that is seen of a page, for telling whether an act changed it."""
    return repr([(e.css, e.own, e.value, e.checked, e.expanded, e.selected, e.chosen) for e in view]) + view.url


def _named(act: PageAct) -> frozenset[str]:
    match act:
        case Put():
            return frozenset(secrets_in(act.value))
        case Write():
            return frozenset(secrets_in(act.text))
        case _:
            return frozenset()


def _is_for(name: str, element: Element) -> bool:
    """Whether a field takes this secret: a password field, or one that is called so."""
    if element.type == "password":
        return True
    said = f"{element.label} {element.name} {element.placeholder} {element.attr} {element.tokens}".lower()
    words = {word for word in re.split(r"[\W_\d]+", name.lower()) if len(word) > 3}  # noqa: PLR2004 - "the", "my"
    return any(word in said for word in words)
