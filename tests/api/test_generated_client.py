"""A client made from the description by a generator does the same as one written by hand."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register
from tests.api.yard import Yard

pytestmark = pytest.mark.server
_LEFT_OUT = {"save_zones", "save_media", "import_table", "follow_live"}
"""What is sent there is no JSON that the generator knows, or never ends."""


@pytest.fixture
def generated(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """The address of a server, and the folder of the client that was made from its description."""
    with serving(database_url, sign_in=True) as address:
        document = tmp_path / "openapi.json"
        document.write_bytes(httpx.get(f"{address}/openapi.json", timeout=120).content)
        generator = Path(sys.executable).with_name("openapi-python-client")
        folder = tmp_path / "made" / "beatwatch_client"
        folder.parent.mkdir()
        command: list[str | Path] = [generator, "generate", "--path", document, "--output-path", folder, "--meta", "none"]
        path = f"{generator.parent}{os.pathsep}{os.environ['PATH']}"  # it tidies with ruff
        made = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
        assert made.returncode == 0, made.stdout + made.stderr
        monkeypatch.syspath_prepend(str(folder.parent))
        yield address, folder
        for name in [name for name in sys.modules if name.partition(".")[0] == "beatwatch_client"]:
            del sys.modules[name]


def operation(group: str, name: str) -> ModuleType:
    return importlib.import_module(f"beatwatch_client.api.{group}.{name}")


def test_a_generated_client_signs_in_and_takes_an_order(generated: tuple[str, Path], yard: Yard) -> None:
    address, folder = generated
    document = json.loads((folder.parent.parent / "openapi.json").read_text())
    operations = {one["operationId"] for those in document["paths"].values() for one in those.values()}
    made = {file.stem for file in folder.glob("api/*/*.py")} - {"__init__"}
    assert operations - made <= _LEFT_OUT
    assert len(made) > 150
    register(yard, "asha")
    client: Any = importlib.import_module("beatwatch_client")
    models: Any = importlib.import_module("beatwatch_client.models")
    credentials = models.BodyGetToken.from_dict({"grant_type": "password", "username": "asha", "password": PASSWORD})
    with client.Client(base_url=address) as stranger:
        token = operation("sign_in", "get_token").sync(client=stranger, body=credentials)
    with client.AuthenticatedClient(base_url=address, token=token.access_token) as mine:
        _take_an_order(mine, models)


def _take_an_order(mine: Any, models: Any) -> None:
    cola = {"product_id": "COLA", "name": "Cola", "price": 20.5, "tax_pct": 18, "units": [{"unit": "case", "pieces": 24}]}
    product = models.NewProduct.from_dict(cola)
    assert operation("products", "add_product").sync(client=mine, body=product).price == 20.5
    shop = {"outlet_id": "O-1", "name": "Shop", "longitude_deg": 77.5, "latitude_deg": 12.9, "class": "A"}
    outlet = models.NewOutlet.from_dict(shop)
    operation("outlets", "add_outlet").sync(client=mine, body=outlet)
    wrong = operation("outlets", "move_outlet").sync("O-1", client=mine, body=models.RecordMove(state="closed"))
    assert isinstance(wrong, models.Problem)
    assert (wrong.status, wrong.allowed) == (409, ["pending_approval"])
    for state in ("pending_approval", "approved"):
        moved = operation("outlets", "move_outlet").sync("O-1", client=mine, body=models.RecordMove(state=state))
        assert moved.state == state
    order = models.NewOrder.from_dict(
        {"order_id": "SO-1", "outlet_id": "O-1", "due_on": datetime.now(UTC).date().isoformat(),
         "lines": [{"product_id": "COLA", "quantity": 2, "unit": "case"}]}
    )  # fmt: skip
    taken = operation("orders", "add_order").sync(client=mine, body=order, idempotency_key="once")
    again = operation("orders", "add_order").sync(client=mine, body=order, idempotency_key="once")
    assert taken == again
    assert (taken.lines[0].ordered, taken.net_value) == (48, 984.0)
    page = operation("orders", "list_orders").sync(client=mine, outlet_id="O-1", state=["draft"])
    assert [one.order_id for one in page.items] == ["SO-1"]
    _reach_the_limit(mine, models)


def _reach_the_limit(mine: Any, models: Any) -> None:
    limit = models.OutletChange.from_dict({"credit_limit": 1000})
    operation("outlets", "change_outlet").sync("O-1", client=mine, body=limit)
    refused = operation("orders", "move_order").sync("SO-1", client=mine, body=models.RecordMove(state="confirmed"))
    assert (refused.code, refused.credit.to_dict()["excess"]) == ("credit_limit", 161.12)
    asked = models.AskedFor(kind=models.ApprovalKind.CREDIT_LIMIT, subject_id="SO-1")
    approval = operation("approvals", "ask_approval").sync(client=mine, body=asked)
    assert approval.difference.to_dict()["order_value"] == 1161.12
    paid = models.NewOutletPayment.from_dict({"payment_id": "R-1", "amount": 200})
    assert operation("credit", "add_outlet_payment").sync("O-1", client=mine, body=paid).amount == 200
    assert operation("credit", "get_outlet_credit").sync("O-1", client=mine).available == 1200
    moved = operation("orders", "move_order").sync("SO-1", client=mine, body=models.RecordMove(state="confirmed"))
    assert moved.state == "confirmed"
    changed = operation("organisations", "list_organisations").sync(client=mine, sort="-changed_at")
    assert changed.items[0].slug == "default"
    assert operation("vehicles", "list_places").sync(client=mine).vehicle_id == []
    report = operation("reports", "get_report").sync("planned_actual", client=mine)
    assert report.figures[0].definition
