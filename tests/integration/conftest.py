"""What several integration tests share beside the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.kafka_server import Broker
from tests.integration.installation import Installation, installed


@pytest.fixture(scope="session")
def client_home(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A processor and an API for tests of clients: each test leaves no task behind that others could claim.

    It has the default names of topics, so that examples need not mention them; nobody else on this broker has them.
    """
    folder = tmp_path_factory.mktemp("clients")
    with installed(broker.bootstrap, folder, prefix="goaltrail.", partitions=12) as installation:
        yield installation
