"""Secret references, and the one place that takes their values out of texts."""

from pathlib import Path

import pytest

from runner.secrets import MASK, SecretBox, UnresolvedSecret

VALUE = 's3&cret "x"'


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> SecretBox:
    monkeypatch.setenv("SCHOOL_PASS", VALUE)
    return SecretBox({"pass": "env:SCHOOL_PASS"})


def test_from_the_environment_and_from_a_file(box: SecretBox, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    assert box.value("pass") == VALUE
    assert SecretBox({"t": f"file:{tmp_path}/token"}).value("t") == "abc"


@pytest.mark.parametrize(
    ("references", "said"),
    [
        ({}, "no secret named 'x'"),
        ({"x": "env:NOT_THERE_AT_ALL"}, "NOT_THERE_AT_ALL"),
        ({"x": "file:/no/such"}, "/no/such"),
    ],
)
def test_what_cannot_be_resolved_is_named(references: dict[str, str], said: str) -> None:
    with pytest.raises(UnresolvedSecret, match=said):
        SecretBox(references).value("x")


def test_redaction_in_every_form(box: SecretBox) -> None:
    box.value("pass")
    text = f'a {VALUE} b s3%26cret%20%22x%22 c s3%26cret+%22x%22 d s3&cret \\"x\\" e'
    assert box.redact(text) == f"a {MASK} b {MASK} c {MASK} d {MASK} e"


def test_redaction_of_json(box: SecretBox) -> None:
    box.value("pass")
    assert box.redact_json({"k": [VALUE, 1, None], VALUE: True}) == {"k": [MASK, 1, None], MASK: True}


def test_what_was_never_given_out_is_not_looked_for(box: SecretBox) -> None:
    assert box.redact(VALUE) == VALUE
    assert box.in_use
