"""The figures of autonomy, and goals said in other words."""

from __future__ import annotations

from benchmarks.autonomy_miniwob import Episode, figures
from benchmarks.rewording import reword


def test_precision_counts_those_that_were_acted_to_the_end() -> None:
    ends = ["reached", "reached", "missed", "gave_up", "unfinished"]
    told = figures([Episode("task", n, "goal", end) for n, end in enumerate(ends)])  # type: ignore[arg-type]

    assert told["success_percent"] == 40.0
    assert told["precision_percent"] == 66.7
    assert told["acted_percent"] == 60.0
    assert (told["wrong"], told["gave_up"], told["unfinished"]) == (1, 1, 1)


def test_other_words_keep_what_is_quoted_and_repeat() -> None:
    goal = 'Click on the "Select all" button, then enter "Find me" into the text field and press Submit.'
    said = {reword(goal, seed) for seed in range(20)}

    assert len(said) > 5
    assert all('"Select all"' in one and '"Find me"' in one for one in said)
    assert reword(goal, 3) == reword(goal, 3)
