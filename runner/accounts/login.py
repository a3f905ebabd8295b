"""Who a task's window is logged in as: what the last task of its account left, and what this one leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from playwright.async_api import Error

from events.failure import ErrorType
from events.goal import GoalStatement
from events.templates import secrets_in
from runner.accounts.sessions import AccountSessions
from runner.performer import Fell, Reached, Verdict
from runner.planners.climber import Climber
from runner.planners.planner import Planner
from runner.replay.replayer import Replayer
from runner.session import Session

log = structlog.get_logger("runner")


@dataclass(slots=True)
class Login:
    """One attempt's use of its account's session; nothing happens for a task without one."""

    accounts: AccountSessions | None
    goal: GoalStatement
    used: bool = False

    async def known(self, planner: Planner) -> dict[str, Any] | None:
        """The session to begin with; none for a plan that logs in by itself, since it would find no form to fill in."""
        account = self.goal.account
        if self.accounts is None or account is None or not _logs_in_when_asked(planner):
            return None
        state = await self.accounts.get(self.goal.site_url, account)
        self.used = state is not None
        return state

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """No other task of this runner works with the account meanwhile."""
        if self.accounts is None or self.goal.account is None:
            yield
            return
        async with self.accounts.lock(self.goal.site_url, self.goal.account):
            yield

    async def after(self, verdict: Verdict, session: Session) -> None:
        """Keep the session of a verified success; drop one with which the site asked for a login all the same."""
        account = self.goal.account
        if self.accounts is None or account is None:
            return
        try:
            if isinstance(verdict, Reached) and verdict.verified:
                state: Any = await session.page.context.storage_state(indexed_db=True)
                await self.accounts.keep(self.goal.site_url, account, state)
            elif self.used and isinstance(verdict, Fell) and verdict.error_type is ErrorType.AUTH:
                await self.accounts.drop(self.goal.site_url, account)
        except (Error, OSError) as error:  # the next task logs in by itself
            log.warning("a login was not kept", action="account.keep", reason=str(error))


def _logs_in_when_asked(planner: Planner) -> bool:
    """Whether a planner copes with a site that does not ask for a login."""
    if isinstance(planner, Climber):
        return True
    steps = [step.action for step in planner.steps] if isinstance(planner, Replayer) else None
    return steps is not None and not any(secrets_in(str(getattr(action, "value", ""))) for action in steps)
