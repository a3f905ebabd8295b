"""The five strategies; each leaves the page so that the plan's next step can be tried again, or says why it cannot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from events.failure import Strategy
from runner.recovery.dialogs import close_dialogs
from runner.recovery.login import log_in_again
from runner.trail import Trail


async def carry_out(strategy: Strategy, trail: Trail) -> None:
    """Carry out one strategy; its wait is over.

    Raises:
        StepTrouble: it does not help here.
        Error: the page cannot be talked to.
    """
    await _HANDS[strategy](trail)


async def wait_and_retry(trail: Trail) -> None:
    """The wait is all; where the page came too late after all, or does not answer, it is opened anew."""
    await trail.stepper.hands.session.refresh_window()
    if not trail.journey.on_same_page:
        await trail.go_back("waited; the page is another one by now, so the steps on it are taken again")


async def close_modal_and_retry(trail: Trail) -> None:
    """Close what covers the page."""
    await close_dialogs(trail.stepper.hands.session.page)
    if not trail.journey.on_same_page:
        await trail.go_back("a dialog was closed and led elsewhere, so the page is opened again")


async def re_authenticate(trail: Trail) -> None:
    """Log in again, then go back to where the session ended."""
    await log_in_again(trail)
    await trail.go_back("logged in again, so the steps on this page are taken again")


async def refresh_and_retry(trail: Trail) -> None:
    """Open the page anew."""
    await trail.go_back("the page is opened anew, so the steps on it are taken again")


async def back_off_and_retry(trail: Trail) -> None:
    """After the wait, open the page anew: what it shows may be the error."""
    await trail.go_back("waited for the site; the steps on this page are taken again")


_HANDS: Mapping[Strategy, Callable[[Trail], Awaitable[None]]] = {
    Strategy.WAIT_AND_RETRY: wait_and_retry,
    Strategy.CLOSE_MODAL_AND_RETRY: close_modal_and_retry,
    Strategy.RE_AUTHENTICATE: re_authenticate,
    Strategy.REFRESH_AND_RETRY: refresh_and_retry,
    Strategy.BACK_OFF_AND_RETRY: back_off_and_retry,
}
