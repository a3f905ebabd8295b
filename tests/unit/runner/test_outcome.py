"""Playwright's messages as error types; the texts are as Playwright 1.65 writes them."""

import pytest

from events.failure import ErrorType
from runner.outcome import first_line, of_error, of_status, surely_not_done

MESSAGES = {
    "Page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1:9/": ErrorType.SITE_DOWN,
    "Page.goto: net::ERR_NAME_NOT_RESOLVED at http://nowhere.invalid/": ErrorType.SITE_DOWN,
    "Page.goto: net::ERR_SOCKS_CONNECTION_FAILED at http://nowhere.example/": ErrorType.SITE_DOWN,
    "Page.goto: net::ERR_SOCKS_CONNECTION_HOST_UNREACHABLE at http://nowhere.example/": ErrorType.SITE_DOWN,
    "Page.goto: net::ERR_UNSAFE_PORT at http://127.0.0.1:1/": ErrorType.INVALID_URL,
    "Page.goto: net::ERR_EMPTY_RESPONSE at http://127.0.0.1/": ErrorType.SERVER_ERROR,
    "Page.goto: net::ERR_TOO_MANY_REDIRECTS at http://127.0.0.1/": ErrorType.SERVER_ERROR,
    'Page.goto: Timeout 5000ms exceeded.\nCall log:\n  - navigating to "http://x/"': ErrorType.TIMEOUT,
    'Page.goto: Navigation to "X" is interrupted by another navigation to "Y"': ErrorType.STALE,
    "Page.evaluate: Execution context was destroyed, most likely because of a navigation": ErrorType.STALE,
    "Element is not attached to the DOM": ErrorType.STALE,
    'Locator.click: Timeout 1ms exceeded.\n - <div role="dialog">…</div> intercepts pointer events': ErrorType.MODAL,
    "Locator.click: Timeout 1ms exceeded.\n - element is not visible": ErrorType.TIMEOUT,
    "Locator.click: Error: strict mode violation: x resolved to 2 elements": ErrorType.GOAL_UNREACHABLE,
    "Locator.fill: Error: Element is not an <input>": ErrorType.GOAL_UNREACHABLE,
    'Unexpected token "" while parsing css selector "a["': ErrorType.INVALID_INPUT,
    "Target page, context or browser has been closed": ErrorType.BROWSER_CRASHED,
    "Page.goto: Page crashed": ErrorType.BROWSER_CRASHED,
    "something else": ErrorType.UNKNOWN,
}


@pytest.mark.parametrize(("message", "expected"), MESSAGES.items())
def test_messages(message: str, expected: ErrorType) -> None:
    assert of_error(message) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, None),
        (302, None),
        (400, None),
        (401, ErrorType.AUTH),
        (403, ErrorType.ACCESS_DENIED),
        (404, ErrorType.GOAL_UNREACHABLE),
        (429, ErrorType.RATE_LIMITED),
        (500, ErrorType.SERVER_ERROR),
        (503, ErrorType.SERVER_ERROR),
        (504, ErrorType.TIMEOUT),
    ],
)
def test_statuses(status: int, expected: ErrorType | None) -> None:
    assert of_status(status) is expected


def test_what_surely_had_no_effect() -> None:
    assert surely_not_done(ErrorType.MODAL, "<div> intercepts pointer events")
    assert surely_not_done(ErrorType.RATE_LIMITED, "The site answered HTTP 429")
    assert not surely_not_done(ErrorType.SERVER_ERROR, "The site answered HTTP 500")
    assert not surely_not_done(ErrorType.TIMEOUT, "the browser did not answer in time")


def test_a_message_is_told_without_its_call_log() -> None:
    assert first_line("\n Page.goto: Timeout\nCall log:\n - x") == "Page.goto: Timeout"
    assert first_line(" ") == "no reason was given"
