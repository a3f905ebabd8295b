"""Puts the door together: routers, the shape of failures, the limit on bodies."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from api import (
    analysts,
    analysts_page,
    artifacts,
    commands,
    dead_letters,
    desk,
    errors,
    feed,
    health,
    history,
    keys,
    metrics,
    paths,
    prices,
    pruning,
    queries,
    queues,
    timeline,
    workers,
)
from api.body_limit import BodyLimit
from api.parts import Parts

_DESCRIPTION = """\
Submit goals for web sites, watch them, and read what every step did.

Every answer is `{"success": true, "data": ..., "error": null}` or `{"success": false, "data": null, "error": "why"}`.
All calls but health need an API key: `Authorization: Bearer gt_...` or `X-API-Key: gt_...`
(`goaltrail keys create --name me --scope read --scope write`). Times are ISO 8601 in UTC, ending in `Z`.
"""


def create_app(parts: Parts) -> FastAPI:
    """The API over the given parts; it starts nothing and stops nothing."""
    app = FastAPI(
        title="Goaltrail",
        version=health.version_of_package(),
        description=_DESCRIPTION,
        redirect_slashes=False,  # a redirect would be an answer without the one shape
    )
    app.state.parts = parts
    app.state.checkup = health.Checkup()
    app.add_middleware(BodyLimit)
    errors.install(app)
    app.state.letter_acts = asyncio.Lock()
    # What looks after one task comes last: other paths would otherwise be read as task ids.
    whole = (health, analysts, analysts_page, queues, workers, desk, dead_letters, paths, metrics, prices, feed, keys)
    for part in (*whole, queries, timeline, history, artifacts, pruning, commands):
        app.include_router(part.router)
    return app
