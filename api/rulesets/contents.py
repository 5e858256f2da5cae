"""What a draft holds: files by path, role and hash; uploads read with care; texts kept in the publication store."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from api.canonical import canonical
from api.project import SCENARIOS, Municipality, Project, Source, assemble, text_of
from api.publication import TEXTS, PublicationRefused, sha256_of
from api.publishing import keep_texts
from api.rulesets.refusal import BAD_UPLOAD, BROKEN_TEXT, TWELVE_DIGITS, RuleSetRefused
from dsl.masking import digest, mask, twelve_digits

#: Bounds of a draft, far above what a municipality has.
MOST_FILES = 20_000
MOST_BYTES = 64 * 1024 * 1024
LONGEST_PATH = 300
LONGEST_NOTE = 200

_RULES, _ORDINANCES = "rules", "ordinances"
_REGISTER = (".yaml", ".yml")
_BLANK = re.compile(r"[\s\\:*?\"<>|]")

Role = Literal["national", "municipality", "scenario"]


class HeldFile(msgspec.Struct, frozen=True, order=True):
    """One file of a draft or bundle: where it stands in the rule set, what it is for, and the hash of its text."""

    path: str
    role: Role
    sha256: str
    folder: str | None = None  # of the municipality


class TextFile(msgspec.Struct, frozen=True):
    """A file with its text, as the examiner takes it."""

    path: str
    role: Role
    text: str
    folder: str | None = None


def content_of(files: Iterable[HeldFile]) -> str:
    """The identity of a draft's files: paths, roles and texts, scenarios too."""
    return digest(canonical([msgspec.to_builtins(file) for file in sorted(files)]))


def encoded(files: Iterable[HeldFile]) -> str:
    """Files as a column holds them."""
    return canonical([msgspec.to_builtins(file) for file in sorted(files)]).decode()


def decoded(column: str) -> tuple[HeldFile, ...]:
    """Files from their column."""
    return msgspec.json.decode(column, type=tuple[HeldFile, ...])


def placed(path: str) -> tuple[str, Role, str | None]:
    """The path as kept, and the role and municipality folder that it means.

    Examples:
        >>> placed("ordinances/みなと町/scenarios/事例.yaml")
        ('ordinances/みなと町/scenarios/事例.yaml', 'scenario', 'ordinances/みなと町')

    Raises:
        RuleSetRefused: when it does not stand under rules/ or ordinances/<folder>/, or is no path at all.
    """
    shown = unicodedata.normalize("NFC", path)
    parts = shown.split("/")
    fit = (
        len(shown) <= LONGEST_PATH
        and shown.isprintable()
        and all(part and not part.startswith(".") and part.strip() == part for part in parts)
        and not _BLANK.search(shown.replace(" ", ""))
    )
    if not fit:
        raise _upload("文書の場所（path）の書き方が正しくありません")
    if twelve_digits(shown):
        raise _digits("文書の場所（path）")
    suffix = PurePosixPath(shown).suffix
    if parts[0] == _RULES and len(parts) > 1 and suffix in (".jorei", *_REGISTER):
        return shown, "national", None
    if parts[0] == _ORDINANCES and len(parts) > 2:
        folder = "/".join(parts[:2])
        if SCENARIOS in parts[2:-1]:
            if suffix in _REGISTER and parts[2] == SCENARIOS:
                return shown, "scenario", folder
        elif suffix in (".jorei", *_REGISTER):
            return shown, "municipality", folder
    raise _upload(
        "文書の場所（path）は rules/名.jorei、ordinances/市町村/名.jorei、ordinances/市町村/scenarios/名.yaml のどれかです"
    )


def read_upload(files: Iterable[tuple[str, str]]) -> tuple[TextFile, ...]:
    """Files as they were sent: (path, text) each.

    Raises:
        RuleSetRefused: when a path or text cannot be taken, or one may hold an Individual Number.
    """
    found: dict[str, TextFile] = {}
    size = 0
    for path, text in files:
        shown, role, folder = placed(path)
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise _upload(f"文書 {shown} は UTF-8 の文ではありません") from None
        size += len(data)
        if size > MOST_BYTES or len(found) >= MOST_FILES:
            raise _upload(f"文書が多すぎます（{MOST_FILES}件、{MOST_BYTES // 1024 // 1024}MB まで）")
        if shown in found:
            raise _upload(f"文書 {shown} が二つあります")
        clean, _ = text_of(Path(shown), data)
        for number, line in enumerate(clean.splitlines(), 1):
            if twelve_digits(line):
                raise _digits(f"{shown}:{number}")
        found[shown] = TextFile(shown, role, clean, folder)
    return tuple(found.values())


def read_note(note: str | None) -> str | None:
    """A note as it may be kept.

    Raises:
        RuleSetRefused: when it is too long, not one line, or may hold an Individual Number.
    """
    if note is None or not note.strip():
        return None
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise _upload(f"覚え書きは、改行のない{LONGEST_NOTE}字までの文にしてください")
    if twelve_digits(note):
        raise _digits("覚え書き")
    return note.strip()


def keep(store: Path, files: Sequence[TextFile]) -> tuple[HeldFile, ...]:
    """Put the texts into the store.

    Raises:
        RuleSetRefused: when they cannot be written, or the store holds something else under such a hash.
    """
    try:
        hashes = keep_texts(store, [file.text for file in files])
    except PublicationRefused as refused:
        raise RuleSetRefused(BROKEN_TEXT, refused.text, refused.help) from refused
    return tuple(sorted(HeldFile(f.path, f.role, hashed, f.folder) for f, hashed in zip(files, hashes, strict=True)))


def texts(store: Path, files: Iterable[HeldFile]) -> tuple[TextFile, ...]:
    """The texts, each as its hash says.

    Raises:
        RuleSetRefused: at the first that is missing or is another text.
    """
    return tuple(TextFile(file.path, file.role, _text(store, file), file.folder) for file in files)


def _text(store: Path, file: HeldFile) -> str:
    try:
        data = (store / TEXTS / file.sha256).read_bytes()
    except OSError as error:
        raise _broken(f"文書 {file.path} を読めません（{TEXTS}/{file.sha256}）") from error
    if sha256_of(data) != file.sha256:
        raise _broken(f"文書 {file.path} が、保存の後に書き換えられています（{TEXTS}/{file.sha256}）")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _broken(f"文書 {file.path} の文字コードが UTF-8 ではありません（{TEXTS}/{file.sha256}）") from error


def project_of(files: Sequence[TextFile], *, use_cache: bool = True) -> Project:
    """The project that the texts make; scenarios stand aside."""
    national, municipalities = grouped(files)
    return assemble(national, municipalities, use_cache=use_cache)


def grouped(files: Sequence[TextFile]) -> tuple[tuple[Source, ...], tuple[Municipality, ...]]:
    """The rule texts as `api.project` takes them, in the order of the paths."""
    national: list[Source] = []
    folders: dict[str, list[Source]] = {}
    for file in sorted(files, key=lambda one: one.path):
        if file.role == "national":
            national.append(Source(file.path, file.text))
        elif file.role == "municipality":
            folders.setdefault(file.folder or "", []).append(Source(file.path, file.text))
    municipalities = tuple(Municipality(Path(name), tuple(sources)) for name, sources in folders.items())
    return tuple(national), municipalities


def of_project(project: Project, scenarios: Mapping[str, Sequence[tuple[str, str]]] = {}) -> list[tuple[str, str]]:
    """The files of a loaded project as an upload names them.

    Args:
        project: whose texts.
        scenarios: by the name of a municipality's folder, the (name, text) of its scenario files.
    """
    found = [(f"{_RULES}/{PurePosixPath(s.path).name}", s.text) for s in project.rules]
    for one in project.municipalities:
        folder = one.folder.resolve().name
        found.extend((f"{_ORDINANCES}/{folder}/{_within(s.path, folder)}", s.text) for s in one.sources)
        found.extend((f"{_ORDINANCES}/{folder}/{SCENARIOS}/{n}", t) for n, t in scenarios.get(folder, ()))
    return found


def _within(path: str, folder: str) -> str:
    """What of a shown path stands within the municipality's folder."""
    parts = PurePosixPath(path).parts
    last = max((n for n, part in enumerate(parts[:-1]) if part == folder), default=len(parts) - 2)
    return "/".join(parts[last + 1 :])


def _upload(text: str) -> RuleSetRefused:
    return RuleSetRefused(BAD_UPLOAD, mask(text), "docs/ja/codes/B0510.md の形に直して、もう一度送ってください。")


def _digits(where: str) -> RuleSetRefused:
    return RuleSetRefused(
        TWELVE_DIGITS,
        f"{mask(where)} に12桁の数字があるので、受け取れません",
        "個人番号のおそれがあります。その数字を取り除いてください。",
    )


def _broken(text: str) -> RuleSetRefused:
    return RuleSetRefused(BROKEN_TEXT, text, "公開のフォルダの控えから、その文書を元に戻してください。")
