"""The edge of My Portal: headers of every answer, cookies, forms read with care, refusals as pages or problems."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute

from linkage.portal.refusals import PortalRefused
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from linkage.portal.logins import Begun
    from linkage.portal.portal import Portal

PREFIX = "/portal"
_MOST_BYTES, _MOST_FIELDS = 32_768, 20

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}

#: How a refusal becomes a page.
ErrorPage = Callable[[Request, Refusal], Response]


class Edge:
    """What every route of one portal shares."""

    def __init__(self, portal: Portal, error_page: ErrorPage) -> None:
        self.portal = portal
        self._error_page = error_page
        self.cookie_name = "__Host-jorei-portal" if portal.secure else "jorei-portal"

    def begun(self, request: Request) -> Begun | None:
        """The session of a call; remembered, so that its cookie goes on."""
        found = self.portal.session(request.cookies.get(self.cookie_name))
        request.state.begun = found
        return found

    def visit(self, request: Request) -> Begun:
        """The session that a call needs.

        Raises:
            PortalRefused: M0203.
        """
        found = self.begun(request)
        if found is None:
            raise PortalRefused("M0203", 401)
        return found

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form of this site.

        Raises:
            PortalRefused: M0204 from elsewhere; M0208 not to be read.
        """
        same_origin(request)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise PortalRefused("M0208", 413)
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        try:
            if kind != "application/x-www-form-urlencoded":
                raise ValueError(kind)
            fields = parse_qs(
                body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
        except ValueError:
            raise PortalRefused("M0208", 400) from None
        return {name: values[-1] for name, values in fields.items()}

    def checked(self, request: Request, fields: dict[str, str]) -> Begun:
        """The session of a form that came from one of its pages.

        Raises:
            PortalRefused: M0203, M0204.
        """
        begun = self.visit(request)
        if not self.portal.cookies.is_form_token(begun.id, fields.get("token", "")):
            raise PortalRefused("M0204")
        return begun

    def finish(self, request: Request, response: Response) -> Response:
        """The headers and the cookie of an answer."""
        for name, value in HEADERS.items():
            response.headers[name] = value
        begun: Begun | None = getattr(request.state, "begun", None)
        how: dict[str, Any] = {"httponly": True, "secure": self.portal.secure, "samesite": "strict", "path": "/"}
        if begun is not None:
            value = self.portal.cookies.cookie(begun.id, self.portal.clock.now(), begun.ends)
            response.set_cookie(self.cookie_name, value, **how)
        elif request.cookies.get(self.cookie_name) is not None and hasattr(request.state, "begun"):
            response.delete_cookie(self.cookie_name, **how)
        return response

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """A refusal as JSON, as the log-in page, or as a page of its own."""
        if request.url.path.startswith(f"{PREFIX}/api/"):
            problem = {
                "type": "urn:jorei:problem:portal",
                "title": refusal.text,
                "status": refusal.status,
                "detail": refusal.help,
                "code": refusal.code,
            }
            return JSONResponse(problem, refusal.status, media_type="application/problem+json")
        if refusal.code == "M0203":
            ended = "?ended=1" if request.cookies.get(self.cookie_name) else ""
            return RedirectResponse(f"{PREFIX}/login{ended}", 303)
        return self._error_page(request, refusal)

    def route(self) -> type[APIRoute]:
        """A kind of route that answers through this edge."""
        edge = self

        class PortalRoute(APIRoute):
            """Refusals become answers; each answer gets its headers."""

            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                handle = super().get_route_handler()

                async def answer(request: Request) -> Response:
                    try:
                        response = await handle(request)
                    except RequestValidationError:
                        response = edge.refused(request, PortalRefused("M0208", 400))
                    except Refusal as refusal:
                        response = edge.refused(request, refusal)
                    return edge.finish(request, response)

                return answer

        return PortalRoute


def same_origin(request: Request) -> None:
    """Refuse a form that another site sent.

    Raises:
        PortalRefused: M0204.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise PortalRefused("M0204")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise PortalRefused("M0204")
