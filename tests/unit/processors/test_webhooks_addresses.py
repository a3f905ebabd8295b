"""Which addresses may be called."""

from __future__ import annotations

import pytest

from events.addresses import AddressRules

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds hand out credentials
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    assert AddressRules().refusal("hooks.example.org", [address]) is None


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_others_may_not(address: str) -> None:
    refusal = AddressRules().refusal("hooks.example.org", [address])

    assert refusal is not None
    assert "GOALTRAIL_WEBHOOKS__ALLOWED" in refusal


def test_one_bad_address_among_good_ones_is_enough() -> None:
    assert AddressRules().refusal("hooks.example.org", [*PUBLIC, "10.0.0.1"]) is not None


def test_what_an_operator_names_may_be_called_and_nothing_beside_it() -> None:
    rules = AddressRules.of(["10.1.0.0/16", "Hooks.Internal", "fd00::/8", "127.0.0.1"])

    assert rules.refusal("anything", ["10.1.9.9"]) is None
    assert rules.refusal("anything", ["::ffff:10.1.9.9"]) is None
    assert rules.refusal("anything", ["127.0.0.1"]) is None
    assert rules.refusal("hooks.internal.", ["192.168.0.1"]) is None
    assert rules.refusal("anything", ["fd00::7"]) is None
    assert rules.refusal("anything", ["10.2.0.1"]) is not None
    assert rules.refusal("evil-hooks.internal", ["192.168.0.1"]) is not None
    assert rules.refusal("anything", ["10.1.9.9", "10.2.0.1"]) is not None


def test_everything_may_be_called_where_that_is_said() -> None:
    rules = AddressRules.of([], allow_private=True)

    assert rules.refusal("localhost", ["127.0.0.1", "::1"]) is None
