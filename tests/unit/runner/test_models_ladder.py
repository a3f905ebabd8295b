"""Who is asked for the next step: the cheapest level that may still help."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.planners.models import Choice, Ladder, Nobody


def chosen(ladder: Ladder, away: dict[int, str] | None = None) -> int:
    choice = ladder.choose(away)
    assert isinstance(choice, Choice), choice
    return choice.level


def test_it_begins_with_the_rules_climbs_when_they_give_up_and_comes_back_down() -> None:
    ladder = Ladder((0, 1, 2), max_steps=50)

    assert ladder.choose() == Choice(0, "the cheapest level")
    ladder.refused(0, "2 elements are called Save")
    assert ladder.choose() == Choice(1, "level 0: 2 elements are called Save")
    ladder.refused(1, "not sure")
    assert ladder.choose() == Choice(2, "level 0: 2 elements are called Save; level 1: not sure")
    ladder.acted(2, "a new page")
    assert chosen(ladder) == 0


def test_when_all_gave_up_a_human_hears_why() -> None:
    ladder = Ladder((0, 2), max_steps=50)
    ladder.refused(0, "no such button")
    ladder.refused(2, "the page wants a code")

    assert ladder.choose() == Nobody("level 0: no such button; level 2: the page wants a code")


def test_acts_that_change_nothing_raise_the_level() -> None:
    ladder = Ladder((0, 1, 2), max_steps=50)
    for _ in range(4):
        assert chosen(ladder) == 0
        ladder.acted(0, "as ever")

    assert ladder.choose() == Choice(1, "3 acts changed nothing")
    ladder.acted(1, "something new")
    assert chosen(ladder) == 0


def test_acts_of_the_highest_level_that_change_nothing_end_at_a_human() -> None:
    ladder = Ladder((0,), max_steps=50)
    for _ in range(4):
        ladder.acted(0, "as ever")

    assert ladder.stuck
    assert ladder.choose() == Nobody("3 acts changed nothing, and no higher level is configured")


def test_past_half_of_the_steps_the_rules_are_not_asked_first() -> None:
    ladder = Ladder((0, 2), max_steps=4)
    for number in range(2):
        assert chosen(ladder) == 0
        ladder.acted(0, f"page {number}")

    assert ladder.choose() == Choice(2, "2 of 4 steps are used up")


def test_rules_alone_go_on_to_the_last_step() -> None:
    ladder = Ladder((0,), max_steps=4)
    for number in range(4):
        assert chosen(ladder) == 0
        ladder.acted(0, f"page {number}")


def test_a_provider_that_is_away_is_passed_and_named() -> None:
    ladder = Ladder((0, 1, 2), max_steps=50)
    ladder.refused(0, "unclear")

    assert ladder.choose({1: "ollama cannot be asked: status 429"}) == Choice(
        2, "level 0: unclear; level 1: ollama cannot be asked: status 429"
    )
    assert ladder.choose({1: "away", 2: "away, too"}) == Nobody("level 0: unclear; level 1: away; level 2: away, too")


@given(
    st.sets(st.integers(1, 4)).map(lambda levels: (0, *sorted(levels))),
    st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=40),
)
def test_whatever_happens_a_level_that_gave_up_is_not_asked_again_for_that_step(
    levels: tuple[int, ...], happenings: list[tuple[bool, int]]
) -> None:
    ladder, gave_up = Ladder(levels, max_steps=20), set[int]()
    for acts, page in happenings:
        choice = ladder.choose()
        if isinstance(choice, Nobody):
            assert choice.reason
            return
        assert choice.level in levels
        assert choice.level not in gave_up
        assert choice.reason
        if acts:
            ladder.acted(choice.level, f"page {page}")
            gave_up.clear()
        else:
            ladder.refused(choice.level, "no")
            gave_up.add(choice.level)
