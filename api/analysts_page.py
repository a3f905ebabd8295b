"""The page on which analysts find the views and query them; all it shows comes through POST /sql, with their key."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from projections.examples import EXAMPLES

router = APIRouter(prefix="/analysts", include_in_schema=False)

#: Nothing from other hosts, nothing inline, and no page around this one to click through.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.get("")
def page() -> Response:
    """The page; it holds no data, so it needs no key."""
    return _file("analysts.html", "text/html")


@router.get("/page.js")
def script() -> Response:
    """What it does."""
    return _file("analysts.js", "text/javascript")


@router.get("/page.css")
def style() -> Response:
    """How it looks."""
    return _file("analysts.css", "text/css")


@router.get("/examples.json")
def examples() -> Response:
    """Queries to begin with."""
    return JSONResponse([example._asdict() for example in EXAMPLES], headers=_HEADERS)


def _file(name: str, media_type: str) -> Response:
    text = files("api.pages").joinpath(name).read_text("utf-8")
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=_HEADERS)
