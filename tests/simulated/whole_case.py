"""Whole cases through papermill, on real PowerShell and a simulated server: ``python -m tests.simulated.whole_case``.

migrate from a server that is not activated to DONE, by telephone, every change in its turn; then backup, restore,
hosts, audit and diagnose with the same case file, and a hosts reading of ``--hosts`` (200), seven of which fail in
five ways.
Prints a line for each thing that has to be so; ends with 1 if one is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import product, pwsh, server

NOTEBOOKS = product.SCRIPTS.parent
NAME = "case-2026-60"
ID = "SIMULATEDSERVERIDENTIFIER00000SRV01"
PACKS = ("SIMULATEDKEYPACKIDENTIFIER0000PACK1", "SIMULATEDKEYPACKIDENTIFIER0000PACK2")
#: Five ways in which a host fails, and what the product calls each.
WAYS = {
    "unreachable": "NetworkPathNotFound,PSSessionStateBroken",
    "denied": "AccessDenied,PSSessionStateBroken",
    "failed there": {"calls": {"Win32_TerminalServiceSetting": {"throw": "0x80041010"}}},
    "no answer": "another name",
    "garbled": "not what was asked",
}


@dataclass(frozen=True)
class Run:
    """One papermill command: its exit code, each step's status, what it said, how long it took (seconds)."""

    code: int
    states: dict[str, str]
    said: str
    seconds: float


@dataclass(frozen=True)
class Place:
    """A workspace on a simulated server."""

    home: Path
    server: Path

    @property
    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_HOME", "LC_", "LANG"))}
        spoken = {"LANG": "fr_FR.UTF-8", "PYTHONIOENCODING": "utf-8"}
        return {**kept, **spoken, "RUNBOOK_HOME": str(self.home), **pwsh.stand_in(self.server)}

    def case(self, name: str) -> Path:
        return self.home / "cases" / name

    def papermill(self, notebook: str, name: str, *more: str) -> Run:
        """``papermill NOTEBOOK.ipynb NAME.ipynb MORE``."""
        source = str(NOTEBOOKS / f"{notebook}.ipynb")
        argv = [sys.executable, "-m", "papermill", "--no-progress-bar", source, f"{name}.ipynb", *more]
        started = time.monotonic()
        done = self._ran(argv, "")
        ends = [row for row in self.journal(name) if row["event"] == "end"]
        states = {row["step"]: str(row["status"]) for row in ends if row["run"] == ends[-1]["run"]}
        return Run(done.returncode, states, done.stdout + done.stderr, time.monotonic() - started)

    def runbook(self, *words: str, typed: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """``runbook WORDS``, with ``typed`` at its prompts."""
        return self._ran([sys.executable, "-m", "runbook.cli", *words], "".join(f"{line}\n" for line in typed))

    def journal(self, name: str) -> list[dict[str, Any]]:
        path = self.case(name) / "journal.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []

    def _ran(self, argv: list[str], given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=self.home, env=self.environ, input=given, capture_output=True, encoding="utf-8", check=False,
            timeout=900,
        )  # fmt: skip


def place(home: Path, changes: Mapping[str, Any] | None = None) -> Place:
    """A workspace in ``home`` beside a simulated server with ``changes``."""
    return Place(home, server.make(home / "server", changes))


def case_file(at: Place, name: str, *changed: tuple[str, str]) -> None:
    """The nominal rehearsal's case file and papers as those of the case ``name``, texts replaced."""
    text = (product.REHEARSALS / "nominal" / "case.yml").read_text(encoding="utf-8")
    for old, new in (("case: nominal", f"case: {name}"), (", RDSH03.corp.example", ""), *changed):
        assert old in text, old
        text = text.replace(old, new)
    at.case(name).mkdir(parents=True, exist_ok=True)
    (at.case(name) / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    shutil.copytree(product.REHEARSALS / "nominal" / "papers", at.case(name) / "papers", dirs_exist_ok=True)


def farm(count: int) -> tuple[list[str], dict[str, Any]]:
    """``count`` (at least 8) session hosts and the changes that make the server know them; the last seven fail, in the
    five ways of ``WAYS``, the first two of them twice."""
    names = [f"RDSH{number:03}.corp.example" for number in range(1, count + 1)]
    host = server.healthy()["hosts"]["RDSH01.corp.example"]
    hosts = {name: {**host, "computer": {**host["computer"], "name": name.split(".")[0]}} for name in names}
    changes: dict[str, Any] = {"/hosts": hosts, "/unreachable": {}, "/answersAs": {}, "/garbled": {}}
    for name, way in zip(names[-7:], [*list(WAYS)[:2] * 2, *list(WAYS)[2:]], strict=True):
        if way == "no answer":
            changes["/answersAs"][name] = "another.corp.example"
        elif way == "garbled":
            changes["/garbled"][name] = "{"
        elif way == "failed there":
            hosts[name] |= WAYS[way]
        else:
            changes["/unreachable"][name] = WAYS[way]
    return names, changes


def read_farm(at: Place, names: list[str]) -> tuple[Run, dict[str, bool]]:
    """A hosts run over ``names``: the run, and of each host whether it was read."""
    listed = ("RDSH01.corp.example, RDSH02.corp.example", ", ".join(names))
    case_file(at, "hosts-farm", listed, ("pilot: RDSH01.corp.example", f"pilot: {names[0]}"))
    run = at.papermill("hosts", "hosts-farm")
    out = json.loads((at.case("hosts-farm") / "r01" / "hosts-state" / "out.json").read_text(encoding="utf-8-sig"))
    return run, {row["Name"]: row["Reached"] for row in out[0]["Hosts"]}


def recovery(at: Place, check: Callable[[str, bool, object], None]) -> None:
    """migrate from not activated to DONE, then the notebooks around it."""

    def confirmed(step: str, *typed: str) -> None:
        done = at.runbook(
            "--lang", "fr", "confirm", NAME, step, typed=(*typed, "o")
        )  # the answers shown, once more yes
        check(f"confirm {step}", done.returncode == 0, done.stdout + done.stderr)

    first = at.papermill("migrate", NAME)
    check(
        "the first run waits, and changes nothing",
        first.code == 0 and server.read(at.server)["activation"] == 1,
        first.said,
    )
    case_file(at, NAME)
    early = at.papermill("migrate", NAME, "-p", "apply", "activate")
    check("without the ID activate waits", early.states["activate"] == "waiting", early.states)
    confirmed("activate", "1", ID, "o")
    confirmed("source-lost", "lost", "incendie", "o", "DSI", "CHG-1")
    run = at.papermill("migrate", NAME, "-p", "apply", "activate,gpupdate")
    check("activated by telephone", run.states["activate"] == "succeeded", run.states)
    confirmed(
        "clearinghouse", "telephone", "REF-1", "X", "issued", PACKS[0], "o", "20", "o", PACKS[1], "o", "20", "n", ""
    )
    run = at.papermill("migrate", NAME, "-p", "apply", "install-packs,backup,gpupdate")
    good = [run.states[step] for step in ("install-packs", "key-packs-after", "backup")]
    check(
        "installed (a way that is told as unproven), counted, backed up", good == ["finding", *["succeeded"] * 2], good
    )
    note = at.home / "seen.txt"
    note.write_text("vu\n", encoding="utf-8")
    logon = "user_is_no_administrator=true host=RDSH01.corp.example opened=true diagnoser_seen=true"
    for step, sets in {
        "test-logon": f"{logon} diagnoser_says=rien",
        "attestation": "clearinghouse_confirmation=true screenshots=true decommissioning=true note=vu",
    }.items():
        given = [word for each in sets.split() for word in ("--set", each)]
        done = at.runbook("confirm", NAME, step, "--attach", str(note), *given)
        check(f"confirm {step}", done.returncode == 0, done.stdout + done.stderr)
    run = at.papermill("migrate", NAME)
    closed = [row for row in at.journal(NAME) if row["event"] == "close"][-1]
    check("migrate is done", run.code == 0 and closed["outcome"] == "done", closed)
    held = sum(row["TotalLicenses"] for row in server.read(at.server)["keyPacks"] if row["ProductType"] in (0, 1))
    check("the server holds the 40 CALs that are owned", held == 40, held)
    begun = [row["step"] for row in at.journal(NAME) if row["event"] == "begin" and row.get("kind") == "change"]
    check("each change once", len(begun) == len(set(begun)), begun)
    whole = "".join(path.read_text(encoding="utf-8", errors="replace") for path in at.case(NAME).glob("r*/**/*.json"))
    check("no identifier in full in the evidence", not any(one in whole for one in (ID, *PACKS)), "")
    for notebook, change in {
        "backup": "backup-folder,backup-vss,backup-second-copy,backup-retention",
        "restore": "", "hosts": "", "audit": "audit-report", "diagnose": "",
    }.items():  # fmt: skip
        empty = at.papermill(notebook, f"{notebook}-0")
        check(f"{notebook} with nothing filled in waits", "failed" not in empty.states.values(), empty.states)
        applied = ["-p", "apply", change] if change else []
        run = at.papermill(notebook, f"{notebook}-1", "-p", "of", NAME, *applied)
        check(
            f"{notebook} ends without a failed step",
            run.code == 0 and "failed" not in run.states.values(),
            run.said[-300:],
        )


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    given = parser.parse_args(words)
    short = []

    def check(what: str, good: bool, told: object = "") -> None:
        if not good:
            short.append(what)
        sys.stdout.write(
            f"{'ok   ' if good else 'SHORT'} {what}{'' if good else ' | ' + ' '.join(str(told).split())[:400]}\n"
        )
        sys.stdout.flush()

    started = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="whole-case-"))
    recovery(place(home), check)
    names, changes = farm(given.hosts)
    (home / "farm").mkdir()
    run, read = read_farm(place(home / "farm", changes), names)
    unread = [name for name, so in read.items() if not so]
    check(
        f"{given.hosts} hosts in {run.seconds:.0f} s: all read but the seven that fail",
        unread == names[-7:],
        (unread, run.said[-300:]),
    )
    sys.stdout.write(f"{len(short)} fell short, {time.monotonic() - started:.0f} s; kept in {home}\n")
    return bool(short)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
