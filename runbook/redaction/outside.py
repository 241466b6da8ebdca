"""The case as it goes out: which files, rewritten how, and a journal that tells of them.

What cannot be searched, what a person attached and what proves a purchase stays inside, under any name: a paper that
is withheld as ``proofs/order.csv`` must not go out as ``order.csv``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook.archive.seal import payload_files
from runbook.journal.lines import GENESIS, Entry, encode, stamp
from runbook.journal.story import Story
from runbook.redaction.rewrite import Rewriter, decode
from runbook.redaction.tokens import Tokens
from runbook.redaction.withheld import EMPTY, Withheld
from runbook.words.forms import HMAC

#: Folders and files that never go out, whatever they hold.
_NEVER = re.compile(
    r"(?i)(private|proofs|papers|attachments)/.*|.*\.(evtx|edb|jrs|chk|hiv|reg|pfx|p12|cer|key|cat|sig|zip|7z|cab|pdf|png|jpe?g"
    r"|docx?|xlsx?|eml|msg)|(.*/)?[^/]*(gpresult|rsop|lserver|tlslic)[^/]*|(.*/)?lserver/.*|journal\.torn-.*"
    r"|r[0-9]+/case\.yml"  # an earlier state names people and servers that the case as it is no longer knows
)
#: Made anew from the redacted case.
REMADE = re.compile(r"record\.(fr|en)\.(html|pdf)|journal\.jsonl|private/redaction\.json")
#: Fields of a journal line that the journal's own form needs as they are.
STRUCTURE = frozenset(
    re.findall(
        r"\w+",
        "n t prev event run step status kind outcome lang host verified attempt exit_code seconds by at entry key"
        " columns",
    )
)


@dataclass(frozen=True)
class _File:
    """A file of the case: its path there and outside, SHA-256 and HMAC, size in bytes, whether it stays inside."""

    path: str
    file: Path
    outside: str
    sha256: str
    mark: str
    size: int
    stays: bool


def write_case(
    case_folder: Path, story: Story, rewriter: Rewriter, tokens: Tokens, work: Path, now: dt.datetime
) -> list[tuple[str, str]]:
    """Write the case into ``work`` as it goes out; gives what stays inside: path as it would go out, and HMAC."""
    raw_journal = (case_folder / "journal.jsonl").read_bytes()
    withheld = Withheld(tokens.mark)
    files = list(_judged(case_folder, story, rewriter, tokens))
    for each in files:
        if each.stays:
            withheld.hide(each.sha256, each.mark)
    files = [replace(each, outside="/".join(map(withheld.name, each.outside.split("/")))) for each in files]
    for each in files:
        if each.stays:
            withheld.hide_size(each.outside, each.mark, each.size)
    goes = [each for each in files if not each.stays]
    same = {each.path for each in goes if _with_tokens(each, rewriter, work)}
    for each in goes:
        if each.path not in same:
            withheld.hide(each.sha256, each.mark)
    withheld.free(each.sha256 for each in goes if each.path in same)
    withheld.hide(hashlib.sha256(raw_journal).hexdigest(), tokens.mark(raw_journal))
    withheld.meet(raw_journal.decode("utf-8", "replace"))
    # a file that names the hash of a changed one is changed thereby, and so on
    while changed := [each for each in goes if each.path in same and not _without_hashes(each, withheld, work)]:
        same -= {each.path for each in changed}
        for each in changed:
            withheld.hide(each.sha256, each.mark)
    for each in goes:
        if each.path not in same:
            _without_hashes(each, withheld, work)
    listed = {each.path: _listed(each, work) for each in files}
    _write_journal(story, raw_journal, rewriter, withheld, listed, work / "journal.jsonl", now)
    return sorted((each.outside, each.mark) for each in files if each.stays)


def _judged(case_folder: Path, story: Story, rewriter: Rewriter, tokens: Tokens) -> Iterator[_File]:
    proofs = _proofs(story)
    needed = {"case.yml", *(str(run.notebook.get("path")) for run in story.runs if run.notebook is not None)}
    found: list[_File] = []
    for path, file in payload_files(case_folder, story):
        if REMADE.fullmatch(path):
            continue
        raw = file.read_bytes()
        stays = bool(_NEVER.fullmatch(path)) or decode(raw)[0] is None
        stays = stays or (path.casefold() in proofs and path not in needed)
        outside = "/".join(rewriter.text(part) for part in path.split("/"))
        found.append(_File(path, file, outside, hashlib.sha256(raw).hexdigest(), tokens.mark(raw), len(raw), stays))
    # The same bytes under another name would give the paper away. An empty file gives nothing away, and without its
    # case file and its notebooks there is no copy: whoever attached one of these gets it redacted like the rest.
    inside = {each.sha256 for each in found if each.stays} - {EMPTY}
    for each in found:
        yield replace(each, stays=each.stays or (each.sha256 in inside and each.path not in needed))


def _proofs(story: Story) -> frozenset[str]:
    """The paths in the case, folded, that its packs' proofs of purchase may mean (``runbook.steps.proofs``): from
    the case's folder, its papers or its proofs, whole or by the last part alone; Windows minds no capitals."""
    packs = story.case.get("packs")
    named = [
        str(name)
        for pack in (packs if isinstance(packs, list) else [])
        for name in (pack.get("proofs") or [] if isinstance(pack, dict) else [])
    ]
    paths = set()
    for name in named:
        relative = name.replace("\\", "/")
        inside = relative.rpartition(f"/{story.folder.name}/")[2]
        for part in (relative, inside, relative.rpartition("/")[2]):
            for folder in ("", "papers/", "proofs/"):
                paths.add(posixpath.normpath(folder + part.strip()).casefold())
    return frozenset(paths)


def _with_tokens(each: _File, rewriter: Rewriter, work: Path) -> bool:
    """Write the file with tokens in place of values; whether it stayed as it was."""
    raw = each.file.read_bytes()
    fresh = rewriter.file(each.file.name, raw)
    assert fresh is not None, "judged to be text"
    target = work / each.outside
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(fresh)
    return fresh == raw


def _without_hashes(each: _File, withheld: Withheld, work: Path) -> bool:
    """Take plain hashes and sizes out of a file in ``work``; whether it stayed as it was."""
    target = work / each.outside
    raw = target.read_bytes()
    text, encode_text = decode(raw)
    if text is None:
        return True
    fresh = None
    if each.path.endswith((".json", ".ipynb")):
        try:
            data = json.loads(text)
        except ValueError:
            pass
        else:
            clean = withheld.data(data)
            fresh = text if clean == data else json.dumps(clean, ensure_ascii=False, indent=1) + "\n"
    fresh = withheld.text(text) if fresh is None else fresh
    if fresh == text:
        return True
    target.write_bytes(encode_text(fresh))
    return False


def _listed(each: _File, work: Path) -> dict[str, Any]:
    """What the redacted journal says of a file."""
    if each.stays:
        return {"path": each.outside, "hmac_sha256": each.mark, "withheld": True}
    raw = (work / each.outside).read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    told: dict[str, Any] = {"path": each.outside, "sha256": digest, "size": len(raw)}
    return told if digest == each.sha256 else {**told, "redacted": True}


def _write_journal(
    story: Story,
    raw: bytes,
    rewriter: Rewriter,
    withheld: Withheld,
    listed: Mapping[str, dict[str, Any]],
    target: Path,
    now: dt.datetime,
) -> None:
    first: Entry = {
        "t": stamp(now),
        "event": "redaction",
        "of": withheld.text(hashlib.sha256(raw).hexdigest()),
        "lines": len(story.entries),
    }
    prev, lines = GENESIS, []
    for number, entry in enumerate([first, *(_entry(each, rewriter, withheld, listed) for each in story.entries)], 1):
        line = encode({**entry, "n": number, "prev": prev})
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    target.write_bytes(b"".join(lines))


def _entry(entry: Entry, rewriter: Rewriter, withheld: Withheld, listed: Mapping[str, dict[str, Any]]) -> Entry:
    def fresh(key: str, item: Any) -> Any:
        if key in STRUCTURE:
            return item
        if key in ("path", "kept_as") and item in listed:
            return listed[item]["path"]
        if key == "lines" and isinstance(item, list):
            return [{**rewriter.data(line), "key": line.get("key")} for line in item if isinstance(line, dict)]
        return rewriter.data(item)

    files = {key: entry[key] for key in ("evidence", "attachments") if isinstance(entry.get(key), list)}
    told = {key: fresh(key, item) for key, item in entry.items() if key not in files and key not in ("n", "prev")}
    told = withheld.data(told)
    # of a file in the copy the journal tells the hash that it has there
    for key, items in files.items():
        told[key] = [
            dict(listed.get(item["path"], {"path": rewriter.text(item["path"]), "withheld": True})) for item in items
        ]
    if entry.get("event") == "notebook" and (notebook := listed.get(str(entry.get("path")))):
        told["sha256"] = notebook.get("sha256", HMAC + notebook.get("hmac_sha256", ""))
    return told
