import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.programs import console_address, descendants, eventually, get, is_alive, running

pytestmark = [pytest.mark.acceptance, pytest.mark.server, pytest.mark.timeout(600)]


def test_the_demonstration_shows_a_missed_stop_and_its_alert_and_loses_nothing(open_folder: Path) -> None:
    with running(["demo", "--port", "0"], open_folder) as demo:
        console = console_address(demo)
        missed = eventually(lambda: get(f"{console}/events?rule=missed_stop")["items"], within_s=180)
        alert = eventually(lambda: [a for a in get(f"{console}/alerts")["items"] if a["rule"] == "missed_stop"])
        assert alert[0]["trip_id"] == missed[0]["trip_id"]
        orders = get(f"{console}/orders?limit=1000")["items"]
        assert (missed[0]["trip_id"], missed[0]["stop_id"]) in {(order["trip_id"], order["stop_id"]) for order in orders}
        children = descendants(demo.pid)
        demo.send_signal(signal.SIGINT)
        summary = _last_line(demo)
    assert demo.returncode == 0
    assert summary["published"] > 100
    assert summary["stored"] >= summary["published"]
    assert (summary["lost"], summary["duplicates"], summary["dead_letters"]) == (0, 0, 0)
    assert summary["events"] >= 1
    assert 1 <= summary["alerts"] <= 10  # one for each stop would be a flood
    assert len(children) >= 6
    assert not [command for pid, command in children.items() if is_alive(pid)]


def test_a_port_that_is_taken_is_one_clear_sentence(open_folder: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(["up", "--port", str(port)], open_folder) as up:
            assert up.wait(60) == 1
    assert (open_folder / "stderr.txt").read_text().startswith(f"error: unavailable: port {port} is taken")


def _last_line(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout is not None
    summary: dict[str, float] = json.loads(process.stdout.read().strip().splitlines()[-1])
    return summary
