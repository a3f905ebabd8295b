"""The reference is kept: requests made from the OpenAPI page meet no 5xx and no status or shape it does not tell of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.kafka_server import Broker
from tests.integration.processes import Process, settings_of

pytestmark = pytest.mark.kafka

FEW = settings(
    max_examples=12,  # for each operation
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def address(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and key of an installation with a processor."""
    folder = tmp_path_factory.mktemp("schema")
    environment, url = settings_of(broker.bootstrap, f"schema-{uuid4().hex[:8]}.", folder)
    environment["GOALTRAIL_HTTP__OUTCOME_WAIT_SECONDS"] = "2"
    api = Process("api", folder, environment).start()
    processor = Process("processors", folder, environment).start()
    yield url, (Path(folder) / "operator.key").read_text().strip()
    for process in (api, processor):
        process.stop()


def test_requests_made_from_the_reference(address: tuple[str, str]) -> None:
    url, key = address
    headers = {"X-API-Key": key}
    assert httpx.post(f"{url}/api/browser-tasks/snapshots", headers=headers, timeout=30).status_code == 201
    found = list(schemathesis.openapi.from_url(f"{url}/openapi.json").get_all_operations())
    assert len(found) > 10
    for each in found:
        assert isinstance(each, Ok), each
        operation = each.ok()
        if operation.path.endswith("/stream"):
            continue  # it does not end; test_streams.py reads them

        @FEW
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

        ask()
