"""What a page's misbehaviour means: Playwright errors and HTTP statuses as error types. Pure.

The patterns were collected with Playwright 1.65; the whole message is read, since its call log says why.
"""

from __future__ import annotations

import re

from events.failure import ErrorType

_BY_MESSAGE: tuple[tuple[ErrorType, str], ...] = (
    (ErrorType.BROWSER_CRASHED, r"has been closed|Target crashed|Page crashed|Browser closed|Connection closed"),
    (
        ErrorType.SITE_DOWN,
        r"ERR_(CONNECTION_REFUSED|NAME_NOT_RESOLVED|ADDRESS_UNREACHABLE|INTERNET_DISCONNECTED|SOCKS_\w+|SSL_\w+|CERT_\w+)",
    ),
    (ErrorType.INVALID_URL, r"ERR_(INVALID_URL|UNSAFE_PORT|UNKNOWN_URL_SCHEME)|[Cc]annot navigate to invalid URL"),
    (ErrorType.SERVER_ERROR, r"ERR_(EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_CLOSED|TOO_MANY_REDIRECTS|HTTP2_\w+)"),
    (ErrorType.TIMEOUT, r"ERR_(CONNECTION_)?TIMED_OUT"),
    (
        ErrorType.STALE,
        r"ERR_ABORTED|interrupted by another navigation|context was destroyed|not attached|was detached",
    ),
    (ErrorType.MODAL, r"intercepts pointer events"),
    (
        ErrorType.GOAL_UNREACHABLE,
        r"strict mode violation|did not find some options|Element is not an? |Cannot type text into|Not a checkbox",
    ),
    (ErrorType.GOAL_UNREACHABLE, r"Non-multiple file input|Node is not an HTMLInputElement"),
    (ErrorType.INVALID_INPUT, r"while parsing \w+ selector|Unknown engine|Unknown key"),
    (ErrorType.TIMEOUT, r"Timeout \d+(\.\d+)?ms exceeded"),
)

#: A click that ends this way has not reached its element.
_NOT_CLICKED = r"intercepts pointer events|is not visible|not enabled|not stable|outside of the viewport"

#: Answers that a server gives before it does anything.
_REFUSED = frozenset({ErrorType.RATE_LIMITED, ErrorType.AUTH, ErrorType.ACCESS_DENIED, ErrorType.SITE_DOWN})


class StepTrouble(Exception):
    """Raised when a step cannot be taken; ends up as a fact, with a sentence for people."""

    def __init__(self, error_type: ErrorType, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


def of_error(message: str) -> ErrorType:
    """The error type of a Playwright error's whole message."""
    for error_type, pattern in _BY_MESSAGE:
        if re.search(pattern, message):
            return error_type
    return ErrorType.UNKNOWN


def of_status(status: int) -> ErrorType | None:
    """The error type of a page's HTTP status; none when it is no error we know what to do about."""
    match status:
        case 401:
            return ErrorType.AUTH
        case 403:
            return ErrorType.ACCESS_DENIED
        case 408 | 504:
            return ErrorType.TIMEOUT
        case 429:
            return ErrorType.RATE_LIMITED
        case 404 | 410:
            return ErrorType.GOAL_UNREACHABLE
        case _ if status >= 500:  # noqa: PLR2004 - HTTP's own boundary
            return ErrorType.SERVER_ERROR
        case _:
            return None


def surely_not_done(error_type: ErrorType, message: str) -> bool:
    """Whether a step that failed like this has had no effect on the site."""
    return error_type in _REFUSED or re.search(_NOT_CLICKED, message) is not None


def first_line(message: str) -> str:
    """The sentence of a Playwright error, without its call log."""
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    return lines[0] if lines else "no reason was given"
