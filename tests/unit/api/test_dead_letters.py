"""Dead letters over HTTP: sent again byte by byte or not at all, and every act recorded once."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from events.codec import decode_dead_letter
from events.dead_letter import DeadLetterDiscarded, DeadLetterRedriven
from events.partitioner import partition_of
from producers.memory import InMemoryPublisher
from tests.unit.api import samples
from tests.unit.api.samples import LETTER
from tests.unit.api.world import AnsweringPublisher, World

LETTERS = "/api/browser-tasks/dead-letters"
BODY = b'{"type": "order of a later version", \xff}'
COMMANDS = "goaltrail.queues.commands"
RECORDS = "goaltrail.dead-letters"


def bury(world: World, **changes: Any) -> None:
    world.readings.letters[LETTER] = samples.dead_letter(BODY, **{"topic": COMMANDS, **changes})


def acts(world: World) -> list[Any]:
    return [decode_dead_letter(record.body) for record in world.publisher.records(RECORDS)]


def resent(world: World) -> list[tuple[str, bytes]]:
    return [(record.key, record.body) for record in world.publisher._logs.get((COMMANDS, 0), [])]


@pytest.fixture
def quiet(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The log without anybody who reads commands: these bytes are none."""
    monkeypatch.setattr(AnsweringPublisher, "send", InMemoryPublisher.send)
    return world


async def test_letters_are_listed_and_shown(world: World) -> None:
    bury(world)

    page = await world.http.get(LETTERS, params={"state": "open", "topic": COMMANDS, "reader": "dispatch"})
    shown = await world.http.get(f"{LETTERS}/{LETTER}")

    assert page.json()["data"]["total"] == 1
    assert world.readings.asked[0]["state"] == "open"
    assert base64.b64decode(shown.json()["data"]["value"]) == BODY


async def test_a_command_is_sent_again_as_it_was_and_the_act_recorded(quiet: World) -> None:
    bury(quiet)

    answer = await quiet.http.post(f"{LETTERS}/{LETTER}/redrive", json={"note": "fixed"})

    assert answer.status_code == 200
    assert resent(quiet) == [("k", BODY)]
    [act] = acts(quiet)
    assert isinstance(act, DeadLetterRedriven)
    assert (act.letter, act.note, act.redriven_to) == (LETTER, "fixed", f"{COMMANDS}:0:0")
    assert act.by.startswith("operator (api:operator-")
    [record] = quiet.publisher.records(RECORDS)
    assert record.placement.partition == partition_of("k", 12)
    assert quiet.reached == [str(record.placement)]


@pytest.mark.parametrize(("force", "count"), [(False, 0), (True, 1)])
async def test_twice_is_once_unless_forced(quiet: World, force: bool, count: int) -> None:
    bury(quiet, state="redriven", acts=[samples.act()])

    answer = await quiet.http.post(f"{LETTERS}/{LETTER}/redrive", json={"force": force})

    assert answer.status_code == 200
    assert answer.json()["data"]["already_true"] is not force
    assert len(resent(quiet)) == len(acts(quiet)) == count


async def test_two_clicks_at_once_send_once(quiet: World) -> None:
    bury(quiet)

    def read(*_: object) -> bool:
        if acts(quiet):
            bury(quiet, state="redriven", acts=[samples.act()])
        return True

    object.__setattr__(quiet.parts, "wait_until", read)
    answers = await asyncio.gather(*(quiet.http.post(f"{LETTERS}/{LETTER}/redrive") for _ in range(5)))

    assert sorted(answer.json()["data"]["already_true"] for answer in answers) == [False, True, True, True, True]
    assert len(resent(quiet)) == 1


async def test_a_webhook_is_redriven_by_the_act_alone(quiet: World) -> None:
    bury(quiet, reader="webhooks", topic="goaltrail.tasks.events")

    answer = await quiet.http.post(f"{LETTERS}/{LETTER}/redrive")

    assert answer.status_code == 200
    assert [act.redriven_to for act in acts(quiet)] == [None]
    assert quiet.publisher.records("goaltrail.tasks.events") == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"state": "discarded", "acts": [samples.act("dead_letter.discarded")]}, "discarded"),
    ({"topic": "goaltrail.tasks.events"}, "own writer"),
    ({"value_bytes": 300_000}, "300000"),
    ({"value": None}, "bytes were kept"),
    ({"key": None}, "no key"),
    ({"key": b"\xff"}, "no key"),
    ({"key": b"k" * 1_024}, "no key"),
]


@pytest.mark.parametrize(("changes", "named"), REFUSED)
async def test_what_cannot_be_sent_again_is_409_and_says_why(quiet: World, changes: dict[str, Any], named: str) -> None:
    bury(quiet, **changes)

    answer = await quiet.http.post(f"{LETTERS}/{LETTER}/redrive", json={"force": True})

    assert answer.status_code == 409
    assert named in answer.json()["error"]
    assert resent(quiet) == acts(quiet) == []


async def test_discarding_is_recorded_once(quiet: World) -> None:
    bury(quiet, topic="goaltrail.tasks.events")

    done = await quiet.http.post(f"{LETTERS}/{LETTER}/discard", json={"note": "a test of ours"})
    bury(quiet, state="discarded", acts=[samples.act("dead_letter.discarded")])
    again = await quiet.http.post(f"{LETTERS}/{LETTER}/discard")

    assert (done.json()["data"]["already_true"], again.json()["data"]["already_true"]) == (False, True)
    [act] = acts(quiet)
    assert isinstance(act, DeadLetterDiscarded)
    assert act.note == "a test of ours"


@pytest.mark.parametrize(("letter", "status"), [("goaltrail.dead-letters:3:42", 404), ("nonsense", 422)])
@pytest.mark.parametrize(("method", "verb"), [("GET", ""), ("POST", "/redrive"), ("POST", "/discard")])
async def test_letters_nobody_knows(world: World, letter: str, status: int, method: str, verb: str) -> None:
    assert (await world.http.request(method, f"{LETTERS}/{letter}{verb}")).status_code == status
