"""One script, one server with something wrong, and what is right for the operator: read, run, judged.

``scenarios/SCRIPT.yml`` holds ``in`` (in.json where a scenario says nothing), ``server`` (changes for all of them)
and ``scenarios`` by name:

finding   the number of the fault that it shows (findings.yml), where there is one
server    JSON pointer -> value, put into the healthy server; (missing) takes it out
files     Windows path -> text, size in bytes, {copy: path}, {link: folder} or null (taken away); a path that
          ends with \\ is a folder
in        in.json as a whole; null: the script is run without it, as by hand.  with: changes to the file's ``in``.
          raw: in.json as text
blocked   names beside out.json that cannot be written
out       another path for out.json (its folder is made unless ``none`` is expected); in.json lies beside it
expect    pointer into out.json -> value or {re|not|any|len|ge|has: ...}; * = every element
fault     true: out.json holds an error record somewhere; a text: one whose message or id matches; false: none
none      there is no out.json, and what the script said of it matches; with ``fault: true`` that, or a fault, or a
          reason in Refused, in out.json
private   pointer into private.json, as in expect;  parts: into the list of the lines of parts.jsonl
after     pointer into server.json afterwards, as in expect;  tree: Windows path -> is it there? or the names in it
saved     Windows path of a file that holds what out.json holds
shown     what it shows, with its warnings, matches this
reader    false: the reader's model need not take out.json
ends      false: the script may end with an error after out.json
verdict   status, or {step: status}: what the product makes of out.json
The first scenario of each file is run in ``PLACES`` as well. Always: no date of another calendar; a script that wrote
out.json ends without an error; out.json passes the reader's model; no verdict raises; where the record carries a Fault
of its own, no verdict is ``succeeded``; no identifier in full and no user's name in out.json, in what is shown or in
an error.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import product, server
from .runner import Job, Ran
from .server import MISSING, local, pointer

FOLDER = Path(__file__).resolve().parent / "scenarios"
SECRETS = (
    "SIMULATEDSERVERIDENTIFIER00000SRV01",
    "SIMULATEDKEYPACKIDENTIFIER0000PACK1",
    "SIMULATEDKEYPACKIDENTIFIER0000PACK2",
    "000000000000000SIM01",
    "JDUPONT",
)
KEYS = frozenset(
    [
        "finding",
        "server",
        "files",
        "in",
        "with",
        "raw",
        "out",
        "expect",
        "fault",
        "none",
        "blocked",
        "ends",
        "private",
        "parts",
        "after",
        "tree",
        "saved",
        "shown",
        "reader",
        "verdict",
        "why",
    ]
)


ZONE = "/computer/timeZone"
#: Where else the first scenario of each script has to come out the same: other calendars, letters, days.
PLACES = {
    "th-TH": "Asia/Bangkok",
    "fa-IR": "Asia/Tehran",
    "ar-SA": "Asia/Riyadh",
    "tr-TR": "Europe/Istanbul",
    "en-NZ": "Pacific/Auckland",
}
#: A date as these scripts write it; no server here knows another century.
_DATE = re.compile(r"(?<!\d)(\d{4})-?\d\d-?\d\dT\d\d")


@dataclass(frozen=True)
class Scenario:
    """One scenario; ``id`` is SCRIPT/NAME."""

    id: str
    script: str
    said: dict[str, Any]

    @property
    def given(self) -> str | None:
        """in.json as text; None: the script is run without it."""
        if "raw" in self.said:
            return str(self.said["raw"])
        given = self.said["in"]
        return None if given is None else json.dumps(given | self.said.get("with", {}), ensure_ascii=False)

    def out(self, home: Path) -> Path:
        return home / self.said.get("out", "job/out.json")

    def prepare(self, home: Path, scripts: Path = product.SCRIPTS) -> Job:
        """Make its server and its in.json in ``home``."""
        server.make(home / "server", self.said.get("server"), self.said.get("files"))
        (home / "job").mkdir()
        out = self.out(home)
        if "none" not in self.said:
            out.parent.mkdir(parents=True, exist_ok=True)
        for name in self.said.get("blocked", []):
            (out.parent / name).mkdir(parents=True)
        path = None
        if self.given is not None:
            path = (out.parent if out.parent.is_dir() else home / "job") / "in.json"
            path.write_text(self.given, encoding="utf-8")
        return Job(self.id, scripts / f"{self.script}.ps1", path, out, home / "server")


@cache
def scenarios(script: str) -> tuple[Scenario, ...]:
    """Those of ``scenarios/SCRIPT.yml``, in the file's order."""
    found = yaml.load((FOLDER / f"{script}.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    every = []
    for name, said in found["scenarios"].items():
        said = said or {}
        assert said.keys() <= KEYS, f"{script}/{name}: {said.keys() - KEYS}"
        changed = found.get("server", {}) | said.get("server", {})
        every.append(Scenario(f"{script}/{name}", script, {"in": found.get("in", {}), **said, "server": changed}))
    return tuple(every)


def all_scenarios() -> Iterator[Scenario]:
    """Every scenario there is, and the first of each script in ``PLACES``."""
    for path in sorted(FOLDER.glob("*.yml")):
        yield from scenarios(path.stem)
        first = scenarios(path.stem)[0]
        for culture, zone in PLACES.items():
            moved = {"/computer/culture": culture}
            if sys.platform != "win32":  # which knows no TZ: there in the zone of the machine itself
                moved[ZONE] = zone
            yield replace(
                first, id=f"{first.id}-in-{culture}", said={**first.said, "server": first.said["server"] | moved}
            )


def judge(scenario: Scenario, home: Path, ran: Ran | None, product_too: bool = True) -> list[str]:
    """What differs from what is right; [] = nothing. ``product_too``: the product's reader and verdicts are asked."""
    if ran is None:
        return ["no answer: the process ended"]
    said, out = scenario.said, scenario.out(home)
    text = out.read_text(encoding="utf-8-sig") if out.is_file() else None
    wrong = _told_in_full(f"{text or ''}{ran.error}{ran.shown}") + _afterwards(said, home)
    wrong += [
        f"a date of another calendar: {year}…"
        for year in _DATE.findall(text or "")
        if not 2000 <= int(year) <= 2099 and year not in ("0001", "9999")
    ]
    if "none" in said and text is None:
        if not re.search(said["none"], ran.error, re.IGNORECASE):
            wrong.append(f"says: {_short(ran.error)}")
        return wrong
    if text is None:
        return [*wrong, f"no out.json; says: {_short(ran.error)}"]
    try:
        document = json.loads(text)
    except ValueError as problem:
        return [*wrong, f"out.json is no JSON: {problem}"]
    if ran.ended and said.get("ends", True):
        wrong.append(f"ends with an error: {_short(ran.error)}")
    if not re.search(said.get("shown", ""), ran.shown):
        wrong.append(f"shows: {_short(ran.shown)}")
    if "saved" in said:
        kept = local(home / "server", said["saved"])
        if not kept.is_file() or json.loads(kept.read_text(encoding="utf-8-sig")) != document:
            wrong.append(f"{said['saved']} does not hold what out.json holds")
    wrong += _in_out(said, document) + _beside(said, out)
    if product_too and said.get("reader", True):
        wrong += _product(scenario, document, out.parent)
    return wrong


def _told_in_full(text: str) -> list[str]:
    flat = re.sub(r"[\s-]", "", text).upper()
    return [f"told in full: ...{secret[-5:]}" for secret in SECRETS if secret in flat]


def _afterwards(said: dict[str, Any], home: Path) -> list[str]:
    state = server.read(home / "server")
    wrong = [
        f"afterwards {path}: {_short(seen)}, not {_short(wanted)}"
        for path, wanted in said.get("after", {}).items()
        if _differs(seen := pointer(state, path), wanted)
    ]
    for path, wanted in said.get("tree", {}).items():
        place = local(home / "server", path)
        if isinstance(wanted, list):
            names = sorted(item.name for item in place.iterdir()) if place.is_dir() else MISSING
            if names != wanted:
                wrong.append(f"{path} holds {names}, not {wanted}")
        elif place.exists() != wanted:
            wrong.append(f"{path} is {'not ' if wanted else ''}there")
    return wrong


def _in_out(said: dict[str, Any], document: Any) -> list[str]:
    wrong = [
        f"{path}: {_short(seen)}, not {_short(wanted)}"
        for path, wanted in said.get("expect", {}).items()
        if _differs(seen := pointer(document, path), wanted)
    ]
    found = list(_faults(document))
    if "none" in said:
        told = found or pointer(document, "/0/Refused") not in (MISSING, None)
        return wrong if said.get("fault") and told else [*wrong, f"an out.json: {_short(document)}"]
    wanted = said.get("fault")
    if wanted is False and found:
        wrong.append(f"a fault: {_short(found[0])}")
    elif wanted is True and not found:
        wrong.append("no fault in it")
    elif isinstance(wanted, str) and not any(
        re.search(wanted, f"{f['Message']} {f['FullyQualifiedErrorId']}", re.IGNORECASE) for f in found
    ):
        wrong.append(f"no fault says {wanted}: {_short([f['Message'] for f in found])}")
    return wrong


def _beside(said: dict[str, Any], out: Path) -> list[str]:
    """Where private.json and parts.jsonl hold something else than is right."""
    private, parts = out.parent / "private.json", out.parent / "parts.jsonl"
    held = {
        "private": json.loads(private.read_text(encoding="utf-8-sig")) if private.is_file() else None,
        "parts": [json.loads(line) for line in parts.read_text(encoding="utf-8").splitlines()]
        if parts.is_file()
        else None,
    }
    return [
        f"{name}: {at} is {_short(seen)}"
        for name, document in held.items()
        for at, wanted in said.get(name, {}).items()
        if _differs(seen := pointer(document, at), wanted)
    ]


def _product(scenario: Scenario, document: Any, folder: Path) -> list[str]:
    try:
        product.read_answer(scenario.script, document)
    except ValueError as problem:
        return ["the reader refuses it: " + _short(str(problem))]
    found = {step: v.status.value for step, v in product.verdicts(scenario.script, document, folder).items()}
    wrong = []
    if document[0].get("Fault") is not None and "succeeded" in found.values():
        wrong.append(f"a fault, and the verdict is {found}")
    wanted = scenario.said.get("verdict")
    if (isinstance(wanted, str) and set(found.values()) != {wanted}) or (
        isinstance(wanted, dict) and not wanted.items() <= found.items()
    ):
        wrong.append(f"the verdict is {found}, not {wanted}")
    return wrong


def _differs(seen: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(seen != wanted)
    (how, value), *_ = wanted.items()
    text = seen if isinstance(seen, str) else json.dumps(seen, ensure_ascii=False)
    return {
        "re": lambda: not re.search(value, text, re.IGNORECASE),
        "len": lambda: not isinstance(seen, list) or len(seen) != value,
        "ge": lambda: not isinstance(seen, int | float) or seen < value,
        "has": lambda: not isinstance(seen, list) or value not in seen,
        "not": lambda: seen == value,
        "any": lambda: seen not in value,
    }[how]()


def _faults(document: Any) -> Iterator[dict[str, Any]]:
    """Every error record in out.json, wherever it stands."""
    if isinstance(document, list):
        for item in document:
            yield from _faults(item)
    elif isinstance(document, dict):
        if "FullyQualifiedErrorId" in document:
            yield document
        for item in document.values():
            yield from _faults(item)


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return text if len(text) <= 200 else text[:199] + "…"
