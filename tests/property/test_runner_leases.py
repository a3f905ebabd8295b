"""Whatever is sent, delayed, lost or answered out of order: the runner never believes longer than the broker's lease."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from producers.leases import Lease

LENGTH = 60.0


@dataclass(frozen=True)
class Report:
    """One report: when it left, how long it took to the broker, and back; or that it got lost."""

    sent: float
    there: float
    back: float | None


REPORTS = st.lists(
    st.builds(
        Report,
        sent=st.floats(0, 500),
        there=st.floats(0, 100),
        back=st.one_of(st.none(), st.floats(0, 100)),
    ),
    max_size=12,
)


@given(REPORTS, st.floats(0, 1_000))
def test_what_is_believed_ends_before_the_lease(reports: list[Report], now: float) -> None:
    lease = Lease(epoch=1, length=LENGTH)
    for number, report in sorted(enumerate(reports), key=lambda pair: pair[1].sent):
        if report.sent <= now:
            lease.reported(str(number), report.sent)
    answered = [
        (report.sent + report.there + report.back, number)
        for number, report in enumerate(reports)
        if report.back is not None and report.sent + report.there + report.back <= now
    ]
    for _, number in sorted(answered):
        lease.confirmed(str(number))
    decided = [report.sent + report.there for report in reports if report.sent + report.there <= now]
    ends = max((time + LENGTH for time in decided), default=float("-inf"))
    assert lease.held_until <= ends
    if lease.may_act(0, now):
        assert now <= ends
