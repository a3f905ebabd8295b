"""From what went wrong to what happens next: another attempt, a human, or the end. Pure."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

from events.failure import ErrorType, Strategy
from processors.policy import Policy

#: Stop and report: another attempt would meet the same.
HOPELESS = frozenset(
    {
        ErrorType.SITE_DOWN,
        ErrorType.ACCESS_DENIED,
        ErrorType.INVALID_URL,
        ErrorType.GOAL_UNREACHABLE,
        ErrorType.NO_PLAN,
        ErrorType.INVALID_INPUT,
        ErrorType.MAX_STEPS,
        ErrorType.EXPIRED,
    }
)

#: Only a human can tell what happened, or whether to go on.
FOR_A_HUMAN = frozenset({ErrorType.UNCONFIRMED})

STRATEGIES = {
    ErrorType.TIMEOUT: Strategy.WAIT_AND_RETRY,
    ErrorType.TASK_TIMEOUT: Strategy.WAIT_AND_RETRY,
    ErrorType.MODAL: Strategy.CLOSE_MODAL_AND_RETRY,
    ErrorType.AUTH: Strategy.RE_AUTHENTICATE,
    ErrorType.STALE: Strategy.REFRESH_AND_RETRY,
}

#: For callers that send messages only; the first row whose word occurs in the message decides.
_WORDS: tuple[tuple[ErrorType, tuple[str, ...]], ...] = (
    (ErrorType.SITE_DOWN, ("site down", "site is down", "err_connection_refused", "err_name_not_resolved")),
    (ErrorType.ACCESS_DENIED, ("access denied", "forbidden", "http 403")),
    (ErrorType.INVALID_URL, ("invalid url", "err_invalid_url")),
    (ErrorType.RATE_LIMITED, ("rate limit", "too many requests", "http 429")),
    (ErrorType.MODAL, ("modal", "dialog", "intercepts pointer events")),
    (ErrorType.AUTH, ("auth", "session", "login", "log in", "logged out")),
    (ErrorType.STALE, ("stale", "navigation", "navigated", "detached", "not attached")),
    (ErrorType.TIMEOUT, ("timeout", "timed out")),
)


def classify(message: str) -> ErrorType:
    """The error type of a plain message."""
    lowered = message.lower()
    for error_type, words in _WORDS:
        if any(word in lowered for word in words):
            return error_type
    return ErrorType.UNKNOWN


def strategy_for(error_type: ErrorType) -> Strategy:
    """How an attempt that failed this way goes on."""
    return STRATEGIES.get(error_type, Strategy.BACK_OFF_AND_RETRY)


def delay_before(recovery: int, seed: str, policy: Policy) -> timedelta:
    """How long to wait before the `recovery`-th one (1-based): exponential, spread by up to a quarter.

    The spread is read from `seed`, so that tasks which failed together do not return together, and the same command
    always gives the same fact.
    """
    doubled: timedelta = policy.backoff * (2 ** min(recovery - 1, 16))
    wait = min(doubled, policy.backoff_ceiling)
    return wait * (1 + 0.25 * (crc32(seed.encode()) % 1_000) / 1_000)
