"""Which documents a task may open."""

from __future__ import annotations

import pytest

from runner.safety.policy import GuardPolicy

SITE = GuardPolicy.of("https://www.school.example", ["https://login.example.org", "https://*.bank.example:8443"])


@pytest.mark.parametrize(
    "url",
    [
        "https://www.school.example/a",
        "http://school.example/",
        "https://a.b.school.example/",
        "https://WWW.school.example./",
        "https://login.example.org/in",
        "https://a.bank.example:8443/",
        "about:blank",
    ],
)
def test_the_site_and_what_is_named(url: str) -> None:
    assert SITE.refusal(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evilschool.example/",
        "https://school.example.evil.org/",
        "https://www.school.example@evil.org/",
        "https://www.school.example:8310/",
        "http://login.example.org/",
        "https://a.login.example.org/",
        "https://bank.example:8443/",
        "https://a.bank.example/",
        "https://[/",
        "file:///etc/passwd",
        "data:text/html,x",
        "chrome://version",
        "javascript:alert(1)",
        "blob:https://www.school.example/1",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert SITE.refusal(url) is not None


def test_an_address_or_a_word_has_no_subdomains_and_a_port_is_that_port() -> None:
    assert GuardPolicy.of("http://10.0.0.1").refusal("http://a.10.0.0.1/") is not None
    assert GuardPolicy.of("http://localhost:1").refusal("http://localhost:2/") is not None
    assert GuardPolicy.of("http://com").refusal("http://evil.com/") is not None
