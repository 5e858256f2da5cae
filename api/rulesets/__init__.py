"""The life of a rule set in the service: drafted, checked, replayed, approved by another person, published from a day."""

from __future__ import annotations

from api.rulesets.active import ActiveRules, Status
from api.rulesets.lifecycle import Lifecycle
from api.rulesets.loaded import Loaded
from api.rulesets.refusal import RuleSetRefused
from api.rulesets.release import Release

__all__ = ["ActiveRules", "Lifecycle", "Loaded", "Release", "RuleSetRefused", "Status"]
