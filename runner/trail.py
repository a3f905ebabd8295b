"""Moves along a plan: opens the site or the page of a checkpoint, takes the next step, goes back to a page's beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from events.action import Navigate
from events.failure import ErrorType
from runner.checkpoints import Checkpoint
from runner.grounding import asks_for_login
from runner.journey import Boundary, Journey
from runner.outcome import StepTrouble
from runner.performer import Job
from runner.planners.planner import Planner, Proposal
from runner.steps import Stepper
from runner.wording import describe, is_irreversible


@dataclass(slots=True)
class Trail:
    """One attempt's way through one plan."""

    job: Job
    stepper: Stepper
    journey: Journey
    planner: Planner
    checkpoint: Checkpoint | None = None  #: where to begin, instead of at the site
    opened: bool = False

    async def enter(self) -> None:
        """Open the page on which the first step is taken; raises StepTrouble."""
        if self.checkpoint is not None:
            await self._continue(self.checkpoint)
        elif not _opens(self.planner.propose(0)):
            await self._begin("a task begins at its site")
            await self.journey.begun()
        self.opened = True

    async def step(self, proposal: Proposal) -> None:
        """Take the next step of the plan; raises StepTrouble."""
        taken = await self.stepper.take(proposal.action, used=self.planner.used, reason=proposal.reason)
        await self.journey.stepped(
            describe(proposal.action),
            irreversible=taken.irreversible,
            found_on=taken.found_on,
            opens=isinstance(proposal.action, Navigate),
            data=self.stepper.hands.data,
        )

    async def go_back(self, reason: str) -> None:
        """Open the newest page that opens by its address, so that the steps on it are taken again; or start over.

        Only for attempts in which nothing was done that cannot be taken back.

        Raises:
            StepTrouble: the page does not open.
        """
        if not self.journey.can_return:
            raise StepTrouble(ErrorType.UNCONFIRMED, "Going back would repeat what cannot be taken back")
        await self.stepper.hands.session.refresh_window()
        place = self.journey.boundary
        if place is None:
            self.opened = False
            self.journey.start_over()
            return
        await self._open(place.url, reason)
        self.journey.rewound()
        self.stepper.hands.data = dict(place.data)

    async def run_up(self) -> None:
        """The reversible steps before the first irreversible one, such as a login; how far they lead does not matter."""
        taken = 0
        try:
            while isinstance(advice := self.planner.propose(taken), Proposal) and not is_irreversible(advice.action):
                if taken == 0 and not _opens(advice):
                    await self._begin("a task begins at its site")
                reason = "on the way to verify an earlier act"
                await self.stepper.take(advice.action, used=self.planner.used, reason=reason)
                taken += 1
        except StepTrouble:
            return

    async def _begin(self, reason: str) -> None:
        site = Navigate(url=self.job.assignment.goal.site_url)
        await self.stepper.take(site, used=self.planner.used, reason=reason)

    async def _continue(self, checkpoint: Checkpoint) -> None:
        await self._open(checkpoint.url, f"goes on at a checkpoint, after step {checkpoint.position} of the plan")
        storage: Any = checkpoint.storage_state
        place = Boundary(checkpoint.url, checkpoint.position, storage, dict(checkpoint.data))
        act = self.job.earlier.irreversible
        self.stepper.hands.data = dict(place.data)
        self.stepper.committed = act
        self.journey.continued(checkpoint, place, irreversible=act is not None)

    async def _open(self, url: str, reason: str) -> None:
        session = self.stepper.hands.session
        await self.stepper.take(Navigate(url=url), used=self.planner.used, reason=reason)
        if session.redirected and await asks_for_login(session.page, redirected=True):
            raise StepTrouble(ErrorType.AUTH, f"{url} asks for a login: {session.page.url}")


def _opens(advice: object) -> bool:
    return isinstance(advice, Proposal) and isinstance(advice.action, Navigate)
