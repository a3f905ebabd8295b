"""Pictures of a task's window: one per step, and a screenshot and the trace of a step that failed; never of a secret."""

from __future__ import annotations

import asyncio
import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import structlog
from playwright.async_api import Error

from events.steps import Artifact
from producers.artifacts import ArtifactStore
from runner.film import Film
from runner.outcome import first_line
from runner.secrets import MASK, SecretBox
from runner.session import Session

_SECONDS = 3.0
_JPEG_QUALITY = 60
#: All that can be read in a document, password fields but for their dots.
_SAID_JS = """() => {
  const said = root => [root.innerText ?? root.textContent,
    ...[...root.querySelectorAll('input:not([type=password]), textarea')].map(e => e.value),
    ...[...root.querySelectorAll('*')].filter(e => e.shadowRoot).map(e => said(e.shadowRoot))].join('\\n');
  return document.body ? said(document.body) : '';
}"""

log = structlog.get_logger("runner")


@dataclass(slots=True)
class Pictures:
    """Takes them of one session, and keeps them."""

    session: Session
    store: ArtifactStore
    secrets: SecretBox
    film: Film | None = None  #: none: steps that succeed have no picture
    traced: bool = False  #: whether the window is traced
    _told: bool = False  #: whether a secret could be read at the last step

    async def of_step(self, *, anew: bool = False) -> list[Artifact]:
        """What the window showed last.

        A picture that the browser sent may be older than what can be read in the window now. So one is taken anew, with
        masks, while a secret can be read there, and when one could at the last step.

        Args:
            anew: whether the step may have shown a secret that is gone by now.
        """
        if self.film is None:
            return []
        self.film.follow(self.session.page)
        picture = self.film.newest
        try:
            async with asyncio.timeout(_SECONDS):
                told, self._told = self._told or anew, await self._tells_a_secret()
                if told or self._told or picture is None:  # none came yet, as at the first step
                    return [await self._screenshot()]
                return [await self.store.put("screenshot", picture, "image/jpeg")]
        except (Error, TimeoutError, OSError) as error:
            self._told = True
            log.info("no picture of a step", action="artifact", reason=first_line(str(error)))
            return []

    async def of_failure(self) -> list[Artifact]:
        """A screenshot and the trace so far; what cannot be had is left out."""
        taken: list[Artifact] = []
        for take in (self._screenshot, self._trace) if self.traced else (self._screenshot,):
            try:
                async with asyncio.timeout(_SECONDS):
                    taken.append(await take())
            except (Error, TimeoutError, OSError) as error:
                log.info("no picture of a failed step", action="artifact", reason=first_line(str(error)))
        return taken

    async def _tells_a_secret(self) -> bool:
        """Whether a value given out can be read in the window now; pages repeat what was typed into them."""
        values = self.secrets.values_given
        if not values:
            return False
        said = [str(await frame.evaluate(_SAID_JS)) for frame in self.session.page.frames]
        return any(value in text for value in values for text in said)

    async def _screenshot(self) -> Artifact:
        page = self.session.page
        repeated = [frame.get_by_text(value) for frame in page.frames for value in self.secrets.values_given]
        picture = await page.screenshot(
            type="jpeg", quality=_JPEG_QUALITY, mask=[*self.session.masked, *repeated], timeout=_SECONDS * 1_000
        )
        return await self.store.put("screenshot", picture, "image/jpeg")

    async def _trace(self) -> Artifact:
        tracing = self.session.page.context.tracing
        with tempfile.TemporaryDirectory(prefix="goaltrail-trace-") as folder:
            place = Path(folder) / "trace.zip"
            await tracing.stop_chunk(path=place)
            await tracing.start_chunk()  # the attempt may go on, and fail again
            content = await asyncio.to_thread(_cleaned, place, self.secrets)
        return await self.store.put("trace", content, "application/zip")


def _cleaned(place: Path, secrets: SecretBox) -> bytes:
    """The trace without secrets: it holds what was typed, and every request's body."""
    if not secrets.in_use:
        return place.read_bytes()
    forms = [form.encode() for form in secrets.forms()]
    cleaned = io.BytesIO()
    with zipfile.ZipFile(place) as source, zipfile.ZipFile(cleaned, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            for form in forms:
                content = content.replace(form, MASK.encode())
            target.writestr(entry.filename, content)
    return cleaned.getvalue()
