"""The heap of deadlines against a plain dictionary: whatever is noted, moved and dropped, the same tasks are due."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processors.due import AGAIN, DueTimes

START = datetime(2026, 1, 1, tzinfo=UTC)
TASKS = st.sampled_from([f"t{n}" for n in range(6)])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("note"), TASKS, st.integers(0, 60)),
        st.tuples(st.just("drop"), TASKS, st.just(0)),
        st.tuples(st.just("look"), st.just(""), st.integers(1, 20)),
    ),
    max_size=60,
)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(MOVES, st.integers(1, 10))
def test_whatever_is_due_is_named_in_time_and_nothing_else(moves: list[tuple[str, str, int]], most: int) -> None:
    times, model, now = DueTimes(), dict[str, datetime](), 0
    for move, task, number in moves:
        match move:
            case "note" if model.get(task) != after(now + number):
                model[task] = after(now + number)
                times.note(task, model[task], model.get)
            case "drop":
                model.pop(task, None)
            case "look":
                now += number
                found = times.due(after(now), model.get, most)
                assert len(found) == len(set(found)) <= most
                assert all(model[named] <= after(now) for named in found)
    late = after(now + 60)
    seen: set[str] = set()
    while found := times.due(late, model.get, most):
        seen |= set(found)
    # What was named a moment ago is named again once its check had time to arrive.
    seen |= set(times.due(late + AGAIN, model.get, 100))
    assert seen == set(model)


def test_what_stays_due_is_named_again_but_not_at_once() -> None:
    times, model = DueTimes(), {"a": after(1)}
    times.note("a", after(1), model.get)
    assert times.due(after(1), model.get, 10) == ["a"]
    assert times.due(after(2), model.get, 10) == []
    assert times.due(after(1) + AGAIN, model.get, 10) == ["a"]


def test_the_longest_due_comes_first() -> None:
    times, model = DueTimes(), {"a": after(3), "b": after(1), "c": after(2)}
    for task, moment in model.items():
        times.note(task, moment, model.get)
    assert times.due(after(5), model.get, 2) == ["b", "c"]


def test_renewals_and_returns_to_the_queue_leave_no_heap_behind() -> None:
    times, model = DueTimes(), {"waits": after(10**6)}
    times.note("waits", model["waits"], model.get)
    for turn in range(20_000):
        model["runs"] = after(10**6 + turn)
        times.note("runs", model["runs"], model.get)
        assert len(times) < 2_100
    assert sorted(times.due(after(10**7), model.get, 10)) == ["runs", "waits"]
