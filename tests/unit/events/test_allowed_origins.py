"""Origins that a caller may name beside the site."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from events.goal import GoalStatement


def _stated(origin: str) -> GoalStatement:
    return GoalStatement(goal="g", site_url="https://school.example", allowed_origins=[origin])


@pytest.mark.parametrize("origin", ["https://login.example.org", "http://10.0.0.1:8000", "https://*.example.org:8443"])
def test_origins_are_taken(origin: str) -> None:
    assert _stated(origin).allowed_origins == [origin]


@pytest.mark.parametrize(
    "origin",
    ["login.example.org", "https://a.example/", "https://*.com", "https://*", "https://a.*.org", "file:///etc"],
)
def test_what_is_no_origin_is_not(origin: str) -> None:
    with pytest.raises(ValidationError):
        _stated(origin)
