"""What went wrong, read from a plain message; and how long to wait before trying again. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from zlib import crc32

from events.failure import ErrorType
from processors.recovery_rules import RecoveryTable

#: For callers that send messages only (mission.md §4); the first row that matches decides.
_WORDS: tuple[tuple[ErrorType, re.Pattern[str]], ...] = tuple(
    (error_type, re.compile(pattern, re.IGNORECASE))
    for error_type, pattern in (
        (ErrorType.SITE_DOWN, r"site (is )?down|err_connection_refused|err_name_not_resolved"),
        (ErrorType.ACCESS_DENIED, r"access denied|forbidden|http 403"),
        (ErrorType.INVALID_URL, r"invalid url|err_invalid_url"),
        (ErrorType.RATE_LIMITED, r"rate.?limit|too many requests|http 429"),
        (ErrorType.MODAL, r"modal|dialog|intercepts pointer events"),
        (ErrorType.AUTH, r"auth(?!ors?\b)|session|log.?in\b|logged out"),
        # Before navigation, as "navigation timeout" is a page that did not answer, not one that went elsewhere.
        (ErrorType.TIMEOUT, r"time.?out|timed out"),
        (ErrorType.STALE, r"stale|navigat|detached|not attached"),
    )
)


def classify(message: str) -> ErrorType:
    """The error type of a plain message."""
    return next((error_type for error_type, words in _WORDS if words.search(message)), ErrorType.UNKNOWN)


def delay_before(recovery: int, error_type: ErrorType, seed: str, table: RecoveryTable) -> timedelta:
    """How long to wait before the `recovery`-th one (1-based): exponential, spread by up to a quarter.

    The spread is read from `seed`, so that tasks which failed together do not return together, and the same command
    always gives the same fact.
    """
    doubled: timedelta = table.backoff_of(error_type) * (2 ** min(recovery - 1, 16))
    wait = min(doubled, max(table.backoff_ceiling, table.backoff_of(error_type)))
    return wait * (1 + 0.25 * (crc32(seed.encode()) % 1_000) / 1_000)
