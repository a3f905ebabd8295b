"""The swimming school's switches that only a browser meets: the modal, the forms that are redrawn, the deadly page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from demo.site import RunningSite, serve
from tests.wait import until

pytestmark = pytest.mark.browser

FORM = "/classes/dolphins/register"
_CONNECTED = "element => element.isConnected"


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        yield page


@pytest.fixture
def site() -> Iterator[RunningSite]:
    with serve() as site:
        site.switch(login_required=False)
        yield site


def register(page: Page, site: RunningSite) -> None:
    page.goto(site.url + FORM)
    page.get_by_label("Child's name").fill("Eden")
    page.get_by_label("Age").fill("7")
    page.get_by_label("Contact email").fill("parent@example.org")
    page.get_by_label("Day").select_option("Tuesday")
    page.get_by_role("button", name="Register").click()


def test_a_visitor_registers(page: Page, site: RunningSite) -> None:
    site.switch(login_required=True)
    page.goto(site.url)
    page.get_by_role("link", name="Dolphins", exact=True).click()
    page.get_by_label("Username").fill("parent")
    page.get_by_label("Password").fill("open-water")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Register for Dolphins")).to_be_visible()
    register(page, site)
    expect(page.get_by_role("heading", name="Registration confirmed")).to_be_visible()
    assert page.get_by_test_id("confirmation-number").inner_text() == "AQ-0001"
    assert [entry.child for entry in site.record()] == ["Eden"]


def test_the_modal_is_in_the_way_until_it_is_accepted(page: Page, site: RunningSite) -> None:
    site.switch(cookie_modal=True)
    page.goto(site.url)
    with pytest.raises(TookTooLong, match="intercepts pointer events"):
        page.get_by_role("link", name="Dolphins", exact=True).click(timeout=500)
    page.get_by_role("dialog").get_by_role("button", name="Accept cookies").click()
    page.get_by_role("link", name="Dolphins", exact=True).click()
    expect(page.get_by_role("heading", name="Register for Dolphins")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_form_that_is_redrawn_leaves_stale_elements_and_keeps_values(page: Page, site: RunningSite) -> None:
    site.switch(rerender_ms=1_000)
    page.goto(site.url + FORM)
    field = page.get_by_label("Child's name")
    first = field.element_handle()
    until(lambda: not first.evaluate(_CONNECTED), what="the form to be redrawn")
    field.fill("Eden")  # right after one redraw, so that no other comes in between
    second = field.element_handle()
    until(lambda: not second.evaluate(_CONNECTED), what="the form to be redrawn again")
    with pytest.raises(Error, match="not attached"):
        second.fill("Noa")
    assert field.input_value() == "Eden"


def test_a_deadly_page_ends_its_renderer_and_no_other(browser: Browser, page: Page, site: RunningSite) -> None:
    site.switch(deadly_path=FORM)
    page.goto(site.url + FORM, wait_until="commit")
    with pytest.raises(Error, match="Target crashed"):
        page.get_by_text("never there").wait_for(timeout=30_000)
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(f"{site.url}/classes")
        expect(other.get_by_role("heading", name="Dolphins")).to_be_visible()


def test_a_looping_page_never_answers_again(page: Page, site: RunningSite) -> None:
    site.switch(deadly_path=FORM, deadly_kind="loop")
    page.goto(site.url + FORM)
    with pytest.raises(TookTooLong):
        page.get_by_text("never there").wait_for(timeout=1_500)
