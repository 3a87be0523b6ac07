"""Mails as servers and programs send them back."""


def delivery_report(action: str, status: str, *others: str) -> bytes:
    """A report of RFC 3464 about one recipient, or about several with other actions."""
    recipients = [(action, status), *((other, "2.0.0") for other in others)]
    blocks = "\r\n".join(
        f"Final-Recipient: rfc822; nobody@firma.example.dk\r\nAction: {done}\r\nStatus: {code}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <nobody@firma.example.dk>: no such user\r\n"
        for done, code in recipients
    )
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.dk>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nYour mail could not be delivered.\r\n"
        f"--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.dk\r\n\r\n{blocks}"
        "--B\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Et tilbud venter\r\n\r\n--B--\r\n"
    ).encode()


AUTO_REPLY = (
    b"From: firma@example.dk\r\nSubject: Autosvar: Et tilbud venter\r\nAuto-Submitted: auto-replied\r\n"
    b"Content-Type: text/plain\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
VACATION = (
    b"From: firma@example.dk\r\nSubject: Ferie\r\nPrecedence: bulk\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n'
    b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; x\r\nAction: failed\r\nStatus: 5.1.1\r\n--B--\r\n"
)
