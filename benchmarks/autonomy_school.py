"""First run and replay at the swimming school: what is saved, what is hit, and that nothing is hit by mistake."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.autonomy_stage import Stage, staged
from demo.site import Entry
from demo.site.members import PASSWORDS
from runner.chromium import find_chromium

REGISTER = "Register {{child}} for {{class}} on {{day}}"
REGISTER_QUOTED = (
    'Type "parent" into "Username", type {{secret:password}} into "Password", press "Log in", open {{class}},'
    ' type {{child}} into "Child\'s name", type {{age}} into "Age", type {{email}} into "Contact email",'
    ' select {{day}} in "Day" and press "Register"'
)
CANCEL = (
    'Type "parent" into "Username", type {{secret:password}} into "Password", press "Log in", open "My registrations",'
    ' press "Cancel registration" in {{child}}'
)
_PATIENCE_SECONDS = 60.0
_REST_SECONDS = 0.3  # for what a task leaves to be done after it, which is not to slow the script
_CHILDREN = ("Eden", "Noa", "Tal", "Ben", "Gil", "Mia", "Omer", "Yael", "Dan", "Lia", "Ron", "Shir", "Adam")
_CLASSES = (("Dolphins", "dolphins", 7, ("Tuesday", "Thursday", "Saturday")),
            ("Sharks", "sharks", 10, ("Monday", "Wednesday", "Friday")),
            ("Starfish", "starfish", 4, ("Monday", "Wednesday", "Saturday")))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """One goal, and what the school's book must say of it."""

    goal: str
    start: str  #: path of the site to begin at
    inputs: dict[str, Any]
    kind: str  #: `registered` or `cancelled`
    class_id: str
    day: str

    @property
    def indicator(self) -> dict[str, str]:
        """What proves it on the site."""
        if self.kind == "registered":
            return {"kind": "text_visible", "value": "{{child}}: {{class}} on {{day}}", "at": "/registrations"}
        return {"kind": "url_contains", "value": "/registrations"}


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one goal."""

    completed: bool
    hit: bool
    right: bool  #: whether the book says what the goal wanted, once, and nothing else
    seconds: float
    cost: float


def wishes(repeats: int) -> list[Wish]:
    """Goals of four kinds in turn; each kind is first met without a path, then with other inputs."""
    found: list[Wish] = []
    for turn in range(repeats):
        name, class_id, age, days = _CLASSES[turn % 3]
        child, day = f"{_CHILDREN[turn % len(_CHILDREN)]} {_FAMILIES[turn // len(_CHILDREN)]}", days[(turn // 2) % 3]
        given = {"child": child, "class": name, "day": day, "age": age, "email": "parent@example.org"}
        if turn % 5 == 4:  # the contrary of the one before it
            last = found[-1]
            whom = {"child": last.inputs["child"]}
            found.append(Wish(CANCEL, "/login", whom, "cancelled", last.class_id, last.day))
        elif turn % 2:
            found.append(Wish(REGISTER_QUOTED, "/login", given, "registered", class_id, day))
        else:
            found.append(Wish(REGISTER, "/", {**given, "username": "parent"}, "registered", class_id, day))
    return found


_FAMILIES = ("Alon", "Barak", "Carmel", "Dror", "Erez", "Gefen", "Harel", "Inbar")


def judged(wish: Wish, before: Sequence[Entry], after: Sequence[Entry]) -> bool:
    """Whether the book grew by exactly what was wanted."""
    new = [(e.kind, e.child, e.class_id, e.day) for e in after[len(before) :]]
    return new == [(wish.kind, wish.inputs["child"], wish.class_id, wish.day)]


def figures(runs: Sequence[Run], kinds: int, ours_s: float, bare_s: float) -> dict[str, Any]:
    """What is printed.

    Args:
        runs: in the order of the goals.
        kinds: how many of them were the first of their kind, which nothing could be known of.
        ours_s: median seconds of a replayed task.
        bare_s: median seconds of the bare script.
    """
    repeated = max(1, len(runs) - kinds)
    first = [run.seconds for run in runs if run.completed and not run.hit]
    again = [run.seconds for run in runs if run.completed and run.hit]
    saved = 0.0 if not first or not again else 100 * (1 - statistics.median(again) / statistics.median(first))
    return {
        "goals": len(runs),
        "completed_percent": round(100 * sum(run.completed for run in runs) / len(runs), 1),
        "hit_rate_percent": round(100 * sum(run.hit for run in runs) / repeated, 1),
        "wrong_hits": sum(run.hit and run.completed and not run.right for run in runs),
        "wrong": sum(run.completed and not run.right for run in runs),
        "first_run_s": round(statistics.median(first), 3) if first else None,
        "replay_s": round(statistics.median(again), 3) if again else None,
        "time_saved_percent": round(saved, 1),
        "ai_cost_usd": round(sum(run.cost for run in runs), 6),
        "bare_script_s": round(bare_s, 3),
        "replay_ratio": round(ours_s / bare_s, 2) if bare_s else None,
    }


def measure(seeds: Sequence[int], say: Callable[[str], None]) -> dict[str, Any]:
    """Fifty repeated goals for one seed, a hundred for more."""
    wanted = wishes(54 if len(seeds) == 1 else 104)
    runs: list[Run] = []
    ours: list[float] = []
    bare: list[float] = []
    with staged() as stage, stage.runner(BROWSER__CAPACITY="1"), _bare() as scripted:
        for wish in wanted:
            run = _run(stage, wish, say)
            runs.append(run)
            if run.hit and wish.goal == REGISTER_QUOTED:
                # In turns, so that a machine that gets slower or faster meanwhile does so for both.
                ours.append(run.seconds)
                time.sleep(_REST_SECONDS)
                bare.append(
                    scripted(stage.site.url, replace(wish, inputs={**wish.inputs, "child": f"Guest {len(bare)}"}))
                )
    kinds = len({wish.goal for wish in wanted})
    return figures(runs, kinds, statistics.median(ours or [0.0]), statistics.median(bare or [0.0]))


def _run(stage: Stage, wish: Wish, say: Callable[[str], None]) -> Run:
    before = stage.site.record()
    url = stage.site.url + wish.start
    task_id = stage.submit(wish.goal, site_url=url, inputs=wish.inputs, success_indicators=[wish.indicator])
    [task] = stage.ended([task_id], _PATIENCE_SECONDS)
    right = judged(wish, before, stage.site.record())
    run = Run(
        task["status"] == "COMPLETED",
        bool(task.get("cached_path_used")),
        right,
        float(task.get("total_time_seconds") or 0.0),
        float(task.get("total_cost") or 0.0),
    )
    told = f"{run.seconds:.2f} s {'hit' if run.hit else 'no path'} {'right' if right else 'WRONG'}"
    say(f"school: {task['status']} {told}  {wish.kind} {wish.inputs['child']} {task.get('error_message') or ''}")
    return run


@contextmanager
def _bare() -> Iterator[Callable[[str, Wish], float]]:
    """A script that takes the steps of the quoted goal with Playwright alone, in a context for each run; gives seconds."""
    with sync_playwright() as playwright:
        bundled = Path(playwright.chromium.executable_path)
        executable = find_chromium(None, bundled, exists=Path.exists, which=which)
        browser = playwright.chromium.launch(executable_path=executable, args=["--disable-quic"])

        def timed(url: str, wish: Wish) -> float:
            begun = time.monotonic()
            _script(browser, url, wish)
            return time.monotonic() - begun

        yield timed
        browser.close()


def _script(browser: Browser, url: str, wish: Wish) -> None:
    given = wish.inputs
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{url}/login")
        page.get_by_label("Username").fill("parent")
        page.get_by_label("Password").fill(PASSWORDS["parent"])
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name=given["class"], exact=True).click()
        page.get_by_label("Child's name").fill(given["child"])
        page.get_by_label("Age").fill(str(given["age"]))
        page.get_by_label("Contact email").fill(given["email"])
        page.get_by_label("Day").select_option(given["day"])
        page.get_by_role("button", name="Register", exact=True).click()
        page.goto(f"{url}/registrations")
        said = f"{given['child']}: {given['class']} on {given['day']}"
        expect(page.get_by_text(said).first).to_be_visible()
