"""What a parent typed into the registration form, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from demo.site.timetable import SwimClass

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they came, so that the form can be shown again with them."""

    child: str = ""
    age: str = ""
    email: str = ""
    day: str = ""


def read_form(values: Mapping[str, object]) -> Filled:
    """The fields of a posted form; missing ones are empty."""
    read = {name: str(values.get(name, "")).strip()[:_LONGEST] for name in Filled.__dataclass_fields__}
    return Filled(**read)


def problems(filled: Filled, swim_class: SwimClass, places_left: Mapping[str, int]) -> list[str]:
    """What is wrong, in sentences; nothing if the registration can be taken."""
    found = []
    if not filled.child:
        found.append("Please give the child's name.")
    if not filled.age.isascii() or not filled.age.isdigit():
        found.append("Please give the child's age in years.")
    elif not swim_class.fits(int(filled.age)):
        found.append(f"{swim_class.name} is for ages {swim_class.youngest} to {swim_class.oldest}.")
    if "@" not in filled.email.strip("@"):
        found.append("Please give an email address.")
    if filled.day not in swim_class.days:
        found.append("Please choose a day.")
    elif places_left[filled.day] <= 0:
        found.append(f"{swim_class.name} is full on {filled.day}.")
    return found
