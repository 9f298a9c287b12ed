"""`beatwatch device`: the registry of trackers, phones and sensors, and their log-ins at the broker."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.devices import DeviceState
from domain.errors import InvalidInputError

if TYPE_CHECKING:
    from store.device_admin import DeviceRef, Mount
    from store.downlink import Channel
    from store.pool import Connection

Key = Annotated[str, typer.Argument(help="the device's name, unique in its organisation")]
Org = Annotated[str, typer.Option("--org", help="slug of the organisation")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
_COLUMNS = ("organisation", "device_key", "model", "state", "adopted", "username", "identities", "mounted_on", "last_heard_at")


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="The registry of trackers, phones and sensors.")
    for name, command in (("add", add), ("list", list_all), ("rotate", rotate), ("disable", disable), ("enable", enable)):
        group.command(name)(command)
    group.command("mount")(mount_on)
    group.command("send")(send)
    group.command("sent")(list_sent)
    group.command("accounts")(accounts)
    app.add_typer(group, name="device")


def add(
    key: Key,
    org: Org = "default",
    model: Annotated[str | None, typer.Option(help="make and model")] = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(help="FORMAT=ID: what it is called in a foreign format, such as teltonika=352093081452251"),
    ] = None,
    vehicle: Annotated[str | None, typer.Option(help="the vehicle it is mounted on from now on")] = None,
    shelf: Annotated[str | None, typer.Option(help="the shelf it stands on from now on")] = None,
    asset: Annotated[str | None, typer.Option(help="the cooler, crate or keg it is on from now on")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a device and print its credentials: now, and never again."""
    from beatwatch.worker_connection import worker_connection
    from store import device_admin

    pairs = [_identity(text) for text in identity or ()]
    username, password, password_hash = _credential(org, key)
    with worker_connection() as connection:
        device = device_admin.add_device(connection, org, key, model)
        for format_name, external_id in pairs:
            device_admin.add_identity(connection, device, format_name, external_id)
        _mount(connection, device, vehicle, shelf, asset)
        device_admin.put_credential(connection, device, username, password_hash)
    _print_credential(username, password, as_json=as_json)


def list_all(
    org: Annotated[str | None, typer.Option("--org", help="only of this organisation")] = None, as_json: AsJson = False
) -> None:
    """All devices, also those that were adopted when they first reported."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store.device_admin import list_devices

    with worker_connection() as connection:
        rows = list_devices(connection, org)
    show(rows, _COLUMNS, as_json=as_json)


def rotate(key: Key, org: Org = "default", as_json: AsJson = False) -> None:
    """Give a device new credentials and print them; the old ones end."""
    from beatwatch.worker_connection import worker_connection
    from store import device_admin

    username, password, password_hash = _credential(org, key)
    with worker_connection() as connection:
        device = device_admin.device_named(connection, org, key)
        device_admin.put_credential(connection, device, username, password_hash)
    _print_credential(username, password, as_json=as_json)


def disable(key: Key, org: Org = "default") -> None:
    """Shut a device out: it cannot log in, and what still comes in its name is quarantined."""
    _set_state(org, key, DeviceState.disabled)


def enable(key: Key, org: Org = "default") -> None:
    """Let a disabled device in again."""
    _set_state(org, key, DeviceState.active)


def mount_on(
    key: Key,
    org: Org = "default",
    vehicle: Annotated[str | None, typer.Option(help="identifier of the vehicle")] = None,
    shelf: Annotated[str | None, typer.Option(help="identifier of the shelf")] = None,
    asset: Annotated[str | None, typer.Option(help="identifier of the cooler, crate or keg")] = None,
    since: Annotated[str | None, typer.Option(help="ISO 8601 with zone; now by default")] = None,
) -> None:
    """Say what a device is on, from a moment on; its earlier readings stay with what it was on then."""
    from beatwatch.worker_connection import worker_connection
    from store import device_admin

    with worker_connection() as connection:
        device = device_admin.device_named(connection, org, key)
        _mount(connection, device, vehicle, shelf, asset, since)


def send(
    key: Key,
    channel: Annotated[str, typer.Argument(help="cmd: a command, cfg: a configuration")],
    payload: Annotated[str, typer.Argument(help='JSON object, such as {"command": "report"}')],
    org: Org = "default",
    hours: Annotated[float, typer.Option(min=0.001, help="for which it is worth delivering")] = 24.0,
    as_json: AsJson = False,
) -> None:
    """Queue a command or a configuration for a device; it gets it now, or when it comes back."""
    from datetime import UTC, datetime, timedelta

    from beatwatch.worker_connection import worker_connection
    from store import device_admin, downlink

    try:
        content = json.loads(payload)
    except ValueError as error:
        raise InvalidInputError("payload", f"no JSON: {error}") from error
    if not isinstance(content, dict) or channel not in {"cmd", "cfg"}:
        raise InvalidInputError("payload", "give cmd or cfg, and a JSON object")
    chosen: Channel = "cmd" if channel == "cmd" else "cfg"
    with worker_connection() as connection:
        device = device_admin.device_named(connection, org, key)
        number = downlink.queue_message(connection, device, chosen, content, datetime.now(UTC) + timedelta(hours=hours))
    print(json.dumps({"id": number}) if as_json else f"queued as {number}")


def list_sent(key: Key, org: Org = "default", limit: Annotated[int, typer.Option(min=1)] = 50, as_json: AsJson = False) -> None:
    """What was sent to a device, newest first, and what it answered."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store import device_admin, downlink

    with worker_connection() as connection:
        rows = downlink.list_messages(connection, device_admin.device_named(connection, org, key), limit)
    columns = ("downlink_id", "channel", "payload", "state", "accepted", "reason", "created_at", "sent_at", "answered_at")
    show(rows, columns, as_json=as_json)


def accounts(
    folder: Annotated[Path, typer.Argument(help="where to write `passwords` and `access`", file_okay=False)],
    service_user: Annotated[str, typer.Option(help="log-in of the services themselves")] = "beatwatch",
    service_password: Annotated[str, typer.Option(envvar="MQTT_SERVICE_PASSWORD", help="its password")] = "",
    pid_file: Annotated[Path | None, typer.Option(help="mosquitto's; it is told by SIGHUP to read the files again")] = None,
    watch: Annotated[bool, typer.Option(help="keep them in step with the device table until SIGTERM")] = False,
) -> None:
    """Write mosquitto's password and access files from the device table."""
    import secrets

    from beatwatch.broker_files import BrokerFiles, hang_up, keep_in_step
    from beatwatch.services.servers import Servers
    from beatwatch.services.supervisor import stop_requested
    from beatwatch.settings import read_settings
    from beatwatch.worker_connection import worker_connection
    from ingest.broker_accounts import SERVICE_TOPICS, ServiceLogin, hash_password

    if not service_password:
        raise InvalidInputError("--service-password", "give the services a password (or set MQTT_SERVICE_PASSWORD)")
    service = ServiceLogin(service_user, hash_password(service_password, secrets.token_bytes(12)), SERVICE_TOPICS)
    files = BrokerFiles(folder, [service], (lambda: None) if pid_file is None else partial(hang_up, pid_file))
    if not watch:
        with worker_connection() as connection:
            files.update(connection)
        return
    with Servers(read_settings(), broker=False) as servers, stop_requested() as stop:
        keep_in_step(servers.database_url, files, stop)


def _identity(text: str) -> tuple[str, str]:
    from wire.registry import format_named

    format_name, found, external_id = text.partition("=")
    if not found or not external_id:
        raise InvalidInputError("--identity", f"{text!r} is not FORMAT=ID")
    format_named(format_name)
    return format_name, external_id


def _credential(org: str, key: str) -> tuple[str, str, str]:
    """User name, a new random password, and its hash."""
    import secrets

    from ingest.broker_accounts import hash_password, username_for

    password = secrets.token_urlsafe(24)
    return username_for(org, key), password, hash_password(password, secrets.token_bytes(12))


def _print_credential(username: str, password: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"username": username, "password": password}))
        return
    print(
        f"username  {username}\npassword  {password}\nIt is not stored: note it now. `beatwatch device rotate` makes a new one."
    )


def _mount(
    connection: Connection,
    device: DeviceRef,
    vehicle: str | None,
    shelf: str | None,
    asset: str | None,
    since: str | None = None,
) -> None:
    from datetime import UTC, datetime

    from store import device_admin
    from wire.instants import parse_instant

    given: tuple[tuple[Mount, str | None], ...] = (("vehicle", vehicle), ("shelf", shelf), ("asset", asset))
    chosen = [(kind, subject) for kind, subject in given if subject]
    if len(chosen) > 1:
        raise InvalidInputError("--" + chosen[1][0], "a device is on one thing at a time")
    try:
        moment = datetime.now(UTC) if since is None else parse_instant(since)
    except ValueError as error:
        raise InvalidInputError("--since", str(error)) from error
    for kind, subject in chosen:
        device_admin.mount(connection, device, kind, subject, moment)


def _set_state(org: str, key: str, state: DeviceState) -> None:
    from beatwatch.worker_connection import worker_connection
    from store import device_admin

    with worker_connection() as connection:
        device_admin.set_state(connection, device_admin.device_named(connection, org, key), state)
    print(f"{org}/{key} is {state}")
