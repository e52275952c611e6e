"""The web application: one door to :mod:`colorizer`, for people and for programs.

``create_app`` puts it together; nothing happens when this package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

    from .config import Config
    from .service import Service


def create_app(config: Config | None = None, service: Service | None = None) -> OpenAPI:
    """The application, a Flask one, ready to serve.

    Args:
        config: ``None`` reads the environment.
        service: ``None`` opens one for ``config``. It is not closed by the application.

    Raises:
        InvalidSetting: if the environment has a value that is not right.
        DataFolderUnusable: if the data folder cannot be made or written to.
    """
    from flask_openapi3.openapi import OpenAPI
    from werkzeug.middleware.proxy_fix import ProxyFix

    from . import api, resources
    from .api.docs import INFO, security_schemes
    from .api.documents import refuse
    from .api.schemas import Problem
    from .config import Config
    from .context import CONFIG, SERVICE
    from .service import Service
    from .watch import health, observing
    from .web import films, pages, problems, security
    from .web.sessions import cookie_name
    from .web.spool import spooled_by

    if config is None:
        config = service.config if service is not None else Config.load()
    if service is None:
        service = Service(config)
    app = OpenAPI(
        __name__,
        info=INFO,
        security_schemes=security_schemes(cookie_name(service.secret_key)),
        validation_error_model=Problem,
        validation_error_callback=refuse,
        doc_ui=False,
        static_folder=resources.folder("static"),
        template_folder=resources.folder("templates"),
    )
    app.extensions[CONFIG] = config
    app.extensions[SERVICE] = service
    app.secret_key = service.secret_key
    if config.trusted_proxies:
        hops = config.trusted_proxies
        proxy_fix = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)
        app.wsgi_app = proxy_fix  # type: ignore[method-assign]
    app.request_class = spooled_by(service)
    resources.init_app(app)
    observing.init_app(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(films.blueprint)
    api.register(app)
    problems.init_app(app)
    security.init_app(app, config)
    return app
