"""Cases at random: entries right and wrong, cuts at any point, a case file that changes, packs and hosts that come and
go, the notebooks in any order, and what must always hold.

``python tests/made/walk_cases.py --stories 300 --runs 6 [--seed 1]`` walks and prints what does not hold, with the
seed of its story and what was done; the suite walks a short draw of it.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from model_server import CASE, PACKS, Bent, ModelServer, plug

from runbook.commands.case import accept_step
from runbook.commands.status import status_lines
from runbook.errors import BadInput
from runbook.journal import confirm
from runbook.journal.lines import Journal, utc_now
from runbook.journal.parts import DONE, UNKNOWN, parts_of
from runbook.journal.story import read_story
from runbook.record.conflicts import conflicts
from runbook.record.page import render

WRONG = tuple(f"WRONGKEYPACKIDENTIFIER00000000WRON{n}" for n in range(1, 5))
HOSTS: list[str] = CASE["session_hosts"]["names"]
#: What may be named in ``apply``, by notebook; "none" for those that only look.
OTHERS = {
    "audit": ("none", "audit-report"),
    "backup": ("none", "backup-folder", "backup-folder,backup-vss,backup-second-copy,backup-retention"),
    "diagnose": ("none",),
    "hosts": ("none",),
    "restore": ("none",),
}
#: Where the power may go: a change loses it in the middle, a check before it says anything.
CUTS = ("activate", "backup", "gpupdate", "preflight", "license-server", "key-packs", "hosts", "backup-copies")
APPLY = (
    "none",
    "install-packs",
    "install-packs,backup",
    "backup",
    "gpupdate",
    "activate,install-packs,backup,gpupdate",
)


class Story:
    """One case, one draw. ``done`` says what was done, for whoever reads a finding."""

    def __init__(self, seed: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.draw, self.seed = random.Random(seed), seed
        self.server = ModelServer(activated=self.draw.random() < 0.7)
        if self.draw.random() < 0.3:  # something is there already
            self.server.wizard(*PACKS[6 : 6 + self.draw.randint(1, 2)])
            self.server.taken.clear()
        self.bent = Bent(home, self.server, f"walk-{seed}")
        plug(monkeypatch, self.server)
        self.owned = self.draw.choice((20, 40, 60))
        self.hosts = list(HOSTS)
        self.done: list[str] = []
        self.withdrawn: set[str] = set()
        self.faults: list[str] = []
        self.marks: dict[str, int] = {}

    # -- what a person does between two runs

    def case(self, **more: Any) -> None:
        packs = [{"count": 20, "no_proof_reason": f"pack {n}"} for n in range(self.owned // 20)]
        self.bent.case(packs=packs, **{"session_hosts": {"names": self.hosts}, **more})
        self.done.append(f"case.yml: {self.owned} CALs {more or ''}")

    def contacts(self) -> list[Any]:
        return self.bent.history.standing("clearinghouse")

    def issued(self, *keys: str, **fields: Any) -> None:
        self.bent.issued(*keys, **fields)
        self.done.append(f"issued {[key[-5:] for key in keys]} {fields or ''}")

    def something(self) -> None:
        """One thing that happens in life."""
        match self.draw.randrange(14):
            case 0:
                self.owned = self.draw.choice((20, 40, 60))
                self.case()
            case 1:
                self.case(license_server={"name": "RDLIC99.corp.example"})
            case 2:
                self.case()
            case 3 | 4:
                self.issued(*self.draw.sample([*PACKS[:4], *WRONG[:2]], self.draw.randint(1, 3)))
            case 5 if self.contacts():
                keys = self.draw.sample([*PACKS[:4], WRONG[2]], self.draw.randint(1, 2))
                self.issued(*keys, replaces=self.draw.choice(self.contacts())["entry"], why="misread")
            case 6 if self.contacts():
                entry = self.draw.choice(self.contacts())["entry"]
                confirm.withdraw(self.bent.folder, "clearinghouse", entry, who="w", why="mistake", lang="en")
                self.done.append(f"withdrew contact {entry}")
            case 7:
                packs = len([c for c in self.server.calls if c in PACKS or c in WRONG])
                self.server.cut_in = self.draw.choice((*CUTS, *[packs + 1, packs + 2] * 3))
                self.done.append(f"cut at {self.server.cut_in}")
            case 8:
                self.server.down = set(self.draw.sample(HOSTS, self.draw.randint(0, 2)))
                self.done.append(f"down: {sorted(self.server.down)}")
            case 9:
                self.bent.confirm("hosts-configure", way="gpo", gpo="RDS")
                self.done.append("policy edited")
            case 10:
                self.hosts = self.draw.sample([*HOSTS, "RDSH04.corp.example"], self.draw.randint(1, 4))
                self.case()
                self.done.append(f"hosts: {[name[:6] for name in self.hosts]}")
            case 11:
                self.in_the_wizard()
            case _:
                self.decide()

    def in_the_wizard(self) -> None:
        """A person enters in the wizard what was dictated and is not in yet, and says so."""
        self.decide()
        standing = self.standing_ids()
        if standing and standing <= set(PACKS) and self.server.activated:
            self.server.wizard(*sorted(standing - set(self.server.taken)))
            self.bent.confirm("install-packs", way="wizard-install")
            self.done.append(f"in the wizard: {sorted(key[-5:] for key in standing)}")

    def decide(self) -> None:
        """Settle what nobody saw, by looking at the server."""
        history = self.bent.history
        for step in ("install-packs", "backup", "gpupdate", "activate"):
            if history.open_begin(step) is None:
                continue
            doubt = [part.of.shown for part in parts_of(history, step) if part.state == UNKNOWN]
            inside = [s for s in doubt if any(k.endswith(s[1:]) for k in self.server.taken)]
            if step == "install-packs" and inside:
                accept_step(self.bent.folder, step, None, "looked", "w", "en", tuple(inside))
            else:
                done = step == "activate" and self.server.activated
                accept_step(self.bent.folder, step, "done" if done else "not done", "looked", "w", "en")
            self.done.append(f"decided {step}: {inside or 'not done'}")

    def run(self, apply: str, notebook: str = "migrate") -> dict[str, Any]:
        before = len(self.server.calls)
        taken = set(self.server.taken)
        forbidden = {*PACKS, *WRONG} - self.standing_ids()
        named = self.named()
        try:
            ends = self.bent.run(apply, notebook)
        except BadInput as refused:
            self.faults.append(f"refused: {refused}")
            return {}
        self.done.append(f"{notebook}, apply {apply}")
        new = self.server.calls[before:]
        self.holds(ends, new, taken, forbidden, named)
        return ends

    def standing_ids(self) -> set[str]:
        tails = {p["id"][-5:] for e in self.contacts() for p in e["fields"].get("packs", [])}
        return {key for key in (*PACKS, *WRONG) if key[-5:] in tails}

    def named(self) -> bool:
        text = self.bent.folder.case_file.read_text(encoding="utf-8") if self.bent.folder.case_file.is_file() else ""
        return "RDLIC99" not in text

    # -- what must always be so

    def holds(self, ends: dict[str, Any], new: list[str], taken: set[str], forbidden: set[str], named: bool) -> None:
        def check(right: bool, what: str) -> None:
            if not right:
                self.faults.append(what)

        status = {step: end["status"] for step, end in ends.items()}
        sent = [key for key in new if key in PACKS or key in WRONG]
        check(len(sent) == len(set(sent)) and not taken & set(sent), f"a pack that is in was sent again: {sent}")
        check(not forbidden & set(sent), f"sent without a standing entry: {sorted(forbidden & set(sent))}")
        check(named or not new, f"changed on a server that the case does not name: {new}")
        held = self.server.held()
        if status.get("key-packs-after") == "succeeded":
            check(held == self.owned, f"{held} held, {self.owned} owned, and the numbers agree")
        if status.get("key-packs-after") in ("succeeded", "finding", "failed"):
            facts = ends["key-packs-after"]["facts"]
            check(facts.get("held") == held, f"{facts.get('held')} told, {held} held")
            check(facts.get("beyond") == max(held - self.owned, 0), "what is beyond is not told")
        if status.get("clearinghouse") == "succeeded":
            facts = ends["clearinghouse"]["facts"]
            check(facts["issued"] == 20 * len(self.standing_ids()), "issued is not what the standing entries say")
        if status.get("backup") in ("succeeded", "already_done"):
            order = [c for c in self.server.calls if c.startswith("backup") or c in self.server.taken]
            check(bool(order) and order[-1].startswith("backup"), "the backup is older than the last pack")
        if status.get("gpupdate") == "already_done":
            check(self.server.refreshed >= set(self.hosts), "policy is told refreshed on hosts never reached")
        history = self.bent.history
        claimed = {p.of.shown for p in parts_of(history, "install-packs") if p.state in DONE}
        check(claimed <= {f"…{key[-5:]}" for key in self.server.taken}, f"packs told installed that are not: {claimed}")
        claimed = {p.of.shown for p in parts_of(history, "gpupdate") if p.state in DONE}
        check(claimed <= self.server.refreshed, f"hosts told refreshed that are not: {claimed}")
        if named and status.get("activate") in ("succeeded", "already_done"):
            check(self.server.activated, "told activated, and is not")
        if status.get("audit-packs") in ("succeeded", "finding", "failed"):
            facts = ends["audit-packs"]["facts"]
            check((facts["owned"]["user"], facts["total"]["user"]) == (self.owned, held), f"audit: {facts}")
        check(Journal(self.bent.folder.journal).check() == [], "the journal's chain is broken")
        told = status_lines(self.bent.folder, "en")
        check(len(told) <= 10, "status is longer than ten lines")
        internal = [s for s, e in ends.items() if any(line["key"] == "run.internal_error" for line in e["lines"])]
        check(not internal, f"internal error in {internal}")

    def ends_well(self) -> None:
        """There is a way on, and it ends: everything is put right, and a few runs later the case has what it owns."""
        self.server.cut_in, self.server.down = None, set()
        self.owned = max(self.owned, -(-self.server.held() // 20) * 20)
        self.case()
        self.run("none")
        self.decide()
        if not self.server.activated:
            self.bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
            self.run("activate")
        for entry in self.contacts():
            confirm.withdraw(self.bent.folder, "clearinghouse", entry["entry"], who="w", why="anew", lang="en")
        first = self.bent.history.first_success("key-packs-before") or {}
        before = sum(r["total"] for r in (first.get("facts") or {}).get("rows", []) if r["product_type"] == 1)
        missing = (self.owned - before) // 20
        ours = [key for key in self.server.taken if key in PACKS]
        fresh = [key for key in PACKS if key not in ours]
        if missing > 0:
            self.issued(*[*ours, *fresh][:missing])
        self.bent.confirm("hosts-configure", way="gpo", gpo="RDS")
        for _ in range(3):
            ends = self.run("activate,install-packs,backup,gpupdate")
            if not ends or all(ends[s]["status"] in GOOD for s in ("key-packs-after", "backup", "gpupdate")):
                break
        read = read_story(self.bent.folder.path)
        contradicts = [each.text("en") for each in conflicts(read, "en")]
        if contradicts:
            self.faults.append(f"a record that contradicts itself: {contradicts}")
        page = render(read, "en", made=utc_now())
        self.faults += [f"a word without a sentence: {word}" for word in _UNSAID.findall(page)]
        left = {
            s: ends[s]["status"] for s in ("key-packs-after", "backup", "gpupdate") if ends[s]["status"] not in GOOD
        }
        if left:
            self.faults.append(f"no way on: {left}, held {self.server.held()} of {self.owned}")


_UNSAID = re.compile(r"\b(?:steps|run|guards|parts|host|audit|record)\.[a-z]+_[a-z_]+\b(?!\.)")
SERVER_ID = "SIMULATEDSERVERIDENTIFIER00000SRV01"
GOOD = frozenset({"succeeded", "already_done", "finding"})


def walk(seed: int, runs: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """One story of ``runs`` runs and the way on from there."""
    story = Story(seed, home, monkeypatch)
    story.run("none")
    story.case()
    story.bent.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A")
    if not story.server.activated:
        story.bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    for _ in range(runs - 1):
        for _ in range(story.draw.randint(0, 3)):
            story.something()
        if story.draw.random() < 0.25:
            notebook = story.draw.choice(sorted(OTHERS))
            story.run(story.draw.choice(OTHERS[notebook]), notebook)
        else:
            story.run(story.draw.choice(APPLY))
    story.ends_well()
    return story


def tell(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--stories", type=int, default=300)
    asked.add_argument("--runs", type=int, default=6)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    found, begun = 0, time.monotonic()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("RUNBOOK_POWERSHELL", "model")
        for seed in range(given.seed, given.seed + given.stories):
            home = Path(folder) / str(seed)  # an audit reads every case beside it
            home.mkdir()
            patch.setenv("RUNBOOK_HOME", str(home))
            story = walk(seed, given.runs, home, patch)
            shutil.rmtree(home)
            if story.faults:
                found += 1
                tell(f"story {seed}: {story.faults}", *(f"  {what}" for what in story.done))
    took = round(time.monotonic() - begun)
    tell(f"{given.stories} stories of {given.runs} runs and the way on: {found} with what must not be; {took} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
