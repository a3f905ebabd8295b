"""A picture per step, in a real Chromium: what it shows, and that what a page repeats of a secret is covered in it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.browser_performer import BrowserPerformer
from runner.performer import Reached
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.small_sites import page, serve

pytestmark = pytest.mark.browser

WORD = "open-sesame-77"
#: How many pixels of a picture are nearly of one colour: green as the page, or pink as what covers a secret.
_COUNT_JS = """async ([data, red, green, blue]) => {
  const image = new Image();
  image.src = 'data:image/jpeg;base64,' + data;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const drawn = canvas.getContext('2d');
  drawn.drawImage(image, 0, 0);
  const pixels = drawn.getImageData(0, 0, image.width, image.height).data;
  let found = 0;
  for (let at = 0; at < pixels.length; at += 4)
    found += Math.abs(pixels[at] - red) + Math.abs(pixels[at + 1] - green) + Math.abs(pixels[at + 2] - blue) < 60;
  return found / (image.width * image.height);
}"""
GREEN, PINK = (0, 160, 0), (255, 0, 255)


def echoing(record: list[tuple[str, ...]]) -> Callable[[str, Mapping[str, str]], str]:
    """Repeats in large letters what was typed, on the page itself and on the next one; the one after that is green."""

    def answer(path: str, form: Mapping[str, str]) -> str:
        record.append((path, *form.values()))
        match path:
            case "/told":
                return page("Told", f"<p style='font-size:60px'>{form.get('code')}</p><a href=/green>Onward</a>")
            case "/green":
                return page("Green", "<style>html{background:rgb(0,160,0)}</style><button type=button>Stay</button>")
            case _:
                shown = "oninput=\"document.getElementById('s').textContent=this.value\""
                asks = f"<label>Code <input name=code {shown}></label><p id=s style='font-size:60px'></p>"
                return page("Say it", f"<form method=post action=/told>{asks}<button>Next</button></form>")

    return answer


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield ready


async def shares(hands: BrowserPerformer, log: Kept, colour: tuple[int, int, int]) -> list[float]:
    """Of each step's picture, how much of it is of a colour."""
    told = []
    async with hands.windows.opened(None) as window:
        for step in log.steps:
            for kept in step.artifacts:
                assert (kept.kind, kept.media_type) == ("screenshot", "image/jpeg")
                content = base64.b64encode(await hands.store.get(kept.sha256)).decode()
                told.append(float(await window.page.evaluate(_COUNT_JS, [content, *colour])))
    return told


def steps(value: str) -> list[dict[str, Any]]:
    return [
        {"op": "fill", "target": {"label": "Code"}, "value": value},
        {"op": "click", "target": {"role": "button", "name": "Next"}},
        {"op": "click", "target": {"text": "Onward"}},
        {"op": "click", "target": {"text": "Stay"}},
        {"op": "wait", "seconds": 0.5},
    ]


async def test_each_step_has_a_picture_of_what_the_window_showed(hands: BrowserPerformer) -> None:
    with serve(echoing) as site:
        log = Kept()
        verdict = await hands.perform(job("look around", site.url, steps=steps("plain")), log)
        assert isinstance(verdict, Reached), verdict
    assert [len(step.artifacts) for step in log.steps] == [1] * len(log.steps)
    green = await shares(hands, log, GREEN)
    assert green[0] < 0.1
    assert green[-1] > 0.5


async def test_what_a_page_repeats_of_a_secret_is_covered(
    hands: BrowserPerformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE_WORD", WORD)
    with serve(echoing) as site:
        log = Kept()
        given = job("say it", site.url, steps=steps("{{secret:code}}"), secrets={"code": "env:CODE_WORD"})
        assert isinstance(await hands.perform(given, log), Reached)
        assert ("/told", WORD) in site.record
    pink = await shares(hands, log, PINK)
    # The page that repeats it as it is typed, then the next one: both covered where the secret stands. Then it is gone.
    assert len(pink) == len(log.steps)
    assert [share > 0.005 for share in pink[-5:]] == [True, True, False, False, False]


async def test_pictures_can_be_left_out(hands: BrowserPerformer) -> None:
    with serve(echoing) as site:
        log = Kept()
        await replace(hands, filmed="none").perform(job("look around", site.url, steps=steps("plain")), log)
    assert [step.artifacts for step in log.steps] == [[]] * len(log.steps)
