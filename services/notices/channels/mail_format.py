"""Writes a message as an e-mail: RFC 5322 and MIME, in seven bits, so that no mail program shows æ, ø and å wrongly."""

from collections.abc import Iterator
from email import encoders
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import format_datetime

from services.notices.rules.message import Attachment, Message, one_line

_END = "\r\n"
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
# EmailMessage would be the newer way, but takes three times as long, and loses spaces between encoded words.
_AS_TRANSFERRED = Compat32(linesep=_END, mangle_from_=False)


def written(message: Message, *, to: str, sender: str, reply_to: str) -> bytes:
    """Returns the e-mail as it is transferred, with CRLF line ends.

    `to` is an address without a name: its local part may have other letters than ASCII, its domain may not. `sender`
    and `reply_to` are encoded already. Nothing in a text can become a header: each header is one line, which only
    encoding breaks.
    """
    head = "".join(f"{name}: {value}{_END}" for name, value in _headers(message, to, sender, reply_to))
    return head.encode() + _content(message).as_bytes(policy=_AS_TRANSFERRED)


def _headers(message: Message, to: str, sender: str, reply_to: str) -> Iterator[tuple[str, str]]:
    yield "From", one_line(sender)
    yield "Reply-To", one_line(reply_to)
    yield "To", one_line(to)
    yield "Subject", Header(one_line(message.subject), _UTF8, header_name="Subject").encode(linesep=_END)
    yield "Date", format_datetime(message.at)
    yield "Message-ID", f"<{one_line(message.message_id)}>"
    if message.thread_id is not None:
        yield "In-Reply-To", f"<{one_line(message.thread_id)}>"
        yield "References", f"<{one_line(message.thread_id)}>"
    yield "Auto-Submitted", "auto-generated"


def _content(message: Message) -> MIMEMultipart:
    """Returns the text and the HTML, of which a mail program shows one, and the attachments beside them."""
    texts = MIMEMultipart("alternative", _subparts=[_text(message.text, "plain"), _text(message.html, "html")])
    if not message.attachments:
        return texts
    return MIMEMultipart("mixed", _subparts=[texts, *(_attached(one) for one in message.attachments)])


def _text(text: str, kind: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", kind)
    part.set_payload(text, _UTF8)
    return part


def _attached(attachment: Attachment) -> MIMEBase:
    main, _, sub = one_line(attachment.media_type).partition("/")
    part = MIMEBase(main, sub)
    part.set_payload(attachment.content)
    encoders.encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", one_line(attachment.name)))
    return part
