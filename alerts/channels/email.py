"""Alerts by e-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

from alerts.channels.channel import DeliveryError
from alerts.letters import text_of
from domain.errors import SettingsError
from store.outbox import Claimed

_TIMEOUT_S = 10.0
_PORTS = {"smtp": 25, "smtps": 465}
_FINAL_FROM = 500  # RFC 5321: 5yz is a permanent refusal, 4yz a passing one


class EmailChannel:
    """Sends one mail a message, with its attachments.

    `url` is smtp://user:password@host:port, or smtps:// for TLS from the first byte.
    """

    def __init__(self, url: str, sender: str) -> None:
        """Raise SettingsError for a URL that is none of these."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise SettingsError(f"SMTP_URL={url.rpartition('@')[2]!r}: must be smtp://host:port or smtps://host:port")
        self._host, self._port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self._is_tls = parts.scheme == "smtps"
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._sender = sender

    def send(self, message: Claimed) -> str:
        """Send it. That its recipient or content is refused for good is final; that we are, by a wrong password, may pass."""
        try:
            with self._connect() as server:
                server.send_message(self._mail(message))
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise DeliveryError(f"refused: {code} {_text(reply)}", is_final=code >= _FINAL_FROM) from error
        except smtplib.SMTPResponseException as error:
            detail = f"{error.smtp_code} {_text(error.smtp_error)}"
            is_of_content = isinstance(error, smtplib.SMTPDataError)
            raise DeliveryError(detail, is_final=is_of_content and error.smtp_code >= _FINAL_FROM) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error
        return f"accepted by {self._host}"

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if self._login:
            server.login(*self._login)
        return server

    def _mail(self, message: Claimed) -> EmailMessage:
        mail = EmailMessage()
        text = text_of(message.body)
        try:
            mail["From"], mail["To"] = self._sender, message.address
            mail["Subject"] = text.splitlines()[0] if text else "Alert"
        except ValueError as error:
            raise DeliveryError(f"no address: {error}", is_final=True) from error
        mail["Message-ID"] = make_msgid(f"{message.message_id}", "beatwatch")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n".join([text, "", *_figures(message), "", *_links(message)]))
        for attachment in message.attachments:
            kind, _, subtype = attachment.content_type.partition("/")
            mail.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)
        return mail


def _figures(message: Claimed) -> list[str]:
    facts = message.body.get("facts")
    return [f"{name.replace('_', ' ')}: {value}" for name, value in sorted(facts.items())] if isinstance(facts, dict) else []


def _links(message: Claimed) -> list[str]:
    links = message.body.get("links")
    return [f"{what}: {link}" for what, link in links.items()] if isinstance(links, dict) else []


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
