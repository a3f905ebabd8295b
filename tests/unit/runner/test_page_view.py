"""Views: what is new, where rows are, and how an element is found again."""

from __future__ import annotations

from dataclasses import replace

from events import action
from events.action import (
    Check,
    Click,
    Extract,
    Fill,
    Hover,
    Navigate,
    Press,
    Select,
    SelectMany,
    SelectText,
    Target,
    Type,
    Wait,
)  # fmt: skip
from runner.page.acts import (
    Await,
    Drag,
    Mark,
    PageAct,
    Pick,
    Point,
    Push,
    Put,
    Read,
    Scroll,
    Strike,
    Tick,
    Visit,
    Write,
)  # fmt: skip
from runner.page.bundle import bundle
from runner.page.recorded import as_action, as_seen
from runner.page.view import shared
from tests.seeing import button, field, group, icon, page, part


def test_ids_are_stable_for_what_did_not_change_and_fresh_names_the_rest() -> None:
    before = page(button("Save"), field("Name"))
    now = page(button("Save"), field("Name", value="Ann"), button("New"), before=before)

    assert now.elements[0].id == before.elements[0].id
    assert {now.get(name).own if now.get(name) else "" for name in now.fresh} >= {"New"}  # type: ignore[union-attr]
    assert now.elements[0].id not in now.fresh
    assert now.elements[1].id in now.fresh


def test_the_first_look_has_nothing_fresh() -> None:
    assert not page(button("Save")).fresh


def test_rows_are_shared_containers() -> None:
    view = page(*(group(part("span", name), icon("star")) for name in ("Ann", "Bob")))
    ann, star, bob, other = view.elements

    assert shared(ann, star) > shared(ann, other)
    assert shared(bob, other) > shared(bob, star)


def test_a_bundle_begins_with_the_durable_and_ends_with_the_place() -> None:
    view = page(button("Save", test_id="save", attr="save"), button("Cancel"))
    found = bundle(view, view.elements[0])

    assert found[0] == Target(test_id="save")
    assert found[1] == Target(role="button", name="Save", exact=True)
    assert found[-1] == Target(css=view.elements[0].css)


def test_twins_are_told_apart_by_their_row() -> None:
    view = page(*(group(part("span", name), button("Remove")) for name in ("Ann", "Bob")))
    found = bundle(view, view.elements[3])

    assert found[0] == Target(role="button", name="Remove", exact=True, within="Bob")


def test_acts_become_actions_of_the_record_with_durable_targets() -> None:
    view = page(button("Send"), field("Name", type="text"), icon("star"))
    send, name, star = view.elements

    assert as_action(view, Push(send.id), irreversible=True) == Click(
        target=Target(role="button", name="Send", exact=True), irreversible=True
    )
    assert as_action(view, Put(name.id, "Ann")) == Fill(
        target=Target(role="textbox", name="Name", exact=True), value="Ann"
    )
    assert as_action(view, Push(star.id)) == Click(target=Target(css=star.css))
    assert as_action(view, Point(star.id)) == Hover(target=Target(css=star.css))
    assert as_action(view, Push("e99")) is None


def test_every_act_has_an_action_on_the_very_element_and_in_its_frame() -> None:
    seen = page(button("Send"))
    view = replace(seen, elements=(replace(seen.elements[0], frame="pay"),))
    e = view.elements[0]
    target = Target(css=e.css, frame="pay")

    acts: list[PageAct] = [Push(e.id, (1, 2)), Put(e.id, "a"), Write(e.id, "a", enter=True), Pick(e.id, ("a",)), Pick(e.id, ("a", "b")),
            Tick(e.id, on=False), Strike(e.id, "Tab", 3), Point(e.id), Drag(e.id, (5, 6)), Scroll(e.id, "top"),
            Mark(e.id), Read(e.id, "k"), Visit("/x"), Await(1.5)]  # fmt: skip
    expected = [
        Click(target=target, at=(1, 2)), Fill(target=target, value="a"), Type(target=target, value="a", enter=True),
        Select(target=target, option="a"), SelectMany(target=target, options=["a", "b"]),
        Check(target=target, checked=False), Press(target=target, key="Tab", times=3), Hover(target=target),
        action.Drag(target=target, to=(5, 6)), action.Scroll(target=target, end="top"), SelectText(target=target),
        Extract(target=target, key="k"), Navigate(url="/x"), Wait(seconds=1.5),
    ]  # fmt: skip

    assert [as_seen(view, act) for act in acts] == expected
    durable = as_action(view, Point(e.id))
    assert isinstance(durable, Hover)
    assert (durable.target.name, durable.target.frame) == ("Send", "pay")


def test_what_names_nothing_is_found_by_place_only() -> None:
    view = page(icon("star"), icon("star"))

    assert bundle(view, view.elements[0]) == (Target(css=view.elements[0].css),)
