"""A made-up week of tasks, the same every time, with something for every view to show."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from events.facts import (
    EscalationClaimed,
    EscalationResolved,
    RecoveryPlanned,
    TaskCancelled,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskRecovered,
)
from events.failure import ErrorType, Strategy
from projections.records import Record
from projections.snapshot_writer import publish
from projections.store import Store
from tests.unit.projections.log import Log, at, claimed, completed, cost, read, started, step, submitted

DAY = 24 * 3_600
TROUBLES = (
    (ErrorType.MODAL, Strategy.CLOSE_MODAL_AND_RETRY),
    (ErrorType.TIMEOUT, Strategy.WAIT_AND_RETRY),
    (ErrorType.AUTH, Strategy.RE_AUTHENTICATE),
)
PROVIDERS = (("rules", None, 0.0), ("claude", "claude-sonnet-4-5", 0.004), ("gemini", "gemini-2.5-flash", 0.0005))


def snapshot_of_a_week(folder: Path, tasks: int = 60) -> Path:
    """Folds the week into a file in `folder` and publishes it there."""
    store, log, random = Store(folder / "live.duckdb"), Log(), Random(5)
    records = [log.alive("w1", 6 * DAY), log.alive("w2", 7 * DAY), log.dead_letter("not JSON")]
    for number in range(tasks):
        records += _task(log, random, number)
    read(store, records)
    store.close()
    return publish(folder / "live.duckdb", folder / "published")


def _task(log: Log, random: Random, number: int) -> list[Record]:
    task = log.task(number % 3)
    task.seconds = random.random() * 7 * DAY
    site = random.choice(["https://aquatechswim.com/classes", "https://music.example/lessons"])
    records = task.facts(submitted(goal=f"Register child {number}", site_url=site, priority=random.randint(1, 10)))
    for fact in _life(random):
        task.seconds += random.expovariate(1 / 20)
        records += task.facts(fact)
        if fact.type == "task.started":
            records += [record for at_step in range(1, 5) for record in task.steps(_step(random, at_step))]
    if random.random() < 0.2:
        records += task.steps(cost(0.002, "codex"))
    return records


def _life(random: Random) -> list[TaskFact]:
    """What follows the submission: an end for most, with troubles on the way for some."""
    if random.random() < 0.1:
        return []
    life: list[TaskFact] = [claimed(worker=random.choice(["w1", "w2"])), started()]
    error, strategy = random.choice(TROUBLES)
    wrong: dict[str, Any] = {"error_type": error, "error_message": "it went wrong"}
    if random.random() < 0.4:
        kept = {"same_session": True, "lease_until": at(90), "retry_at": at(0)}
        life.append(RecoveryPlanned(lease_epoch=1, strategy=strategy, attempt_number=1, **wrong, **kept))
        if random.random() < 0.3:
            done = EscalationResolved(operator="ada", resolution="complete")
            return [*life, TaskEscalated(**wrong), EscalationClaimed(operator="ada"), done]
        life.append(TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=at(90)))
    used = random.random() < 0.5
    saved = 12.5 if used else 0.0
    ends: list[TaskFact] = [
        completed(cached_path_used=used, cache_time_saved_seconds=saved),
        TaskFailed(**wrong),
        TaskCancelled(),
    ]
    return [*life, *random.choices(ends, [8, 2, 1])]


def _step(random: Random, number: int) -> Any:
    provider, model, usd = random.choice(PROVIDERS)
    tokens = {} if model is None else {"model": model, "input_tokens": 900, "output_tokens": 120, "ai_level": 2}
    result = random.choices(["success", "error"], [9, 1])[0]
    return step(number, ai_used=provider, cost=usd, duration_ms=random.random() * 4_000, result=result, **tokens)
