"""Pages from templates: Japanese, accessible, without script, with everything escaped."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from dsl.masking import mask
from linkage.portal import words
from linkage.portal.edge import PREFIX
from linkage.portal.view import Sort
from linkage.rights.limits import limits
from linkage.rights.values import Kind, Outcome, State, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from linkage.portal.logins import Begun
    from linkage.portal.portal import Portal
    from linkage.portal.view import Item
    from linkage.refusal import Refusal


class Pages:
    """Renders the pages of one portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._templates = Environment(
            loader=PackageLoader("linkage.portal", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"day": words.day, "moment": words.moment, "clock": words.clock}
        self._templates.globals |= {
            "prefix": PREFIX,
            "municipality": portal.municipality,
            "rules": limits().rules,
            "limits": limits(),
            "Kind": Kind,
            "Subject": Subject,
            "State": State,
            "Outcome": Outcome,
            "Sort": Sort,
        }

    def page(self, template: str, begun: Begun | None, status: int = 200, **values: Any) -> Response:
        """A page; what looks like an Individual Number is masked, wherever it came from."""
        token = self._portal.cookies.form_token(begun.id) if begun is not None else ""
        text = self._templates.get_template(template).render(
            begun=begun, bearer=begun and begun.bearer, token=token, now=self._portal.clock.now(), **values
        )
        return HTMLResponse("\n".join(mask(line) for line in text.splitlines()), status)

    def form(
        self, begun: Begun, fields: dict[str, str], item: Item | None = None, refusal: Refusal | None = None
    ) -> Response:
        """The form of a request, as it was filled in so far."""
        status = 200 if refusal is None else refusal.status
        disclosures = self._portal.disclosures(begun)
        return self.page("new.html", begun, status, fields=fields, item=item, refusal=refusal, disclosures=disclosures)

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """A page that says why not."""
        begun = getattr(request.state, "begun", None)
        return self.page("refused.html", begun, refusal.status, refusal=refusal)

    @staticmethod
    def by_day(items: Iterable[Item]) -> list[tuple[date, list[Item]]]:
        """Entries under their days."""
        return [(day, list(found)) for day, found in groupby(items, key=lambda one: one.at.date())]
