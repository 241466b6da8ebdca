"""The answer first: five lines that say what the case came to, and what an auditor asks next.

Each sentence says where it comes from: the case file, a person, or a reading with its run and moment. What nobody
read or said is called unknown.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from runbook.journal.lines import CLOCK_TOLERANCE, Entry
from runbook.journal.outcome import Status
from runbook.journal.story import Story
from runbook.papers.case_words import PROGRAMS, kind_title
from runbook.papers.reckoning import Kind
from runbook.record.case_changes import case_changes
from runbook.record.findings import open_points
from runbook.record.labels import step_title
from runbook.record.licences import is_recovery
from runbook.record.told import COUNTED, Counts, Read, Told, counts, facts_of, latest, packs_of, told
from runbook.steps.all_hosts import HostsState
from runbook.steps.audit import AuditBackup
from runbook.steps.clearinghouse import AUTOMATIC, Clearinghouse
from runbook.steps.hosts import HostsAfter, Logon
from runbook.steps.preflight import Preflight
from runbook.steps.proofs import Proofs
from runbook.steps.secure import Backup, CopyMade, FolderCopy, stood
from runbook.steps.source import SourceLost
from runbook.words.forms import day, duration, moment, outcome_word, phrase, semicolons, value
from runbook.words.sentences import say

#: More names than these are counted, not listed.
_NAMED = 6
#: Steps that stop the licensing service for a copy, and how one ends that says for how long.
_COPIES, _COPIED = ("backup", "backup-folder"), (Status.SUCCEEDED, Status.FINDING)
#: A ticket, a day: what nobody wrote down.
NOT_RECORDED = "record.not_recorded"
_PACK = {"user": "record.pack_user", "device": "record.pack_device"}
Lines = list[tuple[str, str]]


def answer(story: Story, lang: str) -> Lines:
    """Heading and sentences of each of the five lines (an audit, a backup or a drill leaves out what it has not)."""
    tell = _Teller(story, lang)
    lines = [
        ("record.line_licences", tell.licences()),
        ("record.line_loss", tell.loss() if is_recovery(story) else ""),
        ("record.line_hosts", tell.hosts()),
        ("record.line_backup", tell.backup()),
        ("record.line_open", tell.open()),
    ]
    return [(say(key, lang), text) for key, text in lines if text]


def questions(story: Story, lang: str) -> Lines:
    """What an auditor asks, and what the case can answer; nothing of a recovery where none was run."""
    tell = _Teller(story, lang)
    recovery = is_recovery(story)
    rows = [
        ("record.ask_contract", tell.contract()),
        ("record.ask_papers", tell.papers() if recovery else ""),
        ("record.ask_lost", tell.lost() if recovery else ""),
        ("record.ask_twice", tell.twice()),
        ("record.ask_people", tell.people()),
        ("record.ask_stopped", tell.stopped()),
        ("record.ask_refused", tell.refused() if recovery else ""),
        ("record.ask_scripts", tell.scripts()),
        ("record.ask_clock", tell.clock()),
        ("record.ask_writers", tell.writers()),
        ("record.ask_kept", say("record.ask_kept_why", lang)),
    ]
    return [(say(key, lang), text) for key, text in rows if text]


class _Teller:
    def __init__(self, story: Story, lang: str) -> None:
        self.story, self.lang = story, lang
        self.counts = counts(story)

    def _say(self, key: str, **fields: object) -> str:
        return phrase(key, self.lang, fields)

    def _names(self, names: Iterable[object]) -> str:
        found = [str(name) for name in names]
        shown = ", ".join(found[:_NAMED])
        return self._say("record.names_more", names=shown, count=len(found) - _NAMED) if len(found) > _NAMED else shown

    def _case(self, *keys: str) -> str:
        found: Any = self.story.case
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return "" if found is None else str(found)

    def _seen(self, found: Told[Any]) -> dict[str, str]:
        return {"run": found.run, "when": moment(found.t, self.lang)}

    # -- the five lines

    def licences(self) -> str:
        """Owned, installed, issued; and in one sentence whether the numbers agree."""
        found = self.counts
        owned = sum(found.owned.values())
        parts = [self._say("record.answer_owned", count=owned, packs=_packs(self.story, self.lang))] if owned else []
        if found.by is None:
            return " ".join([*parts, self._say("record.answer_uncounted")]) if is_recovery(self.story) or owned else ""
        server = getattr(found.by.facts, "server", "") or self._case("license_server", "name")
        held, issued = sum(found.held.values()), sum(found.issued.values())
        before = "" if found.before is None else self._say("record.answer_before", count=sum(found.before.values()))
        parts.append(self._say("record.answer_held", held=held, before=before, server=server, **self._seen(found.by)))
        parts.append(self._say("record.answer_issued", count=issued))
        return " ".join([*parts, self._agreement(found)])

    def _agreement(self, found: Counts) -> str:
        missing = sum(max(count - found.held.get(kind, 0), 0) for kind, count in found.owned.items())
        apart = {
            "record.answer_short": missing,
            "record.answer_beyond": found.over(found.held),
            "record.answer_over": found.over(found.issued),
        }
        told = [self._say(key, count=count) for key, count in apart.items() if count]
        return " ".join(told) or self._say("record.answer_agrees")

    def loss(self) -> str:
        """Who stated the loss of which servers, and who approved."""
        stated = told(self.story, SourceLost)
        servers = self._names(self._lost_names()) or self._say("record.none_named")
        if stated is None:
            return self._say("record.answer_not_stated", servers=servers)
        facts = stated.facts
        parts = [self._say("record.answer_stated", servers=servers, who=facts.stated_by or "–",
                           at=value(facts.at or None, self.lang), reason=facts.reason or "–")]  # fmt: skip
        if who := facts.approved_by:
            parts.append(self._say("record.answer_approved", who=who, ticket=facts.ticket or NOT_RECORDED))
        else:
            parts.append(self._say("record.answer_not_approved"))
        return " ".join(parts)

    def hosts(self) -> str:
        """How many hosts were found right, and the test session."""
        found = latest(told(self.story, HostsAfter, COUNTED), told(self.story, HostsState, COUNTED))
        named = [str(n) for n in _list(_dict(self.story.case.get("session_hosts")).get("names"))]
        if found is None:
            return self._say("record.answer_hosts_unseen", count=len(named)) if named else ""
        right = found.facts.right
        total = found.facts.count or len(right)
        rest = sorted({*found.facts.hosts, *named} - set(right))
        key = "record.answer_hosts" if right else "record.answer_hosts_none"
        text = self._say(key, right=len(right), total=total, names=self._names(right), **self._seen(found))
        if rest:
            text += " " + self._say("record.answer_hosts_rest", count=len(rest), names=self._names(rest))
        if (logon := told(self.story, Logon)) and logon.facts.opened:
            at = value(logon.facts.at or None, self.lang)
            who, host = logon.facts.who or "–", logon.facts.host or "–"
            text += " " + self._say("record.answer_logon", host=host, who=who, at=at)
        return text

    def backup(self) -> str:
        found = latest(told(self.story, Backup), told(self.story, FolderCopy))
        seen = told(self.story, AuditBackup)
        gone = seen is not None and not seen.facts.newest
        none_left = self._say("record.answer_no_copy_seen", **self._seen(seen)) if seen and gone else ""
        if found is None:
            if seen and not none_left:
                fields = {"days": seen.facts.days, "place": seen.facts.destination}
                return self._say("record.answer_copy_age", **fields, **self._seen(seen))
            if none_left:
                return none_left
            return self._unseen_copy() or (self._say("record.answer_no_backup") if is_recovery(self.story) else "")
        if found.status is not Status.SUCCEEDED or not found.facts.destination:
            return self._say("record.answer_backup_finding", **self._seen(found))
        copied = {"place": found.facts.destination, "files": found.facts.files}
        text = self._say("record.answer_backup", **copied, **self._seen(found))
        return f"{text} {none_left}" if none_left and latest(found, seen) is seen else text

    def _unseen_copy(self) -> str:
        """A copy that was begun, and of which no program saw the end: a person decided, or nobody yet; "" for none."""
        history = self.story.history
        for step in (*_COPIES, "backup-vss"):
            if (decided := history.decided(step)) and decided["outcome"] == "done":
                at = moment(decided.get("t"), self.lang)
                who, reason = decided.get("who") or "–", decided.get("reason") or "–"
                return self._say("record.answer_backup_decided", who=who, at=at, reason=reason)
            if begun := history.open_begin(step):
                at = moment(begun.get("t"), self.lang)
                return self._say("record.answer_backup_unknown", run=begun["run"], at=at)
        return ""

    def open(self) -> str:
        points = open_points(self.story, self.lang)
        shown = semicolons(points[:_NAMED], self.lang)
        if len(points) > _NAMED:
            shown = self._say("record.names_more", names=shown, count=len(points) - _NAMED)
        if missed := sum(a.status is Status.NOT_REACHED for _, a in self.story.latest().values()):
            shown = semicolons(
                [*filter(None, [shown]), self._say("record.answer_not_reached", count=missed)], self.lang
            )
        state = outcome_word(self.story.outcome, self.lang)
        if shown:
            return self._say("record.answer_open_points", points=shown, state=state)
        return self._say(
            "record.answer_open_none" if self.story.outcome == "done" else "record.answer_open_state", state=state
        )

    # -- what an auditor asks

    def contract(self) -> str:
        """The number stands here in full: it is what ties the papers to the licences. A copy for outside, whose case
        file holds a token, has the token."""
        program = self._case("contract", "program")
        parts = [
            program and phrase(PROGRAMS.get(program, program), self.lang),
            self._case("contract", "agreement")
            and self._say("record.ask_agreement", no=self._case("contract", "agreement")),
            self._case("contract", "reseller"),
            self._case("contract", "purchase_date")
            and self._say("record.ask_bought", day=day(self._case("contract", "purchase_date"), self.lang)),
        ]
        said = ", ".join(part for part in parts if part)
        return f"{said}. {self._say('record.ask_contract_source')}" if said else self._say("record.ask_contract_none")

    def papers(self) -> str:
        proofs = told(self.story, Proofs)
        files = [file.name or "–" for file in proofs.facts.files] if proofs else []
        if not files:
            return self._say("record.ask_papers_none")
        return self._say("record.ask_papers_why", count=len(files), names=self._names(files))

    def lost(self) -> str:
        packs = _packs(self.story, self.lang) or self._say("record.ask_lost_no_packs")
        if not (servers := self._names(self._lost_names())):
            return self._say("record.ask_lost_unnamed", packs=packs)
        return self._say("record.ask_lost_why", servers=servers, packs=packs)

    def _lost_names(self) -> list[object]:
        return [_dict(item).get("name") or "–" for item in _list(self.story.case.get("lost_servers"))]

    def twice(self) -> str:
        """Reissued against asked, installed against owned, issued against owned."""
        call, found = told(self.story, Clearinghouse), self.counts
        parts = []
        if call and call.facts.channel == AUTOMATIC and not call.facts.packs:
            parts.append(self._say("record.ask_twice_automatic"))
        elif call and "issued" in call.facts.model_fields_set:
            parts.append(self._say("record.ask_twice_call", issued=call.facts.issued, asked=call.facts.asked or "–"))
        if found.by is None:
            return " ".join([*parts, self._say("record.answer_uncounted")]) if parts else ""
        fields = {"owned": sum(found.owned.values()), "held": sum(found.held.values())}
        parts.append(self._say("record.ask_twice_count", issued=sum(found.issued.values()), **fields))
        parts.append(self._agreement(found))
        if (stated := told(self.story, SourceLost)) and stated.facts.no_longer_serves:
            parts.append(self._say("record.ask_twice_old", who=stated.facts.stated_by or "–"))
        return " ".join(parts)

    def people(self) -> str:
        """Roles as the case file gives them, and the accounts that ran."""
        stated = told(self.story, SourceLost)
        approver = (stated.facts.approved_by if stated else "") or self._case("approval", "name")
        ticket = (stated.facts.ticket if stated else "") or self._case("approval", "ticket")
        accounts = dict.fromkeys(str(run.opened.get("operator") or "–") for run in self.story.runs)
        unknown = self._say("record.role_unknown")
        parts = [self._say("record.ask_operator", who=self._case("operator", "name") or "record.nobody_named",
                           role=self._case("operator", "role") or unknown, accounts=self._names(accounts))]  # fmt: skip
        if approver:
            parts.append(self._say("record.ask_approver", who=approver, ticket=ticket or NOT_RECORDED,
                                   role=self._case("approval", "role") or unknown,
                                   day=day(self._case("approval", "date"), self.lang) or NOT_RECORDED))  # fmt: skip
        said = self.story.history.confirmed().values()
        if words := Counter(str(e.get("who") or "–") for found in said for e in found):
            parts.append(self._say("record.ask_said_by", names=self._names(f"{who} ({n})" for who, n in words.items())))
        return " ".join(parts)

    def stopped(self) -> str:
        """How long the licensing service stood still: the sum of what the commands measured, in whole seconds."""
        measured, unknown = [], []
        for run in self.story.runs:
            for step, attempts in run.steps.items():
                for attempt in attempts:
                    made = facts_of(attempt, CopyMade)
                    seconds = made.seconds_stopped if made else None
                    if seconds is not None and attempt.status is not Status.ALREADY_DONE:
                        measured.append((run.name, float(seconds)))
                    elif step in _COPIES and attempt.begin and attempt.status not in _COPIED:
                        unknown.append(run.name)
        parts = []
        if measured:
            total = duration(stood(sum(seconds for _, seconds in measured)), self.lang)  # as the steps say it
            runs = self._names(dict.fromkeys(run for run, _ in measured))
            key = "record.ask_stopped_played" if self.story.rehearsal else "record.ask_stopped_for"
            parts.append(self._say(key, total=total, count=len(measured), runs=runs))
        if unknown:
            parts.append(self._say("record.ask_stopped_unknown", runs=self._names(dict.fromkeys(unknown))))
        return " ".join(parts) or self._say("record.ask_stopped_never")

    def refused(self) -> str:
        """From the incident to the first session that a person opened: the most it can have been."""
        begun = self._case("incident", "date")
        logon = told(self.story, Logon)
        try:
            first = dt.date.fromisoformat(begun)
        except ValueError:
            return self._say("record.ask_refused_unknown")
        if not logon or not logon.facts.opened:
            return self._say("record.ask_refused_open", begun=day(begun, self.lang))
        if self.story.rehearsal:  # the incident is the recording's, the session today's: nothing lies between them
            return self._say("record.ask_refused_played", begun=day(begun, self.lang), end=moment(logon.t, self.lang))
        end = dt.datetime.fromisoformat(logon.t)
        lasted = duration((end - dt.datetime.combine(first, dt.time(), dt.UTC)).total_seconds(), self.lang)
        return self._say(
            "record.ask_refused_most", begun=day(begun, self.lang), end=moment(logon.t, self.lang), lasted=lasted
        )

    def scripts(self) -> str:
        ran = [a.begin for run in self.story.runs for tries in run.steps.values() for a in tries if a.begin]
        edited = [str(begin.get("step")) for begin in ran if begin.get("edited")]
        texts = {begin.get("script_sha256") for begin in ran if begin.get("script_sha256")}
        if not texts:
            return self._say("record.ask_scripts_none")
        parts = [self._say("record.ask_scripts_why", count=len(texts), times=len(ran))]
        titles = dict.fromkeys(step_title(step, self.lang) for step in edited)
        parts.append(self._say("record.ask_edited" if edited else "record.ask_unedited", steps=self._names(titles)))
        return " ".join(parts)

    def clock(self) -> str:
        """The time source that the server named, and where a clock went back or two clocks disagree."""
        sources = Counter(
            seen.time_source
            for run in self.story.runs for a in run.steps.get(Preflight.step, [])
            if (seen := facts_of(a, Preflight)) and seen.time_source
        )  # fmt: skip
        names = self._names(f"{name} ({n})" for name, n in sources.items())
        parts = [self._say("record.ask_clock_source" if sources else "record.ask_clock_unread", names=names)]
        jumps = list(_jumps(self.story.entries))
        for line, run, back in jumps[:_NAMED]:
            parts.append(self._say("record.ask_clock_back", line=line, run=run, back=duration(back, self.lang)))
        if len(jumps) > _NAMED:
            parts.append(self._say("record.ask_clock_more", count=len(jumps) - _NAMED))
        if not jumps:
            parts.append(self._say("record.ask_clock_forward"))
        if apart := _apart(self.story):
            run, there, here = apart[0], moment(apart[1], self.lang), moment(apart[2], self.lang)
            key = "record.ask_clock_played" if self.story.rehearsal else "record.ask_clock_apart"
            parts.append(self._say(key, run=run, there=there, here=here))
        return " ".join(parts)

    def writers(self) -> str:
        accounts = dict.fromkeys(str(run.opened.get("operator") or "–") for run in self.story.runs)
        parts = [self._say("record.ask_writers_why", accounts=self._names(accounts))]
        if changed := case_changes(self.story, self.lang):
            parts.append(
                self._say("record.ask_case_changed", count=len(changed), runs=self._names(c.run for c in changed))
            )
        return " ".join(parts)


def _packs(story: Story, lang: str) -> str:
    """``2 × 20 RDS 2022 Per User CALs``: equal packs once, with their number."""
    kinds = Counter((pack.count, pack.version, pack.type) for pack in packs_of(story))
    return ", ".join(
        f"{times}\u00a0×\u00a0" + phrase(_PACK.get(kind, kind), lang, {"count": count, "version": version})
        for (count, version, kind), times in kinds.items()
    )


def picture_rows(found: Counts, lang: str) -> list[tuple[str, int, int, int]]:
    """Name, owned, installed and issued of each kind of CAL."""

    def of(kind: Kind) -> tuple[str, int, int, int]:
        return kind_title(kind, lang), found.owned.get(kind, 0), found.held.get(kind, 0), found.issued.get(kind, 0)

    return [of(kind) for kind in found.kinds]


def _jumps(entries: list[Entry]) -> Iterator[tuple[int, str, float]]:
    """Where a line is older than the one before it by more than clocks are corrected: number, run, seconds back."""
    latest: dt.datetime | None = None
    for entry in entries:
        at = dt.datetime.fromisoformat(str(entry.get("t")))
        if latest is not None and at < latest - CLOCK_TOLERANCE:
            yield int(entry.get("n") or 0), str(entry.get("run") or "–"), (latest - at).total_seconds()
        latest = None if entry.get("event") == "redaction" else at


def _apart(story: Story) -> tuple[str, str, str] | None:
    """The first reading whose server's clock differs from this machine's by more than clocks are corrected."""
    for run in story.runs:
        for attempts in run.steps.values():
            for attempt in attempts:
                if attempt.status is Status.ALREADY_DONE or not attempt.ended:
                    continue
                try:
                    read = facts_of(attempt, Read)
                    theirs = dt.datetime.fromisoformat(read.collected_at if read else "")
                    ours = dt.datetime.fromisoformat(attempt.ended)
                    if abs(theirs - ours) > CLOCK_TOLERANCE:
                        return run.name, theirs.isoformat(), attempt.ended
                except (ValueError, TypeError):
                    continue
    return None


def _dict(thing: Any) -> dict[str, Any]:
    return thing if isinstance(thing, dict) else {}


def _list(thing: Any) -> list[Any]:
    return thing if isinstance(thing, list) else []
