"""Why attempts fail and what is done about it: error types, strategies. Pure."""

from __future__ import annotations

from enum import StrEnum


class ErrorType(StrEnum):
    """What went wrong, as the runner classifies it; the mapping to a strategy is processors/recovery.py."""

    TIMEOUT = "timeout"  #: the page or an element did not answer in time
    MODAL = "modal"  #: a dialog or overlay covers the page
    AUTH = "auth"  #: logged out, session expired, login asked for
    STALE = "stale"  #: the page changed under the step, or navigated away
    RATE_LIMITED = "rate_limited"  #: HTTP 429
    SERVER_ERROR = "server_error"  #: HTTP 5xx
    BROWSER_CRASHED = "browser_crashed"
    RUNNER_LOST = "runner_lost"  #: the lease ran out
    TASK_TIMEOUT = "task_timeout"  #: timeout_minutes are over
    UNKNOWN = "unknown"
    SITE_DOWN = "site_down"
    ACCESS_DENIED = "access_denied"
    INVALID_URL = "invalid_url"
    GOAL_UNREACHABLE = "goal_unreachable"  #: the page offers no way to the goal
    NO_PLAN = "no_plan"  #: no configured level understands the goal
    NEEDS_HUMAN = "needs_human"  #: every configured level gave up on what the page shows
    MAX_STEPS = "max_steps"
    LOOP = "loop"  #: the same page again and again
    INVALID_INPUT = "invalid_input"  #: a template or a secret reference that cannot be resolved
    UNCONFIRMED = "unconfirmed"  #: an irreversible step was taken and its effect could not be confirmed
    EXPIRED = "expired"  #: not started by `expires_at`


class Strategy(StrEnum):
    """How a failed attempt goes on."""

    WAIT_AND_RETRY = "wait_and_retry"
    CLOSE_MODAL_AND_RETRY = "close_modal_and_retry"
    RE_AUTHENTICATE = "re_authenticate"
    REFRESH_AND_RETRY = "refresh_and_retry"
    BACK_OFF_AND_RETRY = "back_off_and_retry"
