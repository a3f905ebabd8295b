"""How far an attempt has come, and the page from which it can go on: the newest one that opens by its address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from playwright.async_api import Error, StorageState

from runner.checkpoints import Checkpoint, CheckpointVault
from runner.grounding import asks_for_login
from runner.performer import StepReporter
from runner.session import Session

_STATE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Boundary:
    """A page as it was when it had just loaded, before any step was taken on it."""

    url: str
    position: int  #: steps of the plan taken before it
    storage: StorageState
    data: dict[str, Any]


@dataclass(slots=True)
class Journey:
    """Counts the steps of the plan and notes where each new page begins.

    What was typed into a page is lost with it, so a task goes on from the beginning of a page: it is opened by its
    address, and the steps taken on it since are taken again. A page that came as the answer to a form is none that
    can be opened so; then the page before it counts.
    """

    session: Session
    vault: CheckpointVault
    report: StepReporter
    words: list[str] = field(default_factory=list)  #: the plan's steps taken, in words
    boundary: Boundary | None = None
    document: int = 0  #: the page that the last step left us on, by the session's count
    irreversible_at: int | None = None  #: position of the last step that cannot be taken back
    _worth: bool = False  #: whether the steps before the boundary did more than open pages
    _saved: str | None = None  #: the artifact, once the boundary was kept
    _pause: float = 0.0  #: seconds between two boundaries
    _marked_at: float = float("-inf")
    _marking: asyncio.Task[None] | None = None  #: notes the page that the last step led to

    @property
    def taken(self) -> int:
        """Steps of the plan that were taken."""
        return len(self.words)

    @property
    def can_return(self) -> bool:
        """Whether going on from the boundary repeats nothing that cannot be taken back."""
        if self.irreversible_at is None:
            return True
        return self.boundary is not None and self.boundary.position > self.irreversible_at

    @property
    def on_same_page(self) -> bool:
        """Whether the page is still the one that the last good step left."""
        return self.session.documents == self.document

    def take_pauses(self, seconds: float) -> None:
        """From now on, so much time lies between two boundaries: a quick run is sooner taken again than noted."""
        self._pause, self._marked_at = seconds, monotonic()

    def begun(self) -> None:
        """The site was opened, before any step of the plan."""
        self._begin_mark(0, {})

    async def marked(self) -> None:
        """Wait until what the page was like when it had loaded is noted; nothing may be done to it before."""
        marking, self._marking = self._marking, None
        if marking is not None:
            await marking

    def _begin_mark(self, position: int, data: dict[str, Any]) -> None:
        self.document = self.session.documents
        if monotonic() - self._marked_at < self._pause:
            return
        self._marked_at = monotonic()
        # While the planner looks at the new page, and before anything is done to it.
        self._marking = asyncio.create_task(self._mark(position, data), name="mark")

    async def stepped(
        self, words: str, *, irreversible: bool, found_on: int, opens: bool, data: dict[str, Any]
    ) -> None:
        """A step of the plan succeeded.

        Args:
            words: the step.
            irreversible: whether it cannot be taken back.
            found_on: the page it was taken on, by the session's count; another one than before when the site moved on
                by itself between two steps.
            opens: whether it only opened a page.
            data: what was read so far.
        """
        # A page that came and went between two steps is no boundary: there is nothing left of it to keep.
        if found_on != self.document and found_on == self.session.documents:
            self._begin_mark(self.taken, data)
            await self.marked()
        self.words.append(words)
        if irreversible:
            self.irreversible_at = self.taken - 1
        self._worth = self._worth or not opens
        if self.session.documents != self.document:
            self._begin_mark(self.taken, data)

    def rewound(self) -> None:
        """The boundary's page was opened again."""
        assert self.boundary is not None  # noqa: S101 - for the type checker; nothing else is returned to
        del self.words[self.boundary.position :]
        self.document = self.session.documents

    def start_over(self) -> None:
        """Nothing was taken: the plan begins anew."""
        self.words.clear()

    def continued(self, checkpoint: Checkpoint, boundary: Boundary, *, irreversible: bool) -> None:
        """The page of a checkpoint was opened."""
        self.words = list(checkpoint.planned)
        self.boundary, self._worth = boundary, True
        self.irreversible_at = checkpoint.position - 1 if irreversible else None
        self.document = self.session.documents

    async def save(self) -> str | None:
        """Keep the boundary as a checkpoint for whoever goes on; returns its artifact, if there is one."""
        await self.marked()
        return await self._save()

    async def _save(self) -> str | None:
        if self.boundary is None or not self.can_return:
            return None
        if self._saved is None:
            place = self.boundary
            checkpoint = Checkpoint(
                url=place.url,
                position=place.position,
                planned=self.words[: place.position],
                storage_state=dict(place.storage),
                data=place.data,
            )
            artifact = await self.vault.put(checkpoint)
            if artifact is None:
                return None
            self.report.checkpoint(place.url, artifact)
            self._saved = artifact.sha256
        return self._saved

    async def _mark(self, position: int, data: dict[str, Any]) -> None:
        if not self.session.opens_by_address:
            return
        try:
            async with asyncio.timeout(_STATE_SECONDS):
                # A page we were sent to instead of another is a way to log in again, not a place to go on from.
                if self.session.redirected and await asks_for_login(self.session.page, redirected=True):
                    return
                storage = await self._storage()
        except (Error, TimeoutError):  # a page that does not answer: whatever comes next says so
            return
        self.boundary = Boundary(self.session.page.url, position, storage, dict(data))
        self._saved = None
        if self._worth:
            await self._save()

    async def _storage(self) -> StorageState:
        """Cookies and what scripts stored; a database that cannot be written down is left out."""
        context = self.session.page.context
        # Stays so when a page hangs: the window may come late, and is none that the site opened.
        self.session.reads_state = True
        try:
            async with asyncio.timeout(_STATE_SECONDS / 2):
                state = await context.storage_state(indexed_db=True)
        except (Error, TimeoutError):
            state = await context.storage_state()
        self.session.reads_state = False
        return state
