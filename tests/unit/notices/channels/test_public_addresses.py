"""No push leads into a private network, however its address is written and whatever its name resolves to."""

from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest

from services.notices.channels.errors import NotPublic
from services.notices.channels.public_addresses import is_public, public_addresses, resolved

PUBLIC = ("9.9.9.9", "2606:4700:4700::1111", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1")
PRIVATE = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    str(IPv4Address(0)),
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "::10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:a00:1::1",
    "2001:0:a00:1::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
)


def leading_to(*addresses: str) -> "Resolver":
    return Resolver(addresses)


class Resolver:
    """Answers with addresses that a test names."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses, self.asked = addresses, 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.addresses


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_every_other_address_is_not(address: str) -> None:
    assert not is_public(address)


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    """Else who owns the name chooses, by order or by chance, when a push goes inside."""
    with pytest.raises(NotPublic, match=r"portal\.example leads to an address that is not public"):
        await public_addresses("portal.example", 443, leading_to("9.9.9.9", "10.0.0.1"), frozenset())


async def test_an_address_of_this_machine_is_taken_only_if_it_is_let_in() -> None:
    assert await public_addresses("127.0.0.1", 80, leading_to("127.0.0.1"), {"127.0.0.1"}) == ("127.0.0.1",)
    with pytest.raises(NotPublic):
        await public_addresses("127.0.0.1", 80, leading_to("127.0.0.1"), frozenset())
    with pytest.raises(NotPublic):
        await public_addresses("portal.example", 80, leading_to("127.0.0.1", "10.0.0.1"), {"127.0.0.1"})


async def test_a_name_without_addresses_is_no_address() -> None:
    with pytest.raises(OSError, match="has no address"):
        await public_addresses("portal.example", 443, leading_to(), frozenset())


@pytest.mark.parametrize(
    "written", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::ffff:127.0.0.1"]
)
async def test_however_this_machine_is_written_it_is_found(written: str) -> None:
    """The resolver reads these as addresses: they are judged by what it says, not by how they look."""
    with pytest.raises(NotPublic):
        await public_addresses(written, 443, resolved, frozenset())
