"""Mounts the layer into the service (entry points `jorei.service`): `mount(app, context)`.

Without `linkage.yaml` in the folder of the service nothing is mounted: the service then only decides and issues permits.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from linkage.addressee import routes as addressees
from linkage.files.routes import router as files_router
from linkage.http import counter
from linkage.http import registers as register_routes
from linkage.http.answering import Answering
from linkage.installation import read
from linkage.intermediate.routes import IntermediateContext
from linkage.intermediate.routes import router as intermediate_router
from linkage.layer import Layer
from linkage.portal.routes import router as portal_router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from api.service.context import ServiceContext


def mount(app: FastAPI, context: ServiceContext) -> None:
    """Add the layer's routes, and let what runs beside them begin and end with the service.

    Raises:
        InstallationRefused: `linkage.yaml` cannot be used.
        RuleSetRefused: There is no rule set.
    """
    installation = read(context.settings.home)
    if installation is None:
        return
    layer = Layer(context, installation)
    app.state.linkage = layer
    include(app, layer)
    within = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(inner: Any) -> AsyncIterator[Any]:
        async with within(inner) as state:
            layer.start()
            try:
                yield state
            finally:
                await asyncio.to_thread(layer.close)

    app.router.lifespan_context = lifespan


def include(app: FastAPI, layer: Layer) -> None:
    """The routes."""
    answering = Answering(layer.context.authenticator)
    app.include_router(addressees.router(layer.gate, layer.vault, answering))
    app.include_router(files_router(layer, answering))
    app.include_router(register_routes.router(layer, answering))
    app.include_router(counter.portal_router(layer.portal, answering))
    app.include_router(counter.rights_router(layer.portal.desk, answering))
    app.include_router(counter.transfer_router(layer.transfers, answering))
    app.include_router(counter.card_router(layer.cards, answering))
    app.include_router(portal_router(layer.portal))
    if layer.server is not None:
        app.include_router(counter.introduction_router(layer.server.line, answering))
        app.include_router(intermediate_router(IntermediateContext(layer.server, layer.context.authenticator)))
