"""Ages as they are typed: `90d`, or `90`."""

from __future__ import annotations

from collections.abc import Callable

import typer


def days(least: int, why: str = "") -> Callable[[str], int]:
    """A parser of numbers of days, at least so many; `why` is added to what is said of fewer."""

    def parsed(text: str) -> int:
        number = text.removesuffix("d")
        if not number.isdecimal() or int(number) < least:
            said = f"{text!r}: a number of days such as 90d, at least {least}d"
            raise typer.BadParameter(f"{said}: {why}" if why else said)
        return int(number)

    return parsed
