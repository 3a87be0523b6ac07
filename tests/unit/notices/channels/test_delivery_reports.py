"""Only a report that a message failed, to a return address of ours, says anything (R4)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notices.rules.bounces import Bounce, is_report, read_bounce
from services.notices.rules.message import message_id, return_address
from tests.unit.notices.channels.reports import AUTO_REPLY, VACATION, delivery_report

pytestmark = pytest.mark.rule("R4")
DOMAIN = "retur.example.dk"
KEY = b"k" * 32
ID = message_id(KEY, UUID("01900000-0000-7000-8000-00000000000a"), 0)
ADDRESS = return_address(DOMAIN, ID, KEY)
FORGED = return_address(DOMAIN, ID, b"f" * 32)


def read(raw: bytes, recipient: str = ADDRESS) -> Bounce | None:
    return read_bounce(raw, recipient, DOMAIN, [KEY])


def test_an_address_that_does_not_exist_is_told_with_its_code_and_nothing_else() -> None:
    assert read(delivery_report("failed", "5.1.1")) == Bounce(ID, final=True, status="5.1.1")


def test_a_server_that_gave_up_for_now_is_not_final() -> None:
    assert read(delivery_report("failed", "4.4.7")) == Bounce(ID, final=False, status="4.4.7")


@pytest.mark.parametrize(
    ("written", "status"), [("5.2.2 (mailbox full)", "5.2.2"), ("unknown", "5.0.0"), ("", "5.0.0")]
)
def test_a_status_is_read_as_servers_write_it(written: str, status: str) -> None:
    assert read(delivery_report("failed", written)) == Bounce(ID, final=True, status=status)


def test_capital_letters_do_not_matter() -> None:
    assert read(delivery_report("FAILED", "5.1.1").replace(b"delivery-status;", b"Delivery-Status;")) is not None
    assert read(delivery_report("failed", "5.1.1"), ADDRESS.upper()) is not None


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "unfailed"])
def test_whatever_did_not_fail_says_nothing(action: str) -> None:
    assert read(delivery_report(action, "4.4.1")) is None


def test_a_list_of_which_one_member_was_reached_says_nothing() -> None:
    assert read(delivery_report("failed", "5.1.1", "delivered")) is None
    assert read(delivery_report("failed", "5.1.1", "delayed")) is not None


@pytest.mark.parametrize("raw", [AUTO_REPLY, VACATION, b"", b"\r\n", b"Subject: hej\r\n\r\nAction: failed\r\n"])
def test_replies_and_other_mail_say_nothing(raw: bytes) -> None:
    assert read(raw) is None
    assert not is_report(raw)


def test_a_forged_report_says_nothing() -> None:
    assert read(delivery_report("failed", "5.1.1"), FORGED) is None
    assert read(delivery_report("failed", "5.1.1"), "post@retur.example.dk") is None


def test_a_report_inside_of_another_mail_says_nothing() -> None:
    inner = delivery_report("failed", "5.1.1")
    assert read(b"Subject: fwd\r\nContent-Type: message/rfc822\r\n\r\n" + inner) is None


def test_a_report_of_another_kind_says_nothing() -> None:
    read_receipt = delivery_report("failed", "5.1.1").replace(b"delivery-status;", b"disposition-notification;")
    assert read(read_receipt) is None


@given(st.lists(st.sampled_from(delivery_report("failed", "5.1.1").splitlines(keepends=True))))
def test_no_order_of_lines_raises(lines: list[bytes]) -> None:
    read(b"".join(lines))


@given(st.binary(max_size=400), st.integers(0, 700))
def test_no_bytes_raise(planted: bytes, place: int) -> None:
    raw = delivery_report("failed", "5.1.1")
    read(raw[:place] + planted + raw[place:])
    read(planted)


def test_deep_nesting_raises_nothing() -> None:
    raw = b"".join(
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="%d"\r\n\r\n--%d\r\n' % (level, level)
        for level in range(3_000)
    )
    assert read(raw) is None
    assert read(b"Content-Type: message/rfc822\r\n\r\n" * 3_000) is None
