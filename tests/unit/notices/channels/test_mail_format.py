"""What is written can be read back by a mail program, letter by letter, whatever the text."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.notices.channels.mail_format import written
from services.notices.channels.mail_settings import as_header
from services.notices.rules.message import Message, message_id, one_line, thread_id

KEY = b"k" * 32
CASE = UUID("01900000-0000-7000-8000-00000000000a")
ID, THREAD = message_id(KEY, CASE, 9_999), thread_id(KEY, CASE)
OURS = as_header("Arbejdstilsynet, Øst <svar@example.dk>")
_LETTERS = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029")
_DANISH = st.sampled_from("abcdefghæøåÆØÅé ,;:()<>@\"'-–.!?=_&€1234567890")
_WORDS = st.lists(st.text(_DANISH, min_size=1, max_size=40), min_size=1, max_size=12).map(" ".join)


def read_back(subject: str = "Et tilbud venter", text: str = "Hej\n") -> tuple[bytes, EmailMessage]:
    told = Message(
        message_id=ID,
        told_by=CASE,
        to="leder@example.dk",
        at=datetime(2026, 3, 5, tzinfo=UTC),
        subject=subject,
        text=text,
        html=f"<p>{text}</p>",
        has_legal_effect=False,
        thread_id=THREAD,
    )
    raw = written(told, to=told.to, sender=OURS, reply_to=OURS)
    return raw, message_from_bytes(raw, policy=SMTP)


@given(_WORDS)
def test_every_subject_reads_as_it_was_written(subject: str) -> None:
    raw, mail = read_back(subject=subject)
    assert raw.isascii()
    assert mail["Subject"] == one_line(subject)
    assert mail["To"] == "leder@example.dk"


@given(st.text(_LETTERS, max_size=300))
def test_every_text_reads_as_it_was_written(text: str) -> None:
    raw, mail = read_back(text=text + "\n")
    assert raw.isascii()
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert body.get_content().replace("\r\n", "\n") == text + "\n"


def test_ids_stand_in_headers_as_they_are() -> None:
    raw, _ = read_back()
    for line in (f"Message-ID: <{ID}>", f"References: <{THREAD}>"):
        assert line.encode() in raw.splitlines(), "neither folded nor encoded"
