"""Resolves the name of a receiver, and lets nothing through that leads into a private network."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from services.notices.channels.errors import NotPublic

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, the one to try first in front. Raises OSError if there are none."""
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_BITS = 0xFFFF_FFFF


async def resolved(host: str, port: int) -> Sequence[str]:
    """Implements Resolve by the machine's resolver. An address counts as its own name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def public_addresses(host: str, port: int, resolve: Resolve, lets_in: AbstractSet[str]) -> Sequence[str]:
    """Returns the addresses of a host, all of them public or among `lets_in`. Raises NotPublic or OSError.

    A connection must go to one of these, and not to the name: it could be resolved to something else meanwhile.
    """
    found = await resolve(host, port)
    if not found:
        raise OSError(f"{host} has no address")
    if not all(address in lets_in or is_public(address) for address in found):
        raise NotPublic(f"{host} leads to an address that is not public")
    return found


def is_public(address: str) -> bool:
    """Returns whether an address leads into the internet; what leads to another address is judged by that one."""
    read = _led_to(ip_address(address))
    if isinstance(read, IPv6Address) and read not in _GLOBAL_UNICAST:
        return False
    return read.is_global and not read.is_multicast


def _led_to(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address inside of an IPv6 address that is mapped, translated (NAT64) or tunnelled (6to4)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour or address
