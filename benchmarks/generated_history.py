"""A history of tasks made up at random by the real decider: every transition, repeats, and late facts of replaced writers.

The records are those a log would hold. Given the same seed and number of tasks it is the same history.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.generated_paths import GeneratedPaths
from events import commands as c
from events.chain import EMPTY, Stream, take
from events.codec import encode
from events.dead_letter import DeadLetterDiscarded, DeadLetterRedriven, bury
from events.envelope import Envelope, StepEnvelope
from events.errors import CommandRejected
from events.failure import ErrorType
from events.partitioner import partition_of
from events.queues import (
    Ceilings,
    DispatchEnvelope,
    DispatchFact,
    QueuePaused,
    QueueResumed,
    WorkerDrained,
    WorkerResumed,
)
from events.queues import CeilingsSet as Set
from events.steps import Artifact, CostReported, StepExecuted, StepFact, StepIntended
from events.task import Finished, lease_of
from events.topics import Topics
from events.webhooks import (
    WebhookAbandoned,
    WebhookDelivered,
    WebhookEnvelope,
    WebhookFact,
    WebhookFailed,
    WebhookRedriven,
)
from events.worker import WorkerAlive
from processors.decider import decide
from processors.policy import Policy
from processors.worker_reports import Report

_START = datetime(2026, 9, 1, tzinfo=UTC)
_LIVE = 400  # tasks under way at once
_QUEUES = ("default", "slow", "night")
_SITES = ("https://pool.example.org", "https://gym.example.org/booking", "http://127.0.0.1:8000")
_PROVIDERS = (
    ("rules", None, 0),
    ("ollama", "llama3", 1),
    ("claude", "claude-sonnet-4-5", 2),
    ("gemini", "gemini-x", 4),
)
_ROWS: dict[type[StepFact], str] = {StepExecuted: "execution_log", CostReported: "costs"}

_REPORTS: tuple[type[Report], ...] = (
    *[c.StartTask] * 6, *[c.CompleteTask] * 3, *[c.FailAttempt] * 3, *[c.ReportRecovered] * 2, *[c.RenewLease] * 2,
    c.ReleaseTask, c.YieldTask,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """One record, in the order in which it was appended to its partition."""

    topic: str
    partition: int
    timestamp_ms: int
    value: bytes
    adds: str | None = None  #: the table that grows by one row with it, of those that only grow


@dataclass(slots=True, eq=False)
class _Task:
    task_id: str
    stream: Stream = EMPTY
    commands: int = 0
    steps: int = 0
    webhooks: int = 0  #: tries so far
    past: list[Envelope] = field(default_factory=list)


class History:
    """Makes records up, one act after the other."""

    def __init__(self, topics: Topics, seed: int) -> None:
        self._topics, self._random = topics, random.Random(seed)
        self._now = _START
        self._policy = Policy()
        self._live: list[_Task] = []
        self._ended: list[_Task] = []
        self._letters: list[str] = []
        self._orders: dict[str, tuple[int, str | None]] = {}
        self._made = 0
        self._paths = GeneratedPaths(self._random, self._hex, _SITES)

    def records(self, tasks: int) -> Iterator[Written]:
        """The history of so many tasks, until all of them have ended or wait for ever."""
        while self._made < tasks or self._live:
            self._now += timedelta(milliseconds=self._random.randint(1, 40_000))
            if self._made < tasks and (len(self._live) < _LIVE or self._random.random() < 0.1):
                self._live.append(_Task(self._id()))
                yield from self._decide(self._live[-1], self._submission())
                continue
            task = self._random.choice(self._live)
            yield from self._act(task)
            if isinstance(task.stream.task, Finished) or task.commands > 60:
                self._live.remove(task)
                self._ended = [*self._ended[-50:], task]
            yield from self._around()

    def _act(self, task: _Task) -> Iterator[Written]:
        lease = lease_of(task.stream.task)
        if lease is not None and self._random.random() < 0.5:
            yield from self._step(task, lease.worker, lease.epoch)
        yield from self._decide(task, self._command(task))

    def _decide(self, task: _Task, command: c.TaskCommand) -> Iterator[Written]:
        task.commands += 1
        try:
            event = decide(task.stream.task, command, self._now, self._policy)
        except CommandRejected:
            return
        if event is None:
            return
        fact = Envelope(
            event_id=self._hex(),
            follows=task.stream.last_event,
            task_id=task.task_id,
            version=task.stream.version + 1,
            command_offset=task.commands,
            recorded_at=self._now,
            causation_id=self._hex(),
            event=event,
        )
        task.stream = take(task.stream, fact)
        task.past.append(fact)
        yield self._written(self._topics.task_events, task.task_id, encode(fact), adds="facts")
        if self._random.random() < 0.02:
            # Redelivered, or decided by a writer that had been replaced.
            late = self._random.choice(task.past)
            again = late if self._random.random() < 0.5 else late.model_copy(update={"event_id": self._hex()})
            yield self._written(self._topics.task_events, task.task_id, encode(again))

    def _command(self, task: _Task) -> c.TaskCommand:
        state, pick = task.stream.task, self._random.random()
        lease = lease_of(state)
        if lease is not None and pick < 0.92:
            return self._report({"worker": lease.worker, "lease_epoch": lease.epoch})
        likely: list[Callable[[], c.TaskCommand]] = [
            *[lambda: c.ClaimTask(worker=f"runner-{self._random.randint(1, 9)}")] * 9,
            lambda: c.PauseTask(reason=self._random.choice(("", "lunch"))),
            *[c.ResumeTask] * 4,
            lambda: c.CancelTask(reason=self._random.choice(("", "not needed"))),
            c.CheckDeadlines,
            lambda: c.ClaimEscalation(operator=self._random.choice(("ann", "bob"))),
            self._resolution,
            self._resolution,
        ]
        return self._random.choice(likely)()

    def _report(self, holder: dict[str, str | int]) -> c.TaskCommand:
        kind = self._random.choice(_REPORTS)
        more: dict[str, object] = {}
        if kind is c.CompleteTask:
            more = {"final_result": "done", "result_data": {"number": self._random.random()}, "evidence": ["seen"]}
            more |= {"cached_path_used": self._random.random() < 0.4, "cache_time_saved_seconds": 1.25}
        elif kind is c.FailAttempt:
            more = {"error_type": self._random.choice(list(ErrorType)), "error_message": "it went wrong"}
            more |= {"evidence": {"url": "x"}, "session_alive": self._random.random() < 0.5}
        elif kind is c.YieldTask:
            more = {"checkpoint": self._hex()}
        return kind.model_validate({**holder, **more})

    def _resolution(self) -> c.TaskCommand:
        return c.ResolveEscalation(
            operator=self._random.choice(("ann", "bob")),
            resolution=self._random.choice(("retry", "retry", "complete", "cancel")),
            note=self._random.choice(("", "looked")),
            hints="press the other one",
            final_result="by hand",
            result_data={"by": "hand"},
        )

    def _submission(self) -> c.SubmitTask:
        chance = self._random.random
        self._made += 1
        return c.SubmitTask(
            goal=f"Register child {self._made}",
            site_url=self._random.choice(_SITES),
            priority=self._random.randint(1, 10),
            timeout_minutes=self._random.choice((5, 30)),
            metadata={"chain_id": f"chain-{self._made % 7}", "account": "a"} if chance() < 0.5 else {},
            inputs={"child": "Eden", "row": self._made} if chance() < 0.5 else {},
            secrets={"password": "env:PASS"} if chance() < 0.3 else {},
            queue=self._random.choice(_QUEUES),
            not_before=self._now + timedelta(minutes=1) if chance() < 0.1 else None,
            expires_at=self._now + timedelta(minutes=30) if chance() < 0.2 else None,
            callback_url="https://hook.example.org/x" if chance() < 0.2 else None,
            submitted_by="service:history",
            idempotency_key=self._hex() if chance() < 0.3 else None,
        )

    def _step(self, task: _Task, worker: str, epoch: int) -> Iterator[Written]:
        task.steps += 1
        used, model, level = self._random.choice(_PROVIDERS)
        tokens = 0 if model is None else self._random.choice((1, 1, 1, 1, 80)) * self._random.randint(10, 5_000)
        pictures = [Artifact(kind="screenshot", sha256=self._hex(), media_type="image/jpeg", size_bytes=9)]
        failed = self._random.random() < 0.2
        event = StepExecuted(
            step_number=task.steps,
            action="click button",
            ai_level=level,
            ai_used=used,
            level_reason="cheapest",
            model=model,
            input_tokens=tokens,
            output_tokens=tokens // 9,
            duration_ms=round(self._random.random() * 900, 1),
            cost=0.0 if model is None else round(self._random.random() / 50, 9),
            result="error" if failed else "success",
            error_type=ErrorType.TIMEOUT if failed else None,
            error_details="no answer" if failed else None,
            url="https://pool.example.org",
            irreversible=self._random.random() < 0.1,
            artifacts=pictures if failed else [],
        )
        if self._random.random() < 0.1:
            yield from self._step_record(task, worker, epoch, StepIntended(step_number=task.steps, action="click"))
        yield from self._step_record(task, worker, epoch, event)

    def _step_record(self, task: _Task, worker: str, epoch: int, event: StepFact) -> Iterator[Written]:
        record = StepEnvelope(
            event_id=self._hex(), task_id=task.task_id, worker=worker, lease_epoch=epoch,
            recorded_at=self._now, event=event,
        )  # fmt: skip
        for adds in (_ROWS.get(type(event)), None)[: 2 if self._random.random() < 0.03 else 1]:
            yield self._written(self._topics.step_events, task.task_id, encode(record), adds=adds)

    def _around(self) -> Iterator[Written]:
        """What happens beside the tasks, now and then."""
        pick = self._random.random()
        if pick < 0.02 and self._ended:
            tokens = self._random.choice((0, 900, 150_000))
            cost = CostReported(
                cost=round(self._random.random(), 6), ai_provider="claude", model="claude-sonnet-4-5",
                input_tokens=tokens,
            )  # fmt: skip
            yield from self._step_record(self._random.choice(self._ended), "service:billing", 0, cost)
        elif pick < 0.03:
            worker = f"runner-{self._random.randint(1, 9)}"
            alive = WorkerAlive(worker=worker, capacity=self._random.randint(0, 8), sent_at=self._now, host="h")
            yield self._written(self._topics.workers_alive, worker, encode(alive), partition=0)
        elif pick < 0.04:
            yield from self._order()
        elif pick < 0.05 and self._ended:
            yield from self._webhook(self._random.choice(self._ended))
        elif pick < 0.055:
            yield from self._letter()
        elif pick < 0.075 and self._ended:
            facts = self._paths.facts(self._now, self._random.choice(self._ended).task_id)
            for path, adds in zip(facts, ("navigation_path_events", None), strict=False):
                yield self._written(self._topics.path_events, path.path_key, encode(path), adds=adds)
        elif pick < 0.08:
            yield self._written(
                self._random.choice((self._topics.task_events, self._topics.step_events, self._topics.path_events)),
                self._id(),
                b"{",
            )

    def _order(self) -> Iterator[Written]:
        facts: tuple[tuple[str, DispatchFact], ...] = (
            ("night", QueuePaused(reason="maintenance")), ("night", QueueResumed()), ("slow", QueuePaused()),
            ("slow", Set(ceilings=Ceilings(running=self._random.randint(1, 9), per_site=2))),
            ("runner-3", WorkerDrained(reason="old")), ("runner-3", WorkerResumed()),
        )  # fmt: skip
        subject, event = self._random.choice(facts)
        version, last = self._orders.get(subject, (0, None))
        late = self._random.random() < 0.1
        fact = DispatchEnvelope(
            event_id=self._hex(), follows="somebody-else" if late else last, subject=subject, version=version + 1,
            command_offset=version, recorded_at=self._now, causation_id=self._hex(), event=event,
        )  # fmt: skip
        if not late:
            self._orders[subject] = (version + 1, fact.event_id)
        yield self._written(self._topics.queue_events, subject, encode(fact), partition=0)

    def _webhook(self, task: _Task) -> Iterator[Written]:
        message, ends = f"msg-{task.task_id}", self._random.random() < 0.7
        tried = task.webhooks
        task.webhooks += 2
        tries: list[WebhookFact] = [WebhookRedriven(by="ann")] if tried else []
        tries.append(WebhookFailed(attempt=tried + 1, error="HTTP 503", http_status=503, retry_at=self._now))
        last = tried + 2
        tries.append(
            WebhookDelivered(attempt=last, http_status=204) if ends else WebhookAbandoned(attempt=last, error="no")
        )
        for event in tries:
            record = WebhookEnvelope(
                event_id=self._hex(), task_id=task.task_id, message_id=message, about="fact", url="https://x.org",
                recorded_at=self._now, event=event,
            )  # fmt: skip
            yield self._written(self._topics.webhook_events, task.task_id, encode(record))

    def _letter(self) -> Iterator[Written]:
        topic, key = self._topics.dead_letters, self._id()
        if self._letters and self._random.random() < 0.4:
            letter = self._random.choice(self._letters)
            discarded = DeadLetterDiscarded(letter=letter, by="ann", note="old", recorded_at=self._now)
            redriven = DeadLetterRedriven(letter=letter, by="ann", redriven_to="t:1:2", recorded_at=self._now)
            yield self._written(topic, key, encode(self._random.choice((discarded, redriven))), adds="dead_letter_acts")
            return
        error = ValueError("not JSON")
        buried = bury(
            self._topics.task_commands, 1, self._made, b"k", b"{", error=error, reader="lifecycle", at=self._now
        )
        self._letters.append(f"{topic}:{partition_of(key, self._topics.partitions)}:{len(self._letters)}")
        yield self._written(topic, key, encode(buried), adds="dead_letters")

    def _written(
        self, topic: str, key: str, value: bytes, *, partition: int | None = None, adds: str | None = None
    ) -> Written:
        home = partition_of(key, self._topics.partitions) if partition is None else partition
        return Written(topic, home, int(self._now.timestamp() * 1_000), value, adds)

    def _id(self) -> str:
        """A UUIDv7 of the history's own time."""
        milliseconds = int(self._now.timestamp() * 1_000)
        value = (milliseconds << 80) | (7 << 76) | (self._random.getrandbits(12) << 64) | (2 << 62)
        text = f"{value | self._random.getrandbits(62):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"
