"""What follows a try: delivered, another try and when, or given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookFact, WebhookFailed

_GONE = 410
_WAIT_AS_TOLD = frozenset({429, 503})
_SUCCESS = range(200, 300)
_REDIRECT = range(300, 400)
_GROWTH = 4.0  # ten tries from 5 s to 8 h apart fill a day
_JITTER = 0.2  # a try comes up to a fifth earlier or later, so that receivers that came back are not hit at once


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """How often and how long a message is tried, and how many tries run at once."""

    max_tries: int = 10
    first_retry: timedelta = timedelta(seconds=5)
    longest_retry: timedelta = timedelta(hours=8)
    timeout: timedelta = timedelta(seconds=10)  #: of a whole try
    at_once: int = 64
    at_once_per_host: int = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """The receiver answered."""

    http_status: int
    retry_after: timedelta | None = None
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer: no connection, no name, no time left."""

    error: str


@dataclass(frozen=True, slots=True)
class Refused:
    """We do not call that address; nothing was sent."""

    why: str


Outcome = Answered | Unanswered | Refused


def after(
    outcome: Outcome, attempt: int, tries: int, *, policy: WebhookPolicy, now: datetime, roll: float
) -> WebhookFact:
    """The fact that records a try.

    Args:
        outcome: what came of it.
        attempt: its number over all, 1-based.
        tries: its number since the submission or the last redrive, 1-based.
        policy: when to try again, and how often.
        now: when it ended.
        roll: a random number from 0 to 1, for the jitter.
    """
    if isinstance(outcome, Refused):
        return WebhookAbandoned(attempt=attempt - 1, error=outcome.why)
    if isinstance(outcome, Unanswered):
        return _failed(outcome.error, None, attempt, _retry_at(tries, policy, now, roll), tries >= policy.max_tries)
    status = outcome.http_status
    if status in _SUCCESS:
        return WebhookDelivered(attempt=attempt, http_status=status, duration_ms=outcome.duration_ms)
    retry_at = _retry_at(tries, policy, now, roll)
    if status in _WAIT_AS_TOLD and outcome.retry_after is not None:
        retry_at = max(retry_at, now + min(outcome.retry_after, policy.longest_retry))
    return _failed(_words(status), status, attempt, retry_at, status == _GONE or tries >= policy.max_tries)


def _failed(error: str, status: int | None, attempt: int, retry_at: datetime, last: bool) -> WebhookFact:  # noqa: FBT001 - an inner form of `after`
    if last:
        return WebhookAbandoned(attempt=attempt, error=error, http_status=status)
    return WebhookFailed(attempt=attempt, error=error, http_status=status, retry_at=retry_at)


def _retry_at(tries: int, policy: WebhookPolicy, now: datetime, roll: float) -> datetime:
    # The exponent is bounded before the power is taken: a float overflows behind the 512th try.
    seconds = policy.first_retry.total_seconds() * _GROWTH ** min(tries - 1, 32)
    seconds = min(seconds, policy.longest_retry.total_seconds())
    return now + timedelta(seconds=seconds * (1 - _JITTER + 2 * _JITTER * roll))


def _words(status: int) -> str:
    if status in _REDIRECT:
        return f"HTTP {status}: redirects are not followed"
    if status == _GONE:
        return f"HTTP {status}: the receiver wants no more"
    return f"HTTP {status}"
