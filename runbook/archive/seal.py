"""Sealing: a case becomes a BagIt folder that nobody can change unseen, and a sheet to sign.

The bag is built under a temporary name, checked there (what is checked is what is sealed, not what the case folder
held a moment earlier) and given its name at the end by one rename. A seal that is killed leaves a folder
``.sealing-NAME`` that the next one removes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from runbook.archive import bag as bagit_form
from runbook.archive.bag import AGENT, ORIGINAL_NAMES
from runbook.archive.contradictions import before_copying, contradictions, journal_head
from runbook.archive.digest import Flushing, copy_file, hash_file, in_threads
from runbook.archive.seal_sheet import complete_sheets, info_of, seal_of, spelled
from runbook.archive.sign import sign
from runbook.archive.verify import verify
from runbook.case.identifiers import mask_all
from runbook.errors import RunbookError
from runbook.files import move, remove_tree, write_zip
from runbook.host.lock import RunLock
from runbook.journal.held import Contradiction
from runbook.journal.lines import stamp, utc_now
from runbook.journal.outcome import BAD, Status
from runbook.journal.story import Run, Story, read_story
from runbook.papers.verifier import verifier_text
from runbook.record import report
from runbook.record.conflicts import conflicts
from runbook.record.labels import step_title
from runbook.words.forms import outcome_word, status_word
from runbook.words.sentences import printable, say

#: A step that ended so keeps its case from being done.
_KEEPS_OPEN = BAD | {Status.WAITING}
#: Written anew into each archive.
RECORDS = frozenset({"record.fr.html", "record.en.html"})
#: Caches, and who holds the case at the moment.
_NEVER = frozenset({"__pycache__", ".ipynb_checkpoints", "run.holder.json"})


@dataclass(frozen=True)
class Sealed:
    """A sealed bag: its folder, its seal (SHA-256 in hex), the sheets beside it. ``made`` is False where the same
    state of the case had been sealed before."""

    bag: Path
    seal: str
    sheets: tuple[Path, ...]
    made: bool = True
    zip: Path | None = None
    signature: Path | None = None

    def text(self, lang: str) -> str:
        """What the operator is told."""
        key = "archive.sealed" if self.made else "archive.sealed_before"
        lines = [say(key, lang, bag=self.bag, seal=spelled(self.seal).replace("\n", " "))]
        if self.zip:
            lines.append(say("archive.sealed_zip", lang, zip=self.zip))
        case = info_of(self.bag).get("External-Identifier", "")
        lines.append(say("archive.sealed_to_whom", lang, sheet=self.sheets[-1], bag=self.bag, case=case))
        return "\n".join(lines)


@dataclass
class Contents:
    """What a bag is made of, before it is one: payload files by their path in the case (a file to copy, or
    bytes)."""

    files: dict[str, Path | bytes]
    #: Called on the finished payload, gives the lines of bag-info.txt: they tell of what is sealed, though the case may
    #: have gone on while it was copied.
    info: Callable[[Path], list[tuple[str, str]]] = lambda copy: []
    tags: dict[str, bytes] = field(default_factory=dict)
    #: Called on the copied payload with its digests, makes files in its top folder: the record, which so describes
    #: what is sealed and need not read the evidence again.
    late: Callable[[Path, Mapping[str, str]], list[Path]] = lambda copy, digests: []


def seal(
    case_folder: Path,
    archive_root: Path,
    *,
    as_is: str | None = None,
    zip: bool = False,
    key: Path | None = None,
    lang: str | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    workers: int | None = None,
) -> Sealed:
    """Seal the case in ``case_folder`` as ``archive_root/NAME`` (``NAME-REHEARSAL`` for a rehearsal).

    ``as_is`` is the reason for sealing a case whose last run is not closed as done, or of which two statements cannot
    both be so; it is written into the bag.
    ``key`` is a private SSH key to sign with. The same state of a case is sealed once; one that went on since
    becomes ``NAME-s2``, which names the seal before it. Raises RunbookError where the case is open, its journal
    is broken or contradicted, another seal of it is under way, or its bag is no longer what was sealed.
    """
    story = read_story(case_folder)
    lang = lang or story.lang
    as_is = mask_all(as_is)
    RunLock(case_folder).refuse_at_work(lang)
    if not story.runs:
        raise RunbookError(say("record.nothing_run", lang, folder=case_folder))
    _finished(story, as_is, lang)
    name = case_folder.name + ("-REHEARSAL" if story.rehearsal else "")
    archive_root.mkdir(parents=True, exist_ok=True)
    with alone(archive_root, name, lang):
        target, previous = _place(archive_root, name, story, lang)
        if target.exists():
            _intact(target, lang)
            return _finish(target, zip, key, lang, made=False)
        if found := before_copying(case_folder):
            raise refusal(story.name, found, lang)
        said: dict[str, str] = {}

        def describe(copy: Path) -> list[tuple[str, str]]:
            lines = info_lines(read_story(copy), clock(), as_is, previous)
            said.update(lines)
            return lines

        contents = Contents(
            {path: file for path, file in payload_files(case_folder, story) if path not in RECORDS},
            describe,
            late=lambda copy, digests: report.write(copy, clock=clock, digests=digests, edition="full"),
        )
        write_bag(
            contents, target, lambda copy, digests, names: _agree(copy, digests, names, said, as_is, lang), workers
        )
        return _finish(target, zip, key, lang, made=True)


@contextlib.contextmanager
def alone(archive_root: Path, name: str, lang: str) -> Iterator[None]:
    """Hold the name in the archive for one writer; a lock that its holder's death releases."""
    lock = FileLock(archive_root / f".{name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunbookError(say("archive.busy", lang, name=name)) from None
    try:
        yield
    finally:
        lock.release()


def _finished(story: Story, as_is: str | None, lang: str) -> None:
    """Refuse a case whose last run, or whose recovery's last, is not closed as done, or of which two statements cannot
    both be so, unless somebody gave a reason."""
    if (as_is or "").strip():
        return
    told = []
    if story.outcome != "done":
        state = outcome_word(story.outcome, lang)
        told.append(say("archive.case_open", lang, case=story.name, state=state))
        told += [f"  - {step_title(step, lang)} ({step}): {status_word(status, lang)}" for step, status in _open(story)]
        if (recovery := _recovery(story)) and all(run.outcome == "done" for run in recovery):
            told.append(say("archive.case_open_beside", lang, case=story.name))
    if again := story.history.unsettled():
        titles = ", ".join(step_title(step, lang) for step in again)
        told.append(say("archive.case_unsettled", lang, case=story.name, titles=titles))
    if found := conflicts(story, lang):
        told += [say("archive.conflicts", lang, case=story.name), *(f"  - {each.text(lang)}" for each in found)]
    if told:
        raise RunbookError("\n".join(told))


def _recovery(story: Story) -> list[Run]:
    """The recovery's last run, where there is one."""
    return [run for run in story.runs if run.opened.get("notebook", "migrate") == "migrate"][-1:]


def _open(story: Story) -> list[tuple[str, Status]]:
    """The steps that keep the case from being done, of the last run and the recovery's last, each with its status."""
    found: dict[str, Status] = {}
    for run in (*_recovery(story), *story.runs[-1:]):
        if run.outcome != "done":
            found |= {step: tries[-1].status for step, tries in run.steps.items() if tries[-1].status in _KEEPS_OPEN}
    return [*found.items()]


def _place(archive_root: Path, name: str, story: Story, lang: str) -> tuple[Path, str | None]:
    """Where this state of the case belongs: its bag if it was sealed before, else the first free name, with the
    seal of the bag before. Raises RunbookError where what lies under one of the names does not say what it is of."""
    head = journal_head(story)
    previous: str | None = None
    number = 1
    while (target := archive_root / (name if number == 1 else f"{name}-s{number}")).exists():
        if not _is_described(target):
            _intact(target, lang)
        previous = seal_of(target)
        if info_of(target).get("Runbook-Journal-Head") == head:
            return target, previous
        number += 1
    return target, previous


def _is_described(bag: Path) -> bool:
    """Whether the bag's bag-info.txt is the one that was sealed."""
    try:
        tags = bagit_form.read_manifest((bag / bagit_form.TAG_MANIFEST).read_bytes(), bagit_form.TAG_MANIFEST)
        return tags.digests.get("bag-info.txt") == hash_file(bag / "bag-info.txt")["sha256"]
    except (OSError, ValueError):
        return False


def _intact(bag: Path, lang: str) -> None:
    """Raise RunbookError that names each fault of a bag: no sheet is made of one that was tampered with."""
    report = verify(bag)
    if not report.ok:
        lines = [f"  - {fault.text(lang)}" for fault in report.faults]
        raise RunbookError("\n".join([say("archive.sealed_changed", lang, bag=bag), *lines]))


def sealed_as(archive_root: Path, name: str, story: Story) -> Path | None:
    """The bag in which the case was sealed in its present state, None where it was not."""
    try:
        target, _ = _place(archive_root, name, story, story.lang)
    except (OSError, ValueError, RunbookError):  # a bag that cannot be read is no reason not to redact
        return None
    return target if target.exists() else None


def _finish(target: Path, zip: bool, key: Path | None, lang: str, made: bool) -> Sealed:
    """Everything beside the bag; made again where a kill came before it."""
    return Sealed(
        target,
        seal_of(target),
        complete_sheets(target),
        made=made,
        zip=write_zip(target, target.with_name(f"{target.name}.zip")) if zip else None,
        signature=sign(target, key, lang) if key else None,
    )


def payload_files(case_folder: Path, story: Story) -> Iterable[tuple[str, Path]]:
    """The files of a case that belong into its archive: all but locks, unfinished files and caches. What the
    journal lists belongs to it under any name."""
    listed = {
        str(item.get("path"))
        for entry in story.entries
        for key in ("evidence", "attachments")
        for item in entry.get(key) or []
        if isinstance(item, dict)
    }
    for path, _ in bagit_form.walk(case_folder):
        parts = path.split("/")
        unfinished = any(part.startswith(".") or part in _NEVER for part in parts)
        unfinished = unfinished or path.endswith((".part", ".lock", "/"))
        if path in listed or not unfinished:
            yield path, case_folder / path


def info_lines(
    story: Story, now: dt.datetime, as_is: str | None = None, previous: str | None = None, edition: str = "full"
) -> list[tuple[str, str]]:
    """bag-info.txt of a case, but for the lines that need the payload's size."""
    operator = story.case.get("operator")
    operator = operator if isinstance(operator, dict) else {}
    last = story.runs[-1]
    versions = last.opened.get("versions") or {}
    lines = [
        ("Source-Organization", story.case.get("company")),
        ("Contact-Name", operator.get("name")),
        ("Contact-Email", operator.get("email")),
        ("External-Identifier", story.name),
        ("External-Description", "RDS CAL recovery case: journal, executed notebooks, evidence, record"),
        ("Bagging-Date", f"{now:%Y-%m-%d}"),
        ("Bag-Software-Agent", AGENT),
        ("Runbook-Edition", edition),
        ("Runbook-Rehearsal", story.rehearsal),
        ("Runbook-Sealed", stamp(now)),
        ("Runbook-Sealed-As-Is", as_is),
        ("Runbook-Previous-Seal", previous),
        ("Runbook-Opened", story.runs[0].opened.get("t")),
        ("Runbook-Closed", (last.closed or {}).get("t")),
        ("Runbook-Outcome", story.outcome),
        ("Runbook-Runs", str(len(story.runs))),
        ("Runbook-Operator-Account", last.opened.get("operator")),
        ("Runbook-Verified", last.opened.get("verified")),
        ("Runbook-Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("Runbook-Journal-Lines", str(len(story.entries))),
        ("Runbook-Journal-Head", journal_head(story)),
    ]
    shown = [(label, printable(" ".join(str(value or "").split()))) for label, value in lines]
    return [(label, text) for label, text in shown if text]


def write_bag(
    contents: Contents,
    target: Path,
    check: Callable[[Path, Mapping[str, str], Mapping[str, str]], None],
    workers: int | None = None,
    inspect: Callable[[Path], None] | None = None,
    replace: bool = False,
) -> str:
    """Write ``contents`` as the bag ``target`` and return its seal.

    ``check(payload folder, digest by case path, name in the bag by case path)`` is called on the finished copy
    and may refuse it by raising; ``inspect(bag folder)`` likewise on the whole bag before it gets its name.
    ``replace``: a bag of that name gives way. The caller holds the lock for this name.
    """
    temp = target.with_name(f".sealing-{target.name}")
    remove_tree(temp)
    temp.mkdir(mode=0o700)
    try:
        with Flushing() as flushing:
            digest = _fill(temp, target.name, contents, check, workers, flushing)
            flushing.wait()
        _flush_folders(temp)
        if inspect is not None:
            inspect(temp)
        if replace and target.exists():
            remove_tree(target)
        move(temp, target)
        _flush_folder(target.parent)
    except BaseException:
        shutil.rmtree(temp, ignore_errors=True)
        raise
    return digest


def _fill(
    temp: Path,
    name: str,
    contents: Contents,
    check: Callable[[Path, Mapping[str, str], Mapping[str, str]], None],
    workers: int | None,
    flushing: Flushing,
) -> str:
    """Copy, hash, check and describe everything in the folder that will be the bag; gives its seal."""
    names = bagit_form.safe_names(contents.files)
    for inner in sorted({str(Path(name).parent) for name in names.values()}):
        (temp / "data" / inner).mkdir(parents=True, exist_ok=True)

    def put(content: Path | bytes, target: Path) -> tuple[str, int]:
        if isinstance(content, Path):
            done = copy_file(content, target)
        else:
            target.write_bytes(content)
            done = hashlib.sha256(content).hexdigest(), len(content)
        flushing.add(target)
        return done

    paths = sorted(contents.files)
    copied = in_threads(lambda path: put(contents.files[path], temp / "data" / names[path]), paths, workers)
    results = dict(zip(paths, copied, strict=True))
    digests = {path: digest for path, (digest, _) in results.items()}
    for made in contents.late(temp / "data", digests):
        results[made.name] = (hash_file(made)["sha256"], made.stat().st_size)
        names[made.name], digests[made.name] = made.name, results[made.name][0]
    paths = sorted(results)
    described = contents.info(temp / "data")
    check(temp / "data", digests, names)
    size = sum(size for _, size in results.values())
    info = [*described, ("Payload-Oxum", f"{size}.{len(paths)}"), ("Bag-Size", _readable(size))]
    renamed = "".join(f"data/{names[p]}\t{p}\n" for p in paths if names[p] != p)
    tags = {
        "bagit.txt": bagit_form.DECLARATION,
        "bag-info.txt": bagit_form.info_bytes(info),
        "VERIFIER.txt": verifier_text(name).replace("\n", "\r\n").encode("utf-8-sig"),
        bagit_form.MANIFEST: bagit_form.manifest_bytes({f"data/{names[p]}": digests[p] for p in paths}),
        **({ORIGINAL_NAMES: renamed.encode()} if renamed else {}),
        **contents.tags,
    }
    for tag, raw in tags.items():
        put(raw, temp / tag)
    listed = {tag: hashlib.sha256(raw).hexdigest() for tag, raw in tags.items()}
    return put(bagit_form.manifest_bytes(listed), temp / bagit_form.TAG_MANIFEST)[0]


def refusal(case: str, found: Iterable[Contradiction], lang: str) -> RunbookError:
    """The error that names every contradiction."""
    return RunbookError(
        "\n".join([say("archive.contradicted", lang, case=case), *(f"  - {each.text(lang)}" for each in found)])
    )


def _agree(
    copy: Path,
    digests: Mapping[str, str],
    names: Mapping[str, str],
    said: Mapping[str, str],
    as_is: str | None,
    lang: str,
) -> None:
    """Refuse a copied case that contradicts itself, what bag-info.txt is going to say of it, or the state in which it
    may be sealed: it may have gone on between the first look and the copy."""
    story = read_story(copy)
    found = contradictions(story, digests.get, lambda path: copy / names.get(path, path))
    if said.get("Runbook-Journal-Head") != journal_head(story):
        found.append(Contradiction("journal.jsonl", "head"))
    if found:
        raise refusal(story.name, found, lang)
    _finished(story, as_is, lang)


def _flush_folders(root: Path) -> None:
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut (Windows does so by itself and cannot open a folder)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _readable(size: int) -> str:
    value = float(size)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
