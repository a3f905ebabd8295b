"""What decisions are made with: a frozen value, handed in by the composition root. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from processors.recovery_rules import RecoveryTables


@dataclass(frozen=True, slots=True)
class Policy:
    """Lease length, retries and waits; tests use leases of three seconds."""

    lease: timedelta = timedelta(seconds=60)
    max_losses: int = 3  #: leases lost in a row that escalate
    recovery: RecoveryTables = field(default_factory=RecoveryTables)  #: what follows a failed attempt
    ageing: timedelta = timedelta(minutes=1)  #: waiting this long counts as one step of priority
    remember: timedelta = timedelta(days=7)  #: how long a finished task stays in the fold
    id_lead: timedelta = timedelta(minutes=5)  #: how far a task id's time may lie ahead of the broker's
    site_ceiling: int | None = None  #: tasks that run at once on one site; a queue may have its own
    account_ceiling: int | None = None  #: likewise with one account of a site
