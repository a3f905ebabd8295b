"""The rules of the tree that no tool checks: sizes, names, shadowed packages, addresses."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from local import kafka_jars

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("events", "producers", "processors", "projections", "runner", "api", "local")
LONGEST_MODULE = 350
MODULES = sorted(
    path
    for folder in (*PACKAGES, "demo", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "service", "services", "misc"}
NOT_A_REGISTRY = re.compile(
    r"pypi\.org|pythonhosted|npmjs\.|repo1?\.maven|maven\.org/maven2|--(extra-)?index-url\s|--find-links\s|deb\.debian\.org"
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_the_head(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_MODULE, f"{name_of(path)} has {lines} lines: split it by concept"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_opens_with_its_job(path: Path) -> None:
    text = path.read_text()
    assert not text or text.startswith('"""'), f"{name_of(path)} does not say what it is for"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_name_says_something(path: Path) -> None:
    assert path.stem not in SAYS_NOTHING


@pytest.mark.parametrize("package", PACKAGES)
def test_an_installed_package_does_not_shadow_ours(package: str) -> None:
    # the package index has projects named events, processors, projections and runner
    found = importlib.import_module(package).__file__
    assert found is not None
    assert Path(found).resolve().is_relative_to(ROOT)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/__init__.py")) + sorted(ROOT.glob("*/*/__init__.py")), ids=name_of)
def test_a_package_only_re_exports(path: Path) -> None:
    code = re.sub(r'"""(.|\n)*?"""', "", path.read_text(), count=1)
    assert not re.search(r"^\s*(def|class|async def|if|for|with|try)\b", code, re.MULTILINE)


def test_no_commit_names_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    looked_at = [name for name in listed if name != name_of(Path(__file__)) and (ROOT / name).is_file()]
    assert looked_at
    named = [
        name
        for name in looked_at
        if NOT_A_REGISTRY.search((ROOT / name).read_text(errors="ignore")) and not name.endswith("Makefile")
    ]
    assert named == []


def test_the_lock_pins_and_hashes_everything() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) > 50
    assert [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []
    assert not re.search(r"^pandas==", lock, re.MULTILINE)


def test_the_pom_fetches_the_kafka_we_look_for() -> None:
    pom = ET.parse(kafka_jars.POM)
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    versions = {
        str(found.findtext("m:artifactId", namespaces=space)): found.findtext("m:version", namespaces=space)
        for found in pom.iterfind(".//m:dependency", space)
    }
    assert versions["kafka_2.13"] == kafka_jars.KAFKA_VERSION
    compose = ROOT / "docker-compose.yml"
    assert f"apache/kafka:{kafka_jars.KAFKA_VERSION}" in compose.read_text()


def test_the_arrows_between_folders() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
