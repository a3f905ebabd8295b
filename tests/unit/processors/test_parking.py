"""What a ceiling holds back costs nothing, and is called as soon as there is room."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.queues import Ceilings
from processors.ceilings import keys_of, site_of
from processors.parking import Line, Parking
from tests.given import NOW


def waiting(parking: Parking, name: str, rank: float, *, account: str | None = None, queue: str = "q") -> Line:
    line = Line(name, queue, keys_of("http://pool.test/", account), rank, "e", 1)
    parking.enter(line)
    return line


def limited(**most: int) -> Parking:
    parking = Parking()
    parking.limit_all(Ceilings(**most), {}, set())
    return parking


def drained(parking: Parking) -> list[str]:
    found = []
    while (line := parking.first(["q"])) is not None:
        found.append(line.task_id)
    return found


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://Pool.Example.org/a?b", "pool.example.org"),
        ("http://pool.example.org:80", "pool.example.org"),
        ("https://pool.example.org:443/", "pool.example.org"),
        ("http://pool.example.org.:8080/", "pool.example.org:8080"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://[::1]:8000/", "::1:8000"),
    ],
)
def test_a_site_is_its_host_and_a_port_of_its_own(address: str, site: str) -> None:
    assert site_of(address) == site


def test_ten_thousand_tasks_of_one_site_move_once_each() -> None:
    parking = limited(per_site=2)
    lines = [waiting(parking, f"t{number}", number) for number in range(10_000)]
    assert drained(parking) == ["t0", "t1"]
    assert not parking._queues["q"]  # all others stand aside

    order = []
    for number in range(9_998):
        parking.count(lines[number], running=False)
        assert len(parking._queues["q"]) == 1  # only who has room came back
        order += drained(parking)

    assert order == [f"t{number}" for number in range(2, 10_000)]


def test_behind_a_task_whose_account_is_full_the_next_of_the_site_is_called() -> None:
    parking = limited(per_site=2, per_account=1)
    first = waiting(parking, "x1", 1, account="x")
    second = waiting(parking, "y1", 2, account="y")
    assert drained(parking) == ["x1", "y1"]
    for rank, account in ((3, "x"), (4, "x"), (5, "z")):
        waiting(parking, f"{account}{rank}", rank, account=account)
    # Both the account and the site are full, or only the site: all stand aside.
    assert drained(parking) == []

    parking.count(second, running=False)
    assert drained(parking) == ["z5"]
    parking.count(first, running=False)
    assert drained(parking) == ["x3"]


def test_when_the_one_called_is_cancelled_the_next_is_called() -> None:
    parking = limited(per_site=1)
    running = waiting(parking, "a", 1)
    assert drained(parking) == ["a"]
    called, behind = waiting(parking, "b", 2), waiting(parking, "c", 3)
    assert drained(parking) == []
    parking.count(running, running=False)

    parking.leave(called)

    assert drained(parking) == [behind.task_id]


def test_other_ceilings_are_felt_at_once_by_what_waits() -> None:
    parking = limited(per_site=1)
    for number in range(4):
        waiting(parking, str(number), number)
    assert drained(parking) == ["0"]

    parking.limit_all(Ceilings(per_site=1), {"q": Ceilings(per_site=3)}, set())

    assert drained(parking) == ["1", "2"]


def test_a_queue_at_rest_gives_nothing_out_and_loses_nothing() -> None:
    parking = limited()
    waiting(parking, "a", 1)
    parking.limit_all(Ceilings(), {"q": Ceilings(running=1)}, {"q"})
    assert drained(parking) == []

    parking.limit_all(Ceilings(), {"q": Ceilings(running=1)}, set())
    waiting(parking, "b", 2)

    assert drained(parking) == ["a"]


def test_a_moment_to_wait_for_keeps_the_rank() -> None:
    parking = limited()
    late = Line("late", "q", ("s",), 1, "e", 1, ready_at=NOW)
    parking.enter(late)
    waiting(parking, "other", 2)
    parking.ripen(NOW)
    assert drained(parking) == ["other"]
    waiting(parking, "third", 3)

    parking.ripen(NOW + timedelta(seconds=1))

    assert drained(parking) == ["late", "third"]
