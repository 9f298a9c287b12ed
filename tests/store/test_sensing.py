"""What sensors are fitted to, kept in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.errors import ForeignKeyViolation
from typer.testing import CliRunner

from beatwatch.__main__ import build_app
from domain.equipment import Cooler, Shelf
from domain.errors import NotFoundError
from store.pool import Connection, Role, open_pool
from store.sensing import Seen, fit_cooler, fit_shelf, fitted_devices, list_shelves, put_observed

pytestmark = pytest.mark.server
EVER = datetime(2000, 1, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
SHELF = Shelf("shelf", "shop", "soap", 100.0, 500.0, 40, 7.0, 21.0)
COOLER = Cooler("box", "van", 2.0, 8.0, (6.0, 18.0), 20.0)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        for key in ("shelf", "box"):
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
        connection.execute(
            "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m) VALUES (1, 'shop', 'A', 0, 0, 9)"
        )
        for product in ("soap", "cola"):
            connection.execute("INSERT INTO product (org_id, product_id, name) VALUES (1, %s, 'P')", (product,))
        yield connection


def fitted(connection: Connection, device: int, key: str) -> list[object]:
    return list(fitted_devices(connection, {device: key}, EVER)[device])


def test_what_is_fitted_is_read_back(connection: Connection) -> None:
    fit_shelf(connection, 1, SHELF)
    fit_cooler(connection, 1, COOLER)
    assert fitted(connection, 1, "shelf") == [SHELF]
    assert fitted(connection, 2, "box") == [COOLER]
    assert fitted(connection, 9, "nobody") == []


def test_a_new_fitting_ends_the_one_before(connection: Connection) -> None:
    fit_shelf(connection, 1, SHELF)
    cola = replace(SHELF, product="cola", unit_g=540.0, valid_from=MARCH)
    fit_shelf(connection, 1, cola)
    assert fitted(connection, 1, "shelf") == [replace(SHELF, valid_until=MARCH), cola]
    fit_shelf(connection, 1, replace(cola, tare_g=100.0))
    assert fitted(connection, 1, "shelf") == [replace(SHELF, valid_until=MARCH), replace(cola, tare_g=100.0)]
    before = replace(SHELF, tare_g=7.0, valid_until=MARCH.replace(month=2))
    fit_shelf(connection, 1, before)
    assert fitted(connection, 1, "shelf")[:2] == [before, replace(SHELF, valid_from=before.valid_until, valid_until=MARCH)]
    fit_shelf(connection, 1, SHELF)
    assert fitted(connection, 1, "shelf") == [SHELF]
    fit_cooler(connection, 1, COOLER)
    fit_cooler(connection, 1, replace(COOLER, most_c=6.0))
    assert fitted(connection, 2, "box") == [replace(COOLER, most_c=6.0)]


def test_what_is_not_there_is_refused(connection: Connection) -> None:
    with pytest.raises(NotFoundError):
        fit_shelf(connection, 1, replace(SHELF, device_id="ghost"))
    with pytest.raises(ForeignKeyViolation):
        fit_shelf(connection, 1, replace(SHELF, product="ghost"))


def test_every_change_is_noted_for_the_sensors_alone(connection: Connection) -> None:
    fit_shelf(connection, 1, SHELF)
    connection.execute("UPDATE shelf_sensor SET books_until = %s", (MARCH,))
    connection.execute("UPDATE shelf_sensor SET books_until = %s", (MARCH.replace(day=3),))
    connection.execute("UPDATE shelf_sensor SET books_until = books_until")
    rows = connection.execute(
        "SELECT since = '-infinity' AS ever, CASE WHEN since > '-infinity' THEN since END AS since, of_sensors, device_id"
        " FROM plan_change ORDER BY plan_change_id"
    ).fetchall()
    assert [(row["since"], row["of_sensors"], row["device_id"]) for row in rows] == [
        (None, True, 1),
        (MARCH, True, 1),
        (MARCH, True, 1),
    ]


def test_the_command_fits_what_a_file_names(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BEATWATCH_STATE", str(tmp_path))
    file = tmp_path / "equipment.json"
    shelf = {"device_id": "shelf", "outlet_id": "shop", "product": "soap", "unit_g": 100, "tare_g": 500}
    file.write_text(json.dumps({"shelves": [shelf]}))
    run = CliRunner()
    assert "fitted 1 shelves" in run.invoke(build_app(), ["sensor", "fit", str(file)], catch_exceptions=False).output
    put_observed(connection, [Seen(1, 1, MARCH, "shop", "soap", 12, 0.9)], {})
    (told,) = json.loads(run.invoke(build_app(), ["sensor", "list", "--json"], catch_exceptions=False).output)
    assert (told["device"], told["product_id"], told["pieces"], told["tare_g"]) == ("shelf", "soap", 12, 500.0)
    assert [row["pieces"] for row in list_shelves(connection, 1)] == [12]
