import re
from pathlib import Path

import pytest

from beatwatch.settings import Settings, read_settings
from domain.errors import SettingsError

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "http")
    with pytest.raises(SettingsError, match="API_PORT='http'"):
        read_settings()


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^\| `([A-Z0-9_]+)` ", DOCUMENT.read_text(), re.MULTILINE)
    assert documented == [name.upper() for name in Settings.model_fields]
