"""Carries out acts on what was seen by the runner's own road, without a task around them."""

from __future__ import annotations

from events.failure import ErrorType
from runner.actions import prepare
from runner.hands import Hands
from runner.outcome import StepTrouble
from runner.page.acts import PageAct
from runner.page.recorded import as_seen
from runner.page.view import View


async def perform(hands: Hands, view: View, act: PageAct) -> None:
    """Do it.

    Raises:
        StepTrouble: the element is not there any more.
        Error: the page does not let it happen.
    """
    action = as_seen(view, act)
    if action is None:
        raise StepTrouble(ErrorType.STALE, f"{act!r} is on no element of the view")
    doing = await prepare(hands, action, irreversible=False)
    await doing(hands.timeout_of(action))
