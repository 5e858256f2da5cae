"""Who calls: the register of callers, their credentials and tokens, what they may do, and how often.

A caller's system, municipality and agency come from its credential, never from what it sends.
"""

from api.callers.authenticator import Authenticator
from api.callers.model import Caller, Role
from api.callers.opening import Callers, CallerSettings, open_callers
from api.callers.refused import CallerRefused, Forbidden, NotAuthenticated, RegisterUnavailable, TooManyRequests
from api.callers.rights import NotYours, acts_for, allows, require, require_role, separate

__all__ = [
    "Authenticator",
    "Caller",
    "CallerRefused",
    "CallerSettings",
    "Callers",
    "Forbidden",
    "NotAuthenticated",
    "NotYours",
    "RegisterUnavailable",
    "Role",
    "TooManyRequests",
    "acts_for",
    "allows",
    "open_callers",
    "require",
    "require_role",
    "separate",
]
