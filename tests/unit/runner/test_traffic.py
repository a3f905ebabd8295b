"""What was sent since an act, how it was answered, and what that says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from playwright.async_api import BrowserContext

from events.indicators import ResponseReceived, ResultValue
from runner.evidence import answered, is_wanted, was_read
from runner.traffic import Traffic

HERE = "https://pool.example/form"


@dataclass
class Frame:
    parent_frame: object = None


@dataclass(eq=False)
class Request:
    method: str
    url: str
    resource_type: str = "fetch"
    failure: str | None = None
    frame: Frame = field(default_factory=Frame)

    def is_navigation_request(self) -> bool:
        return self.resource_type == "document"


@dataclass
class Response:
    request: Request
    status: int
    said: str = ""

    async def text(self) -> str:
        await asyncio.sleep(0)
        return self.said


class Context:
    """A browser context that only tells."""

    def __init__(self) -> None:
        self.pages: list[object] = []
        self._listeners: dict[str, list[Callable[[Any], None]]] = defaultdict(list)

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        self._listeners[event].append(listener)

    def tell(self, event: str, what: object) -> None:
        for listener in self._listeners[event]:
            listener(what)

    def asks(self, method: str, path: str, status: int | None = None, said: str = "", **more: Any) -> Request:
        request = Request(method, path if "//" in path else f"https://pool.example{path}", **more)
        self.tell("request", request)
        if status is not None:
            self.tell("response", Response(request, status, said))
        return request

    def fails(self, request: Request, why: str) -> None:
        request.failure = why
        self.tell("requestfailed", request)


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def traffic(context: Context) -> Traffic:
    return Traffic(cast(BrowserContext, context))


def test_only_what_came_after_the_act_is_judged(context: Context, traffic: Traffic) -> None:
    context.asks("POST", "/login", 401)
    assert traffic.refused(HERE) == "POST /login was answered HTTP 401"
    traffic.mark()
    assert traffic.refused(HERE) is None
    assert not traffic.sent
    assert not traffic.taken(HERE)
    context.asks("POST", "/register?token=secret", 303)
    assert traffic.sent
    assert traffic.taken(HERE)


def test_what_is_sent_again_counts_by_its_last_answer(context: Context, traffic: Traffic) -> None:
    context.asks("POST", "/register", 500)
    assert traffic.refused(HERE) == "POST /register was answered HTTP 500"
    context.asks("POST", "/register", 200)
    assert traffic.taken(HERE)
    context.asks("POST", "/register", 409)
    assert traffic.refused(HERE) == "POST /register was answered HTTP 409"


def test_other_sites_are_not_asked_but_those_within_one_are(context: Context, traffic: Traffic) -> None:
    context.asks("POST", "https://metrics.example/collect", 500)
    assert traffic.refused(HERE) is None
    assert not traffic.taken(HERE)
    context.asks("PUT", "https://api.pool.example/seats", 503)
    assert traffic.refused(HERE) == "PUT /seats was answered HTTP 503"


def test_no_answer_is_a_refusal_but_a_request_cut_by_a_newer_page_is_nothing(
    context: Context, traffic: Traffic
) -> None:
    context.fails(context.asks("POST", "/a"), "net::ERR_ABORTED")
    assert traffic.refused(HERE) is None
    assert not traffic.taken(HERE)
    assert traffic.sent
    context.fails(context.asks("POST", "/b"), "net::ERR_CONNECTION_RESET")
    assert traffic.refused(HERE) == "POST /b was not answered"


def test_a_page_or_a_socket_may_carry_an_act_a_picture_or_a_look_does_not(context: Context, traffic: Traffic) -> None:
    context.asks("GET", "/seats", 200)
    context.asks("GET", "/a.png", 200, resource_type="image")
    context.asks("GET", "/frame", 200, resource_type="document", frame=Frame(parent_frame=Frame()))
    assert not traffic.sent
    context.asks("GET", "/search?q=1", 200, resource_type="document")
    assert traffic.sent
    traffic.mark()
    page, socket = Context(), Context()
    context.tell("page", page)
    page.tell("websocket", socket)
    assert not traffic.sent
    socket.tell("framesent", "x")
    assert traffic.sent


async def test_answers_on_their_way_are_waited_for(context: Context, traffic: Traffic) -> None:
    request = context.asks("POST", "/register")
    waiting = asyncio.create_task(traffic.at_rest(5.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    context.tell("response", Response(request, 201))
    await asyncio.wait_for(waiting, 5)
    context.asks("POST", "/register")
    await traffic.at_rest(0.01)


ANSWERED = ResponseReceived(url_contains="/register", method="POST")


@pytest.mark.parametrize(
    ("indicator", "answers", "holds", "said"),
    [
        (ANSWERED, [("POST", "/register", 201, "")], True, "POST /register was answered HTTP 201"),
        (ANSWERED, [("POST", "/register", 500, ""), ("POST", "/register", 200, "")], True, "HTTP 200"),
        (ANSWERED, [("POST", "/register", 200, ""), ("POST", "/register", 500, "")], False, "HTTP 500"),
        (ANSWERED, [("GET", "/register", 200, "")], False, "no POST to an address that contains"),
        (ANSWERED.model_copy(update={"status": 201}), [("POST", "/register", 200, "")], False, "HTTP 200, not 201"),
        (ANSWERED.model_copy(update={"status": 422}), [("POST", "/register", 422, "")], True, "HTTP 422"),
        (ANSWERED.model_copy(update={"body_contains": '"ok"'}), [("POST", "/register", 200, '{"ok":1}')], True, "200"),
        (
            ANSWERED.model_copy(update={"body_contains": "no"}),
            [("POST", "/register", 200, "ok")],
            False,
            'without "no"',
        ),
    ],
)
async def test_an_indicator_looks_at_the_last_answer(
    indicator: ResponseReceived, answers: list[tuple[str, str, int, str]], holds: bool, said: str
) -> None:
    context = Context()
    traffic = Traffic(cast(BrowserContext, context))
    traffic.wants_body = lambda method, url: is_wanted(indicator, method, url)
    context.asks("POST", "/register", 200, '{"ok":1} no')
    traffic.mark()
    for answer in answers:
        context.asks(*answer)
    finding = await answered(traffic, indicator, 0.2)
    assert (finding.holds, said in finding.sentence) == (holds, True), finding


async def test_an_answer_that_does_not_come_is_waited_for_and_told(context: Context, traffic: Traffic) -> None:
    context.asks("POST", "/register")
    finding = await answered(traffic, ANSWERED, 0.01)
    assert finding.sentence == 'the POST to an address that contains "/register" is not answered yet'


@pytest.mark.parametrize(
    ("data", "more", "holds", "said"),
    [
        ({"n": "A-1"}, {}, True, '"n" was read: "A-1"'),
        ({}, {}, False, 'nothing was read as "n"'),
        ({"n": " "}, {}, False, 'nothing was read as "n"'),
        ({"n": [{"a": ""}]}, {}, False, 'nothing was read as "n"'),
        ({"n": "A-1"}, {"equals": "A-1"}, True, "A-1"),
        ({"n": "A-12"}, {"equals": "A-1"}, False, '"n" is "A-12", not "A-1"'),
        ({"n": 3}, {"equals": "3"}, True, "3"),
        ({"n": [{"a": "Eden on Tuesday"}, {"a": "Ann"}]}, {"contains": "Tuesday"}, True, "Eden"),
        ({"n": [{"a": "Eden on Tuesday"}]}, {"contains": "Thursday"}, False, 'not "Thursday"'),
    ],
)
def test_what_was_read_is_held_against_what_is_wanted(
    data: dict[str, object], more: dict[str, str], holds: bool, said: str
) -> None:
    finding = was_read(data, ResultValue.model_validate({"key": "n", **more}))
    assert (finding.holds, said in finding.sentence) == (holds, True), finding
