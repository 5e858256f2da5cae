"""Permits: the proof, for one act, once, within a minute, that two interpreters found it lawful."""

from __future__ import annotations

from api.permits.issuing import Asked, Draft, Issuance, Issued, Issuer
from api.permits.model import AUDIENCE, ISSUER, LIFE, Act, Permit
from api.permits.redeeming import redeem
from api.permits.refusals import PermitRefused
from api.permits.remote import Outcome, RemoteReceipt, Unreported, redeem_remote, report_outcome, unreported
from api.permits.second_opinion import SecondOpinion
from api.permits.verifying import verify

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "LIFE",
    "Act",
    "Asked",
    "Draft",
    "Issuance",
    "Issued",
    "Issuer",
    "Outcome",
    "Permit",
    "PermitRefused",
    "RemoteReceipt",
    "SecondOpinion",
    "Unreported",
    "redeem",
    "redeem_remote",
    "report_outcome",
    "unreported",
    "verify",
]
