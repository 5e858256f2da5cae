"""The tables of the register of callers, on the metadata of the service."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from api.storage.tables import metadata

caller = Table(
    "caller",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("system", Text, nullable=False),  # 業務ID
    Column("body", Text),  # municipality code
    Column("municipality", Text),
    Column("agency", Text),
    Column("agencies", Text, nullable=False),  # JSON: the further agencies it asks for, or ["*"]
    Column("section", Text),
    Column("roles", Text, nullable=False),  # JSON
    Column("scopes", Text, nullable=False),  # JSON
    Column("per_minute", Integer),  # none: the limit of the installation
    Column("thumbprint", Text, unique=True),  # SHA-256 of its client certificate, base64url
    Column("secret", LargeBinary),  # sealed
    Column("tokens_from_ms", BigInteger, nullable=False),  # tokens made before are refused
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

#: API keys by their SHA-256.
caller_key = Table(
    "caller_key",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("client_id", Text, ForeignKey("caller.client_id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index(None, "client_id"),
)

#: Assertions used, by the SHA-256 of their `jti`, until they have expired.
caller_assertion = Table(
    "caller_assertion",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("jti", LargeBinary, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
    Index(None, "expires_ms"),
)

#: One row: how often the register has changed. Workers that remember callers look at it each second.
caller_register = Table(
    "caller_register",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
