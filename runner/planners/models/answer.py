"""What a model may answer, and the act it means on the view it was shown. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from runner.page.acts import Await, PageAct, Pick, Point, Push, Put, Read, Scroll, Strike, Tick, Visit, Write
from runner.page.view import Element, View
from runner.planners.seeing import Advice, Done, Next, Refusal

Verb = Literal[
    "press", "fill", "type", "choose", "check", "uncheck", "key", "hover", "scroll_down", "scroll_up", "read",
    "open", "wait", "done", "give_up",
]  # fmt: skip


class Answer(BaseModel):
    """The next act. One flat object: small models fill it in more often than a union."""

    model_config = ConfigDict(extra="ignore")

    act: Verb
    element: str = Field(default="", description="id of the element, such as e12; empty for open, wait, done, give_up")
    value: str = Field(
        default="",
        description="text to fill in or type; option to choose; key to press; address to open; name for what is read",
    )
    why: str = Field(default="", description="a few words for the log")


class WrongAnswer(Exception):
    """Raised when an answer means no act on this view; the text is for the model, which may try once more."""


def advice_of(answer: Answer, view: View) -> Advice:
    """What the answer means.

    Raises:
        WrongAnswer: no such element, one of the wrong kind, or a value is missing.
    """
    why = answer.why.strip()[:300] or "the model says so"
    if answer.act == "done":
        return Done()
    if answer.act == "give_up":
        return Refusal(why)
    if answer.act == "wait":
        return Next(Await(1.0), why)
    if answer.act == "open":
        return Next(Visit(_needed(answer, "an address")), why)
    return Next(_act(answer, _element(answer, view)), why)


def _element(answer: Answer, view: View) -> Element:
    element = view.get(answer.element.strip())
    if element is None:
        raise WrongAnswer(f"there is no element {answer.element!r}: use an id from the list")
    if element.disabled:
        raise WrongAnswer(f"element {element.id} is disabled")
    return element


def _act(answer: Answer, element: Element) -> PageAct:
    match answer.act:
        case "fill" | "type":
            if not element.takes_text and answer.act == "fill":
                raise WrongAnswer(f"element {element.id} is no field that takes text")
            text = _needed(answer, "a text")
            return Put(element.id, text) if answer.act == "fill" else Write(element.id, text)
        case "choose":
            option = _needed(answer, "an option")
            if element.options and option not in element.options:
                raise WrongAnswer(f"element {element.id} has no option {option!r}")
            return Pick(element.id, (option,))
        case "check" | "uncheck":
            if element.checked is None:
                raise WrongAnswer(f"element {element.id} cannot be checked")
            return Tick(element.id, on=answer.act == "check")
        case "key":
            return Strike(element.id, _needed(answer, "a key"))
        case "hover":
            return Point(element.id)
        case "scroll_down" | "scroll_up":
            return Scroll(element.id, "bottom" if answer.act == "scroll_down" else "top")
        case "read":
            return Read(element.id, _needed(answer, "a name for what is read"))
        case _:
            return Push(element.id)


def _needed(answer: Answer, what: str) -> str:
    if not answer.value:
        raise WrongAnswer(f"`{answer.act}` needs {what} in `value`")
    return answer.value
