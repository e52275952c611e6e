"""For whoever watches the server: is it alive, can it work, how much does it do."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response

from ..context import service

blueprint = Blueprint("health", __name__)

#: what watchers ask for, which is answered however busy the server is
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


@blueprint.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers at all."""
    return Response("alive\n", mimetype="text/plain")


@blueprint.get("/readyz")
def ready() -> Response:
    """200 if all checks are well, else 503; each check says how it stands."""
    checks = service.health()
    well = all(ok for ok, _ in checks.values())
    body = {
        "status": "ready" if well else "not ready",
        "checks": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in checks.items()},
    }
    return make_response(jsonify(body), 200 if well else 503)


@blueprint.get("/metrics")
def metrics() -> Response:
    """What Prometheus collects."""
    body, content_type = service.metrics()
    return Response(body, content_type=content_type)
