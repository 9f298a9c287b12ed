"""The dossier of an alert as one picture: a map of what happened, and below it what the sensors said."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from domain.wording import title
from evidence.dossier import Dossier
from evidence.map_panel import draw_map
from evidence.palette import INK
from evidence.strip_panels import Strip, draw_strip, strips_of

_SIZE_IN: Final = (7.2, 8.4)
_DPI: Final = 110
_LABELS_IN: Final = 1.05  # left of every panel
_HEADING_IN: Final = 0.75
_TIMES_IN: Final = 0.3  # below the last strip
_EDGE_IN: Final = 0.15


def draw(dossier: Dossier) -> bytes:
    """A PNG of map and strips, about 800 by 920 dots. Times are UTC, for a picture travels."""
    figure = _figure(_SIZE_IN, top_in=_HEADING_IN)
    strips = _known(dossier)
    heights = [4.0, *(0.8 for _ in strips)]
    panels = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    figure.suptitle(_heading(dossier), color=INK, fontsize=12, x=0.02, ha="left")
    draw_map(panels[0], dossier)
    for panel, strip in zip(panels[1:], strips, strict=True):
        draw_strip(panel, strip, dossier, is_last=panel is panels[-1])
    return _png(figure)


def draw_strips(dossier: Dossier) -> bytes | None:
    """A PNG of the strips alone; None when no sensor said anything."""
    strips = _known(dossier)
    if not strips:
        return None
    figure = _figure((_SIZE_IN[0], 0.4 + 0.8 * len(strips)), top_in=_EDGE_IN)
    panels = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
    for panel, strip in zip(panels, strips, strict=True):
        draw_strip(panel, strip, dossier, is_last=panel is panels[-1])
    return _png(figure)


def _known(dossier: Dossier) -> list[Strip]:
    return [strip for strip in strips_of(dossier) if strip.is_known]


def _figure(size_in: tuple[float, float], top_in: float) -> Figure:
    """Empty, with margins that are known: to have them worked out takes longer than to draw."""
    width_in, height_in = size_in
    figure = Figure(figsize=size_in, dpi=_DPI)
    figure.subplots_adjust(
        left=_LABELS_IN / width_in,
        right=1 - _EDGE_IN / width_in,
        top=1 - top_in / height_in,
        bottom=_TIMES_IN / height_in,
        hspace=0.25,
    )
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    kept = io.BytesIO()
    figure.savefig(kept, format="png", metadata={"Software": None})
    return kept.getvalue()


def _heading(dossier: Dossier) -> str:
    alert = dossier.alert
    where = f" · {alert.place.name}" if alert.place and alert.place.name else ""
    began = f"{dossier.started_at.astimezone(UTC):%d %b %Y %H:%M:%S} UTC"
    return f"{title(alert.rule)} ({alert.severity}) · {alert.vehicle_id}{where}\n{began}"
