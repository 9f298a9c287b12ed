"""What every command does with files that people bring and places that cannot be written to."""

from __future__ import annotations

import io
import json
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

import pytest

from beatwatch.__main__ import main
from beatwatch.commands.output import writing
from beatwatch.settings import Settings

SQUARE = {"type": "Polygon", "coordinates": [[[77.0, 13.0], [77.1, 13.0], [77.1, 13.1], [77.0, 13.1], [77.0, 13.0]]]}
TRACK = "device_id,fix_time,longitude_deg,latitude_deg,satellites,ignition\n"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit status of the command line, run in this process."""
    monkeypatch.setattr("sys.argv", ["beatwatch", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code if isinstance(ended.value.code, int) else 0


def collection(*geometries: Any) -> bytes:
    features = [
        {"type": "Feature", "id": f"z{number}", "properties": {}, "geometry": geometry}
        for number, geometry in enumerate(geometries)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_a_place_that_cannot_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks, empty = tmp_path / "tracks.csv", tmp_path / "empty.jsonl"
    tracks.write_text(TRACK)
    empty.touch()
    wanted = tmp_path / "nowhere" / "out"
    tracks_file = tmp_path / "tracks.csv" / "below"
    assert run(monkeypatch, "judge", "--tracks", tracks, "-o", wanted) == 1
    assert run(monkeypatch, "judge", "--tracks", tracks, "--output", wanted) == 1
    assert run(monkeypatch, "score", "--truth", empty, "--events", empty, "--json", wanted) == 1
    assert run(monkeypatch, "simulate", "--vehicles", "1", "--out", tracks_file) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == [f"error: invalid_input: {wanted}: No such file or directory"] * 3
    assert lines[3].startswith(f"error: invalid_input: {tracks_file}")
    assert lines[3].endswith("Not a directory")


def test_a_failure_leaves_what_was_written_before(tmp_path: Path) -> None:
    kept = tmp_path / "events.jsonl"
    with writing(kept) as file:
        file.write("first")
    with pytest.raises(ZeroDivisionError), writing(kept) as file:
        file.write(str(1 / 0))
    assert (kept.read_text(), list(tmp_path.iterdir())) == ("first", [kept])
    with writing(Path("/dev/null")) as file:
        file.write("gone")


@pytest.mark.parametrize("command", ["judge", "publish"])
def test_what_is_refused_says_in_which_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    tracks = tmp_path / "tracks.csv"
    tracks.write_text(f"{TRACK}van,2026-05-01T06:00:00,77,13,8,true\n")
    before = ("--tracks",) if command == "judge" else ("--as", "owntracks")
    monkeypatch.setenv("MQTT_URL", "mqtt://127.0.0.1:9")
    assert run(monkeypatch, command, *before, tracks) == 1
    assert run(monkeypatch, command, *before, tmp_path / "none.csv") == 1
    wrong, missing = capsys.readouterr().err.splitlines()
    assert wrong == (f"error: invalid_input: {tracks}, row 1, column fix_time: '2026-05-01T06:00:00' has no time zone")
    assert missing.startswith("error: not_found: ")


def test_parameters_of_any_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tracks, params = tmp_path / "tracks.csv", tmp_path / "p.toml"
    tracks.write_text(TRACK)
    params.write_bytes(BOM_UTF8 + b"[unscheduled_stop]\nleast_s = 900\n")
    assert run(monkeypatch, "judge", "--tracks", tracks, "--params", params) == 0
    params.write_bytes("[unscheduled_stop]".encode("utf-16"))
    assert run(monkeypatch, "judge", "--tracks", tracks, "--params", params) == 1
    assert capsys.readouterr().err == f"error: invalid_input: --params: {params} is not UTF-8 text\n"


def test_columns_as_a_spreadsheet_or_data_frame_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, framed = tmp_path / "plain.csv", tmp_path / "framed.csv"
    rows = [f"2026-05-01T06:{minute:02}:00Z,77.{minute:02},13" for minute in range(3)]
    plain.write_text(TRACK + "".join(f"van,{row},8,true\n" for row in rows))
    framed.write_text(TRACK + "".join(f"van, {row.replace(',', ', ')}, 8.0, 1.0\n" for row in rows))
    written = []
    for tracks in (plain, framed):
        assert run(monkeypatch, "judge", "--tracks", tracks) == 0
        written.append(capsys.readouterr().out)
    assert written[0] == written[1]


def test_numbers_that_nobody_measures_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks = tmp_path / "tracks.csv"
    tracks.write_text(
        "device_id,fix_time,longitude_deg,latitude_deg,satellites,speed_mps,cargo_kg\n"
        "van,2026-05-01T06:00:00Z,77,13,99999999999,1e300,-1e300\nvan,2026-05-01T06:01:00Z,77,13,-3,1,2\n"
    )
    assert run(monkeypatch, "judge", "--tracks", tracks) == 0
    assert capsys.readouterr().err == ""


def test_zones_of_other_makers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    zones, points = tmp_path / "zones.geojson", tmp_path / "points.csv"
    points.write_text("longitude_deg,latitude_deg\n77.05,13.05\n78,13\n")
    zones.write_bytes(BOM_UTF8 + collection(SQUARE))
    assert run(monkeypatch, "zones", "match", zones, points) == 0
    assert capsys.readouterr().out.splitlines() == ["point,zone", "0,z0"]
    zones.write_text(json.dumps(SQUARE))
    assert run(monkeypatch, "zones", "match", zones, points) == 0
    assert capsys.readouterr().out.splitlines() == ["point,zone", "0,0"]
    wrongs: list[dict[str, Any]] = [{"type": "Topology"}, {"type": []}]
    for wrong in wrongs:
        zones.write_bytes(json.dumps(wrong).encode())
        assert run(monkeypatch, "zones", "match", zones, points) == 1
        assert (
            capsys.readouterr().err
            == f"error: invalid_input: {zones}, type: must be FeatureCollection, Feature or a geometry\n"
        )


def test_a_kind_of_zone_that_no_rule_knows_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks, zones = tmp_path / "tracks.csv", tmp_path / "zones.geojson"
    tracks.write_text(f"{TRACK}van,2026-05-01T06:00:00Z,77,13,8,true\n")
    zones.write_bytes(collection(SQUARE).replace(b'"properties": {}', b'"properties": {"kind": "forbidden"}'))
    assert run(monkeypatch, "judge", "--tracks", tracks, "--zones", zones) == 0
    told = capsys.readouterr().err
    assert told.startswith("warning: zone z0: kind 'forbidden' is none of depot, ")
    assert told.endswith("it is taken for a territory\n")
    assert run(monkeypatch, "zones", "match", zones, tracks) == 0  # which makes nothing of kinds
    assert capsys.readouterr().err == ""


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"online":false}')))
    assert run(monkeypatch, "decode", "--format", "beatwatch-json", "--topic", "bw/1/acme/van/status", "-") == 0
    assert json.loads(capsys.readouterr().out)["online"] is False


@pytest.mark.parametrize("service", ["up", "ingest", "geofence", "alerts", "api", "migrate"])
def test_help_of_a_service_says_all_settings(
    service: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run(monkeypatch, service, "--help") == 0
    told = capsys.readouterr().out
    assert [name for name in Settings.model_fields if name.upper() not in told] == []
