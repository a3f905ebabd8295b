"""Circles are seen whatever their length, and progress is never taken for one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.limits import LoopWatch

_PAIRS = st.tuples(st.sampled_from("pqrst"), st.sampled_from("abcdefgh"))


@given(st.lists(_PAIRS, min_size=1, max_size=12, unique=True))
def test_a_circle_of_any_length_is_seen_within_three_rounds(circle: list[tuple[str, str]]) -> None:
    watch = LoopWatch()
    assert any(watch.stuck(page, act) for page, act in circle * 3)


@given(st.lists(_PAIRS, max_size=40, unique=True))
def test_acts_that_differ_or_pages_that_differ_are_progress(taken: list[tuple[str, str]]) -> None:
    watch = LoopWatch()
    assert not any(watch.stuck(page, act) for page, act in taken)


@given(st.integers(1, 30))
def test_turning_pages_is_progress(pages: int) -> None:
    watch = LoopWatch()
    assert not any(watch.stuck(f"list {number}", "Press 'Next'") for number in range(pages))


@given(st.lists(_PAIRS, min_size=1, max_size=5, unique=True))
def test_doing_a_few_things_twice_is_no_circle(few: list[tuple[str, str]]) -> None:
    watch = LoopWatch()
    assert not any(watch.stuck(page, act) for page, act in few * 2)


@given(st.lists(st.sampled_from("ab"), min_size=2, max_size=30))
def test_pages_that_cannot_be_told_apart_are_only_counted_in_a_row(acts: list[str]) -> None:
    watch = LoopWatch()
    found = [watch.stuck("", act) for act in acts]
    in_a_row = [acts[max(0, at - 2) : at + 1] == [act] * 3 for at, act in enumerate(acts)]
    assert found == in_a_row
