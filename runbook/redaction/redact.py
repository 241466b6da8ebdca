"""The copy for outside: the same case, without what would give the licences, the people or the network away.

A token stands for each value, the same everywhere. What cannot be searched (event logs, pictures of pixels, copies of
the license database, reports that name accounts), what a person attached and what proves the purchase stays inside
and is listed with an HMAC under a salt that stays inside too. The same HMAC stands wherever the case told a plain
SHA-256 of what stayed inside or was changed: the plain hash of a short file, or of one that lacks a name, would let
anyone try out texts until one fits. The copy is a bag that verifies by itself; its journal is chained anew and its
first line says of which journal it is the redaction.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.archive.contradictions import contradictions, in_folder
from runbook.archive.seal import Contents, alone, info_lines, payload_files, refusal, sealed_as, write_bag
from runbook.archive.seal_sheet import seal_of, write_sheets
from runbook.case.folder import CaseFolder
from runbook.errors import RunbookError
from runbook.files import remove_tree
from runbook.host.lock import RunLock
from runbook.journal.lines import utc_now
from runbook.journal.story import Story, read_story
from runbook.record import report
from runbook.redaction.leaks import Leak, Search, plain_hashes
from runbook.redaction.outside import REMADE, STRUCTURE, write_case
from runbook.redaction.places import places
from runbook.redaction.rewrite import Rewriter, decode
from runbook.redaction.sensitive import Found, Kind, account, by_key, by_pattern, host, person, reference, strings
from runbook.redaction.tokens import Tokens
from runbook.words.forms import hash_text
from runbook.words.sentences import LANGS, data_root, say

_PROVE = Path(__file__).with_name("prove.ps1")


@dataclass(frozen=True)
class Redacted:
    """The redacted bag, its seal, how many values were replaced, what was withheld (path as it goes out), and the file
    that holds tokens and salt."""

    bag: Path
    seal: str
    sheets: tuple[Path, ...]
    values: int
    withheld: tuple[str, ...]
    table: Path

    def text(self, lang: str) -> str:
        count = len(self.withheld)
        return say("archive.redacted", lang, bag=self.bag, values=self.values, withheld=count, table=self.table)


class LeakFound(RunbookError):
    """The second pass found a value: nothing was written. ``leaks`` says where and in which form."""

    def __init__(self, text: str, leaks: list[Leak]) -> None:
        super().__init__(text)
        self.leaks = leaks


def redact(
    case_folder: Path,
    archive_root: Path,
    *,
    lang: str | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    rewrite: Callable[[Tokens], Rewriter] = Rewriter,
) -> Redacted:
    """Write the redacted copy of a case as ``archive_root/NAME-redacted`` (``NAME-REHEARSAL-redacted``).

    An earlier redacted copy of the same name is replaced. Tokens are kept in the case's ``private/redaction.json``.
    Raises LeakFound, and leaves nothing behind, where the second pass finds a value in the result.
    """
    story = read_story(case_folder)
    lang = lang or story.lang
    RunLock(case_folder).refuse_at_work(lang)
    if not story.runs:
        raise RunbookError(say("record.nothing_run", lang, folder=case_folder))
    if faults := contradictions(story, *in_folder(case_folder)):
        raise refusal(story.name, faults, lang)
    archive_root.mkdir(parents=True, exist_ok=True)
    table = CaseFolder(case_folder).private() / "redaction.json"
    tokens = Tokens.load(table)
    tokens.add(harvest(case_folder, story))
    # a second look, now that the domains are known: hosts that only their domain gives away
    tokens.add(hosts_of_domains(case_folder, story, tokens))
    tokens.save(table)
    rewriter = rewrite(tokens)
    files = (file for _, file in payload_files(case_folder, story))
    search = Search(tokens, plain_hashes(files, case_folder / "journal.jsonl"))
    name = rewriter.text(case_folder.name) + ("-REHEARSAL" if story.rehearsal else "") + "-redacted"
    with alone(archive_root, name, lang):
        work = archive_root / f".redacting-{name}"
        remove_tree(work)
        work.mkdir(mode=0o700)
        try:
            now = clock()
            withheld = write_case(case_folder, story, rewriter, tokens, work, now)
            report.write(work, clock=lambda: now, edition="redacted")
            full = sealed_as(archive_root, case_folder.name + ("-REHEARSAL" if story.rehearsal else ""), story)
            original = seal_of(full) if full else None
            target = _write(work, archive_root / name, withheld, search, now, lang, original)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        sheets = write_sheets(target)
    return Redacted(target, seal_of(target), sheets, len(tokens.known), tuple(path for path, _ in withheld), table)


def harvest(case_folder: Path, story: Story) -> Iterator[Found]:
    """Every sensitive value of a case: from the case file by its place, from the journal and the evidence by the
    names of properties, from every text by its form. The case file comes first: it knows what is what."""
    yield from places(case_folder, payload_files(case_folder, story))
    yield from _from_case(story.case)
    for entry in story.entries:
        user, at, machine = str(entry.get("operator") or "").partition("@")
        if at:
            yield from account(user)
            yield from host(machine)
        for key, text in strings(entry):
            if key not in STRUCTURE or key == "key":
                yield from by_key(key, text)
    for path, texts in _texts(case_folder, story):
        yield from by_pattern(path)
        for key, text in texts:
            yield from by_key(key, text)
            yield from by_pattern(text)


def hosts_of_domains(case_folder: Path, story: Story, tokens: Tokens) -> Iterator[Found]:
    """Hosts met under one of the case's domains and nowhere else."""
    domains = sorted((value for kind, value, _ in tokens if kind is Kind.DOMAIN and "." in value), key=len)
    if not domains:
        return
    named = re.compile(
        rf"(?<![\w@.\\-])((?:[A-Za-z0-9_-]+\.)+)(?:{'|'.join(map(re.escape, domains))})(?![\w-])", re.IGNORECASE
    )
    for path, texts in _texts(case_folder, story):
        for text in (path, *(text for _, text in texts)):
            for match in named.finditer(text):
                yield from host(match[0])


def _texts(case_folder: Path, story: Story) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Of every file that may hold a value its path and its texts: of JSON each string with the name of its
    property (raw, an escape would stick to the value after it), of other text the whole under no name."""
    for path, file in payload_files(case_folder, story):
        if path == "journal.jsonl":
            yield path, [pair for entry in story.entries for pair in strings(entry)]
        if REMADE.fullmatch(path):
            continue
        text, _ = decode(file.read_bytes())
        if text is None or _is_public(file):
            yield path, []
            continue
        try:
            yield path, list(strings(json.loads(text))) if path.endswith((".json", ".ipynb")) else [("", text)]
        except ValueError:
            yield path, [("", text)]


def _from_case(case: Mapping[str, Any]) -> Iterator[Found]:
    for name in _all(case, "session_hosts", "names"):
        yield from host(name, Kind.SESSION_HOST)
    for key in ("pilot", "broker"):
        for name in _all(case, "session_hosts", key):
            yield from host(name, Kind.SESSION_HOST if key == "pilot" else Kind.HOST)
    for name in _all(case, "license_server", "name"):
        yield from host(name, Kind.LICENSE_SERVER)
    for server in case.get("lost_servers") or []:
        for name in _all(server, "name"):
            yield from host(name, Kind.LICENSE_SERVER)
        for number in _all(server, "server_id"):
            yield Found(Kind.SERVER_ID, number)
    for name in (*_all(case, "operator", "name"), *_all(case, "approval", "name")):
        yield from person(name)
    for company in (*_all(case, "company"), *_all(case, "contract", "reseller")):
        yield from person(company, Kind.COMPANY)
    for address in _all(case, "operator", "email"):
        yield Found(Kind.EMAIL, address)
        yield Found(Kind.DOMAIN, address.partition("@")[2])
    for number in _all(case, "operator", "phone"):
        yield from by_key("phone", number)
    for number in _all(case, "contract", "agreement"):
        yield Found(Kind.CONTRACT, number)
    for ticket in _all(case, "approval", "ticket"):
        yield from reference(ticket)


def _all(data: Any, *keys: str) -> list[str]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    found = data if isinstance(data, list) else [data]
    return [str(item) for item in found if isinstance(item, str) and item.strip()]


def _write(
    work: Path,
    target: Path,
    withheld: list[tuple[str, str]],
    search: Search,
    now: dt.datetime,
    lang: str,
    original: str | None,
) -> Path:
    story = read_story(work)
    contents = Contents(
        dict(payload_files(work, story)),
        lambda copy: [
            *info_lines(story, now, edition="redacted"),
            ("Runbook-Redaction-Of", f"journal.jsonl {hash_text(str(story.entries[0]['of']))}"),
            *([("Runbook-Full-Edition-Seal", original)] if original else []),
            ("Runbook-Withheld", str(len(withheld))),
        ],
        {"withheld.tsv": _withheld_table(withheld), "REDACTED.txt": _explained(story.name)},
    )

    def agree(copy: Path, digests: Mapping[str, str], names: Mapping[str, str]) -> None:
        found = contradictions(read_story(copy), digests.get, lambda path: copy / names.get(path, path))
        if found:
            raise refusal(story.name, found, lang)

    def inspect(bag: Path) -> None:
        if leaks := search.folder(bag):
            lines = [f"  - {leak.path}: {leak.what} ({leak.form})" for leak in leaks]
            raise LeakFound("\n".join([say("archive.leaks", lang, count=len(leaks)), *lines]), leaks)

    write_bag(contents, target, agree, inspect=inspect, replace=True)
    return target


def _withheld_table(withheld: list[tuple[str, str]]) -> bytes:
    head = ["# " + say("archive.withheld_head", each) for each in LANGS]
    rows = [f"{mark}\t{path}" for path, mark in withheld]
    return ("\n".join([*head, "hmac_sha256\tpath", *rows]) + "\n").encode()


def _explained(case: str) -> bytes:
    """REDACTED.txt: what the tokens mean, what was kept, how the company proves a withheld paper later."""
    rule = "\n" + "=" * 78 + "\n\n"
    commands = say("archive.redacted_commands", "en", script=_PROVE.read_text(encoding="utf-8").rstrip())
    parts = [*(say("archive.redacted_explained", each, case=case) for each in LANGS), commands]
    text = rule.join(part.strip() + "\n" for part in parts)
    return text.replace("\n", "\r\n").encode("utf-8-sig")


def _is_public(file: Path) -> bool:
    """A script that is, byte for byte (its mark aside), one of the project's own."""
    if file.suffix != ".ps1":
        return False
    raw = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    return any(
        raw == own.read_bytes().removeprefix(b"\xef\xbb\xbf")
        for own in (data_root() / "notebooks" / "steps").glob("*.ps1")
    )
