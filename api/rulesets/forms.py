"""What the routes of rule sets take and give, as plain values."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from api.rulesets.bundles import Manifest
from api.rulesets.drafts import WORDS, Draft, State
from api.rulesets.shelf import Shelved


class FileIn(msgspec.Struct, forbid_unknown_fields=True):
    """A file of an upload."""

    path: str
    text: str


class Upload(msgspec.Struct, forbid_unknown_fields=True):
    """A draft begun, or changed."""

    files: list[FileIn] = []
    remove: list[str] = []
    base: str | None = None
    note: str | None = None
    revision: int | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The files as the lifecycle takes them."""
        return [(file.path, file.text) for file in self.files]


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """Why a draft is sent back or given up."""

    reason: str | None = None


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """What an approver looked at: `content` of the draft."""

    content: str


class From(msgspec.Struct, forbid_unknown_fields=True, rename={"day": "from"}):
    """The day from which to publish; at once without one."""

    day: date | None = None


class Back(msgspec.Struct, forbid_unknown_fields=True, rename={"day": "from"}):
    """A proposal to go back `to` a bundle, or the proposal to `confirm`."""

    to: str | None = None
    confirm: str | None = None
    day: date | None = None
    note: str | None = None


def draft_value(draft: Draft) -> dict[str, Any]:
    """A draft with its steps and files."""
    return {
        "id": draft.id,
        "kind": draft.kind,
        "state": draft.state.value,
        "state_ja": WORDS[draft.state],
        "revision": draft.revision,
        "content": draft.content,
        "digest": draft.digest,
        "base": draft.base,
        "note": draft.note,
        "bundle": draft.bundle,
        "editors": list(draft.editors),
        "created_at": draft.created.isoformat(timespec="seconds"),
        "files": [msgspec.to_builtins(file) for file in draft.files],
        "steps": [{**msgspec.to_builtins(step), "at": step.at.isoformat(timespec="seconds")} for step in draft.steps],
    }


def listed_draft(row: Any) -> dict[str, Any]:
    """A draft in a list."""
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "state_ja": WORDS[State(row.state)],
        "revision": row.revision,
        "digest": row.digest,
        "note": row.note,
        "bundle": row.bundle,
    }


def bundle_value(one: Shelved, manifest: Manifest) -> dict[str, Any]:
    """A bundle with its manifest and the signed form, which anybody can verify with the published keys."""
    said: dict[str, Any] = msgspec.to_builtins(manifest)
    return {**one.told, "manifest": said, "jws": one.jws}
