"""The broker's time as a processor knows it, and when it may be relied on."""

import pytest

from processors.clock import BrokerClock, silence_of

BROKER = 1_000_000.0  #: the broker's time when the test begins, in seconds


class Hands:
    """Both clocks of a machine, moved by hand."""

    def __init__(self, off_by: float) -> None:
        self.passed = 0.0
        self.off_by = off_by

    def monotonic(self) -> float:
        return 100.0 + self.passed

    def wall(self) -> float:
        return BROKER + self.off_by + self.passed

    def clock(self) -> BrokerClock:
        return BrokerClock(self.monotonic, self.wall, silence_seconds=10)

    def broker_ms(self, *, ago: float = 0.0) -> int:
        return round((BROKER + self.passed - ago) * 1_000)


@pytest.mark.parametrize("off_by", [50.0, -50.0, 0.0])
def test_a_record_of_our_own_shows_the_brokers_time_whatever_ours_is(off_by: float) -> None:
    hands = Hands(off_by)
    clock = hands.clock()
    hands.passed = 0.3

    clock.stamped(hands.broker_ms(ago=0.1), sent_at=100.1)

    assert clock.seconds() == pytest.approx(BROKER + 0.3, abs=0.2)


def test_a_record_read_late_does_not_set_the_clock_back() -> None:
    hands = Hands(0)
    clock = hands.clock()

    clock.saw(hands.broker_ms(ago=3_600))

    assert clock.seconds() == pytest.approx(BROKER)


def test_a_record_read_shows_a_clock_that_is_behind() -> None:
    hands = Hands(-50)
    clock = hands.clock()

    clock.saw(hands.broker_ms())
    hands.passed = 2.0

    assert clock.seconds() == pytest.approx(BROKER + 2)


def test_after_a_long_silence_trust_begins_anew() -> None:
    hands = Hands(0)
    clock = hands.clock()
    for hands.passed in (9.0, 18.0, 27.0):
        clock.contact()
    assert clock.trusted_for() == 27

    hands.passed = 38.0
    assert clock.trusted_for() == 0
    clock.contact()
    assert clock.trusted_for() == 0
    hands.passed = 40.0

    assert clock.trusted_for() == 2


@pytest.mark.parametrize(("lease", "silence"), [(60.0, 10.0), (3.0, 1.5)])
def test_a_silence_that_could_end_a_renewed_lease_counts(lease: float, silence: float) -> None:
    """A renewed lease has three quarters left when the silence begins."""
    assert silence_of(lease) == silence < lease * 3 / 4
