"""Navigation paths over HTTP: found by how their keys begin, and every act a fact of the right edition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from events.codec import decode
from events.paths import PathEnvelope, PathExpired, PathPinned, PathUnpinned
from projections.path_queries import EditionAnswer, PathAnswer
from tests.unit.api.world import World

PATHS = "/api/browser-tasks/paths"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PATH = PathAnswer(
    path_key="3fa8" + "0" * 28,
    site="https://pool.example.org",
    goal_pattern="Register {{child}}",
    state="usable",
    edition="b" * 32,
    editions=2,
    pinned=False,
    reason=None,
    successes=4,
    failures=1,
    failures_in_row=0,
    saved_seconds=12.5,
    last_error_type=None,
    last_error=None,
    created_at=NOW,
    last_used_at=NOW,
    expires_at=None,
)
EDITIONS = [
    EditionAnswer(n, name * 32, None, [], [{"action": {"op": "wait"}}], None, "runner", NOW)
    for n, name in enumerate("ab", start=1)
]


@pytest.fixture
def known(world: World) -> World:
    world.readings.known_paths = [PATH, replace(PATH, path_key="3fb9" + "0" * 28, site="https://other.example.org")]
    world.readings.editions = {PATH.path_key: EDITIONS}
    return world


def said(world: World) -> list[PathEnvelope]:
    return [decode(PathEnvelope, record.body) for record in world.publisher.records("goaltrail.paths.events")]


async def test_paths_are_listed_by_what_is_asked_and_shown_with_their_editions(known: World) -> None:
    page = await known.http.get(PATHS, params={"site": "pool", "state": "usable", "limit": 5})
    shown = await known.http.get(f"{PATHS}/3fa8")
    assert page.json()["data"]["total"] == 2
    assert known.readings.asked[0] == {"site": "pool", "goal": None, "state": "usable", "limit": 5, "offset": 0}
    data: dict[str, Any] = shown.json()["data"]
    assert (data["path"]["path_key"], len(data["editions"])) == (PATH.path_key, 2)


@pytest.mark.parametrize(("key", "said_of_it"), [("3f", None), ("3fff", "no path"), ("ffff", "no path")])
async def test_a_key_that_names_no_path_is_told_apart_from_one_that_is_malformed(
    known: World, key: str, said_of_it: str | None
) -> None:
    answer = await known.http.get(f"{PATHS}/{key}")
    assert answer.status_code == (422 if said_of_it is None else 404)
    assert (said_of_it or "") in answer.json()["error"]


async def test_a_beginning_of_several_keys_names_them(known: World) -> None:
    known.readings.known_paths.append(replace(PATH, path_key="3fa8" + "1" * 28))
    answer = await known.http.get(f"{PATHS}/3fa8")
    assert answer.status_code == 404
    assert "3fa800000000, 3fa811111111" in answer.json()["error"]


async def test_expiring_names_the_edition_in_use_and_takes_a_pin_off(known: World) -> None:
    known.readings.known_paths[0] = replace(PATH, pinned=True)
    answer = await known.http.put(f"{PATHS}/3fa8/expire", json={"reason": "redesigned"})
    assert answer.status_code == 200
    events = [envelope.event for envelope in said(known)]
    assert events == [PathUnpinned(reason="redesigned"), PathExpired(path="b" * 32, reason="redesigned")]
    envelope = said(known)[-1]
    assert (envelope.site, envelope.goal_pattern) == (PATH.site, PATH.goal_pattern)
    assert envelope.caused_by.startswith("operator (api:operator-")


async def test_an_edition_is_pinned_by_how_it_begins(known: World) -> None:
    answer = await known.http.put(f"{PATHS}/3fa8/pin", json={"edition": "aaaa"})
    unknown = await known.http.put(f"{PATHS}/3fa8/pin", json={"edition": "cccc"})
    assert (answer.status_code, unknown.status_code) == (200, 404)
    assert [envelope.event for envelope in said(known)] == [PathPinned(path="a" * 32)]
    assert "aaaaaaaaaaaa, bbbbbbbbbbbb" in unknown.json()["error"]


async def test_what_is_true_already_is_not_said_again(known: World) -> None:
    known.readings.known_paths[0] = replace(PATH, state="expired")
    expired = await known.http.put(f"{PATHS}/3fa8/expire")
    unpinned = await known.http.put(f"{PATHS}/3fa8/unpin")
    assert [a.json()["data"]["already_true"] for a in (expired, unpinned)] == [True, True]
    assert said(known) == []
