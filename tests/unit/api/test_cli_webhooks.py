"""`goaltrail webhooks secret`, which needs nothing that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOALTRAIL_HOME", str(tmp_path))
    monkeypatch.delenv("GOALTRAIL_WEBHOOKS__SECRET", raising=False)
    return tmp_path


def test_the_secret_that_was_made_is_printed(home: Path) -> None:
    (home / "webhooks.secret").write_text("whsec_abc\n")

    assert CliRunner().invoke(app, ["webhooks", "secret"]).output == "whsec_abc\n"


def test_secrets_of_the_setting_are_printed_a_line_each(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "webhooks.secret").write_text("whsec_abc\n")
    monkeypatch.setenv("GOALTRAIL_WEBHOOKS__SECRET", "whsec_new whsec_old")

    assert CliRunner().invoke(app, ["webhooks", "secret"]).output == "whsec_new\nwhsec_old\n"


def test_before_anything_started_it_says_so(home: Path) -> None:
    result = CliRunner().invoke(app, ["webhooks", "secret"])

    assert result.exit_code == 1
    assert str(home / "webhooks.secret") in result.output.replace("\n", "")
    assert "goaltrail up" in result.output
