"""The switches count down, fit paths, and refuse what they do not know."""

import pytest
from pydantic import ValidationError

from demo.site import Fault, Switches
from demo.site.troubles import Troubles


def test_everything_is_off_at_first() -> None:
    troubles = Troubles(Switches())
    assert troubles.take_delay_ms("/classes") == 0
    assert troubles.take_fault("GET", "/classes") is None
    assert not troubles.take_expiry("/classes")
    assert not troubles.is_deadly("/classes")


def test_the_longest_path_decides_how_slow_a_page_is() -> None:
    troubles = Troubles(Switches(slow_ms=1, slow_paths={"/classes": 2, "/classes/dolphins": 3}))
    paths = ("/", "/classes", "/classes/sharks", "/classes/dolphins/register", "/classesx")
    assert [troubles.take_delay_ms(path) for path in paths] == [1, 2, 2, 3, 1]


def test_a_fault_strikes_as_often_as_said_where_it_was_said() -> None:
    troubles = Troubles(Switches(faults=[Fault(status=429, times=2, path="/classes", method="POST")]))
    asked = [
        ("POST", "/login"),
        ("GET", "/classes"),
        ("POST", "/classes/a"),
        ("POST", "/classes"),
        ("POST", "/classes"),
    ]
    struck = [troubles.take_fault(method, path) is not None for method, path in asked]
    assert struck == [False, False, True, True, False]


def test_several_faults_strike_one_after_the_other() -> None:
    troubles = Troubles(Switches(faults=[Fault(status=500), Fault(status=429)]))
    struck = [troubles.take_fault("GET", "/") for _ in range(3)]
    assert [fault.status if fault else None for fault in struck] == [500, 429, None]


def test_sessions_expire_as_often_as_said() -> None:
    troubles = Troubles(Switches(expire_sessions=1, expire_path="/registrations"))
    paths = ("/classes", "/registrations/AQ-0001", "/registrations")
    assert [troubles.take_expiry(path) for path in paths] == [False, True, False]


def test_a_change_leaves_the_other_switches() -> None:
    troubles = Troubles(Switches(cookie_modal=True))
    assert troubles.change({"slow_ms": 5}) == Switches(cookie_modal=True, slow_ms=5)


@pytest.mark.parametrize(
    "changes", [{"cookie_modul": True}, {"slow_ms": -1}, {"faults": [{"status": 200}]}, {"slow_paths": {"classes": 1}}]
)
def test_a_switch_that_does_not_exist_is_refused(changes: dict[str, object]) -> None:
    troubles = Troubles(Switches())
    with pytest.raises(ValidationError):
        troubles.change(changes)
    assert troubles.switches == Switches()


def test_counted_slowness_and_redrawing_run_down() -> None:
    troubles = Troubles(Switches(slow_ms=5, slow_times=1, rerender_ms=7, rerender_pages=2))
    assert [troubles.take_delay_ms("/") for _ in range(3)] == [5, 0, 0]
    assert [troubles.take_rerender_ms() for _ in range(3)] == [7, 7, 0]
    troubles.change({"slow_times": None})
    assert [troubles.take_delay_ms("/") for _ in range(2)] == [5, 5]
