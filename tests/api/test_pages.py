from __future__ import annotations

import re

import httpx
import pytest

from api import assets

pytestmark = pytest.mark.server
CONSOLE = ["/console/board", "/console/loads", "/console/alerts", "/console/rules", "/console/rules/new"]
PAGES = ["/", "/docs", "/driver", "/sign-in", *CONSOLE]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_only_files_of_our_own_that_are_there(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    named = re.findall(r'(?:src|href)="([^"#]+)"', answer.text)
    files = [name for name in named if name.startswith("/static/")]
    assert files
    assert all(name.startswith("/") for name in named)
    for name in files:
        file = client.get(name)
        assert file.status_code == 200, name
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/", "/docs", *CONSOLE])
def test_the_bar_says_where_one_is(client: httpx.Client, path: str) -> None:
    present, *tabs = re.findall(r'<a href="([^"]+)" aria-current="(?:page|true)">', client.get(path).text)
    if tabs:
        assert present == "/console/setup"
        (present,) = tabs
    assert path == present or path.startswith(f"{present}/")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_holds_no_inline_script_and_forbids_other_hosts(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert re.findall(r"<script(?![^>]*\bsrc=)", answer.text) == []
    assert re.findall(r"\son\w+=", answer.text) == []
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert not re.search(r"https?:|\*", answer.headers["content-security-policy"])


def test_modules_import_only_modules_that_are_served() -> None:
    served = assets.served_files()
    for name, file in served.items():
        if name.startswith("vendor/") or file.suffix != ".js":
            continue
        for wanted in re.findall(r'(?:from|import) "([^"]+)"', file.read_text()):
            path = (file.parent / wanted).resolve().relative_to(assets.OWN).as_posix()
            assert path in served, f"{name} imports {wanted}"


@pytest.mark.parametrize(
    "name",
    [
        "package.json",
        "../package.json",
        "..%2f..%2fapp.py",
        "vendor/maplibre-gl/package.json",
        "vendor/../../templates/live.html",
    ],
)
def test_nothing_else_is_served(client: httpx.Client, name: str) -> None:
    assert client.get(f"/static/now/{name}").status_code == 404


def test_a_file_of_an_older_page_is_served_but_not_kept(client: httpx.Client) -> None:
    answer = client.get("/static/000000000000/icon.svg")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def test_the_service_says_how_it_is(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    before = _count(client.get("/metrics").text)
    client.get("/vehicles/some-name-or-other")
    figures = client.get("/metrics").text
    assert _count(figures) == before + 1
    assert "some-name-or-other" not in figures


def _count(figures: str) -> float:
    line = r'beatwatch_api_request_seconds_count\{operation="get_vehicle",status="404"\} (\S+)'
    found = re.search(line, figures)
    return float(found[1]) if found else 0.0


def test_every_operation_has_a_name_a_sentence_and_a_model(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)
    assert all(operation["description"] for operation in operations)
    assert "Problem" in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/console/nowhere", 404, "There is no page at this address."),
        ("/trips/%3Cb%3Enope/map", 404, "no trip &#39;&lt;b&gt;nope&#39;"),
        ("/console/board?day=x", 422, "query.day"),
    ],
)
def test_people_are_refused_by_a_page_and_programs_by_a_document(
    client: httpx.Client, path: str, status: int, said: str
) -> None:
    shown = client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in shown.text
    assert 'href="/"' in shown.text
    told = client.get(path, headers={"accept": "*/*"})
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
