"""Moves along a plan: opens the site or the page of a checkpoint, takes the next step, goes back to a page's beginning."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import Error

from events.action import Navigate
from events.failure import ErrorType
from runner.checkpoints import Checkpoint
from runner.grounding import asks_for_login
from runner.journey import Boundary, Journey
from runner.outcome import StepTrouble, first_line, of_error
from runner.page.look import look, settle
from runner.page.view import View
from runner.performer import Job
from runner.planners.planner import Advice, Place, Planner, Proposal
from runner.steps import Stepper
from runner.wording import describe, is_irreversible

_LOOK_SECONDS = 5.0


@dataclass(slots=True)
class Trail:
    """One attempt's way through one plan."""

    job: Job
    stepper: Stepper
    journey: Journey
    planner: Planner
    checkpoint: Checkpoint | None = None  #: where to begin, instead of at the site
    opened: bool = False
    _seen: tuple[int, View] | None = field(default=None, repr=False)  #: the last look, and at which page

    async def advise(self) -> Advice:
        """What the planner wants done next; raises StepTrouble when the page cannot be looked at."""
        session = self.stepper.hands.session
        try:
            advice = await self.planner.advise(Place(self.journey.taken, session.page, self.look))
        except Error as error:
            raise StepTrouble(of_error(error.message), first_line(error.message)) from error
        except TimeoutError as error:
            raise StepTrouble(ErrorType.TIMEOUT, f"The page does not answer: {session.page.url}") from error
        finally:
            await self.journey.marked()
        return advice

    async def look(self, *, settled: bool = True) -> View:
        """What the page shows, once it is at rest unless that does not matter; raises what looking raises."""
        session = self.stepper.hands.session
        before = self._seen[1] if self._seen is not None and self._seen[0] == session.documents else None
        async with asyncio.timeout(_LOOK_SECONDS):
            if settled:
                await settle(session.page)
            view = await look(session.page, before)
        self._seen = session.documents, view
        return view

    async def enter(self) -> None:
        """Open the page on which the first step is taken; raises StepTrouble."""
        if self.checkpoint is not None:
            await self._continue(self.checkpoint)
        elif not _opens(self.planner):
            await self._begin("a task begins at its site")
            self.journey.begun()
        self.opened = True

    async def step(self, proposal: Proposal) -> None:
        """Take the next step of the plan; raises StepTrouble."""
        place = self.journey.taken
        taken = await self.stepper.take(self._signed(proposal), recorded=True)
        if self.stepper.recorder is not None:
            self.stepper.recorder.took(place)
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
        await self.journey.marked()
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
        limit = self.job.assignment.goal.max_steps
        try:
            if not _opens(self.planner):
                await self._begin("a task begins at its site")
            while taken < limit:
                advice = await self.planner.advise(Place(taken, self.stepper.hands.session.page, self.look))
                if not isinstance(advice, Proposal) or is_irreversible(advice.action):
                    return
                await self.stepper.take(replace(self._signed(advice), reason="on the way to verify an earlier act"))
                taken += 1
        except (StepTrouble, Error, TimeoutError):
            return

    def _signed(self, proposal: Proposal) -> Proposal:
        return proposal if proposal.used else replace(proposal, used=self.planner.used)

    async def _begin(self, reason: str) -> None:
        await self._visit(self.job.assignment.goal.site_url, reason)

    async def _visit(self, url: str, reason: str) -> None:
        await self.stepper.take(Proposal(Navigate(url=url), reason, used=self.planner.used, ready=True))

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
        await self._visit(url, reason)
        if session.redirected and await asks_for_login(session.page, redirected=True):
            raise StepTrouble(ErrorType.AUTH, f"{url} asks for a login: {session.page.url}")


def _opens(planner: Planner) -> bool:
    """Whether the plan opens a page itself before anything else."""
    return bool(planner.known) and isinstance(planner.known[0], Navigate)
