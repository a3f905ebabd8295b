"""The swimming school over HTTP: what visitors see, what reaches its record, and what the switches do."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.site import Fault, RunningSite, Switches, serve

FORM = {"child": "Eden", "age": "7", "email": "parent@example.org", "day": "Tuesday"}
REGISTER = "/classes/dolphins/register"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    with serve(tmp_path / "record.jsonl") as site:
        yield site


@pytest.fixture
def visitor(site: RunningSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, follow_redirects=True) as client:
        yield client


@pytest.fixture
def parent(visitor: httpx.Client) -> httpx.Client:
    assert log_in(visitor).url.path == "/classes"
    return visitor


def log_in(visitor: httpx.Client, password: str = "open-water") -> httpx.Response:
    return visitor.post("/login", data={"username": "parent", "password": password, "next": "/classes"})


def test_the_classes_can_be_seen_without_a_login(visitor: httpx.Client) -> None:
    page = visitor.get("/")
    assert page.url.path == "/classes"
    assert "Tuesday: 12 places left" in page.text
    assert "Register for Dolphins" in page.text


def test_a_registration_needs_a_login_and_returns_after_it(visitor: httpx.Client, site: RunningSite) -> None:
    asked = visitor.get(REGISTER)
    assert (asked.url.path, asked.url.params["next"]) == ("/login", REGISTER)
    assert visitor.post(REGISTER, data=FORM).url.path == "/login"
    assert site.record() == []

    answer = visitor.post("/login", data={"username": "parent", "password": "open-water", "next": REGISTER})
    assert answer.url.path == REGISTER


def test_a_wrong_password_opens_nothing(visitor: httpx.Client) -> None:
    for password in ("wrong", ""):
        answer = log_in(visitor, password)
        assert answer.status_code == 401
        assert "Wrong username or password" in answer.text
    assert visitor.get("/registrations").url.path == "/login"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
def test_a_login_leads_to_no_other_site(visitor: httpx.Client, target: str) -> None:
    answer = visitor.post("/login", data={"username": "parent", "password": "open-water", "next": target})
    assert str(answer.url) == f"{visitor.base_url}/classes".replace("//classes", "/classes")


def test_a_registration_is_confirmed_and_recorded(parent: httpx.Client, site: RunningSite, tmp_path: Path) -> None:
    page = parent.post(REGISTER, data=FORM)
    assert "<h1>Registration confirmed</h1>" in page.text
    assert "AQ-0001" in page.text

    (entry,) = site.record()
    assert (entry.child, entry.day, entry.class_id, entry.username) == ("Eden", "Tuesday", "dolphins", "parent")
    assert entry.request > 1
    assert parent.get("/record.json").json() == [entry.model_dump(mode="json")]
    assert (tmp_path / "record.jsonl").read_text() == entry.model_dump_json() + "\n"
    assert "Tuesday: 11 places left" in parent.get("/classes").text


def test_a_reload_registers_nothing_and_a_second_post_is_seen(parent: httpx.Client, site: RunningSite) -> None:
    page = parent.post(REGISTER, data=FORM)
    parent.get(page.url)
    assert len(site.record()) == 1
    parent.post(REGISTER, data=FORM)
    assert [entry.number for entry in site.record()] == ["AQ-0001", "AQ-0002"]


def test_what_is_wrong_with_a_form_is_said_and_nothing_recorded(parent: httpx.Client, site: RunningSite) -> None:
    page = parent.post(REGISTER, data={**FORM, "age": "12"})
    assert page.status_code == 422
    assert "Dolphins is for ages 6 to 8." in page.text
    assert 'value="Eden"' in page.text
    assert site.record() == []
    assert parent.get("/classes/water-polo/register").status_code == 404


def test_a_registration_can_be_cancelled_by_who_made_it(parent: httpx.Client, site: RunningSite) -> None:
    parent.post(REGISTER, data=FORM)
    with httpx.Client(base_url=site.url, follow_redirects=True) as coach:
        coach.post("/login", data={"username": "coach", "password": "deep-end"})
        assert coach.get("/registrations/AQ-0001").status_code == 404
        assert coach.post("/registrations/AQ-0001/cancel").status_code == 404
    page = parent.post("/registrations/AQ-0001/cancel")
    assert "You have no registrations yet" in page.text
    assert [entry.kind for entry in site.record()] == ["registered", "cancelled"]
    assert parent.post("/registrations/AQ-0001/cancel").status_code == 404


def test_a_logout_ends_the_session(parent: httpx.Client) -> None:
    assert parent.get("/registrations").url.path == "/registrations"
    session = parent.cookies["session"]
    parent.post("/logout")
    assert httpx.get(parent.base_url.join("/registrations"), cookies={"session": session}).status_code == 303


def test_text_of_visitors_is_no_html(parent: httpx.Client) -> None:
    page = parent.post(REGISTER, data={**FORM, "child": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_every_field_has_a_label_and_nothing_comes_from_outside(parent: httpx.Client) -> None:
    fields: list[str] = []
    labels: list[str] = []
    for path in ("/login", "/classes", REGISTER, "/registrations"):
        page = parent.get(path).text
        fields += re.findall(r'<(?:input|select) id="([^"]+)"', page)
        labels += re.findall(r'<label for="([^"]+)"', page)
        assert "http" not in page
    assert fields == labels == ["username", "password", "child", "age", "email", "day"]


def test_switches_at_run_time(visitor: httpx.Client, site: RunningSite) -> None:
    assert visitor.get("/switches").json() == Switches().model_dump(mode="json")
    changed = visitor.post("/switches", json={"cookie_modal": True})
    assert changed.json()["cookie_modal"] is True
    assert site.school.troubles.switches == Switches(cookie_modal=True)
    for wrong in ({"cookie_modul": True}, {"places": -1}):
        refused = visitor.post("/switches", json=wrong)
        assert refused.status_code == 422
        assert next(iter(wrong)) in refused.json()["wrong"][0]
    assert visitor.post("/switches", content="{").status_code == 422


def test_a_cookie_modal_covers_pages_until_it_is_accepted(visitor: httpx.Client, site: RunningSite) -> None:
    site.switch(cookie_modal=True)
    assert 'role="dialog"' in visitor.get("/classes").text
    visitor.cookies.set("cookies_accepted", "yes")
    assert 'role="dialog"' not in visitor.get("/classes").text


def test_slow_pages(visitor: httpx.Client, site: RunningSite) -> None:
    site.switch(slow_paths={"/classes": 300})
    started = time.monotonic()
    visitor.get("/classes")
    assert time.monotonic() - started >= 0.3


def test_an_expired_session_leads_to_the_login(parent: httpx.Client, site: RunningSite) -> None:
    site.switch(expire_sessions=1, expire_path=REGISTER)
    assert parent.get("/registrations").url.path == "/registrations"
    assert parent.post(REGISTER, data=FORM).url.path == "/login"
    assert site.record() == []
    log_in(parent)
    assert parent.post(REGISTER, data=FORM).url.path == "/registrations/AQ-0001"


def test_errors_for_the_next_requests(parent: httpx.Client, site: RunningSite) -> None:
    site.switch(faults=[Fault(status=500), Fault(status=429, path="/registrations")])
    answers = [parent.get(path) for path in ("/classes", "/classes", "/registrations", "/registrations")]
    assert [answer.status_code for answer in answers] == [500, 200, 429, 200]
    assert answers[2].headers["retry-after"] == "1"


def test_an_answer_can_get_lost_after_the_work_was_done(parent: httpx.Client, site: RunningSite) -> None:
    site.switch(faults=[Fault(status=504, path=REGISTER, method="POST", after=True)])
    assert parent.post(REGISTER, data=FORM).status_code == 504
    assert [entry.child for entry in site.record()] == ["Eden"]


def test_a_redesign_says_everything_in_other_words(parent: httpx.Client, site: RunningSite) -> None:
    usual = parent.get(REGISTER).text
    site.switch(renamed_controls=True)
    redesigned = parent.get(REGISTER).text
    for text in ("Child&#39;s name", 'id="child"', "<button>Register</button>"):
        assert (text in usual, text in redesigned) == (True, False)
    assert parent.post(REGISTER, data=FORM).url.path == "/registrations/AQ-0001"


def test_an_extra_page_comes_before_the_registration(parent: httpx.Client, site: RunningSite) -> None:
    site.switch(extra_page=True)
    page = parent.post(REGISTER, data=FORM)
    assert "Please look it over" in page.text
    assert site.record() == []
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert parent.post(REGISTER, data=hidden).url.path == "/registrations/AQ-0001"


def test_without_a_login_registrations_are_a_guests(visitor: httpx.Client, site: RunningSite) -> None:
    site.switch(login_required=False)
    assert visitor.post(REGISTER, data=FORM).url.path == "/registrations/AQ-0001"
    assert [entry.username for entry in site.record()] == ["guest"]


def test_a_full_class_takes_nobody(parent: httpx.Client, site: RunningSite) -> None:
    site.switch(places=1)
    parent.post(REGISTER, data=FORM)
    assert "Tuesday: full" in parent.get("/classes").text
    assert "Dolphins is full on Tuesday." in parent.post(REGISTER, data=FORM).text
    assert len(site.record()) == 1


def test_the_record_outlives_the_site(tmp_path: Path) -> None:
    for number in ("AQ-0001", "AQ-0002"):
        with serve(tmp_path / "record.jsonl", Switches(login_required=False)) as site:
            page = httpx.post(site.url + REGISTER, data=FORM, follow_redirects=True)
            assert page.url.path == f"/registrations/{number}"


def test_the_site_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.site", "--record", str(tmp_path / "r.jsonl"), "--switches", '{"places": 3}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert "Tuesday: 3 places left" in httpx.get(f"{url}/classes").text
        finally:
            os.kill(process.pid, signal.SIGTERM)
    assert process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
