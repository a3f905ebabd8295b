"""Values as goals write them: days, colours, numbers. Pure."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_SHORTEST_MONTH = 3  # letters
#: The sixteen colours with names of their own in HTML 4, and a few that people use.
COLOURS = {
    "black": (0, 0, 0), "silver": (192, 192, 192), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "white": (255, 255, 255), "maroon": (128, 0, 0), "red": (255, 0, 0), "purple": (128, 0, 128),
    "fuchsia": (255, 0, 255), "magenta": (255, 0, 255), "green": (0, 128, 0), "lime": (0, 255, 0),
    "olive": (128, 128, 0), "yellow": (255, 255, 0), "navy": (0, 0, 128), "blue": (0, 0, 255), "teal": (0, 128, 128),
    "aqua": (0, 255, 255), "cyan": (0, 255, 255), "orange": (255, 165, 0), "pink": (255, 192, 203),
    "brown": (165, 42, 42), "violet": (238, 130, 238), "indigo": (75, 0, 130), "gold": (255, 215, 0),
}  # fmt: skip


def day_of(text: str) -> tuple[int, int, int] | None:
    """Year, month and day; `10/11/2016` is read as October 11, since sites that write so are American."""
    text = text.strip(" .,")
    if (match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)) is not None:
        found = (int(match[3]), int(match[1]), int(match[2]))
    elif (match := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)) is not None:
        found = (int(match[1]), int(match[2]), int(match[3]))
    elif (match := re.fullmatch(r"([A-Za-z]+) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", text)) is not None:
        month = month_of(match[1])
        found = (int(match[3]), month, int(match[2]))
    else:
        return None
    try:
        date(*found)
    except ValueError:
        return None
    return found


def month_of(word: str) -> int:
    """1 to 12 for a month's name or its beginning; 0 for another word."""
    said = word.lower().strip(".")
    return next((n for n, name in enumerate(_MONTHS, 1) if len(said) >= _SHORTEST_MONTH and name.startswith(said)), 0)


def colour_of(word: str) -> tuple[int, int, int] | None:
    """Red, green and blue of a colour's name."""
    return COLOURS.get(word.lower())


def rgb(text: str) -> tuple[int, int, int] | None:
    """Red, green and blue of a CSS colour."""
    found = re.findall(r"\d+", text)
    return (
        (int(found[0]), int(found[1]), int(found[2]))
        if text.startswith("rgb") and len(found) >= len(("red", "green", "blue"))
        else None
    )
