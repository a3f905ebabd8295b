"""A canary in every secret, and a search for it in every place that outlives a task: topics, tables, artifacts, logs, prompts."""

from __future__ import annotations

import base64
import html
import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import duckdb
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.autonomy_stage import Stage, staged
from benchmarks.echoing_site import EchoingSite, echoing
from benchmarks.machine import Machine
from benchmarks.model_server import ModelServer, model_server

CANARIES = {
    "CANARY_PASS": "kanarie&Pass word-7f3",
    "CANARY_PIN": 'pin"81<kanarie>',
    "CANARY_WRONG": "wrong-kanarie-5d1",
}
_PATIENCE_SECONDS = 120.0
_QUIET_SECONDS = 5.0

Place = tuple[str, bytes]


def forms(value: str) -> set[bytes]:
    """A value as it may be written somewhere."""
    as_json, ascii_json = json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]
    texts = {value, quote(value), quote(value, safe=""), quote_plus(value), html.escape(value), as_json, ascii_json}
    texts |= {json.dumps(text)[1:-1] for text in texts}
    return (
        {text.encode() for text in texts}
        | {value.encode("utf-16-le"), base64.b64encode(value.encode()).rstrip(b"=")}
        | {base64.urlsafe_b64encode(value.encode()).rstrip(b"=")}
    )


def leaks_in(places: Iterator[Place]) -> list[str]:
    """Where a canary is, and which."""
    wanted = {name: forms(value) for name, value in CANARIES.items()}
    found: list[str] = []
    for place, content in places:
        found += [f"{name} in {place}" for name, shapes in wanted.items() if any(shape in content for shape in shapes)]
    return sorted(set(found))


def measure(seeds: Sequence[int], say: Callable[[str], None]) -> dict[str, Any]:
    """Tasks that succeed, fail, ask models and go to humans, on a site that says back all it is told."""
    del seeds
    outcomes: dict[str, str] = {}
    answer = {"act": "give_up", "why": "not sure"}
    with model_server(answer) as models, echoing(CANARIES["CANARY_PASS"]) as site, staged() as stage:
        asked = {"MODELS__OLLAMA": "stand-in", "MODELS__OLLAMA_URL": models.openai, "LOG_LEVEL": "DEBUG"}
        with stage.runner(**asked, extra=CANARIES):
            for name, task_id in _submitted(stage, site):
                [task] = stage.ended([task_id], _PATIENCE_SECONDS)
                outcomes[name] = task["status"]
                say(f"secrets: {name}: {task['status']} {task.get('error_message') or ''}")
        seen: dict[str, int] = {}
        leaks = leaks_in(_counted(_places(stage.machine, models), seen))
    for leak in leaks:
        say(f"secrets: LEAK {leak}")
    # The search is worth something only if the site was given the secrets.
    told = sum(any(shape in body for shape in forms(value)) for value in CANARIES.values() for body in site.heard)
    return {"leaks": len(leaks), "where": leaks, "outcomes": outcomes, "searched": seen, "told_to_the_site": told}


def _submitted(stage: Stage, site: EchoingSite) -> Iterator[tuple[str, str]]:
    given = {"password": "env:CANARY_PASS", "pin": "env:CANARY_PIN", "wrong": "env:CANARY_WRONG"}
    log_in = 'Type "ann" into "User", type {{secret:password}} into "Password", press "Log in"'
    goals = {
        "log_in": f'{log_in}, open "Notes"',
        "open_field": f'{log_in}, type {{{{secret:pin}}}} into "Note", press "Keep"',
        "in_the_address": f'{log_in}, type {{{{secret:pin}}}} into "Search", press "Find"',
        "refused": 'Type "ann" into "User", type {{secret:wrong}} into "Password", press "Log in", open "Notes"',
        "error_page": f'{log_in}, type {{{{secret:pin}}}} into "Note", press "Break"',
        "nothing_fits": f'{log_in}, type {{{{secret:pin}}}} into "Note", press "Nobody offers this"',
        "asks_a_model": "Do what a careful person would do with {{secret:pin}} and nothing else",
    }
    for name, goal in goals.items():
        indicators = [{"kind": "text_visible", "value": "You said"}] if name == "open_field" else []
        yield (
            name,
            stage.submit(
                goal, site_url=f"{site.url}/login", secrets=given, success_indicators=indicators, timeout_minutes=1
            ),
        )


def _places(machine: Machine, models: ModelServer) -> Iterator[Place]:
    yield from _topics(machine)
    for file in machine.home.rglob("*.duckdb*"):
        yield from _tables(file)
    for file in machine.home.rglob("*"):
        if file.is_file() and "kafka" not in file.relative_to(machine.home).parts:
            yield from _file(file, str(file.relative_to(machine.home)))
    yield from (("a prompt", prompt.encode()) for prompt in models.prompts())


def _file(file: Path, name: str) -> Iterator[Place]:
    """A file, and what is inside if it is an archive; pictures are searched as bytes only, nobody reads them."""
    content = file.read_bytes()
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield f"{name}!{inner}", archive.read(inner)


def _tables(file: Path) -> Iterator[Place]:
    """All cells of a database that another process holds open: of a copy, made by a child (a lock belongs to a process)."""
    if file.suffix != ".duckdb":
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in file.parent.glob(f"{file.name}*"):
            subprocess.run(["cp", str(part), folder], check=True)
        with duckdb.connect(str(Path(folder) / file.name)) as connection:
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                rows = connection.table(table).fetchall()
                yield f"table {table}", "\n".join(str(cell) for row in rows for cell in row).encode()


def _topics(machine: Machine) -> Iterator[Place]:
    consumer = Consumer({**machine.connection, "group.id": "canary", "enable.auto.commit": False})
    try:
        for spec in machine.topics.specs():
            consumer.assign([TopicPartition(spec.name, p, OFFSET_BEGINNING) for p in range(spec.partitions)])
            while message := consumer.poll(_QUIET_SECONDS if spec.name.endswith("steps.events") else 1.0):
                if message.error() is None:
                    yield f"topic {spec.name}", (message.value() or b"") + b"\n" + (message.key() or b"")
    finally:
        consumer.close()


def _counted(places: Iterator[Place], seen: dict[str, int]) -> Iterator[Place]:
    for place, content in places:
        kind = place.split()[0] if place.startswith(("topic ", "table ", "a prompt")) else "file"
        seen[kind] = seen.get(kind, 0) + 1
        yield place, content
