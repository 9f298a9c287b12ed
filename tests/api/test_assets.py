import json

import pytest

from api import assets


def test_the_lock_names_no_registry_host() -> None:
    lock = json.loads((assets.CONSOLE / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in package for package in packages.values())
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_every_whitelisted_file_is_installed() -> None:
    assets.install()
    assert assets.missing_files() == []


def test_a_second_installation_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assets.install()
    monkeypatch.setattr(assets, "_npm", lambda *arguments: pytest.fail(f"ran npm {arguments}"))
    assert assets.install() is False


def test_only_our_own_files_and_the_whitelist_are_served() -> None:
    served = assets.served_files()
    vendored = {name.removeprefix("vendor/") for name in served if name.startswith("vendor/")}
    assert vendored == set(assets.VENDOR)
    assert all(file.is_relative_to(assets.OWN) for name, file in served.items() if not name.startswith("vendor/"))
