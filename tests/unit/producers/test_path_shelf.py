"""The runner's copy of paths: what is put there is found for its very goal and site, and nothing that is taken back or old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.goal_patterns import asked, beginning_of
from events.paths import UsablePath
from producers.path_book import Shelf

_SITE = "https://pool.example.org"
_GOAL = "Register {{child}}"
_INPUTS = {"child": "Ada"}


def _path(*, expires_in_days: float | None = None, pinned: bool = False, site: str = _SITE) -> UsablePath:
    expires_at = None if expires_in_days is None else datetime.now(UTC) + timedelta(days=expires_in_days)
    return UsablePath(
        path_key="key",
        site=site,
        goal_pattern=_GOAL,
        path="edition",
        steps=[],
        inputs=["child"],
        pinned=pinned,
        expires_at=expires_at,
    )


def _found(path: UsablePath, goal: str = "Register Ada", site_url: str = f"{_SITE}/courses") -> UsablePath | None:
    shelf = Shelf()
    shelf.put(path.path_key, path)
    return shelf.find(goal, site_url, _INPUTS)


def test_a_path_is_found_for_its_goal_and_inputs() -> None:
    """The page within the site does not matter."""
    assert _found(_path(expires_in_days=1)) is not None


def test_another_goal_or_site_finds_nothing() -> None:
    """Cancelling is not registering, and a port makes another site."""
    assert _found(_path(), goal="Cancel Ada") is None
    assert _found(_path(), site_url=f"{_SITE}:8443/courses") is None


def test_an_expired_path_is_not_given_out_unless_it_is_pinned() -> None:
    """The agent may be late in taking it back."""
    assert _found(_path(expires_in_days=-1)) is None
    assert _found(_path(expires_in_days=-1, pinned=True)) is not None


def test_a_path_taken_back_is_gone() -> None:
    """A tombstone removes it from its site as well."""
    shelf = Shelf()
    shelf.put("key", _path())
    shelf.put("key", None)

    assert len(shelf) == 0
    assert shelf.find("Register Ada", _SITE, _INPUTS) is None


_WORDS = st.text(st.sampled_from("ab .!{}"), max_size=8)


@given(st.lists(_WORDS, max_size=4), st.dictionaries(st.sampled_from(["x", "y"]), _WORDS))
def test_no_path_is_passed_over_by_how_its_goals_begin(between: list[str], inputs: dict[str, str]) -> None:
    """Whatever is filled in."""
    pattern = "{{x}}".join(between)

    assert asked(pattern, inputs).startswith(beginning_of(pattern))
