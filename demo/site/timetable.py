"""What the school teaches, when and to whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwimClass:
    """One class, held on several days of the week."""

    id: str
    name: str
    teaches: str
    youngest: int  #: years
    oldest: int  #: years
    time: str
    days: tuple[str, ...]

    def fits(self, age: int) -> bool:
        """Whether a child of this age may join."""
        return self.youngest <= age <= self.oldest


CLASSES = {
    swim_class.id: swim_class
    for swim_class in (
        SwimClass(
            "starfish",
            "Starfish",
            "First strokes, with a teacher in the water",
            3,
            5,
            "15:00",
            ("Monday", "Wednesday", "Saturday"),
        ),
        SwimClass(
            "dolphins", "Dolphins", "Breaststroke, diving for rings", 6, 8, "16:00", ("Tuesday", "Thursday", "Saturday")
        ),
        SwimClass("sharks", "Sharks", "Crawl, backstroke, turns", 9, 12, "17:15", ("Monday", "Wednesday", "Friday")),
        SwimClass(
            "marlins", "Marlins", "All four strokes, starts from the block", 13, 17, "18:30", ("Tuesday", "Friday")
        ),
    )
}
