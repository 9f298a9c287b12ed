"""The unprivileged account and folder that servers get when we are root; PostgreSQL refuses to run as root."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import SettingsError

_PREFERRED = ("postgres", "nobody")
_SHARED_ROOT = Path("/var/lib/beatwatch")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a server runs as; `None` everywhere else means: as we are."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account for servers when we are root, else None. Raises SettingsError when root has nobody to become."""
    if os.geteuid() != 0:
        return None
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise SettingsError("PostgreSQL does not run as root and there is no account 'nobody'; set DATABASE_URL or do not be root")


def command_as(account: Account | None, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` as `account` and ends it when the program that started it dies."""
    if shutil.which("setpriv") is None:
        if account is not None:
            raise SettingsError("setpriv is missing; install the package util-linux, or set DATABASE_URL and MQTT_URL")
        return list(command)
    become = [] if account is None else [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    return ["setpriv", *become, "--pdeathsig=TERM", "--", *command]


def reachable(folder: Path, account: Account | None) -> bool:
    """Whether `account` may walk down to `folder`."""
    if account is None:
        return True
    return all(_may_enter(part, account) for part in (folder, *folder.parents) if part.exists())


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == account.gid else 0o001))


def server_home(state: Path, account: Account | None) -> Path:
    """The folder below which servers keep data: `state`, or, where their account cannot reach it, one of its own.

    The latter is named after `state`, and `state/servers` is a link to it.
    """
    state.mkdir(parents=True, exist_ok=True)
    if account is None or reachable(state.absolute(), account):
        return state.absolute()
    home = _SHARED_ROOT / hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:12]
    home.mkdir(parents=True, exist_ok=True, mode=0o755)
    link = state / "servers"
    if not link.is_symlink():
        link.symlink_to(home)
    return home


def owned_folder(folder: Path, account: Account | None) -> Path:
    """Make `folder`, private to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder
