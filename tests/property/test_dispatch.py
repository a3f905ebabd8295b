"""Whatever happens: no ceiling is exceeded, nobody starves while there is room, and the order is that of a plain sort."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from events import facts as f
from events.envelope import Envelope
from events.queues import Ceilings
from events.worker import WorkerAlive
from processors.dispatch import Book
from processors.queues import Rules
from tests.given import NOW, SUBMITTED

AGEING = timedelta(minutes=1)
MS = timedelta(milliseconds=1)
LATENESS = 20  #: ms by which a task is looked at after its moment, so that no claim comes early
QUEUES = ("default", "slow")
SITES = ("http://a.test/", "http://a.test:80/x", "http://b.test/", "https://b.test:8443/")
SITE_OF = {"http://a.test/": "a", "http://a.test:80/x": "a", "http://b.test/": "b", "https://b.test:8443/": "b8443"}
MOST = st.none() | st.integers(1, 2) | st.integers(1, 2)
LIMITS = st.builds(Ceilings, running=st.none() | st.integers(2, 5), per_site=MOST, per_account=MOST)


@dataclass(eq=False)
class Told:
    """One task as the test knows it."""

    task_id: str
    queue: str
    site: str
    account: str | None
    rank: float
    version: int = 1
    phase: str = "waiting"  #: waiting, granted, held, resting, over
    worker: str = ""
    ready: int = 0  #: ms after NOW
    offset: int = 0


@dataclass
class Known:
    """All the test knows, to recount from."""

    tasks: dict[str, Told] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    queues: dict[str, list[str]] = field(default_factory=dict)
    default: Ceilings = field(default_factory=Ceilings)
    ceilings: dict[str, Ceilings] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    drained: set[str] = field(default_factory=set)

    def running(self) -> list[Told]:
        return [task for task in self.tasks.values() if task.phase in {"granted", "held"}]

    def may_run(self, task: Told, running: list[Told]) -> bool:
        own = self.ceilings.get(task.queue, Ceilings())
        site = own.per_site or self.default.per_site
        account = own.per_account or self.default.per_account
        at_site = [t for t in running if t.site == task.site]
        at_account = [t for t in at_site if task.account is not None and t.account == task.account]
        in_queue = [t for t in running if t.queue == task.queue]
        limits = ((own.running, in_queue), (site, at_site), (account, at_account))
        return task.queue not in self.paused and all(most is None or len(found) < most for most, found in limits)

    def expected(self, now: int) -> list[str]:
        """Who a plain sort would choose next, again and again, as long as any worker has a slot for it."""
        running = self.running()
        used = Counter(task.worker for task in running)
        free = {w: n - used[w] for w, n in self.capacity.items() if w not in self.drained}
        waiting = [t for t in self.tasks.values() if t.phase == "waiting" and t.ready <= now]
        chosen: list[str] = []
        while True:
            open_to = {q for w, n in free.items() if n > 0 for q in self.queues[w]}
            able = [t for t in waiting if t.queue in open_to and self.may_run(t, running)]
            if not able:
                return chosen
            best = min(able, key=lambda t: t.rank)
            chosen.append(best.task_id)
            waiting.remove(best)
            running.append(best)
            # Which worker serves it does not matter to the order as long as every worker serves every queue.
            worker = max((w for w, n in free.items() if n > 0 and best.queue in self.queues[w]), key=lambda w: free[w])
            free[worker] -= 1


class Dispatching(RuleBasedStateMachine):
    """Tasks come, run, rest and end; rules change; the plan is compared with a plain sort each time."""

    def __init__(self) -> None:
        super().__init__()
        self.book, self.known = Book(AGEING), Known()
        self.clock, self.offset = 0, 0  # in ms after NOW

    @initialize(default=LIMITS, workers=st.integers(1, 3), capacity=st.integers(1, 4))
    def begin(self, default: Ceilings, workers: int, capacity: int) -> None:
        self.known.default = default.model_copy(update={"running": None})
        for number in range(workers):
            self.known.capacity[f"w{number}"], self.known.queues[f"w{number}"] = capacity, list(QUEUES)
        self._rule()

    @rule(
        count=st.integers(1, 9),
        queue=st.sampled_from(QUEUES),
        url=st.sampled_from(SITES),
        account=st.sampled_from(["x", "y", None]),
        priority=st.integers(1, 10),
        later=st.sampled_from([0, 0, 0, 5_000, 40_000]),
    )
    def submit(self, count: int, queue: str, url: str, account: str | None, priority: int, later: int) -> None:  # noqa: PLR0917 - a goal's fields
        for _ in range(count):
            self.clock += 1
            number = len(self.known.tasks)
            at = NOW + self.clock * MS
            goal = SUBMITTED.model_copy(
                update={
                    "queue": queue,
                    "site_url": url,
                    "metadata": {"account": account} if account else {},
                    "priority": priority,
                    "not_before": at + later * MS if later else None,
                }
            )
            rank = at.timestamp() - priority * AGEING.total_seconds()
            told = Told(
                f"t{number}",
                queue,
                SITE_OF[url],
                account,
                rank,
                version=0,
                ready=self.clock + later if later else -LATENESS,
            )
            self.known.tasks[told.task_id] = told
            self._happens(told, goal)

    @rule(ms=st.sampled_from([100, 3_000, 30_000]))
    def wait(self, ms: int) -> None:
        self.clock += ms

    @precondition(lambda self: self.known.capacity)
    @invariant()
    def the_plan_is_that_of_a_plain_sort(self) -> None:
        now = NOW + self.clock * MS
        for name, capacity in self.known.capacity.items():
            alive = WorkerAlive(worker=name, capacity=capacity, queues=self.known.queues[name], sent_at=now)
            self.book.hear(alive, now)
        expected = self.known.expected(self.clock - LATENESS)
        pairs = self.book.plan(now)
        assert [task_id for task_id, _ in pairs] == expected
        for task_id, worker in pairs:
            told = self.known.tasks[task_id]
            self.offset += 1
            told.phase, told.worker, told.offset = "granted", worker, self.offset
            self.book.sent(task_id, 0, self.offset)

    @precondition(lambda self: self._in("granted"))
    @rule()
    def claims_are_decided(self) -> None:
        for told in self._in("granted"):
            told.phase = "held"
            until = NOW + (self.clock + 60_000) * MS
            self._happens(told, f.TaskClaimed(worker=told.worker, attempt=1, lease_epoch=1, lease_until=until))

    @precondition(lambda self: self._in("granted"))
    @rule()
    def claims_are_refused(self) -> None:
        granted = self._in("granted")
        assert self.book.settle(lambda _: self.offset + 1) == len(granted)
        for told in granted:
            told.phase = "waiting"

    @precondition(lambda self: self._in("held"))
    @rule(data=st.data(), how=st.sampled_from(["done", "done", "done", "released", "recovery", "paused", "directed"]))
    def held_tasks_move(self, data: st.DataObject, how: str) -> None:
        for told in data.draw(st.sets(st.sampled_from(self._in("held")), min_size=1)):
            self._moves(told, how)

    def _moves(self, told: Told, how: str) -> None:
        retry_at = NOW + (self.clock + 4_000) * MS
        failed = {"lease_epoch": 1, "error_type": "timeout", "error_message": "x", "strategy": "wait_and_retry"}
        planned = f.RecoveryPlanned(**failed, attempt_number=1, retry_at=retry_at, same_session=how == "directed")
        match how:
            case "done":
                told.phase = "over"
                self._happens(told, f.TaskCompleted(lease_epoch=1))
            case "released":
                told.phase = "waiting"
                self._happens(told, f.TaskReleased(lease_epoch=1))
            case "recovery":
                told.phase, told.ready = "waiting", self.clock + 4_000
                self._happens(told, planned)
            case "paused":
                told.phase = "resting"
                self._happens(told, f.TaskPaused())
            case _:
                self._happens(told, planned)

    @precondition(lambda self: self._in("waiting"))
    @rule(data=st.data(), for_ever=st.booleans())
    def waiting_tasks_leave(self, data: st.DataObject, for_ever: bool) -> None:
        for told in data.draw(st.sets(st.sampled_from(self._in("waiting")), min_size=1, max_size=4)):
            told.phase = "over" if for_ever else "resting"
            self._happens(told, f.TaskCancelled() if for_ever else f.TaskPaused())

    @precondition(lambda self: self._in("resting"))
    @rule(data=st.data())
    def resting_task_returns(self, data: st.DataObject) -> None:
        told = data.draw(st.sampled_from(self._in("resting")))
        told.phase = "waiting"
        self._happens(told, f.TaskResumed())

    @rule(worker=st.sampled_from(["w0", "w1"]), capacity=st.integers(0, 6))
    def other_capacity(self, worker: str, capacity: int) -> None:
        self.known.capacity[worker], self.known.queues[worker] = capacity, list(QUEUES)

    # Where rules change all the time, nothing ever waits long; so that is rare.
    @precondition(lambda self: len(self.known.tasks) % 5 == 0)
    @rule(queue=st.sampled_from(QUEUES), limits=LIMITS)
    def other_ceilings(self, queue: str, limits: Ceilings) -> None:
        self.known.ceilings[queue] = limits
        self._rule()

    @precondition(lambda self: len(self.known.tasks) % 5 == 1)
    @rule(queue=st.sampled_from(QUEUES))
    def pause_or_resume(self, queue: str) -> None:
        self.known.paused ^= {queue}
        self._rule()

    @precondition(lambda self: len(self.known.tasks) % 5 == 1)
    @rule(worker=st.sampled_from(["w0", "w1"]))
    def drain_or_resume(self, worker: str) -> None:
        self.known.drained ^= {worker}
        self._rule()

    @invariant()
    def what_runs_is_counted_once(self) -> None:
        occupancy, running = self.book.waiting.occupancy, self.known.running()
        assert occupancy.in_queue == Counter(task.queue for task in running)
        assert sum(n for key, n in occupancy.at.items() if " " not in key) == len(running)
        assert self.book.held == Counter(task.worker for task in running if task.phase == "held")

    def _in(self, phase: str) -> list[Told]:
        return [task for task in self.known.tasks.values() if task.phase == phase]

    def _rule(self) -> None:
        drained = dict.fromkeys(self.known.drained, NOW)
        self.book.obey(Rules(set(self.known.paused), dict(self.known.ceilings), drained), self.known.default)

    def _happens(self, told: Told, event: f.TaskFact) -> None:
        told.version += 1
        follows = f"{told.task_id}-{told.version - 1}" if told.version > 1 else None
        assert self.book.take(
            Envelope(
                event_id=f"{told.task_id}-{told.version}",
                follows=follows,
                task_id=told.task_id,
                version=told.version,
                command_offset=0,
                recorded_at=NOW + self.clock * MS,
                causation_id="c",
                event=event,
            )
        )


Dispatching.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestDispatching = Dispatching.TestCase
