"""The service put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import FastAPI

from api.callers.routes import router as callers_router
from api.rulesets.routes import router as rulesets_router
from api.service import documents, routing
from api.service.authzen.routes import router as authzen_router
from api.service.edge import Edge
from api.service.native.health import Health
from api.service.native.routes import router as native_router
from api.service.opening import Opened, version
from api.service.traced import TracedEdge
from api.telemetry.logging import configure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.clock import Clock
    from api.project import Project
    from api.service.context import ServiceContext
    from api.service.settings import Settings
    from api.telemetry.tracing import Tracer

#: Other packages mount themselves with a callable (app, context) under this group.
GROUP: Final = "jorei.service"


def create_app(
    settings: Settings, clock: Clock | None = None, files: Project | None = None, tracer: Tracer | None = None
) -> Edge:
    """The ASGI application of an installation; it opens now and closes when the server shuts down.

    Args:
        settings: of the installation.
        clock: the time; the machine's unless told.
        files: a project that is loaded already, for `settings.files`.
        tracer: where spans go; unless told, to the collector that the environment names.
    """
    if not structlog.is_configured():  # as it comes, structlog would print the values of local variables
        configure()
    return assembled(Opened(settings, clock, files, tracer))


def assembled(opened: Opened) -> Edge:
    """The application over what is opened."""
    context = opened.context

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opened.start()
        try:
            yield
        finally:
            opened.close()

    app = FastAPI(
        title="jorei",
        version=version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.health = Health(context)
    routing.install(app)
    documents.install(app)
    app.include_router(native_router)
    app.include_router(authzen_router)
    app.include_router(callers_router(context))
    app.include_router(rulesets_router(context))
    if context.settings.plug_ins:
        mount(app, context)
    return TracedEdge(app, context) if context.tracer.enabled else Edge(app, context)


def mount(app: FastAPI, context: ServiceContext) -> None:
    """Let other packages add what they have."""
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        point.load()(app, context)
