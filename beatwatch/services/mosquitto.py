"""The mosquitto broker of the system's packages, with the settings that a batching consumer needs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from beatwatch.services.account import command_as, owned_folder, server_account, server_home
from beatwatch.services.ports import LOOPBACK, answers
from beatwatch.services.program import Program
from domain.errors import SettingsError

# The defaults (20 in flight, 1000 queued) stall a consumer that acknowledges after commit, and then drop QoS 1 messages.
_CONFIGURATION = """\
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 5
max_inflight_messages 0
max_queued_messages 0
max_queued_bytes 1073741824
max_packet_size 1048576
queue_qos0_messages false
persistent_client_expiration 30d
set_tcp_nodelay true
log_type error
log_type warning
"""


def embedded_mosquitto(state: Path, port: int) -> tuple[Program, str]:
    """The broker as a program, and its URL. Raises SettingsError when mosquitto is not installed."""
    binary = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise SettingsError("mosquitto is missing; install it (sudo apt-get install mosquitto), or set MQTT_URL")
    account = server_account()
    folder = owned_folder(server_home(state, account) / "mosquitto", account)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(_CONFIGURATION.format(host=LOOPBACK, port=port, folder=folder))
    configuration.chmod(0o644)
    program = Program(
        name="mosquitto",
        command=command_as(account, [binary, "-c", str(configuration)]),
        log=state / "logs" / "mosquitto.log",
        ready=lambda: answers(port),
    )
    return program, f"mqtt://{LOOPBACK}:{port}"
