"""Folium with its assets from our own host, or inside the page itself."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from pathlib import Path
from typing import Final

import folium
from branca.element import Element, Figure
from folium.plugins import Fullscreen

from api.assets import MODULES, OWN


def _named(*files: str) -> list[tuple[str, str]]:
    """Files under their own names, as folium wants them."""
    return [(file, file) for file in files]


_SCRIPTS: Final = ["vendor/jquery/dist/jquery.min.js", "vendor/leaflet/dist/leaflet.js"]
_STYLES: Final = ["vendor/leaflet/dist/leaflet.css", "maps/map.css"]


class OwnMap(folium.Map):
    """A map that asks nobody but us: no tiles, and only the scripts and styles it needs."""

    default_js = _named(*_SCRIPTS)
    default_css = _named(*_STYLES)


class OwnFullscreen(Fullscreen):
    """The full-screen button."""

    default_js = _named("vendor/leaflet.fullscreen/Control.FullScreen.js")
    default_css = _named("vendor/leaflet.fullscreen/Control.FullScreen.css")


def text(value: object) -> str:
    """`value` as text inside folium's markup, which ends up in a JavaScript template literal."""
    return html.escape(str(value)).replace("`", "&#96;").replace("$", "&#36;").replace("\\", "&#92;").replace("{", "&#123;")


def linked_page(drawn: OwnMap, static: str, nonce: str) -> str:
    """The page of a map, with its files at `static` and its inline scripts marked by `nonce`."""
    page = re.sub(r'(<script src|<link rel="stylesheet" href)="', rf'\1="{static}/', _render(drawn))
    icon = f'<head><link rel="icon" type="image/svg+xml" href="{static}/icon.svg">'
    return page.replace("<head>", icon, 1).replace("<script>", f'<script nonce="{nonce}">')


def self_contained_page(drawn: OwnMap) -> str:
    """The page of a map with every file inside it, to keep and to send: it asks for nothing."""
    page = re.sub(r'<script src="([^"]+)"></script>', lambda found: f"<script>{_script(found[1])}</script>", _render(drawn))
    page = re.sub(r'<link rel="stylesheet" href="([^"]+)"\s*/>', lambda found: f"<style>{_style(found[1])}</style>", page)
    page = re.sub(r'<p class="links">.*?</p>', "", page)
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
    return page.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def add_html(drawn: OwnMap, markup: str, title: str) -> None:
    """Put `markup` over the map, and give the page its title."""
    figure = drawn.get_root()
    assert isinstance(figure, Figure)
    figure.title = f"{text(title)} · Beatwatch"
    figure.html.add_child(Element(markup))


def _render(drawn: OwnMap) -> str:
    figure = drawn.get_root()
    assert isinstance(figure, Figure)
    return str(figure.render()).replace("<html>", '<html lang="en">', 1)


def _file(name: str) -> Path:
    return MODULES / name.removeprefix("vendor/") if name.startswith("vendor/") else OWN / name


def _script(name: str) -> str:
    return _file(name).read_text(encoding="utf-8").replace("</script", "<\\/script")


def _style(name: str) -> str:
    file = _file(name)

    def inlined(found: re.Match[str]) -> str:
        picture = file.parent / found[1]
        kind = mimetypes.guess_type(picture.name)[0]
        return f"url(data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode()})"

    return re.sub(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""", inlined, file.read_text(encoding="utf-8"))
