"""Inputs and secrets in texts."""

import pytest

from events.action import Fill, Navigate, Target
from events.templates import UnresolvedTemplate, render, render_model


def test_inputs_are_put_in() -> None:
    assert render("Hello {{ child }}, {{n}}, {{yes}}", {"child": "Eden", "n": 3, "yes": True}) == "Hello Eden, 3, true"


def test_an_unknown_input_is_named_with_those_given() -> None:
    with pytest.raises(UnresolvedTemplate, match=r"'chidl'.*inputs: child, day"):
        render("{{chidl}}", {"day": "x", "child": "y"})


def test_secrets_only_where_they_may_stand() -> None:
    assert render("{{secret:pass}}!", {}, {"pass": "x"}.__getitem__) == "x!"
    with pytest.raises(UnresolvedTemplate, match="may only be filled"):
        render("{{secret:pass}}", {})


def test_values_are_not_read_as_templates_again() -> None:
    assert render("{{a}}", {"a": "{{b}}", "b": "x"}) == "{{b}}"


def test_an_action_is_rendered_throughout_and_keeps_its_secret() -> None:
    action = Fill(target=Target(label="{{field}}", within="{{row}}"), value="{{secret:pass}} {{field}}")
    rendered = render_model(action, {"field": "Password", "row": "Login"}, secrets_in="value")
    assert rendered == Fill(target=Target(label="Password", within="Login"), value="{{secret:pass}} Password")


def test_no_secret_leaves_in_an_address() -> None:
    with pytest.raises(UnresolvedTemplate):
        render_model(Navigate(url="/x?{{secret:pass}}"), {})


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("{{note}}", {"note": "my {{secret:password}}"}),
        ("{{a}}{{b}}", {"a": "{{secret:", "b": "password}}"}),
        ("{{secret:{{a}}}}", {"a": "password"}),
    ],
)
def test_an_input_cannot_reach_a_secret(text: str, inputs: dict[str, str | float | bool]) -> None:
    for secret in (lambda name: f"<{name}>", None):
        with pytest.raises(UnresolvedTemplate, match="reference to a secret"):
            render(text, inputs, secret)
    with pytest.raises(UnresolvedTemplate, match="reference to a secret"):
        render_model(Fill(target=Target(label="Note"), value=text), inputs, secrets_in="value")
