"""`beatwatch decode`: what a payload says, as canonical readings."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import InvalidInputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decode")(decode)


def decode(
    format_name: Annotated[str, typer.Option("--format", help="Payload format, such as teltonika or beatwatch-json.")],
    file: Annotated[
        Path | None, typer.Argument(help="File with the payload; - or none: standard input.", show_default=False)
    ] = None,
    topic: Annotated[str, typer.Option(help="Topic it came on, which may name the device and the kind of message.")] = "",
    device: Annotated[str, typer.Option(help="The device's identity, where neither topic nor payload gives it.")] = "",
    in_hex: Annotated[bool, typer.Option("--hex", help="The payload is written in hexadecimal digits.")] = False,
    received_at: Annotated[str, typer.Option(help="When it was received, ISO 8601 with a zone; now if not given.")] = "",
    profile: Annotated[Path | None, typer.Option(help="JSON file with the profile: wiring, units, vendor's habits.")] = None,
) -> None:
    """Print one JSON object per reading in a payload; what is absent is missing."""
    import msgspec

    from wire.reading_json import reading_members
    from wire.registry import codec
    from wire.topics import Router

    route = Router().route(topic)
    device = device or (route.device if route else "")
    held = None if profile is None else _profile(format_name, profile)
    payload = _payload(file, in_hex=in_hex)
    readings = codec(format_name, default=held).decode(topic, payload, _moment(received_at), device)
    for reading in readings:
        print(msgspec.json.encode(reading_members(reading)).decode())


def _payload(file: Path | None, *, in_hex: bool) -> bytes:
    try:
        content = sys.stdin.buffer.read() if file is None or str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidInputError(str(file), error.strerror or str(error)) from error
    if not in_hex:
        return content
    try:
        return bytes.fromhex(content.decode("ascii").strip().removeprefix("0x"))
    except ValueError as error:
        raise InvalidInputError("payload", f"is not hexadecimal: {error}") from error


def _moment(text: str) -> datetime:
    from wire.instants import parse_instant

    try:
        return parse_instant(text) if text else datetime.now(UTC)
    except ValueError as error:
        raise InvalidInputError("received-at", str(error)) from error


def _profile(format_name: str, file: Path) -> object:
    from wire.files.node import parse_document
    from wire.files.reading import read_bytes
    from wire.registry import profile

    return profile(format_name, parse_document(read_bytes(file), str(file)).mapping())
