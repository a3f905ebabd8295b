"""Puts the door together: routers, the shape of failures, the limit on bodies."""

from __future__ import annotations

from fastapi import FastAPI

from api import analysts, commands, errors, health, keys, queries
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
    # Health first: its path would otherwise be read as a task id.
    for router in (health.router, analysts.router, queries.router, commands.router, keys.router):
        app.include_router(router)
    return app
