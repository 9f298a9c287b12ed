"""The colours of pictures, readable in print and to those who do not tell red from green."""

from __future__ import annotations

from typing import Final

INK: Final = "#1d2433"
QUIET: Final = "#6b7280"
GROUND: Final = "#f6f7f9"
TRACK: Final = "#0f766e"
PLACE: Final = "#3b6fb6"
ALARM: Final = "#be123c"
