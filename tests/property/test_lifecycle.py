"""Any sequence of commands, with crashes anywhere: what the log may never show."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from events import commands as c
from events.codec import decode_fact, encode
from events.envelope import Envelope
from events.facts import Resolution, TaskClaimed
from events.failure import ErrorType
from events.task import is_terminal, lease_of
from processors.batch import Batch, RawCommand
from processors.fold import PartitionFold
from tests.given import NOW
from tests.unit.processors.commands import PARTITION, SUBMIT, A, B, C, deciding, raw

TASKS = (A, B, C)
SEEDS = st.integers(min_value=0, max_value=2**63)


def command(random: Random, worker: str, epoch: int) -> c.TaskCommand:
    """Any command; drawn by hand, as hypothesis hardly ever draws a lifecycle that gets anywhere."""
    held = {"worker": worker, "lease_epoch": epoch}
    error = random.choice([None, *ErrorType]) if random.random() < 0.2 else ErrorType.TIMEOUT
    resolutions: list[Resolution] = ["retry", "retry", "retry", "complete", "cancel"]
    rare: list[c.TaskCommand] = [c.CancelTask(), c.CompleteTask(**held), c.ReleaseTask(**held), SUBMIT]
    failed = c.FailAttempt(
        worker=worker,
        lease_epoch=epoch,
        error_type=error,
        error_message="timeout",
        session_alive=random.random() < 0.5,
    )
    usual: list[c.TaskCommand] = [
        *[c.ClaimTask(worker=random.choice(["w1", "w2"]))] * 4,
        *[c.StartTask(**held)] * 4,
        c.RenewLease(**held),
        failed,
        failed,
        c.ReportRecovered(**held),
        c.YieldTask(**held),
        c.PauseTask(),
        c.ResumeTask(),
        c.ResumeTask(),
        c.CheckDeadlines(),
        c.ClaimEscalation(operator="ada"),
        c.ResolveEscalation(operator="ada", resolution=random.choice(resolutions)),
    ]
    return random.choice(rare if random.random() < 0.05 else usual)


def log_of(random: Random, length: int) -> list[RawCommand]:
    """Commands of three tasks, most of them from who holds the lease just then."""
    log = [raw(offset, task_id, SUBMIT) for offset, task_id in enumerate(TASKS)]
    decider, at = deciding(), NOW
    decider.decide_all(log)
    for offset in range(len(TASKS), length):
        at += timedelta(seconds=random.choice([0, 1, 1, 5, 30, 90]))
        task_id = random.choice(TASKS)
        lease = lease_of(decider.fold.entry(task_id).stream.task)
        current = lease is not None and random.random() < 0.9
        worker, epoch = (lease.worker, lease.epoch) if lease is not None and current else ("w1", random.randint(1, 4))
        repeat = f"command-{random.randint(0, offset)}" if random.random() < 0.03 else None
        log.append(raw(offset, task_id, command(random, worker, epoch), repeat, at))
        decider.decide_all(log[-1:])
    return log


def facts_of(bodies: list[bytes]) -> list[Envelope]:
    facts = [decode_fact(body) for body in bodies]
    assert all(isinstance(fact, Envelope) for fact in facts)
    return [fact for fact in facts if isinstance(fact, Envelope)]


def bodies_of(batch: Batch) -> list[bytes]:
    assert not batch.dead
    return [body for _, body in batch.facts]


def refold(bodies: list[bytes]) -> PartitionFold:
    fold = PartitionFold(PARTITION)
    for offset, fact in enumerate(facts_of(bodies)):
        fold.apply(fact, offset)
    return fold


@settings(max_examples=70, deadline=None)
@given(SEEDS)
def test_whatever_is_asked_the_streams_stay_sound(seed: int) -> None:
    decider = deciding()
    facts = facts_of(bodies_of(decider.decide_all(log_of(Random(seed), 90))))

    for task_id in TASKS:
        own = [fact for fact in facts if fact.task_id == task_id]
        assert [fact.version for fact in own] == list(range(1, len(own) + 1))
        assert [fact.follows for fact in own] == [None, *(fact.event_id for fact in own[:-1])]
        epochs = [fact.event.lease_epoch for fact in own if isinstance(fact.event, TaskClaimed)]
        assert all(earlier < later for earlier, later in pairwise(epochs))
    fold = PartitionFold(PARTITION)
    for offset, fact in enumerate(facts):
        assert not is_terminal(fold.entry(fact.task_id).stream.task), f"{fact.event.type} after the end"
        assert fold.apply(fact, offset)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_replay_of_the_log_is_the_state_that_decided(seed: int) -> None:
    decider = deciding()
    bodies = bodies_of(decider.decide_all(log_of(Random(seed), 90)))

    again = refold(bodies)

    assert again.entries == decider.fold.entries
    assert (again.next_offset, again.decided_to) == (decider.fold.next_offset, decider.fold.decided_to)
    assert [encode(fact) for fact in facts_of(bodies)] == bodies


@settings(max_examples=70, deadline=None)
@given(SEEDS)
def test_a_crash_anywhere_decides_nothing_twice_and_loses_nothing(seed: int) -> None:
    """A batch is decided, some first part of its facts is written, and the offset committed is any earlier one."""
    random = Random(seed)
    log = log_of(random, 80)
    smooth = facts_of(bodies_of(deciding().decide_all(log)))
    written: list[bytes] = []
    committed = 0
    for life in range(random.randint(1, 4)):
        reach = random.randint(committed, len(log))
        decided = bodies_of(deciding(refold(written), f"life{life}-").decide_all(log[committed:reach]))
        survivors = random.randint(0, len(decided))
        written += decided[:survivors]
        done = reach if survivors == len(decided) else facts_of(decided)[survivors].command_offset
        committed = random.randint(committed, done)
    written += bodies_of(deciding(refold(written), "last-").decide_all(log[committed:]))

    rough = facts_of(written)

    assert refold(written).strays == 0
    assert max(Counter(fact.command_offset for fact in rough).values()) == 1
    assert [(fact.command_offset, fact.event) for fact in rough] == [(f.command_offset, f.event) for f in smooth]


@settings(max_examples=70, deadline=None)
@given(SEEDS)
def test_a_writer_that_was_replaced_decides_nothing_twice_and_loses_nothing(seed: int) -> None:
    """Two lives decide from the same facts, their facts mix in the log, and a third life goes on from any offset."""
    random = Random(seed)
    log = log_of(random, 60)
    start = random.randint(len(TASKS), 30)
    written = bodies_of(deciding(prefix="w0-").decide_all(log[:start]))
    reaches = [random.randint(start, 45) for _ in range(2)]
    rivals = [
        bodies_of(deciding(refold(written), f"w{number}-").decide_all(log[start:reach]))
        for number, reach in enumerate(reaches, start=1)
    ]
    while any(rivals):
        written.append(random.choice([rival for rival in rivals if rival]).pop(0))

    fold = refold(written)
    taken, strays = taken_and_strays(written)
    assert not any(fold.is_decided(offset) for offset in strays - set(taken)), "a lost fact counts as decided"
    third = deciding(fold, "w3-")
    written += bodies_of(third.decide_all(log[random.randint(0, start) :]))

    taken, _ = taken_and_strays(written)
    renewals = {raw.offset for raw in log if b'"renew_lease"' in (raw.value or b"")}  # renewed twice is renewed
    assert [offset for offset, times in taken.items() if times > 1 and offset not in renewals] == []
    assert refold(written).entries == third.fold.entries
    assert third.fold.undecided & set(taken) <= renewals


def taken_and_strays(written: list[bytes]) -> tuple[Counter[int], set[int]]:
    """Offsets of commands whose fact took its place in the chain, and of those with a fact that fell off."""
    fold, taken, strays = PartitionFold(PARTITION), Counter[int](), set[int]()
    for offset, fact in enumerate(facts_of(written)):
        if fold.apply(fact, offset):
            taken[fact.command_offset] += 1
        else:
            strays.add(fact.command_offset)
    return taken, strays
