"""Proofs of purchase: each pack has a file or a reason; the files are copied into the case and hashed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

from runbook.case.model import Pack
from runbook.files import free_place, move, safe_name, sha256_of
from runbook.journal.context import Context
from runbook.journal.facts import Facts, Plain
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps.registry import local


class KeptFile(Plain):
    """A proof as it lies in the case: ``path`` from the case's folder, ``name`` as it was called, ``size`` in bytes
    (None in a copy for outside, which holds none of it)."""

    path: str
    name: str
    sha256: str
    size: int | None = None


class Proofs(Facts):
    """How many packs there are, how many lack a proof and a reason, and the files that were kept."""

    step: ClassVar[str] = "proofs"
    packs: int = 0
    missing: int = 0
    files: tuple[KeptFile, ...] = ()


@local("proofs")
def proofs(context: Context) -> Verdict:
    """``packs[].proofs`` are paths, absolute or relative to the case's folder (or its ``papers`` or ``proofs``).

    Missing proofs are a finding: they close the call and open ``escalate``. A pack whose file is missing but
    which has a reason counts as explained.
    """
    packs = context.case.packs
    if not packs:
        return Verdict(Status.WAITING, (Line("steps.proofs_no_packs"),))
    taken: dict[str, Path] = {}
    kept: dict[Path, KeptFile] = {}
    table: list[dict[str, Any]] = []
    lines: list[Line] = []
    missing = 0
    for number, pack in enumerate(packs, 1):
        rows, faults = _pack(context, number, pack, taken, kept)
        table += rows
        lines += faults
        missing += bool(faults) and faults[-1].key != "steps.proofs_reason"
    files = list(kept.values())
    since = _since(context, files)
    facts = Proofs(packs=len(packs), missing=missing, files=tuple(files))
    if missing:
        return Verdict(Status.FINDING, (*lines, *since, Line("steps.proofs_closed")), facts, tuple(table))
    head = Line("steps.proofs_ok", {"files": len(files), "packs": len(packs)})
    return Verdict(Status.FINDING if since else Status.SUCCEEDED, (head, *lines, *since), facts, tuple(table))


def _since(context: Context, files: list[KeptFile]) -> list[Line]:
    """What became of the files that the run before this one read: told by the first run that sees it."""
    before = context.history.facts(Proofs) or Proofs()
    lines = []
    for old in before.files:
        place = context.case_folder / old.path
        named = [file for file in files if file.name == old.name]
        if not place.is_file() or sha256_of(place) != old.sha256:
            lines.append(Line("steps.proofs_changed", {"file": old.path}))
        elif named and old.sha256 not in {file.sha256 for file in named}:
            fields = {"name": old.name, "before": old.path, "now": ", ".join(file.path for file in named)}
            lines.append(Line("steps.proofs_replaced", fields))
    return lines


def _pack(
    context: Context, number: int, pack: Pack, taken: dict[str, Path], kept: dict[Path, KeptFile]
) -> tuple[list[dict[str, Any]], list[Line]]:
    """The rows of one pack, and what is wrong with it (a reason that was given is the last line)."""
    about: dict[str, Any] = {"pack": number, "count": pack.count}
    rows, lines = [], []
    for name in pack.proofs:
        source = _find(context.case_folder, name)
        if source is None:
            lines.append(Line("steps.proofs_missing_file", about | {"file": name}))
            rows.append(about | {"file": name, "state": "steps.state_missing", "size": None, "sha256": ""})
            continue
        if source not in kept:
            kept[source] = _keep(context.case_folder, source, taken)
        file = kept[source]
        shown = {"file": file.path, "state": "steps.state_copied", "size": file.size, "sha256": file.sha256}
        rows.append(about | shown)
    if pack.no_proof_reason and (lines or not pack.proofs):
        lines.append(Line("steps.proofs_reason", about | {"reason": pack.no_proof_reason}))
        if not pack.proofs:
            rows.append(about | {"file": "", "state": "steps.state_reason", "size": None, "sha256": ""})
    elif not pack.proofs:
        lines.append(Line("steps.proofs_none", about))
        rows.append(about | {"file": "", "state": "steps.state_missing", "size": None, "sha256": ""})
    return rows, lines


def _find(case_folder: Path, name: str) -> Path | None:
    """The file that a case names. A Windows path in a case that is read elsewhere is looked up by its last part."""
    relative = name.replace("\\", "/")
    last = relative.rpartition("/")[2]
    places = [Path(name), case_folder / relative]
    places += [case_folder / folder / part for folder in ("papers", "proofs") for part in (relative, last)]
    # A relative path is meant from the case's folder, never from wherever the command was typed.
    return next((p.resolve() for p in places if p.is_absolute() and p.is_file()), None)


def _keep(case_folder: Path, source: Path, taken: dict[str, Path]) -> KeptFile:
    """Copy ``source`` into ``proofs/`` under a name that holds on every disk; the same bytes are not copied
    again, other bytes never replace a file that is there."""
    folder = (case_folder / "proofs").resolve()
    folder.mkdir(exist_ok=True)
    digest = sha256_of(source)
    target = free_place(folder, safe_name(source.name), lambda there: there.exists() and sha256_of(there) != digest)
    if not target.exists():
        part = target.with_name(target.name + ".part")
        shutil.copyfile(source, part)
        move(part, target)
    taken[target.name] = source
    path = target.relative_to(folder.parent).as_posix()
    return KeptFile(path=path, name=source.name, sha256=digest, size=source.stat().st_size)
