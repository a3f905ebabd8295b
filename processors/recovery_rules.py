"""What follows a failed attempt, as a table: one rule per error type, other tables for single sites. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from events.failure import ErrorType, Strategy

#: Another attempt by this strategy, the end of the task, or a human.
Course = Strategy | Literal["stop", "escalate"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows a failure of one type."""

    then: Course
    backoff: timedelta | None = None  #: before the first recovery, where it differs from the table's


#: mission.md §4; what has no rule backs off and tries again.
DEFAULT_RULES: Final[Mapping[ErrorType, Rule]] = {
    ErrorType.TIMEOUT: Rule(Strategy.WAIT_AND_RETRY),
    ErrorType.TASK_TIMEOUT: Rule(Strategy.WAIT_AND_RETRY),
    ErrorType.MODAL: Rule(Strategy.CLOSE_MODAL_AND_RETRY),
    ErrorType.AUTH: Rule(Strategy.RE_AUTHENTICATE),
    ErrorType.STALE: Rule(Strategy.REFRESH_AND_RETRY),
    # Another attempt would meet the same.
    ErrorType.SITE_DOWN: Rule("stop"),
    ErrorType.ACCESS_DENIED: Rule("stop"),
    ErrorType.INVALID_URL: Rule("stop"),
    ErrorType.GOAL_UNREACHABLE: Rule("stop"),
    ErrorType.NO_PLAN: Rule("stop"),
    ErrorType.INVALID_INPUT: Rule("stop"),
    ErrorType.MAX_STEPS: Rule("stop"),
    ErrorType.EXPIRED: Rule("stop"),
    # Only a human can tell what happened.
    ErrorType.UNCONFIRMED: Rule("escalate"),
    # The levels below have said why they cannot go on; a human can say what to do.
    ErrorType.NEEDS_HUMAN: Rule("escalate"),
}
_OTHERWISE = Rule(Strategy.BACK_OFF_AND_RETRY)


@dataclass(frozen=True, slots=True)
class RecoveryTable:
    """The rules of one site, or of all that have none of their own."""

    rules: Mapping[ErrorType, Rule] = field(default_factory=lambda: DEFAULT_RULES)
    max_recoveries: int = 3  #: the failure after that escalates
    backoff: timedelta = timedelta(seconds=2)  #: before the first recovery; doubles with each
    backoff_ceiling: timedelta = timedelta(minutes=5)
    #: A worker keeps its page open for a wait up to this; for a longer one it gives the slot back.
    hold_page: timedelta = timedelta(seconds=30)

    def rule(self, error_type: ErrorType) -> Rule:
        """What follows a failure of this type."""
        return self.rules.get(error_type, _OTHERWISE)

    def backoff_of(self, error_type: ErrorType) -> timedelta:
        """The wait before the first recovery from a failure of this type."""
        return self.rule(error_type).backoff or self.backoff


@dataclass(frozen=True, slots=True)
class RecoveryTables:
    """The table of every site."""

    general: RecoveryTable = field(default_factory=RecoveryTable)
    sites: Mapping[str, RecoveryTable] = field(default_factory=dict)  #: by host, or `*.` and a domain

    def for_site(self, site_url: str) -> RecoveryTable:
        """The site's own table, else that of the nearest domain with one, else the general one."""
        if not self.sites:
            return self.general
        host = (urlsplit(site_url).hostname or "").lower()
        if host in self.sites:
            return self.sites[host]
        labels = host.split(".")
        domains = (f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))
        return next((self.sites[domain] for domain in domains if domain in self.sites), self.general)
