"""What labels and buttons say, and what they say after a redesign. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to name the controls; `prefix` makes their ids differ as well."""

    prefix: str = ""
    username: str = "Username"
    password: str = "Password"
    log_in: str = "Log in"
    log_out: str = "Log out"
    child: str = "Child's name"
    age: str = "Age"
    email: str = "Contact email"
    day: str = "Day"
    choose: str = "Register for"
    register: str = "Register"
    confirm: str = "Confirm registration"
    cancel: str = "Cancel registration"


USUAL = Wording()
REDESIGNED = Wording(
    prefix="v2-",
    username="Member name",
    password="Secret word",
    log_in="Sign in",
    log_out="Sign out",
    child="Swimmer",
    age="Years old",
    email="How we reach you",
    day="Weekday",
    choose="Enrol in",
    register="Send enrolment",
    confirm="Yes, enrol",
    cancel="Withdraw",
)
