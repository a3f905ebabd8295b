"""Which addresses a webhook or a browser may go to: the public internet, and what the operator allows. Pure.

A caller chooses `callback_url` and `site_url`, and our processes stand inside the operator's network: without these rules
anybody who may submit a goal could reach what only the inside is meant to reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_WEBHOOKS = "GOALTRAIL_WEBHOOKS__ALLOWED names hosts and networks that may be called, GOALTRAIL_WEBHOOKS__ALLOW_PRIVATE=true allows all"


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What is allowed beyond public addresses."""

    allow_private: bool = False
    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    how_to_allow: str = _WEBHOOKS  #: said with every refusal

    @staticmethod
    def of(allowed: Iterable[str], *, allow_private: bool = False, how_to_allow: str = _WEBHOOKS) -> AddressRules:
        """Rules from names, addresses and networks as an operator writes them."""
        hosts: set[str] = set()
        networks: list[IPv4Network | IPv6Network] = []
        for entry in allowed:
            try:
                networks.append(ip_network(entry.strip("[] "), strict=False))
            except ValueError:
                hosts.add(entry.strip().lower().rstrip("."))
        return AddressRules(allow_private, frozenset(hosts), tuple(networks), how_to_allow)

    def refusal(self, host: str, found: Iterable[str]) -> str | None:
        """Why a host with these addresses must not be called, or none; one bad address is enough."""
        if self.allow_private or host.lower().rstrip(".") in self.hosts:
            return None
        for text in found:
            address = ip_address(text.partition("%")[0])
            if not self._allows(address):
                return f"{host} is {text}, which is no public address; {self.how_to_allow}"
        return None

    def _allows(self, address: Address) -> bool:
        # An address inside another counts as both: a NAT64 gateway or the kernel would lead there.
        carried = _carried(address)
        if carried is not None:
            return self._allows(carried)
        if any(address in network for network in self.networks if network.version == address.version):
            return True
        # `is_global` holds for most of multicast.
        return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
