"""Many callers at once over HTTP: `python -m benchmarks.http_load`.

A hundred clients of ten requests each (submit, list, queue status, metrics, health) begin together, against a real broker,
processors and the API as `goaltrail up` runs them. Every answer must have the status promised, and every 201 must be a
task in the log, which is read here without the API.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.machine import Machine, running
from events.codec import decode_fact
from events.facts import TaskSubmitted
from events.topics import Topics
from producers.follower import TopicFollower

TASKS = "/api/browser-tasks"
#: What one client asks, in this order and over again; the status is what the API promises.
ROUND = (
    ("submit", "POST", "", 201),
    ("list", "GET", "?limit=50", 200),
    ("submit", "POST", "", 201),
    ("queue_status", "GET", "/queue/status", 200),
    ("submit", "POST", "", 201),
    ("metrics", "GET", "/metrics", 200),
    ("submit", "POST", "", 201),
    ("health", "GET", "/health", 200),
    ("submit", "POST", "", 201),
    ("list", "GET", "?status=PENDING", 200),
)
_PATIENCE_SECONDS = 60.0
_LOG_SECONDS = 30.0


@dataclass(slots=True)
class Tally:
    """What all clients together met."""

    taken_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)  #: what was answered instead, and how often
    accepted: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call: str, taken_ms: float, wrong: str | None, task_id: str | None) -> None:
        """Take one answer."""
        with self._lock:
            self.taken_ms[call].append(taken_ms)
            if wrong is not None:
                self.wrong[wrong] += 1
            if task_id is not None:
                self.accepted.append(task_id)


def load(url: str, key: str, *, clients: int, requests: int) -> tuple[Tally, float]:
    """All clients at once; what they met, and the seconds it took."""
    tally, together = Tally(), threading.Barrier(clients + 1)

    def one(number: int) -> None:
        with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=_PATIENCE_SECONDS) as http:
            together.wait()
            for turn in range(requests):
                call, method, path, promised = ROUND[(number + turn) % len(ROUND)]
                _ask(http, tally, (call, method, path, promised), f"goal {number}.{turn}")

    with ThreadPoolExecutor(clients) as pool:
        asked = [pool.submit(one, number) for number in range(clients)]
        together.wait()
        begun = time.monotonic()
        for future in asked:
            future.result()
        return tally, time.monotonic() - begun


def _ask(http: httpx.Client, tally: Tally, wanted: tuple[str, str, str, int], goal: str) -> None:
    call, method, path, promised = wanted
    body = {"goal": goal, "site_url": "https://swim.example", "metadata": {"user_id": 7}} if method == "POST" else None
    begun = time.monotonic()
    task_id, wrong = None, None
    try:
        answer = http.request(method, f"{TASKS}{path}", json=body)
    except httpx.HTTPError as error:
        wrong = f"{call}: {type(error).__name__}"
    else:
        if answer.status_code != promised or not answer.json()["success"]:
            wrong = f"{call}: {answer.status_code} {answer.text[:120]}"
        elif call == "submit":
            task_id = answer.json()["data"]["task_id"]
    tally.note(call, (time.monotonic() - begun) * 1_000, wrong, task_id)


def missing(
    connection: Mapping[str, Any], topics: Topics, accepted: list[str], seconds: float = _LOG_SECONDS
) -> list[str]:
    """Which of the tasks accepted the log does not tell of, once it has had time to."""
    told: set[str] = set()
    found = threading.Condition()

    def take(body: bytes) -> None:
        fact = decode_fact(body)
        if isinstance(fact.event, TaskSubmitted):
            with found:
                told.add(fact.task_id)
                found.notify_all()

    reader = TopicFollower(connection, topics.task_events, take, since="beginning")
    reader.start()
    with found:
        found.wait_for(lambda: told.issuperset(accepted), seconds)
    reader.close()
    return sorted(set(accepted) - told)


def figures(tally: Tally, seconds: float, lost: int) -> dict[str, Any]:
    """What is printed."""
    every = sorted(taken for call in tally.taken_ms.values() for taken in call)
    medians = {f"{call}_p50_ms": round(statistics.median(taken), 1) for call, taken in sorted(tally.taken_ms.items())}
    repeated = len(tally.accepted) - len(set(tally.accepted))
    return {
        "requests": len(every),
        "errors": sum(tally.wrong.values()) + repeated,
        "lost": lost,
        "p50_ms": round(statistics.median(every), 1),
        "p99_ms": round(every[max(0, int(len(every) * 0.99) - 1)], 1),
        "max_ms": round(every[-1], 1),
        "per_second": round(len(every) / seconds),
        **medians,
    }


def measure(machine: Machine, *, clients: int, requests: int) -> dict[str, Any]:
    """Warm up, load, and compare with the log."""
    key = (machine.home / "operator.key").read_text().strip()
    url = f"http://127.0.0.1:{machine.api_port}"
    _await_processors(url)
    load(url, key, clients=2, requests=len(ROUND))
    tally, seconds = load(url, key, clients=clients, requests=requests)
    for what, count in tally.wrong.most_common():
        print(f"{count} x {what}")
    lost = missing(machine.connection, machine.topics, tally.accepted)
    return figures(tally, seconds, len(lost))


def _await_processors(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not httpx.get(f"{url}{TASKS}/health").json()["data"]["processors"]:
        if time.monotonic() > deadline:
            raise SystemExit("no processor holds partitions")
        time.sleep(0.2)


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--requests", type=int, default=10, help="of each client")
    parser.add_argument("--processors", type=int, default=1)
    given = parser.parse_args()
    with running(processors=given.processors, api=True) as machine:
        print(f"{given.clients} clients x {given.requests} requests at once on {machine.bootstrap}")
        found = measure(machine, clients=given.clients, requests=given.requests)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
