"""Whatever receivers answer, operators do and crashes interrupt: nothing owed is forgotten, and replay is live."""

from __future__ import annotations

import pickle
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from events import facts as f
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookFailed
from processors.webhooks.tries import Answered, Refused, Unanswered, WebhookPolicy, after
from tests.given import CLAIMED, ESCALATED, NOW, STARTED, SUBMITTED
from tests.unit.processors.webhook_log import WANTED, Agent, replayed

OUTCOMES = st.one_of(
    st.builds(Answered, st.integers(100, 599), st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=99)))),
    st.just(Unanswered("nobody")),
    st.just(Refused("inside")),
)
POLICIES = st.builds(
    WebhookPolicy,
    max_tries=st.integers(1, 40),
    first_retry=st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1)),
    longest_retry=st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
)
ENDS: list[f.TaskFact] = [f.TaskCompleted(lease_epoch=1), f.TaskCancelled()]


@given(OUTCOMES, POLICIES, st.integers(1, 10_000), st.floats(0, 1))
def test_a_try_is_followed_as_promised(
    outcome: Answered | Unanswered | Refused, policy: WebhookPolicy, tries: int, roll: float
) -> None:
    fact = after(outcome, tries + 7, tries, policy=policy, now=NOW, roll=roll)

    status = outcome.http_status if isinstance(outcome, Answered) else None
    assert isinstance(fact, WebhookDelivered) == (status is not None and 200 <= status < 300)
    if isinstance(outcome, Refused) or (tries >= policy.max_tries and not isinstance(fact, WebhookDelivered)):
        assert isinstance(fact, WebhookAbandoned)
    if isinstance(fact, WebhookFailed):
        assert status != 410
        assert NOW < fact.retry_at <= NOW + policy.longest_retry * 1.2 + timedelta(microseconds=1)
    if not isinstance(outcome, Refused):
        assert getattr(fact, "attempt", None) == tries + 7


@given(POLICIES, st.integers(1, 60), st.floats(0, 1))
def test_waits_do_not_shrink_beyond_their_jitter(policy: WebhookPolicy, tries: int, roll: float) -> None:
    def wait(number: int, luck: float) -> timedelta:
        outcome = Unanswered("x")
        fact = after(outcome, number, number, policy=_endless(policy), now=NOW, roll=luck)
        assert isinstance(fact, WebhookFailed)
        return fact.retry_at - NOW

    assert wait(tries + 1, roll) >= wait(tries, roll)
    assert wait(tries, 0) <= wait(tries, roll) <= wait(tries, 1)


def test_the_default_tries_fill_a_day() -> None:
    policy, at = WebhookPolicy(), NOW
    for number in range(1, policy.max_tries):
        fact = after(Unanswered("x"), number, number, policy=policy, now=at, roll=0.5)
        assert isinstance(fact, WebhookFailed)
        at = fact.retry_at

    assert isinstance(after(Unanswered("x"), 10, 10, policy=policy, now=at, roll=0.5), WebhookAbandoned)
    assert timedelta(hours=22) < at - NOW < timedelta(hours=26)


class Webhooks(RuleBasedStateMachine):
    """Tasks end, receivers answer, operators act, the agent crashes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Agent()
        self.open: list[str] = []
        self.owed: set[str] = set()  #: `about` of every fact somebody wanted to hear of
        self.discarded: set[str] = set()
        self.number = 0

    @rule(wanted=st.booleans())
    def submit(self, wanted: bool) -> None:
        self.number += 1
        self.open.append(f"task{self.number}")
        self.log.happens(self.open[-1], WANTED if wanted else SUBMITTED, CLAIMED, STARTED)

    @rule(end=st.sampled_from([*ENDS, ESCALATED]), which=st.integers(0, 99))
    def tell(self, end: f.TaskFact, which: int) -> None:
        if self.open:
            task = self.open[which % len(self.open)]
            message = self.log.happens(task, end)
            if message is not None:
                self.owed.add(message.about)
            if not isinstance(end, f.TaskEscalated):
                self.open.remove(task)

    @rule(outcomes=st.lists(OUTCOMES, min_size=4, max_size=4), lost=st.booleans())
    def call(self, outcomes: list[Answered | Unanswered | Refused], lost: bool) -> None:
        for message, outcome in zip(self.log.send(), outcomes, strict=False):
            if not lost:
                self.log.lands(message, outcome)
        if lost:
            self.log.crash()

    @rule(hours=st.integers(1, 12))
    def wait(self, hours: int) -> None:
        self.log.passes(timedelta(hours=hours))

    @rule(which=st.integers(0, 99), discard=st.booleans())
    def act(self, which: int, discard: bool) -> None:
        if self.log.letters:
            place = which % len(self.log.letters)
            about = self.log.book.letters.get(f"dead-letters:0:{place}")
            if discard and about and self.log.book.messages[about].tried.abandoned:
                self.discarded.add(about)
            (self.log.discard if discard else self.log.redrive)(place)

    @rule()
    def restart_from_a_snapshot(self) -> None:
        self.log.book = pickle.loads(pickle.dumps(self.log.book))

    @invariant()
    def replay_is_live(self) -> None:
        again = replayed(self.log)
        live = self.log.book
        assert (again.messages, again.lines, again.early) == (live.messages, live.lines, {})
        assert (again.places, again.letters) == (live.places, live.letters)

    @invariant()
    def nothing_owed_is_forgotten(self) -> None:
        book = self.log.book
        delivered = {about for about in self.owed if about not in book.messages} - self.discarded
        said = b"\n".join(value for value in self.log.tries if b"webhook.delivered" in value)
        assert all(f'"{about}"'.encode() in said for about in delivered)
        for message in book.messages.values():
            assert message.about in self.owed
            assert message.tried.abandonments == len(message.tried.letters)
            waits = message.about in self.log.rota.flying or any(
                message.about == entry for _, entry in self.log.rota.later
            )
            waits = waits or any(message.about in line for line in self.log.rota.ready.values())
            assert waits or message.tried.abandoned


TestWebhooks = Webhooks.TestCase
TestWebhooks.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def _endless(policy: WebhookPolicy) -> WebhookPolicy:
    return WebhookPolicy(max_tries=1_000, first_retry=policy.first_retry, longest_retry=policy.longest_retry)
