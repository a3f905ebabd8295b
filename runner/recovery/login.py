"""Logs in again: by the plan's own login steps, else by filling the login form that the site shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from events.action import Action, Check, Click, Fill, Navigate, Press, Select, Target, WaitFor
from events.failure import ErrorType
from runner.grounding import asks_for_login
from runner.outcome import StepTrouble
from runner.planners.planner import Planner, Proposal
from runner.trail import Trail
from runner.wording import is_irreversible

_SECRET = re.compile(r"\{\{\s*secret:")
_HIDDEN_FIELD = "input[type=password]"
_USER_NAMES = ("username", "user", "login", "email", "mail", "member", "account")
_PASSWORD_NAMES = ("password", "pass", "passwd", "pwd", "pin")
_USER_FIELDS = (
    "input[autocomplete=username], input[type=email], input[name*=user i], input[name*=login i], input[name*=mail i],"
    " input[type=text], input:not([type])"
)
_LOG_IN = r"log[ -]?in|sign[ -]?in|enter|continue|next"


async def log_in_again(trail: Trail) -> None:
    """Log in, on the login page that is shown or on the one the plan opens.

    Raises:
        StepTrouble: no way to log in is known, or it is not accepted.
        Error: the page cannot be talked to.
    """
    known = login_steps(trail.planner)
    session = trail.stepper.hands.session
    await session.refresh_window()
    if not await _is_asked(trail):
        way = known[0] if known and isinstance(known[0], Navigate) else Navigate(url=trail.job.assignment.goal.site_url)
        await _take(trail, way)
        if not await _is_asked(trail):
            return  # logged in after all
    steps = [step for step in known if not isinstance(step, Navigate)]
    for step in steps or await _by_form(trail):
        await _take(trail, step)
    if await asks_for_login(session.page, redirected=session.redirected):
        raise StepTrouble(ErrorType.AUTH, f"The site does not accept the login: {session.page.url}")


def login_steps(planner: Planner) -> list[Action]:
    """The steps of a plan that log in: around the first secret it types, from opening the page to pressing the button.

    Empty when there are none, or when one of them is said to be irreversible.
    """
    plan = planner.known
    typed = next(
        (n for n, action in enumerate(plan) if isinstance(action, Fill) and _SECRET.search(action.value)), None
    )
    if typed is None:
        return []
    first = typed
    while first > 0 and isinstance(plan[first - 1], Fill | Check | Select | WaitFor):
        first -= 1
    if first > 0 and isinstance(plan[first - 1], Navigate):
        first -= 1
    pressed = next((n for n in range(typed + 1, len(plan)) if isinstance(plan[n], Click | Press)), None)
    if pressed is None:
        return []
    steps = list(plan[first : pressed + 1])
    return [] if any(is_irreversible(step) for step in steps) else steps


async def _is_asked(trail: Trail) -> bool:
    return await trail.stepper.hands.session.page.locator(_HIDDEN_FIELD).filter(visible=True).count() > 0


async def _take(trail: Trail, step: Action) -> None:
    await trail.stepper.take(Proposal(step, "the session is over: logs in again", used=trail.planner.used))


async def _by_form(trail: Trail) -> Sequence[Action]:
    """Steps that fill the form shown, from secrets and inputs with telling names."""
    goal = trail.job.assignment.goal
    password = _named(goal.secrets, _PASSWORD_NAMES)
    if password is None:
        raise StepTrouble(ErrorType.AUTH, "The session is over, and neither the plan nor a secret tells how to log in")
    user_secret, user_input = _named(goal.secrets, _USER_NAMES), _named(goal.inputs, _USER_NAMES)
    user = f"{{{{secret:{user_secret}}}}}" if user_secret else f"{{{{{user_input}}}}}" if user_input else None
    form = trail.stepper.hands.session.page.locator("form").filter(
        has=trail.stepper.hands.session.page.locator(_HIDDEN_FIELD)
    )
    scope = "form:has(input[type=password]) " if await form.count() else ""
    steps: list[Action] = []
    if user is not None:
        fields = ", ".join(scope + part.strip() for part in _USER_FIELDS.split(","))
        steps.append(Fill(target=Target(css=fields, nth=0), value=user))
    steps.append(Fill(target=Target(css=scope + _HIDDEN_FIELD, nth=0), value=f"{{{{secret:{password}}}}}"))
    steps.append(await _button(trail, scope))
    return steps


async def _button(trail: Trail, scope: str) -> Action:
    css = f"{scope}button, {scope}input[type=submit]"
    buttons = await trail.stepper.hands.session.page.locator(css).filter(visible=True).all()
    for place, button in enumerate(buttons):
        said = await button.evaluate("e => e.innerText || e.value || e.ariaLabel || ''")
        if re.search(_LOG_IN, said, re.IGNORECASE):
            return Click(target=Target(css=css, nth=place))
    if not buttons or not scope:
        raise StepTrouble(ErrorType.AUTH, "The login page has no button to log in")
    return Click(target=Target(css=css, nth=0))


def _named(given: Mapping[str, object], telling: Sequence[str]) -> str | None:
    return next((name for word in telling for name in given if word in name.lower()), None)
