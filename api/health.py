"""How the API and what it leans on are doing; open to everyone, so it is looked up at most once a second."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from time import monotonic

from fastapi import APIRouter, Response
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.parts import Probes, parts_of

FRESH_SECONDS = 1.0
LAG_LIMIT = 10_000  #: facts; a reading further behind is worth a look

router = APIRouter(tags=["health"])


@router.get("/api/browser-tasks/health", response_model=s.Answer[s.Health], summary="Health")
@router.get("/health", response_model=s.Answer[s.Health], summary="Health, for container checks")
def health(request: Request) -> Response:
    """Status `ok`, or `degraded` with the problems named; 200 either way, since the API itself answers."""
    checkup: Checkup = request.app.state.checkup
    return answer(200, checkup.health(parts_of(request).probes))


@dataclass(slots=True)
class Checkup:
    """Remembers the last look for a moment: strangers cannot make us ask the broker in a loop."""

    _last: s.Health | None = None
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def health(self, probes: Probes) -> s.Health:
        """The health as of now, or of a second ago."""
        with self._lock:
            if self._last is None or monotonic() >= self._until:
                self._last = look(probes)
                self._until = monotonic() + FRESH_SECONDS
            return self._last


def look(probes: Probes) -> s.Health:
    """Ask every probe; what depends on the broker is not asked when it is away."""
    reachable = probes.broker_reachable()
    places = probes.projector_lag() if reachable else None
    lag = None if places is None else sum(place.behind for place in places)
    stopped = sorted({f"{place.topic}[{place.partition}]: {place.stopped}" for place in places or () if place.stopped})
    processors = probes.processors() if reachable else None
    running, listening = probes.projector_running(), probes.outcomes_ready()
    complaints = [
        (not reachable, "the broker does not answer: see `goaltrail broker status`"),
        (not running, "the projector has stopped: see the API's log"),
        (lag is not None and lag > LAG_LIMIT, f"the readings are {lag} facts behind"),
        (not listening, "answers to commands cannot be heard yet"),
        (processors == 0, "no processor is at work: commands wait"),
    ]
    problems = [text for wrong, text in complaints if wrong] + stopped
    return s.Health(
        status="degraded" if problems else "ok",
        timestamp=datetime.now(UTC),
        version=version_of_package(),
        broker_reachable=reachable,
        projector_running=running,
        projector_lag=lag,
        outcomes_ready=listening,
        processors=processors,
        problems=problems,
    )


def version_of_package() -> str:
    """As installed."""
    try:
        return version("goaltrail")
    except PackageNotFoundError:
        return "unknown"
