"""What may leave the log: the beginning of a partition, up to the first record that must stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from events.codec import encode
from events.dead_letter import DeadLetter, DeadLetterDiscarded
from events.envelope import Envelope
from events.errors import NewerSchema
from events.facts import TaskFact
from events.webhooks import (
    WebhookAbandoned,
    WebhookDelivered,
    WebhookEnvelope,
    WebhookFact,
    WebhookFailed,
    WebhookRedriven,
)
from projections.archive.histories import Histories, task_of
from projections.archive.owed import Settled
from projections.archive.plan import PartitionPlan, Rule, held_tasks, plan_facts, plan_steps
from projections.archive.segment import Digest, Kept, Segment, chain
from projections.records import LogShape, Place
from tests.unit.projections.log import START, Log, TaskLog, claimed, completed, started, step, submitted

FACTS, STEPS = Place("goaltrail.tasks.events", 0), Place("goaltrail.steps.events", 0)
LIFE: tuple[TaskFact, ...] = (submitted(), claimed(), started(), completed())
CUTOFF = START + timedelta(days=10)
OLD, YOUNG = (int(moment.timestamp() * 1_000) for moment in (START, CUTOFF))


class Partition:
    """Facts of one partition, at the times given."""

    def __init__(self) -> None:
        self.log, self.records = Log(), list[Kept]()

    def add(self, task: TaskLog, *facts: TaskFact, at_ms: int = OLD) -> None:
        for fact in facts:
            task.facts(fact)
            self.raw(encode(task.envelopes[-1]), at_ms)

    def raw(self, value: bytes | None, at_ms: int = OLD) -> None:
        self.records.append(Kept(len(self.records), at_ms, b"key", value))

    def plan(self, settled: Settled | None = None, beginning: int = 0) -> PartitionPlan:
        histories, rule = Histories(), Rule(CUTOFF, settled or Settled())
        for record in self.records[beginning:]:
            histories.add(record)
        log = LogShape("c", {}, {FACTS: beginning}, {FACTS: len(self.records)})
        return plan_facts(FACTS, log, histories, held_tasks(histories, 0, rule), rule)


def test_all_of_tasks_that_are_over_goes() -> None:
    here = Partition()
    first, second = here.log.task(), here.log.task()
    here.add(first, *LIFE[:2])
    here.add(second, *LIFE)
    here.add(first, *LIFE[2:])
    here.raw(b"no fact of ours")

    plan = here.plan()

    assert (plan.cut, plan.records, plan.tasks, plan.reason, plan.waiting) == (9, 9, 2, "", 0)
    assert plan.bytes == sum(len(record.value or b"") + len(b"key") for record in here.records)


def test_the_oldest_open_task_holds_everything_behind_its_first_fact_and_is_named() -> None:
    here = Partition()
    over, waiting, later = here.log.task(), here.log.task(), here.log.task()
    here.add(over, *LIFE[:1])
    here.add(waiting, *LIFE[:3])
    here.add(over, *LIFE[1:])
    here.add(later, *LIFE)

    plan = here.plan()

    assert (plan.cut, plan.records, plan.tasks) == (1, 1, 1)
    assert plan.reason == f"task {waiting.task_id} is IN_PROGRESS"
    assert plan.waiting == 3 + 3 + 4


def test_young_records_stay() -> None:
    here = Partition()
    here.add(here.log.task(), *LIFE)
    here.raw(b"someone else's", YOUNG)
    here.add(here.log.task(), *LIFE)

    plan = here.plan()

    assert (plan.cut, plan.reason, plan.waiting) == (4, "from there on records are younger", 4)


def test_a_task_goes_only_when_its_newest_record_and_its_end_are_old() -> None:
    for late, ended in ((YOUNG, 0.0), (OLD, (CUTOFF - START).total_seconds())):
        here = Partition()
        task = here.log.task()
        here.add(task, *LIFE[:3])
        task.seconds = ended
        here.add(task, LIFE[3], at_ms=late)

        plan = here.plan()

        assert not plan.goes
        assert task.task_id in plan.reason


def test_a_second_submission_must_not_outlive_the_first() -> None:
    here = Partition()
    twice, waiting = here.log.task(), here.log.task()
    late = encode(twice.link(submitted()))
    here.add(twice, *LIFE)
    here.add(waiting, *LIFE[:1])
    here.raw(late)

    plan = here.plan()

    assert not plan.goes
    assert plan.reason == f"task {twice.task_id} was written twice, up to offset 5"


def test_what_is_left_of_a_task_whose_beginning_has_gone_may_go_too() -> None:
    here = Partition()
    here.add(here.log.task(), *LIFE)

    plan = here.plan(beginning=1)

    assert (plan.beginning, plan.cut, plan.records) == (1, 4, 3)


def test_facts_of_a_newer_version_may_mean_anything() -> None:
    here = Partition()
    here.raw(b'{"schema_version":99}')

    with pytest.raises(NewerSchema):
        here.plan()


def test_the_highest_command_of_what_goes_is_kept_in_mind() -> None:
    here = Partition()
    task = here.log.task()
    task.facts(*LIFE)
    for number, envelope in enumerate(task.envelopes):
        assert isinstance(envelope, Envelope)
        here.raw(encode(envelope.model_copy(update={"command_offset": 10 + number})))

    assert here.plan().decided_to == 13


@pytest.mark.parametrize(
    ("tries", "discarded", "goes"),
    [
        ([], False, False),
        ([WebhookFailed(attempt=1, error="503", retry_at=START)], False, False),
        ([WebhookDelivered(attempt=1, http_status=200)], False, True),
        ([WebhookAbandoned(attempt=1, error="gone")], False, False),
        ([WebhookAbandoned(attempt=1, error="gone")], True, True),
        ([WebhookAbandoned(attempt=1, error="gone"), WebhookRedriven(by="eve")], True, False),
    ],
)
def test_a_task_stays_until_its_callback_url_was_told(
    tries: Sequence[WebhookFact], discarded: bool, goes: bool
) -> None:
    here, settled = Partition(), Settled()
    task = here.log.task()
    here.add(task, submitted(callback_url="https://example.org/hook"), *LIFE[1:])
    for event in tries:
        settled.take_try(encode(_about(task, event)))
    settled.take_letter("letters:0:7", encode(_letter(offset=3)), facts=FACTS.topic)
    if discarded:
        act = DeadLetterDiscarded(letter="letters:0:7", by="eve", recorded_at=START)
        settled.take_letter("letters:0:8", encode(act), facts=FACTS.topic)

    plan = here.plan(settled)

    assert plan.goes is goes
    assert ("callback_url" in plan.reason) is not goes


def test_steps_go_up_to_the_first_of_a_task_that_stays() -> None:
    log = Log()
    over, waiting = log.task(), log.task()
    bodies = [encode(task.step(step(number))) for number, task in enumerate((over, over, waiting, over))]
    records = [Kept(at, OLD, b"", body) for at, body in enumerate(bodies)]
    rule, shape = Rule(CUTOFF, Settled()), LogShape("c", {}, {STEPS: 0}, {STEPS: 4})

    held = plan_steps(STEPS, shape, records, {waiting.task_id: "it waits"}, rule)
    by_key = plan_steps(STEPS, shape, [Kept(0, OLD, b"k", b"?")], {"k": "it waits"}, rule)
    young = plan_steps(STEPS, shape, [*records[:1], records[1]._replace(timestamp_ms=YOUNG)], {}, rule)
    everything = plan_steps(STEPS, shape, records, {}, rule)

    assert (held.cut, held.records, held.tasks, held.reason) == (2, 2, 1, "it waits")
    assert (by_key.cut, by_key.reason) == (0, "it waits")
    assert (young.cut, young.reason) == (1, "from there on records are younger")
    assert (everything.cut, everything.records, everything.tasks, everything.reason) == (4, 4, 2, "")


@pytest.mark.parametrize("value", [None, b"", b"[]", b"no JSON", b"{}"])
def test_a_step_that_says_no_task_is_of_none(value: bytes | None) -> None:
    assert task_of(value) == ""


def test_stretches_that_overlap_are_read_once_and_gaps_end_the_reading() -> None:
    spans = [(0, 5), (0, 3), (4, 9), (5, 7), (10, 12)]
    linked = chain([_segment(first, to) for first, to in spans], 0)

    assert [(segment.first, segment.to, begin) for segment, begin in linked] == [(0, 5, 0), (4, 9, 5)]
    assert chain([_segment(5, 7)], 3) == []


def test_the_hash_tells_records_apart_that_differ_in_anything() -> None:
    record = Kept(1, 2, b"k", b"v")
    others = [
        record._replace(offset=2), record._replace(timestamp_ms=3), record._replace(key=b"kv", value=b""),
        record._replace(key=None), record._replace(value=None), record._replace(headers="[]"),
    ]  # fmt: skip
    hashes = set()
    for one in (record, *others):
        digest = Digest()
        digest.add(one)
        hashes.add(digest.hexdigest())

    assert len(hashes) == 1 + len(others)


def _segment(first: int, to: int) -> Segment:
    return Segment(
        cluster_id="c",
        topic=FACTS.topic,
        topic_id="t",
        partition=0,
        first=first,
        to=to,
        records=to - first,
        sha256="",
        written_at=datetime(2026, 11, 1, tzinfo=UTC),
        files=(),
    )


def _about(task: TaskLog, event: WebhookFact) -> WebhookEnvelope:
    about = task.envelopes[-1].event_id
    return WebhookEnvelope(
        event_id="e",
        task_id=task.task_id,
        message_id=f"msg_{about}",
        about=about,
        url="u",
        recorded_at=START,
        event=event,
    )


def _letter(offset: int) -> DeadLetter:
    return DeadLetter(
        topic=FACTS.topic, partition=0, offset=offset, reason="r", error="E", reader="webhooks", recorded_at=START
    )
