"""The analysts' page is served without a key, whole, and bound to this host."""

from __future__ import annotations

import re

from tests.unit.api.world import World


async def test_the_page_and_all_that_it_names(world: World) -> None:
    page = await world.http.get("/analysts", headers={"Authorization": ""})
    assert page.status_code == 200
    named = re.findall(r'(?:href|src)="(/[^"]+)"', page.text)
    assert named == ["/analysts/page.css", "/analysts/page.js"]
    kinds = {path: (await world.http.get(path)).headers["content-type"] for path in named}
    assert kinds == {named[0]: "text/css; charset=utf-8", named[1]: "text/javascript; charset=utf-8"}


async def test_nothing_of_other_hosts_is_allowed(world: World) -> None:
    for path in ("/analysts", "/analysts/page.js", "/analysts/page.css", "/analysts/examples.json"):
        answer = await world.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; "), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "://" not in answer.text, "no other host is named"


async def test_the_examples_are_told(world: World) -> None:
    told = (await world.http.get("/analysts/examples.json")).json()
    assert {"view", "question", "sql"} == told[0].keys()
    assert "v_tasks" in {example["view"] for example in told}
