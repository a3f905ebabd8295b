"""The web application: its pages, its record, its switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from demo.site.form import Filled, problems, read_form
from demo.site.guard import COOKIES_ACCEPTED, Guard
from demo.site.members import SESSION_COOKIE, Members
from demo.site.record import Record
from demo.site.timetable import CLASSES, SwimClass
from demo.site.troubles import Troubles
from demo.site.wording import REDESIGNED, USUAL

_TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")
_GUEST = "guest"
_FORMS = frozenset({"login.html", "look_over.html", "register.html", "registrations.html"})


@dataclass(slots=True)
class School:
    """What one running site knows."""

    record: Record
    troubles: Troubles
    members: Members = field(default_factory=Members)

    def places_left(self, swim_class: SwimClass) -> dict[str, int]:
        """Free places by day."""
        places = self.troubles.switches.places
        return {day: max(0, places - self.record.taken(swim_class.id, day)) for day in swim_class.days}

    def page(self, request: Request, template: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
        """A page of the site, with what every page needs."""
        switches = self.troubles.switches
        shared = {
            "words": REDESIGNED if switches.renamed_controls else USUAL,
            "user": self.user(request),
            "modal": switches.cookie_modal and COOKIES_ACCEPTED not in request.cookies,
            "modal_cookie": COOKIES_ACCEPTED,
            "deadly": switches.deadly_kind if self.troubles.is_deadly(request.url.path) else None,
            "rerender_ms": self.troubles.take_rerender_ms() if template in _FORMS else 0,
        }
        return _TEMPLATES.TemplateResponse(request, template, {**shared, **values}, status_code=status)

    def user(self, request: Request) -> str | None:
        """Who is logged in."""
        return self.members.who(request.cookies.get(SESSION_COOKIE))

    def registrant(self, request: Request) -> str | None:
        """In whose name a registration would be; none when a login is needed first."""
        return self.user(request) or (None if self.troubles.switches.login_required else _GUEST)


def create_app(school: School) -> FastAPI:
    """The application of one school."""
    app = FastAPI(title="Aquatech Swim", docs_url=None, redoc_url=None, openapi_url=None)
    _add_doors(app, school)
    _add_classes(app, school)
    _add_registrations(app, school)
    _add_controls(app, school)
    app.add_middleware(Guard, troubles=school.troubles, members=school.members)
    return app


def _add_doors(app: FastAPI, school: School) -> None:
    @app.get("/")
    async def home() -> Response:
        return _to("/classes")

    @app.get("/login")
    async def login_page(request: Request, next: str = "/classes") -> Response:  # noqa: A002 - the query's usual name
        return school.page(request, "login.html", next=_own_path(next), wrong=False)

    @app.post("/login")
    async def login(request: Request) -> Response:
        form = await request.form()
        target = _own_path(str(form.get("next", "")))
        token = school.members.log_in(str(form.get("username", "")), str(form.get("password", "")))
        if token is None:
            return school.page(request, "login.html", status=HTTPStatus.UNAUTHORIZED, next=target, wrong=True)
        answer = _to(target)
        answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax")
        return answer

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        school.members.log_out(request.cookies.get(SESSION_COOKIE))
        answer = _to("/login")
        answer.delete_cookie(SESSION_COOKIE)
        return answer


def _add_classes(app: FastAPI, school: School) -> None:
    @app.get("/classes")
    async def classes(request: Request) -> Response:
        places = {swim_class.id: school.places_left(swim_class) for swim_class in CLASSES.values()}
        return school.page(request, "classes.html", classes=CLASSES.values(), places=places)

    @app.get("/classes/{class_id}/register")
    async def form(request: Request, class_id: str) -> Response:
        swim_class = CLASSES.get(class_id)
        if swim_class is None:
            return _not_found(school, request, "There is no such class.")
        if school.registrant(request) is None:
            return _to_login(request.url.path)
        return _form_page(school, request, swim_class, Filled())

    @app.post("/classes/{class_id}/register")
    async def register(request: Request, class_id: str) -> Response:
        swim_class = CLASSES.get(class_id)
        if swim_class is None:
            return _not_found(school, request, "There is no such class.")
        user = school.registrant(request)
        if user is None:
            return _to_login(request.url.path)
        posted = await request.form()
        filled = read_form(posted)
        wrong = problems(filled, swim_class, school.places_left(swim_class))
        if wrong:
            return _form_page(school, request, swim_class, filled, wrong)
        if school.troubles.switches.extra_page and "looked_over" not in posted:
            return school.page(request, "look_over.html", swim_class=swim_class, filled=filled)
        entry = school.record.register(
            child=filled.child,
            age=int(filled.age),
            email=filled.email,
            class_id=class_id,
            day=filled.day,
            username=user,
            request=request.state.count,
        )
        return _to(f"/registrations/{entry.number}")


def _add_registrations(app: FastAPI, school: School) -> None:
    @app.get("/registrations")
    async def registrations(request: Request) -> Response:
        user = school.registrant(request)
        if user is None:
            return _to_login(request.url.path)
        mine = [entry for entry in school.record.in_force().values() if entry.username == user]
        return school.page(request, "registrations.html", registrations=mine, classes=CLASSES)

    @app.get("/registrations/{number}")
    async def confirmation(request: Request, number: str) -> Response:
        user = school.registrant(request)
        if user is None:
            return _to_login(request.url.path)
        entry = school.record.in_force().get(number)
        if entry is None or entry.username != user:
            return _not_found(school, request, "You have no such registration.")
        return school.page(request, "confirmed.html", entry=entry, swim_class=CLASSES[entry.class_id])

    @app.post("/registrations/{number}/cancel")
    async def cancel(request: Request, number: str) -> Response:
        user = school.registrant(request)
        if user is None:
            return _to_login("/registrations")
        entry = school.record.in_force().get(number)
        if entry is None or entry.username != user:
            return _not_found(school, request, "You have no such registration.")
        school.record.cancel(number, username=user, request=request.state.count)
        return _to("/registrations")


def _add_controls(app: FastAPI, school: School) -> None:
    """What visitors do not see: for those who test with this site."""

    @app.get("/record.json")
    async def record() -> Response:
        return JSONResponse([entry.model_dump(mode="json") for entry in school.record.entries()])

    @app.get("/switches")
    async def switches() -> Response:
        return JSONResponse(school.troubles.switches.model_dump(mode="json"))

    @app.post("/switches")
    async def change(request: Request) -> Response:
        try:
            changed = school.troubles.change(dict(await request.json()))
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()]
            return JSONResponse({"wrong": wrong}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except (TypeError, ValueError):
            return JSONResponse({"wrong": ["a JSON object of switches is wanted"]}, HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse(changed.model_dump(mode="json"))


def _form_page(
    school: School, request: Request, swim_class: SwimClass, filled: Filled, wrong: list[str] | None = None
) -> Response:
    places = school.places_left(swim_class)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    values = {"swim_class": swim_class, "places": places, "filled": filled, "wrong": wrong or []}
    return school.page(request, "register.html", status=status, **values)


def _not_found(school: School, request: Request, said: str) -> Response:
    return school.page(request, "not_found.html", status=HTTPStatus.NOT_FOUND, said=said)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _to_login(path: str) -> RedirectResponse:
    return _to(f"/login?next={quote(path)}")


def _own_path(target: str) -> str:
    """A path of this site, whatever a stranger's link says."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/classes"
    return target
