"""The words are true: links lead somewhere, named files, tests, commands and settings exist, sizes are kept."""

import importlib.util
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli.main import app
from tests.architecture.settings_page import PAGE, all_options, all_settings, page

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
FOLDERS = (
    "api",
    "benchmarks",
    "demo",
    "docs",
    "events",
    "local",
    "processors",
    "producers",
    "projections",
    "runner",
    "tests",
)
LONGEST = {"README.md": 120, "CONTRIBUTING.md": 80}
LONGEST_OF_A_FOLDER = 60

LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`|^    .*$", re.DOTALL | re.MULTILINE)
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|sql|toml|yml|lock))(?:::(\w+))?[^`\n]*`")
COMMAND = re.compile(r"\bgoaltrail ((?!\|)[a-z-]+(?: \| [a-z-]+)*)(?: ([a-z]+(?: \| [a-z]+)*))?([^\n`]*)")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")
DECISION = re.compile(r"docs/decisions/[\w-]+(?:\.md)?")
VARIABLE = re.compile(r"\bGOALTRAIL_[A-Z_]+\b")


def tracked() -> list[Path]:
    """Every file that is or may be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


EVERYTHING = tracked()
PAGES = [path for path in EVERYTHING if path.suffix == ".md"]
MODULES = [path for path in EVERYTHING if path.suffix == ".py" and path != Path(__file__).resolve()]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_of(path: Path) -> Iterator[str]:
    """What stands as code: spans, fences, indented lines."""
    yield from CODE.findall(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    targets = [target for target in LINK.findall(path.read_text()) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_named_files_and_tests_exist(path: Path) -> None:
    wrong = []
    for name, test in NAMED_FILE.findall(path.read_text()):
        found = where(name, path)
        if not found or (test and not any(f"def {test}(" in file.read_text() for file in found)):
            wrong.append(f"{name}::{test}" if test else name)
    assert wrong == []


def where(name: str, named_in: Path) -> list[Path]:
    """Files a page means: by its path from the root or the page; a bare name may lie anywhere in the page's folder."""
    exact = [base / name for base in (ROOT, named_in.parent) if (base / name).is_file()]
    if exact or name.split("/", maxsplit=1)[0] in FOLDERS:
        return exact
    base = ROOT if named_in.is_relative_to(ROOT / "docs") else named_in.parent
    return [path for path in EVERYTHING if path.name == name and path.is_relative_to(base)]


def test_decisions_named_exist() -> None:
    named = {name: path for path in (*PAGES, *MODULES) for name in DECISION.findall(path.read_text())}
    assert named
    assert {name: name_of(path) for name, path in named.items() if not (ROOT / name).is_file()} == {}


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_a_decision_has_its_parts_in_order(path: Path) -> None:
    text = path.read_text()
    number = path.name[:4]
    parts = re.findall(r"^\*\*(\w[\w ]*)\.\*\*", text, re.MULTILINE)
    assert text.startswith(f"# {number} ")
    assert parts == ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
    assert re.search(r"\*\*Decision\.\*\* \*[^*]+\*\n\n", text), "the decision is one line that can be quoted"


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_named_exist(path: Path) -> None:
    assert wrong_commands(code_of(path)) == []


def test_commands_named_in_code_and_errors_exist() -> None:
    wrong = {name_of(path): wrong_commands(re.findall(r"`goaltrail [^`\n]+`", path.read_text())) for path in MODULES}
    assert {name: commands for name, commands in wrong.items() if commands} == {}


def wrong_commands(spans: Iterable[str]) -> list[str]:
    return [problem for span in spans for match in COMMAND.finditer(span) for problem in problems_of(match)]


def problems_of(match: re.Match[str]) -> list[str]:
    """What is wrong with a command line as a page gives it; `a | b` names two commands."""
    root: Any = typer.main.get_command(app)
    names, inner, rest = match[1].split(" | "), (match[2] or "").split(" | "), match[3]
    missing = [name for name in names if name not in root.commands]
    if missing:
        return [f"goaltrail {name}" for name in missing]
    command = root.commands[names[-1]]
    group = getattr(command, "commands", None)
    if group is not None and inner != [""]:
        missing = [name for name in inner if name not in group]
        if missing:
            return [f"goaltrail {names[-1]} {name}" for name in missing]
        command = group[inner[-1]]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [f"goaltrail {names[-1]} {option}" for option in OPTION.findall(rest) if option not in known]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_make_targets_and_modules_named_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(code_of(path))
    made = {word for line in re.findall(r"(?:^|[`$ ])make((?: [a-z]+)+)", code) for word in line.split()[:1]}
    run = re.findall(r"python -m ([a-z_.]+)\b", code)
    assert made - targets == set()
    assert [name for name in run if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_settings_named_exist(path: Path) -> None:
    known = {setting.variable for setting in all_settings()} | {variable for variable, _, _ in all_options()}
    assert set(VARIABLE.findall(path.read_text())) - known == set()


def test_every_setting_is_on_the_page_and_means_something() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.architecture.settings_page"
    assert [setting.variable for setting in all_settings() if not setting.meaning] == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.name in LONGEST], ids=name_of)
def test_a_page_is_short(path: Path) -> None:
    most = LONGEST[path.name] if path.parent == ROOT else LONGEST_OF_A_FOLDER
    if name_of(path) != "events/README.md":  # generated, as long as the catalogue is
        assert len(path.read_text().splitlines()) <= most


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
