"""Verifying a bag: what was changed, removed, added or renamed since it was sealed, each file by name.

A bag that agrees with itself proves that nobody changed it by accident or by hand; whoever holds this software can
make another one. Only the seal on the signed paper proves origin: ``seal``.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from runbook.archive import bag as bagit_form
from runbook.archive.bag import AGENT, ORIGINAL_NAMES, BadBag, Manifest, normal
from runbook.archive.contradictions import contradictions, journal_head
from runbook.archive.digest import hash_file, in_threads
from runbook.archive.seal_sheet import sheets_of, spelled, states
from runbook.archive.zipped import unzipped
from runbook.files import leads_elsewhere
from runbook.journal.held import WHY
from runbook.journal.story import read_entries, tell
from runbook.words.sentences import keyed, say

#: A seal of which no more than these groups of 16 differ was read wrongly: two archives share a group or two by chance.
_SLIPS = 8
#: What a seal or a sheet says otherwise, though no file is other than it was sealed.
_OF_THE_SEAL = frozenset({"seal_differs", "sheet"})
_SAID = keyed(
    "archive.fault_",
    "archive.fault_no_bag", "archive.fault_changed", "archive.fault_emptied", "archive.fault_missing",
    "archive.fault_added", "archive.fault_renamed", "archive.fault_empty_folder", "archive.fault_link",
    "archive.fault_unreadable", "archive.fault_declaration", "archive.fault_encoding", "archive.fault_wrong_manifest",
    "archive.fault_not_in_manifest", "archive.fault_oxum", "archive.fault_seal_differs", "archive.fault_sheet",
    "archive.fault_head", "archive.fault_form", "archive.fault_name", "archive.fault_not_utf8",
    "archive.fault_bad_tag_line", "archive.fault_bad_manifest_line", "archive.fault_unknown_algorithm",
    "archive.fault_unsafe_path", "archive.fault_listed_twice",
)  # fmt: skip
_OUR_AGENT = AGENT.split()[0]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. ``path`` is relative to the bag; ``word`` is one of ``_SAID`` (of ``WHY`` for a
    contradiction inside the case)."""

    path: str
    word: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        said = WHY if self.fields.get("inside") else _SAID
        return say(said[self.word], lang, path=self.path, **self.fields)


@dataclass(frozen=True)
class Typed:
    """A seal that was typed wrongly: how many digits it has, and the groups of four (from 1) that are not the
    archive's, as typed and as computed."""

    digits: int
    groups: tuple[tuple[int, str, str], ...]

    def lines(self, lang: str) -> list[str]:
        """Where to read the paper again."""
        told = [] if self.digits == 64 else [say("archive.typed_digits", lang, digits=self.digits)]
        # of a seal with a digit too few or too many every group after it differs: the first says where to look
        for number, typed, computed in self.groups if self.digits == 64 else self.groups[:1]:
            told.append(say("archive.typed_group", lang, number=number, typed=typed or "–", computed=computed or "–"))
        return told


@dataclass(frozen=True)
class Report:
    """What a verification found. ``origin`` is "proven", "differs", "mistyped" or "not checked"; of a mistyped seal
    ``typed`` says where it departs from the archive's, which is no fault of the archive. ``files`` lie in data and hold
    ``size`` bytes, ``beside`` lie beside it, the lists among them."""

    bag: Path
    faults: tuple[Fault, ...]
    origin: str
    seal: str
    files: int
    size: int
    beside: int = 0
    rehearsal: bool = False
    typed: Typed | None = None

    @property
    def ok(self) -> bool:
        return not self.faults and self.typed is None

    @property
    def exit_code(self) -> int:
        """0 where all agrees, 1 where the archive has a fault, 2 where the seal alone has to be typed again."""
        return 1 if self.faults else 2 if self.typed else 0

    def text(self, lang: str) -> str:
        """The answer, a line for each fault first."""
        lines = [fault.text(lang) for fault in self.faults]
        content = say("archive.sheet_files", lang, files=self.files, size=self.size, beside=self.beside)
        whole = {"bag": self.bag, "content": content}
        altered = [fault for fault in self.faults if fault.word not in _OF_THE_SEAL]
        if altered:
            lines.append(say("archive.verify_bad", lang, bag=self.bag, count=len(altered)))
        elif self.faults:
            lines.append(say("archive.verify_other", lang, **whole))
        elif self.origin == "proven":
            lines.append(say("archive.verify_proven", lang, **whole))
        elif self.typed is None:
            lines.append(say("archive.verify_consistent", lang, **whole))
        if self.typed is not None:
            lines += self.typed.lines(lang)
            if not self.faults:
                lines.append(say("archive.verify_mistyped", lang, **whole))
        if self.seal:
            lines.append(say("archive.verify_seal", lang, seal=spelled(self.seal).replace("\n", " ")))
        signature = self.bag.with_name(self.bag.name + ".sig")
        if signature.is_file():
            lines.append(say("archive.verify_signature", lang, name=signature.name))
        if self.rehearsal:
            lines.append(say("archive.verify_rehearsal", lang))
        return "\n".join(lines)


def verify(bag: Path, seal: str | None = None, workers: int | None = None) -> Report:
    """Check the bag, its case inside, and, given the seal as typed from paper, its origin. Changes nothing.

    Case, spaces, hyphens and line breaks in ``seal`` do not matter. Works on any BagIt bag; the checks on the case
    apply where the payload holds a journal.
    """
    return _Verification(bag, workers).run(seal)


def verify_zip(packed: Path, seal: str | None = None, lang: str = "en") -> Report:
    """The same for a bag as one ZIP file: it is unpacked aside, and the sheets beside the ZIP file are read. Raises
    BadInput where it cannot be unpacked as one bag."""
    with unzipped(packed, lang) as bag:
        found = _Verification(bag, None, packed.with_suffix("")).run(seal)
    return replace(found, bag=packed)


def _groups(digits: str) -> list[str]:
    return [digits[at : at + 4] for at in range(0, len(digits), 4)]


class _Verification:
    def __init__(self, bag: Path, workers: int | None, beside: Path | None = None) -> None:
        self.bag = bag
        self.beside = beside or bag
        self.workers = workers
        self.faults: list[Fault] = []
        self.present: dict[str, os.stat_result] = {}  # by the path in NFC
        self.real: dict[str, str] = {}  # the path as the disk has it
        self.actual: dict[str, str] = {}
        self.ours = False
        self.version = (1, 0)

    def run(self, seal: str | None) -> Report:
        if not self.bag.is_dir():
            self._fault(self.bag.name, "no_bag")
            return Report(self.bag, tuple(self.faults), "not checked", "", 0, 0)
        self._look()
        info = self._tags()
        manifests = list(self._manifests())
        self._compare(manifests)
        self._sizes(info)
        digest = self._digest(bagit_form.TAG_MANIFEST) or ""
        origin, typed = self._origin(seal, digest)
        self._sheet(digest)
        if self.ours:
            self._form(manifests)
            self._inside(dict(info))
        payload = [path for path in self.present if path.startswith("data/")]
        return Report(
            self.bag,
            tuple(self.faults),
            origin,
            digest,
            len(payload),
            sum(self.present[path].st_size for path in payload),
            len(self.present) - len(payload),
            any(label == "Runbook-Rehearsal" for label, _ in info),
            typed,
        )

    # -- what lies there

    def _look(self) -> None:
        for path, about in bagit_form.walk(self.bag, lambda path: self._fault(path, "unreadable")):
            if path.endswith("/"):
                self._fault(path, "empty_folder")
            elif not stat.S_ISREG(about.st_mode) or leads_elsewhere(about):
                self._fault(path, "link")
            else:
                self.present[normal(path)] = about
                self.real[normal(path)] = path
        self.ours = "data/journal.jsonl" in self.present or "VERIFIER.txt" in self.present

    def _tags(self) -> list[tuple[str, str]]:
        declared = dict(self._read_tags("bagit.txt")) if "bagit.txt" in self.present else {}
        match = re.fullmatch(r"(\d+)\.(\d+)", declared.get("BagIt-Version", ""))
        if match:
            self.version = (int(match[1]), int(match[2]))
        if not match or not (0, 93) <= self.version < (2, 0):
            self._fault("bagit.txt", "declaration")
        if declared.get("Tag-File-Character-Encoding", "").upper() != "UTF-8":
            self._fault("bagit.txt", "encoding")
        info = self._read_tags("bag-info.txt") if "bag-info.txt" in self.present else []
        self.ours = self.ours or any(
            label == "Bag-Software-Agent" and value.startswith(_OUR_AGENT) for label, value in info
        )
        return info

    def _read_tags(self, name: str) -> list[tuple[str, str]]:
        try:
            return bagit_form.read_tags((self.bag / name).read_bytes(), name)
        except BadBag as error:
            self._fault(error.path, error.word)
        except OSError:
            self._fault(name, "unreadable")
        return []

    def _manifests(self) -> Iterator[Manifest]:
        names = sorted(filter(bagit_form.is_manifest, self.present))  # a link or a pipe is none
        if not any(name.startswith("manifest-") for name in names):
            self._fault(bagit_form.MANIFEST, "missing")
        for name in names:
            try:
                manifest = bagit_form.read_manifest((self.bag / name).read_bytes(), name, self.version >= (1, 0))
                if manifest.of_tags and not manifest.digests:
                    self._fault(name, "emptied")
                yield manifest
            except BadBag as error:
                self._fault(error.path, error.word)
            except OSError:
                self._fault(name, "unreadable")

    # -- against the manifests

    def _compare(self, manifests: list[Manifest]) -> None:
        wanted: dict[str, dict[str, str]] = {}  # path -> algorithm -> digest
        for manifest in manifests:
            for path, digest in manifest.digests.items():
                if manifest.of_tags == path.startswith("data/"):
                    self._fault(path, "wrong_manifest", manifest=manifest.name)
                wanted.setdefault(normal(path), {})[manifest.algorithm] = digest
        missing = [path for path in sorted(wanted) if path not in self.present]
        added = [path for path in sorted(self.present) if self._is_added(path, wanted, manifests)]
        # of an added file the content tells whether it is a missing one under another name
        for path in added:
            wanted[path] = {}
        paths = sorted(path for path in wanted if path in self.present)
        found = in_threads(lambda path: self._hash(path, wanted[path]), paths, self.workers)
        digests: dict[str, Mapping[str, str] | None] = dict(zip(paths, found, strict=True))
        moved = self._moved(missing, added, wanted, digests)
        for path in missing:
            if path in moved:
                self._fault(path, "renamed", now=moved[path])
            else:
                self._fault(path, "missing")
        for path in added:
            if path not in moved.values():
                self._fault(path, "added")
        for path in paths:
            actual = digests[path]
            if actual is None:
                self._fault(path, "unreadable")
                continue
            self.actual[path] = actual.get("sha256", "")
            if path not in added and any(actual[name] != digest for name, digest in wanted[path].items()):
                self._fault(path, "emptied" if self.present[path].st_size == 0 else "changed")
        for manifest in manifests:
            if manifest.of_tags:
                continue
            # RFC 8493, section 2.1.3: every payload manifest lists every payload file
            listed = {normal(path) for path in manifest.digests}
            for path in self.present:
                if path.startswith("data/") and path not in listed and path not in added:
                    self._fault(path, "not_in_manifest", manifest=manifest.name)

    def _is_added(self, path: str, wanted: Mapping[str, Any], manifests: list[Manifest]) -> bool:
        if path in wanted:
            return False
        if path.startswith("data/"):
            return True
        if self.ours:  # one seal, one tag manifest: any other would lie in the bag uncovered
            return path != bagit_form.TAG_MANIFEST
        tag_manifests = [manifest for manifest in manifests if manifest.of_tags]
        own = bool(re.fullmatch(r"tagmanifest-[a-z0-9]+\.txt", path)) and path in {m.name for m in tag_manifests}
        # without a tag manifest nothing says which tag files belong there (RFC 8493, section 2.2.1)
        return bool(tag_manifests) and not own

    def _hash(self, path: str, algorithms: Iterable[str]) -> Mapping[str, str] | None:
        try:
            return hash_file(self.bag / self.real[path], {*algorithms, "sha256"})
        except OSError:
            return None

    @staticmethod
    def _moved(
        missing: list[str],
        added: list[str],
        wanted: Mapping[str, Mapping[str, str]],
        digests: Mapping[str, Mapping[str, str] | None],
    ) -> dict[str, str]:
        free = list(added)
        moved: dict[str, str] = {}
        for path in missing:
            for other in free:
                actual = digests.get(other) or {}
                if any(actual.get(name) == digest for name, digest in wanted[path].items() if digest):
                    moved[path] = other
                    free.remove(other)
                    break
        return moved

    def _digest(self, path: str) -> str | None:
        if path not in self.present:
            return None
        if path not in self.actual:
            try:
                self.actual[path] = hash_file(self.bag / self.real[path])["sha256"]
            except OSError:
                return None
        return self.actual[path]

    def _sizes(self, info: list[tuple[str, str]]) -> None:
        oxums = [value for label, value in info if label.lower() == "payload-oxum"]
        payload = [about.st_size for path, about in self.present.items() if path.startswith("data/")]
        for oxum in oxums:
            if oxum != f"{sum(payload)}.{len(payload)}":
                self._fault("bag-info.txt", "oxum", said=oxum, found=f"{sum(payload)}.{len(payload)}")

    # -- the seal

    def _origin(self, seal: str | None, digest: str) -> tuple[str, Typed | None]:
        if seal is None or not seal.strip():
            return "not checked", None
        typed = re.sub(r"[^0-9A-Fa-f]", "", seal).lower()
        if typed == digest:
            return "proven", None
        pairs = zip_longest(_groups(typed), _groups(digest), fillvalue="")
        differ = tuple((number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
        if len(typed) != 64 or len(differ) <= _SLIPS:
            return "mistyped", Typed(len(typed), differ)
        self._fault(bagit_form.TAG_MANIFEST, "seal_differs")
        return "differs", None

    def _sheet(self, digest: str) -> None:
        """The sheets beside the bag prove nothing, but a sheet that says otherwise is a fault."""
        for sheet in sheets_of(self.beside) if self.ours and digest else ():
            if sheet.is_file() and not states(sheet, digest):
                self._fault(f"../{sheet.name}", "sheet")

    # -- what only our own bags promise

    def _form(self, manifests: list[Manifest]) -> None:
        """Our tag manifest and manifest have one form: nothing in them can change unseen, not even a blank."""
        names = {manifest.name for manifest in manifests}
        for manifest in manifests:
            if (self.bag / manifest.name).read_bytes() != bagit_form.manifest_bytes(manifest.digests):
                self._fault(manifest.name, "form")
        for name in (bagit_form.MANIFEST, bagit_form.TAG_MANIFEST):
            if name not in names:
                self._fault(name, "missing")
        tags = {path for manifest in manifests if manifest.of_tags for path in manifest.digests}
        for name in ("bagit.txt", "bag-info.txt", "VERIFIER.txt", bagit_form.MANIFEST):
            if bagit_form.TAG_MANIFEST in names and name not in tags:
                self._fault(name, "not_in_manifest", manifest=bagit_form.TAG_MANIFEST)
        for path in self.present:
            if not all(bagit_form.SAFE_NAME.fullmatch(part) for part in path.split("/")):
                self._fault(path, "name")

    def _inside(self, info: Mapping[str, str]) -> None:
        """The case in the payload against its own journal."""
        names = self._original_names()
        payload = self.bag / "data"
        if "data/journal.jsonl" not in self.present:  # a link, a pipe, nothing at all: named already
            return

        def inner(path: str) -> str:
            return names.get(path, path)

        try:
            story = tell(payload, {}, read_entries(payload / "journal.jsonl"))
            found = contradictions(
                story, lambda path: self.actual.get(f"data/{inner(path)}"), lambda path: payload / inner(path)
            )
        except (KeyError, TypeError, AttributeError, ValueError, OSError, RecursionError):
            # every line is JSON, yet the lines are not what a journal holds, or a thousand levels deep
            self._fault("data/journal.jsonl", "unreadable")
            return
        said = info.get("Runbook-Journal-Head")
        if said and story.entries and said != journal_head(story):
            self._fault("data/journal.jsonl", "head")
        for each in found:
            self.faults.append(Fault(f"data/{inner(each.path)}", each.word, {**each.fields, "inside": True}))

    def _original_names(self) -> dict[str, str]:
        if ORIGINAL_NAMES not in self.present:
            return {}
        names: dict[str, str] = {}
        for line in (self.bag / ORIGINAL_NAMES).read_text(encoding="utf-8", errors="replace").split("\n"):
            safe, tab, original = line.partition("\t")
            if tab:
                names[original] = safe.removeprefix("data/")
        return names

    def _fault(self, path: str, word: str, **fields: Any) -> None:
        self.faults.append(Fault(path, word, fields))
