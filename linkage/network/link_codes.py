"""Link codes (符号): one per agency and person, by a keyed derivation, so that two agencies cannot join what they hold."""

from __future__ import annotations

import base64
import hmac
import itertools
import secrets
from pathlib import Path

from sqlalchemy import Connection, select

from dsl.masking import twelve_digits
from linkage.network.sealing import kept_secret
from linkage.network.tables import link_code


class LinkCodes:
    """Derives and keeps the codes. The secret stands in a file of mode 0600, outside the database."""

    def __init__(self, file: Path) -> None:
        self._secret = kept_secret(file, lambda: secrets.token_bytes(32))

    def derive(self, agency: str, person: str) -> str:
        """The code of a person for one agency: 128 bits of HMAC-SHA256, drawn on when it looked like a number."""
        for round_ in itertools.count():
            words = f"{len(agency)}:{agency}:{person}:{round_}".encode()
            mac = hmac.digest(self._secret, words, "sha256")[:16]
            code = base64.b32encode(mac).decode().rstrip("=").lower()
            if not twelve_digits(code):
                return f"lc_{code}"
        raise AssertionError  # the count does not end

    def issue(self, connection: Connection, agency: str, person: str) -> str:
        """The code, kept so that the network can find the person by it."""
        code = self.derive(agency, person)
        if person_of(connection, agency, code) is None:
            connection.execute(link_code.insert().values(code=code, agency=agency, person=person))
        return code


def person_of(connection: Connection, agency: str, code: str) -> str | None:
    """Whom an agency's code means; none for another agency's code."""
    query = select(link_code.c.person).where(link_code.c.code == code, link_code.c.agency == agency)
    return connection.scalar(query)


def code_of(connection: Connection, agency: str, person: str) -> str | None:
    """The agency's code of a person, when it has obtained one."""
    query = select(link_code.c.code).where(link_code.c.person == person, link_code.c.agency == agency)
    return connection.scalar(query)
