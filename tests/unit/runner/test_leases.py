"""What a runner believes to hold, and which inbox messages it takes."""

from producers.leases import Lease


def held(**fields: float) -> Lease:
    return Lease(epoch=3, length=60.0, version=int(fields.get("version", 5)))


def test_nothing_is_held_before_the_first_confirmation() -> None:
    lease = held()
    lease.reported("a", 100.0)
    assert not lease.may_act(0, 100.0)


def test_a_confirmed_report_holds_from_its_sending() -> None:
    lease = held()
    lease.reported("a", 100.0)
    lease.confirmed("a")
    assert lease.remaining(130.0) == 30.0
    assert lease.may_act(30.0, 130.0)
    assert not lease.may_act(30.1, 130.0)


def test_a_repeat_of_the_same_report_counts_from_the_first_sending() -> None:
    lease = held()
    lease.reported("a", 100.0)
    lease.reported("a", 150.0)
    lease.confirmed("a")
    assert lease.held_until == 160.0


def test_a_late_answer_to_an_old_report_shortens_nothing() -> None:
    lease = held()
    lease.reported("a", 100.0)
    lease.reported("b", 110.0)
    lease.confirmed("b")
    lease.confirmed("a")
    assert lease.held_until == 170.0


def test_answers_to_nothing_of_ours_change_nothing() -> None:
    lease = held()
    lease.confirmed(None)
    lease.confirmed("stranger")
    assert not lease.may_act(0, 0.0)


def test_messages_of_other_epochs_and_older_versions_are_passed_over() -> None:
    lease = held(version=5)
    assert not lease.takes(2, 9)
    assert not lease.takes(4, 9)
    assert not lease.takes(3, 4)
    assert lease.takes(3, 5)
    assert lease.takes(3, 7)
    assert not lease.takes(3, 6)


def test_renewals_are_due_every_quarter() -> None:
    lease = held()
    lease.reported("a", 100.0)
    assert not lease.renewal_due(114.9)
    assert lease.renewal_due(115.0)


def test_reports_that_are_never_answered_are_forgotten() -> None:
    lease = held()
    for number in range(100):
        lease.reported(str(number), float(number))
    lease.confirmed("0")
    assert not lease.may_act(0, 0.0)
    lease.confirmed("99")
    assert lease.held_until == 159.0
