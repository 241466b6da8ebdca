"""Cases at random: entries right and wrong, and taken back; cuts at any point; a case file that changes and one that
contradicts itself; packs and hosts that come and go; copies restored, a server set up anew, clocks and dates that go
back; both languages, the notebooks in any order, and what must always hold.

``python tests/made/walk_cases.py --stories 300 --runs 6 [--seed 1] [--seconds 280]`` walks and prints what does not
hold, with the seed of its story and what was done; the suite walks a short draw of it.
"""

from __future__ import annotations

import argparse
import copy
import datetime as dt
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from model_server import CASE, PACKS, Bent, ModelServer, plug, row

from runbook.commands.case import accept_step
from runbook.commands.status import status_lines
from runbook.errors import BadInput, RunbookError
from runbook.journal import confirm
from runbook.journal.held import unheld
from runbook.journal.lines import Journal, utc_now
from runbook.journal.parts import DONE, UNKNOWN, parts_of
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.record.conflicts import conflicts
from runbook.record.page import render
from runbook.steps.key_packs import put_in
from runbook.words.forms import NO_BREAK
from runbook.words.sentences import LANGS

#: The pack of Per Device CALs that some cases own too.
DEVICES = PACKS[8]
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
    *["activate,install-packs,backup,gpupdate"] * 3,
)


#: The steps of which an entry is taken back, by how often.
TAKEN_BACK = ("clearinghouse", "clearinghouse", "source-lost", "activate", "install-packs", "hosts-configure")
#: Changes that nobody makes, or that another notebook makes.
NO_CHANGES = ("bakcup", "backup-folder", "install-packs;backup", "install-packs,backup,all", "preflight")
#: What contradicts itself in a case file, or is none of its words.
CONTRADICTIONS: tuple[dict[str, Any], ...] = (
    {"lost_servers": [{"name": "rdlic01"}]},
    {"session_hosts": {"names": ["RDSH01", "RDSH01.corp.example"]}},
    {"contract": {"purchase_date": "2025-01-06"}},
    {"incident": {"date": "2031-01-05"}},
    {"license_server": {"name": ""}},
)


class Story:
    """One case, one draw. ``done`` says what was done, for whoever reads a finding."""

    def __init__(self, seed: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.draw, self.seed = random.Random(seed), seed
        self.server = ModelServer(activated=self.draw.random() < 0.4, devices={DEVICES})
        if self.draw.random() < 0.3:  # something is there already
            self.server.wizard(*PACKS[6 : 6 + self.draw.randint(1, 2)])
            self.server.taken.clear()
        self.bent = Bent(home, self.server, f"walk-{seed}")
        plug(monkeypatch, self.server)
        self.owned, self.devices = self.draw.choice((20, 40, 60)), self.draw.choice((0, 0, 20))
        self.hosts = list(HOSTS)
        self.done: list[str] = []
        self.withdrawn: set[str] = set()
        self.faults: list[str] = []
        self.kinds: Counter[str] = Counter()
        self.before: dict[str, list[Any]] | None = None
        self.ever: set[str] = set()
        self.counted: set[str] = set()
        self.there = len(self.server.rows)

    # -- what a person does between two runs

    def case(self, **more: Any) -> None:
        packs = [{"count": 20, "no_proof_reason": f"pack {n}"} for n in range(self.owned // 20)]
        packs += [{"count": self.devices, "type": "device", "no_proof_reason": "machines"}] if self.devices else []
        self.bent.case(packs=packs, **{"session_hosts": {"names": self.hosts}, **more})
        self.done.append(f"case.yml: {self.owned} CALs and {self.devices} of devices {more or ''}")

    def contacts(self) -> list[Any]:
        return self.bent.history.standing("clearinghouse")

    def issued(self, *keys: str, **fields: Any) -> None:
        self.bent.issued(*keys, **fields)
        self.done.append(f"issued {[key[-5:] for key in keys]} {fields or ''}")

    def something(self) -> None:
        """One thing that happens in life."""
        kind = self.draw.choice(MOVES)
        self.kinds[kind] += 1
        getattr(self, kind)()

    def owned_changes(self) -> None:
        self.owned, self.devices = self.draw.choice((20, 40, 60)), self.draw.choice((0, 0, 20))
        self.case()

    def another_server_named(self) -> None:
        self.case(license_server={"name": "RDLIC99.corp.example"})

    def case_put_right(self) -> None:
        self.case()

    def packs_dictated(self) -> None:
        self.issued(*self.draw.sample([*PACKS[:4], DEVICES, *WRONG[:2]], self.draw.randint(1, 3)))

    def packs_corrected(self) -> None:
        if self.contacts():
            keys = self.draw.sample([*PACKS[:4], WRONG[2]], self.draw.randint(1, 2))
            self.issued(*keys, replaces=self.draw.choice(self.contacts())["entry"], why="misread")

    def entry_withdrawn(self) -> None:
        """Of any step: a contact, the wizard, the policy, the approval."""
        standing = [
            (step, entry["entry"])
            for step in (
                "clearinghouse",
                "clearinghouse",
                "install-packs",
                "hosts-configure",
                "source-lost",
                "activate",
            )
            for entry in self.bent.history.standing(step)
        ]
        if standing:
            step, entry = self.draw.choice(standing)
            confirm.withdraw(self.bent.folder, step, entry, who="w", why="mistake", lang="en")
            self.done.append(f"withdrew {step} {entry}")

    def decision_withdrawn(self) -> None:
        for step in CHANGES:
            if self.bent.history.decided(step):
                confirm.withdraw(self.bent.folder, step, None, who="w", why="mistake", lang="en")
                self.done.append(f"withdrew the decision about {step}")
                return

    def approved(self) -> None:
        if not self.bent.history.standing("source-lost"):
            self.bent.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A")
            self.done.append("approved")

    def power_cut(self) -> None:
        packs = len([c for c in self.server.calls if c in PACKS or c in WRONG])
        self.server.cut_in = self.draw.choice((*CUTS, *[packs + 1, packs + 2] * 3))
        self.done.append(f"cut at {self.server.cut_in}")

    def hosts_down(self) -> None:
        self.server.down = set(self.draw.sample(HOSTS, self.draw.randint(0, 2)))
        self.done.append(f"down: {sorted(self.server.down)}")

    def policy_edited(self) -> None:
        self.bent.confirm("hosts-configure", way="gpo", gpo="RDS")
        self.done.append("policy edited")

    def hosts_changed(self) -> None:
        self.hosts = self.draw.sample([*HOSTS, "RDSH04.corp.example"], self.draw.randint(1, 4))
        self.case()
        self.done.append(f"hosts: {[name[:6] for name in self.hosts]}")

    def copy_restored(self) -> None:
        """The database as it was at some moment before, or that moment is now."""
        if self.before is None or self.draw.random() < 0.5:
            self.before = {"rows": copy.deepcopy(self.server.rows), "taken": list(self.server.taken)}
            self.done.append("database kept")
        else:
            self.server.rows, self.server.taken = copy.deepcopy(self.before["rows"]), list(self.before["taken"])
            self.done.append(f"database restored: {[key[-5:] for key in self.server.taken]}")

    def server_set_up_anew(self) -> None:
        if not self.there and self.server.rows:
            self.server.set_up_anew()
            self.before = None
            self.done.append("server set up anew")

    def pack_exchanged(self) -> None:
        """In the wizard: the new row carries the number, the type and the count of the one that went."""
        new = next((key for key in PACKS[:4] if key not in self.ever), None)
        mine = [r for r in self.server.rows if r["Description"][-5:] in {key[-5:] for key in PACKS[:4]}]
        if new and mine and not self.bent.history.open_begin("install-packs"):
            gone = self.draw.choice(mine)
            self.server.rows.remove(gone)
            self.server.taken = [key for key in self.server.taken if key[-5:] != gone["Description"][-5:]]
            self.issued(new)
            self.server.wizard(new)
            self.server.rows[-1]["KeyPackId"] = gone["KeyPackId"]
            self.counted.discard(gone["Description"][-5:])  # no reading tells it from the one that came
            self.bent.confirm("install-packs", way="wizard-install")
            self.done.append(f"exchanged {gone['Description']} for {new[-5:]}")

    def clock_set_back(self) -> None:
        """Something was written while the clock was ahead: told, accepted with a reason, and gone on."""
        if self.bent.folder.journal.is_file():
            later = Journal(self.bent.folder.journal, clock=lambda: utc_now() + dt.timedelta(days=12))
            later.append("accept", step="roles", what="script", script_sha256="0" * 64, who="w", reason="clock ahead")
            accept_step(self.bent.folder, "journal", None, "the clock was wrong", "w", "en")
            self.done.append("clock set back")

    def looked_elsewhere(self) -> None:
        """A notebook that only looks, on somebody else's license server."""
        kept = {
            name: getattr(self.server, name) for name in ("name", "rows", "activated", "answers", "copies", "cut_in")
        }
        self.server.name, self.server.rows, self.server.copies = "RDLIC98", [row(2, 100, 50)], []
        self.server.activated, self.server.cut_in = self.draw.random() < 0.7, None
        self.server.answers = {"license-server": {"LicenseServerIdTail": "OTH98"}}
        notebook = self.draw.choice(("audit", "diagnose", "hosts"))
        try:
            self.bent.run("none", notebook)
        except RunbookError as refused:
            self.faults.append(f"refused: {refused}")
        for name, value in kept.items():
            setattr(self.server, name, value)
        self.done.append(f"{notebook} on another server")

    def dated_back(self) -> None:
        """A contact that is dated before the loss."""
        when = dt.datetime(2025, 1, 1, 10, tzinfo=dt.UTC)
        packs = [{"id": self.draw.choice(PACKS[:4]), "count": 20}]
        fields = {"channel": "telephone", "result": "issued", "packs": packs}
        confirm.enter(self.bent.folder, reference.step("clearinghouse"), fields, who="w", lang="en", at=when)
        self.done.append(f"issued {packs[0]['id'][-5:]}, dated back")

    def other_language(self) -> None:
        self.bent.lang = "fr" if self.bent.lang == "en" else "en"
        self.done.append(f"in {self.bent.lang}")

    def wrong_change_named(self) -> None:
        self.refused(self.draw.choice(NO_CHANGES))

    def contradiction_written(self) -> None:
        named = self.named()
        self.case(**self.draw.choice(CONTRADICTIONS))
        self.refused("install-packs,backup")
        self.case(**({} if named else {"license_server": {"name": "RDLIC99.corp.example"}}))

    def refused(self, apply: str) -> None:
        """A run that is bad input leaves nothing behind."""
        runs, calls = self.bent.history.runs(), list(self.server.calls)
        try:
            self.bent.run(apply)
        except BadInput:
            self.done.append(f"refused: {apply}")
        else:
            self.faults.append(f"not refused: {apply}")
        if (self.bent.history.runs(), self.server.calls) != (runs, calls):
            self.faults.append(f"a refused run left something: {apply}")

    def in_the_wizard(self) -> None:
        """A person enters in the wizard what was dictated and is not in yet, and says so."""
        self.decide()
        standing = self.standing_ids()
        if standing and standing <= set(PACKS) and self.server.activated:
            self.server.wizard(*sorted(standing - set(self.server.taken)))
            self.bent.confirm("install-packs", way="wizard-install")
            self.done.append(f"in the wizard: {sorted(key[-5:] for key in standing)}")
            self.ever |= {*self.server.taken}

    def decide(self) -> None:
        """Settle what nobody saw, by looking at the server; and whose packs came or went, where a run asks."""
        history = self.bent.history
        told = history.ends("key-packs-before")
        if told and any(line["key"] == "steps.key_packs_settle" for line in told[-1]["lines"]) and not put_in(history):
            accept_step(self.bent.folder, "key-packs-before", "again", "somebody else's", "w", "en")
            self.done.append("another reading for the one before")
        for step in CHANGES:
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
        except RunbookError as refused:
            self.faults.append(f"refused: {refused}")
            return {}
        self.ever |= {*self.server.taken}
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
        held, devices = self.server.held(), self.server.held(product=0)
        lacks = held < self.owned or devices < self.devices
        if status.get("key-packs-after") == "succeeded":
            check(not lacks and held == self.owned, f"{held} held, {self.owned} owned, and the numbers agree")
        if status.get("key-packs-after") in ("succeeded", "finding", "failed"):
            facts = ends["key-packs-after"]["facts"]
            counted = devices if self.devices else 0
            check(facts.get("held") == held + counted, f"{facts.get('held')} told, {held} and {devices} held")
            beyond = max(held - self.owned, 0) + max(counted - self.devices, 0)
            check(facts.get("beyond") == beyond, "what is beyond is not told")
            check(lacks <= (status["key-packs-after"] == "failed"), f"{held} and {devices} held, and not told missing")
        if status.get("clearinghouse") == "succeeded":
            facts = ends["clearinghouse"]["facts"]
            check(facts["issued"] == 20 * len(self.standing_ids()), "issued is not what the standing entries say")
        if status.get("backup") in ("succeeded", "already_done"):
            named_copies = {name for name in self.server.saved if name in str(ends["backup"]["lines"])}
            right = {name for name in named_copies if self.server.saved[name] == self.server.packs()}
            check(bool(right) and right == named_copies, f"the copy told is not of what is there: {named_copies}")
        if status.get("key-packs-after") == "failed" and self.ever - {*self.server.taken} and lacks:
            said = [line["key"] for line in ends["key-packs-after"]["lines"]]
            kinds = PACKS if self.devices else PACKS[:8]
            counted = {k[-5:] for k in self.ever - {*self.server.taken} if k in kinds} & self.counted
            check(not counted or "steps.key_packs_gone" in said, f"gone and not told: {counted}")
        if status.get("key-packs-after") in ("succeeded", "finding", "failed"):
            self.counted |= {r["Description"][-5:] for r in self.server.rows}
        if status.get("gpupdate") == "already_done":
            check(self.server.refreshed >= set(self.hosts), "policy is told refreshed on hosts never reached")
        history = self.bent.history
        claimed = {p.of.shown for p in parts_of(history, "install-packs") if p.state in DONE}
        check(claimed <= {f"…{key[-5:]}" for key in self.ever}, f"packs told installed that are not: {claimed}")
        claimed = {p.of.shown for p in parts_of(history, "gpupdate") if p.state in DONE}
        check(claimed <= self.server.refreshed, f"hosts told refreshed that are not: {claimed}")
        if named and status.get("activate") in ("succeeded", "already_done"):
            check(self.server.activated, "told activated, and is not")
        if status.get("audit-packs") in ("succeeded", "finding", "failed"):
            facts = ends["audit-packs"]["facts"]
            told = [(facts["owned"][kind], facts["total"][kind]) for kind in ("user", "device")]
            check(told == [(self.owned, held), (self.devices, devices)], f"audit: {facts}")
        loose = unheld(self.bent.folder.path, Journal(self.bent.folder.journal))
        check(not loose, f"a case that is not held: {[each.text('en') for each in loose]}")
        for lang in LANGS:
            said = status_lines(self.bent.folder, lang)
            check(len(said) <= 10, "status is longer than ten lines")
            check("UTC UTC" not in " ".join(said).replace(NO_BREAK, " "), "a moment has its zone twice")
        internal = [s for s, e in ends.items() if any(line["key"] == "run.internal_error" for line in e["lines"])]
        check(not internal, f"internal error in {internal}")

    def all_put_right(self) -> None:
        """There is a way on, and it ends: everything is put right, and a few runs later the case has what it owns."""
        self.server.cut_in, self.server.down = None, set()
        self.owned = max(self.owned, -(-self.server.held() // 20) * 20)
        self.devices = max(self.devices, self.server.held(product=0))
        self.case()
        self.run("none")
        self.decide()
        self.approved()
        if not self.server.activated:
            tail = str(self.server.answers.get("activate", {}).get("LicenseServerIdTail", SERVER_ID[-5:]))
            self.bent.confirm("activate", method="telephone", license_server_id=SERVER_ID[:-5] + tail)
            self.run("activate")
        for entry in self.contacts():
            confirm.withdraw(self.bent.folder, "clearinghouse", entry["entry"], who="w", why="anew", lang="en")
        first = self.bent.history.first_success("key-packs-before") or {}
        before = sum(r["total"] for r in (first.get("facts") or {}).get("rows", []) if r["product_type"] == 1)
        missing = max(self.owned - before, 0) // 20
        ours = [key for key in self.server.taken if key in PACKS[:8]]
        lost = [key for key in PACKS[:8] if key in self.ever and key not in ours][: max(missing - len(ours), 0)]
        fresh = [key for key in PACKS[:8] if key not in self.ever][: max(missing - len(ours) - len(lost), 0)]
        if self.devices:
            (ours if DEVICES in self.server.taken else lost if DEVICES in self.ever else fresh).append(DEVICES)
        if ours or lost:
            self.issued(*ours, *lost)
        if lost:  # what went in once is not sent again: a person enters it
            self.server.wizard(*lost)
            self.bent.confirm("install-packs", way="wizard-install")
            self.done.append(f"in the wizard: {lost}")
        if fresh:
            self.issued(*fresh)
        self.bent.confirm("hosts-configure", way="gpo", gpo="RDS")
        for _ in range(3):
            ends = self.run("activate,install-packs,backup,gpupdate")
            if not ends or all(ends[s]["status"] in GOOD for s in ("key-packs-after", "backup", "gpupdate")):
                break
        left = {
            s: ends[s]["status"] for s in ("key-packs-after", "backup", "gpupdate") if ends[s]["status"] not in GOOD
        }
        if left:
            self.faults.append(f"no way on: {left}, held {self.server.held()} of {self.owned}")

    def ends_well(self) -> None:
        """The case has what it owns, and its record contradicts nothing."""
        self.all_put_right()
        self.run("none")  # what was done is told as it was done
        read = read_story(self.bent.folder.path)
        contradicts = [each.text("en") for each in conflicts(read, "en")]
        if contradicts:
            self.faults.append(f"a record that contradicts itself: {contradicts}")
        for lang in LANGS:
            page = render(read, lang, made=utc_now())
            self.faults += [f"a word without a sentence ({lang}): {word}" for word in _UNSAID.findall(page)]
            self.faults += ["a moment has its zone twice"] * ("UTC UTC" in _seen(page).replace(NO_BREAK, " "))
        if lang == "fr" and (days := _ISO_DAY.findall(_seen(page))):
            self.faults.append(f"a day that is not written the French way: {days[:3]}")


#: What happens between two runs, by how often.
MOVES = (
    "owned_changes", "owned_changes", "another_server_named", "case_put_right", "case_put_right", "packs_dictated",
    "packs_dictated", "packs_corrected", "entry_withdrawn", "decision_withdrawn", "approved", "power_cut", "hosts_down",
    "policy_edited", "hosts_changed", "in_the_wizard", "copy_restored", "copy_restored", "server_set_up_anew",
    "pack_exchanged", "clock_set_back", "looked_elsewhere", "dated_back", "other_language", "wrong_change_named",
    "contradiction_written",
    "decide", "decide", "all_put_right", "all_put_right", "all_put_right",
)  # fmt: skip
CHANGES = ("install-packs", "backup", "gpupdate", "activate")
_ISO_DAY = re.compile(r".*\b20\d\d-\d\d-\d\d\b.*")


def _seen(page: str) -> str:
    return re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<(script|style|svg).*?</\1>", "", page))


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
    asked.add_argument("--seconds", type=float, default=float("inf"), help="begin no story after that")
    given = asked.parse_args()
    found, walked, kinds, begun = 0, 0, Counter[str](), time.monotonic()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("RUNBOOK_POWERSHELL", "model")
        patch.setattr(os, "fsync", lambda _: None)  # nothing here takes anything from the disk
        for seed in range(given.seed, given.seed + given.stories):
            if time.monotonic() - begun > given.seconds:
                break
            walked += 1
            home = Path(folder) / str(seed)  # an audit reads every case beside it
            home.mkdir()
            patch.setenv("RUNBOOK_HOME", str(home))
            story = walk(seed, given.runs, home, patch)
            shutil.rmtree(home)
            kinds.update(story.kinds)
            if story.faults:
                found += 1
                tell(f"story {seed}: {story.faults}", *(f"  {what}" for what in story.done))
    took = round(time.monotonic() - begun)
    tell(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    seeds = f"seeds {given.seed} to {given.seed + walked - 1}"
    tell(f"{seeds}: {walked} stories of {given.runs} runs and the way on: {found} with what must not be; {took} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
