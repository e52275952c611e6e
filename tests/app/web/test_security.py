"""Who sees what, what is refused, and what every response carries."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ...words_model import write_words_model
from ..api.test_api import jpeg, upload, upload_form
from ..api.test_films import upload as upload_film
from ..clips import FakeFilming, work_off_films
from ..doors import NewApp
from ..fakes import SeeingNetwork

TOKENS = {"api_tokens": ("first-token", "second-token")}
SECURITY_HEADERS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def routes(photo: str, batch: str) -> list[tuple[str, str]]:
    """Every route that shows or changes what belongs to somebody."""
    api = f"/api/v1/photos/{photo}"
    page = f"/photographs/{photo}"
    return [
        ("GET", api),
        ("POST", f"{api}/predictions"),
        ("GET", f"{api}/image"),
        ("GET", f"{api}/preview"),
        ("GET", f"{api}/grey"),
        ("GET", f"{api}/uncertainty"),
        ("GET", f"{api}/words?words=coat"),
        ("GET", f"{api}/found?words=coat"),
        ("GET", f"{api}/original"),
        ("GET", f"{api}/colours?x=0.5&y=0.5"),
        ("DELETE", api),
        ("GET", f"/api/v1/batches/{batch}"),
        ("POST", f"/api/v1/batches/{batch}/predictions"),
        ("GET", f"/api/v1/batches/{batch}/zip"),
        ("DELETE", f"/api/v1/batches/{batch}"),
        ("GET", page),
        ("GET", f"{page}/preview.jpg"),
        ("GET", f"{page}/grey.jpg"),
        ("GET", f"{page}/uncertainty.png"),
        ("GET", f"{page}/found.png?words=coat"),
        ("GET", f"{page}/download"),
        ("POST", f"{page}/delete"),
        ("POST", f"{page}/again"),
        ("POST", f"{page}/pages"),
        ("POST", f"{page}/pages/all"),
        ("POST", f"{page}/salvage"),
        ("POST", f"{page}/repaint"),
        ("POST", f"{page}/turn"),
        ("POST", f"{page}/negative"),
        ("POST", f"{page}/whole"),
        ("GET", f"/batches/{batch}"),
        ("GET", f"/batches/{batch}/download.zip"),
        ("POST", f"/batches/{batch}/download.zip"),
        ("POST", f"/batches/{batch}/delete"),
    ]


def film_routes(film: str, version: str) -> list[tuple[str, str]]:
    """The same of films."""
    api, page = f"/api/v1/films/{film}", f"/films/{film}"
    return [
        ("GET", api),
        ("GET", f"{api}/original"),
        ("POST", f"{api}/versions"),
        ("GET", f"{api}/versions/{version}"),
        ("GET", f"{api}/versions/{version}/file"),
        ("DELETE", f"{api}/versions/{version}"),
        ("DELETE", api),
        ("GET", page),
        ("GET", f"{page}/original"),
        ("GET", f"{page}/versions"),
        ("GET", f"{page}/versions/{version}/play"),
        ("GET", f"{page}/versions/{version}/download"),
        ("POST", f"{page}/colour"),
        ("POST", f"{page}/versions/{version}/remove"),
        ("POST", f"{page}/delete"),
    ]


@pytest.fixture
def spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of words that knows a coat."""
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(write_words_model(tmp_path).parent))


def cookie_of(client: FlaskClient) -> str:
    """The name of the session's cookie."""
    return str(client.application.config["SESSION_COOKIE_NAME"])


def csrf(client: FlaskClient) -> str:
    """The token of this session's forms."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def ask(client: FlaskClient, method: str, path: str, **options: Any) -> TestResponse:
    if method == "POST" and not path.startswith("/api"):
        options["data"] = {"csrf_token": csrf(client)}
    return client.open(path, method=method, **options)


def test_the_list_of_routes_is_complete(new_app: NewApp) -> None:
    every = routes("P" * 22, "B" * 22) + film_routes("F" * 22, "V" * 22)
    listed = {re.sub("[PBFV]{22}", "<>", path.partition("?")[0]) for _, path in every}
    rules = {re.sub("<.*?>", "<>", r.rule) for r in new_app().url_map.iter_rules()}
    private = {rule for rule in rules if "<>" in rule and "static" not in rule}
    private -= {"/samples/<>", "/api/docs/assets/<>"}
    assert private == listed


@pytest.mark.usefixtures("spoken_to")
def test_another_session_finds_nothing(new_app: NewApp) -> None:
    app = new_app(network=SeeingNetwork())
    mine, other, fresh = app.test_client(), app.test_client(), app.test_client()
    batch = mine.post("/api/v1/batches").json["id"]  # type: ignore[index]
    photo = upload(mine, batch=batch)["id"]
    upload(other)
    for method, path in routes(photo, batch):
        assert ask(other, method, path).status_code == 404, path
        missing = ask(other, method, path.replace(photo, "x" * 22).replace(batch, "x" * 22))
        assert missing.status_code == 404
        if path.startswith("/api"):
            assert ask(fresh, method, path).status_code == 404, path
    for method, path in routes(photo, batch):
        if method == "GET":
            assert ask(mine, method, path).status_code == 200, path


def test_another_session_finds_no_film(new_app: NewApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.video.colorize", FakeFilming())
    app = new_app()
    mine, other = app.test_client(), app.test_client()
    film = upload_film(mine)
    version = mine.post(film["links"]["versions"], json={}).json["id"]  # type: ignore[index]
    work_off_films(mine)
    upload(other)
    every = film_routes(film["id"], version)
    for method, path in every:
        assert ask(other, method, path).status_code == 404, path
    for method, path in every:
        if method == "GET":
            assert ask(mine, method, path).status_code == 200, path


@pytest.mark.usefixtures("spoken_to")
def test_another_token_finds_nothing(new_app: NewApp) -> None:
    client = new_app(network=SeeingNetwork(), **TOKENS).test_client(use_cookies=False)
    batch = client.post("/api/v1/batches", headers=bearer("first-token")).json["id"]  # type: ignore[index]
    photo = upload(client, batch=batch, headers=bearer("first-token"))["id"]
    for method, path in routes(photo, batch):
        if path.startswith("/api"):
            answer = ask(client, method, path, headers=bearer("second-token"))
            assert answer.status_code == 404, path
    for method, path in routes(photo, batch):
        if path.startswith("/api") and method == "GET":
            assert ask(client, method, path, headers=bearer("first-token")).status_code == 200


@pytest.mark.parametrize("tokens", [TOKENS, {}])
@pytest.mark.parametrize("token", ["wrong", "", "first-token-", "ä", "first-toke"])
def test_a_wrong_token_is_refused(new_app: NewApp, tokens: Any, token: str) -> None:
    client = new_app(**tokens).test_client()
    for path in ("/api/v1/photos/" + "x" * 22, "/photographs/" + "x" * 22):
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_with_tokens_the_api_asks_for_one_unless_the_pages_know_the_person(
    new_app: NewApp,
) -> None:
    client = new_app(**TOKENS).test_client()
    assert client.post("/api/v1/photos", **upload_form(jpeg())).status_code == 401
    assert client.get("/api/v1/photos/" + "x" * 22).status_code == 401
    client.get("/")
    upload(client)


def test_another_scheme_is_not_ours(client: FlaskClient) -> None:
    """A proxy's own Basic authentication does not get in the way."""
    upload(client, headers={"Authorization": "Basic dTpw"})


def test_the_cookie(client: FlaskClient) -> None:
    answer = client.post("/api/v1/batches")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    secure = client.post("/api/v1/batches", base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"]


def test_a_forged_cookie_is_nobody(client: FlaskClient) -> None:
    photo = upload(client)["id"]
    name = cookie_of(client)
    value = client.get_cookie(name)
    assert value is not None
    client.set_cookie(name, value.value[:-2] + "xx")
    assert client.get(f"/api/v1/photos/{photo}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
    ],
)
def test_changes_from_other_sites_are_refused(
    client: FlaskClient, headers: dict[str, str], allowed: bool
) -> None:
    photo = upload(client)["id"]
    answer = client.delete(f"/api/v1/photos/{photo}", headers=headers)
    assert answer.status_code == (204 if allowed else 403)
    if not allowed:
        assert answer.mimetype == "application/problem+json"
        assert client.get(f"/api/v1/photos/{photo}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": "https://localhost"}, True),  # some browsers and extensions keep the Referer
        ({"Referer": "https://localhost/"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://evil.example", "Referer": "https://localhost/"}, False),
        ({"Origin": "null"}, False),
        ({"Referer": "https://evil.example/"}, False),
        ({"Referer": "https://localhost.evil.example/"}, False),
        ({}, False),
    ],
)
def test_an_encrypted_form_says_where_it_comes_from(
    client: FlaskClient, headers: dict[str, str], allowed: bool
) -> None:
    base = "https://localhost"
    page = client.get("/", base_url=base)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found is not None
    form = {"csrf_token": found[1]}
    answer = client.post("/samples/camera", base_url=base, data=form, headers=headers)
    assert answer.status_code == (303 if allowed else 403)


def test_two_instances_on_one_host_keep_their_sessions(new_app: NewApp) -> None:
    first, second = new_app().test_client(), new_app().test_client()
    assert cookie_of(first) != cookie_of(second)
    photo = upload(first)["links"]["self"]
    upload(second)
    theirs = second.get_cookie(cookie_of(second))
    assert theirs is not None
    first.set_cookie(theirs.key, theirs.value)  # as a browser sends both to both
    assert first.get(photo).status_code == 200


def test_the_cookie_is_for_the_proxys_prefix_only(new_app: NewApp) -> None:
    client = new_app(trusted_proxies=1).test_client()
    answer = client.post("/api/v1/batches", headers={"X-Forwarded-Prefix": "/colours"})
    assert "Path=/colours;" in f"{answer.headers['Set-Cookie']};"
    assert answer.headers["Location"].startswith("/colours/api/v1/")
    assert "Path=/;" in f"{client.post('/api/v1/batches').headers['Set-Cookie']};"


def test_a_browser_without_cookies_is_told_so(new_app: NewApp) -> None:
    client = new_app().test_client(use_cookies=False)
    form = {"csrf_token": csrf(client)}
    refused = client.post("/samples/camera", data=form)
    assert refused.status_code == 403
    assert "Allow cookies" in refused.text
    photo = upload(client)["id"]
    page = client.get(f"/photographs/{photo}")
    assert page.status_code == 404
    assert "Allow cookies" in page.text
    answer = client.get(f"/api/v1/photos/{photo}")
    assert answer.status_code == 404
    assert "cookie" in str(answer.json)


def test_a_token_may_come_from_anywhere(new_app: NewApp) -> None:
    client = new_app(**TOKENS).test_client()
    headers = {**bearer("first-token"), "Origin": "https://tool.example"}
    assert client.post("/api/v1/batches", headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/photographs", "/samples/camera", "/photographs/x/delete"])
def test_forms_need_their_token(client: FlaskClient, path: str) -> None:
    client.get("/")
    for data in ({}, {"csrf_token": "wrong"}):
        answer = client.post(path, data=data)
        assert answer.status_code == 403
        assert "expired" in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/about", "/healthz", "/readyz", "/metrics", "/api/v1/models", "/api/nothing",
     "/api/docs", "/api/v1/openapi.json", "/static/api-docs.js", "{photo}", "{photo}/image",
     "{photo}/preview", "{photo}/grey", "{photo}/original", "{photo}/image?quality=0"],
)  # fmt: skip
def test_headers_on_every_kind_of_response(client: FlaskClient, path: str) -> None:
    photo = upload(client)["links"]["self"]
    answer = client.get(path.format(photo=photo))
    assert set(answer.headers.keys()) >= SECURITY_HEADERS
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cache = answer.headers["Cache-Control"]
    if "ETag" in answer.headers:
        assert "no-cache" in cache
        assert "no-store" not in cache
    else:
        assert "no-store" in cache


def test_static_files_with_a_version_are_kept(client: FlaskClient) -> None:
    (link,) = set(re.findall(r'src="(/static/api-docs\.js\?v=\w+)"', client.get("/api/docs").text))
    answer = client.get(link)
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_too_many_requests(new_app: NewApp) -> None:
    client = new_app(rate_limit="3/minute", upload_rate_limit="2/minute").test_client()
    answers = [client.get("/api/v1/models") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[-1].mimetype == "application/problem+json"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    pages = [client.get("/about") for _ in range(4)]
    assert pages[-1].status_code == 429
    assert pages[-1].mimetype == "text/html"
    uploads = [client.post("/api/v1/batches").status_code for _ in range(3)]
    assert uploads == [201, 201, 429]
    for path in ("/healthz", "/readyz", "/metrics", "/static/api-docs.js"):
        for _ in range(5):
            assert client.get(path).status_code != 429


def test_the_limiter_needs_no_redis(new_app: NewApp, tmp_path: Path) -> None:
    client = new_app(queue_url=f"unix://{tmp_path}/nobody").test_client()
    assert client.get("/api/v1/models").status_code == 200
    answer = client.post("/api/v1/photos", **upload_form(jpeg()))
    assert answer.status_code == 503  # the queue is away


def test_what_is_not_there_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/nothing.css?v=1")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]
