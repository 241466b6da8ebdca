"""The report at the head of a record: the answer, what an auditor asks, what was cured; six pages for any number of
runs, on either paper, and the same for a screen reader."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_case import CASE_TEXT, clock, make_case

from runbook.journal.lines import Journal
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.record import report
from runbook.record.answer import answer, questions
from runbook.record.course import course, licences
from runbook.record.findings import findings, open_points
from runbook.record.limitations import doubts
from runbook.record.page import _short
from runbook.redaction.redact import redact
from runbook.steps.secure import stood
from runbook.words.sentences import LANGS, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_IDS = [step.id for step in reference.steps()]
MIGRATE = _IDS[: _IDS.index("attestation") + 1]
AUDIT = ["preflight", "roles", "service", "license-server", "audit-packs", "audit-report", "ad-group", "export-logs",
         "audit-events", "hosts-state", "audit-backup", "audit-compare", "audit-sheet"]  # fmt: skip
#: What stands still where the role is missing.
ROLE_MISSING = {"roles": "failed", "hosts-policy": "finding"} | dict.fromkeys(
    ("service", "license-server", "key-packs-before", "activate", "clearinghouse", "install-packs", "key-packs-after",
     "migration-events", "backup", "hosts-configure", "gpupdate", "hosts-verify", "test-logon", "attestation"),
    "not_reached",
)  # fmt: skip
ROW = {"id": 2, "type": 2, "product_type": 1, "version_id": 7, "total": 40, "issued": 7}
EMPTY = {**ROW, "total": 0, "issued": 0}
HOSTS = ["rdsh-paris.corp.exemple.test", "rdsh-lyon.corp.exemple.test"]
#: What the steps of a recovery keep, by step: what the report reads.
FACTS: dict[str, dict[str, Any]] = {
    "preflight": {"time_source": "dc01.corp.exemple.test", "dns_name": "rdls-neuf.corp.exemple.test"},
    "key-packs-before": {"rows": [EMPTY], "collected_at": "2024-02-01T09:00:00+00:00"},
    "proofs": {"files": [{"name": "facture-2022.pdf", "path": "proofs/facture-2022.pdf", "sha256": "0" * 64}]},
    "source-lost": {"stated_by": "Hélène Exemplaire", "approved_by": "Octave Fictif", "ticket": "CHG-000123",
                    "reason": "disques perdus", "at": "2024-02-02 09:00 UTC", "no_longer_serves": True},
    "clearinghouse": {"issued": 40, "asked": 40, "reference": "REF-1", "at": "2024-02-03 09:00 UTC"},
    "key-packs-after": {"rows": [ROW], "collected_at": "2024-02-05T09:00:00+00:00"},
    "backup": {"destination": "D:\\Copies", "files": 4, "seconds_stopped": 4.8},
    "hosts-policy": {"right": [], "hosts": {name: {} for name in HOSTS}, "count": 2},
    "hosts-verify": {"right": HOSTS, "hosts": {name: {} for name in HOSTS}, "count": 2},
    "test-logon": {"opened": True, "host": HOSTS[0], "who": "Hélène Exemplaire", "at": "2024-02-09 09:00 UTC"},
    "audit-packs": {"packs": [{**ROW, "issued": 47}], "collected_at": "2024-02-05T09:00:00+00:00"},
    "hosts-state": {"right": HOSTS, "hosts": {name: {} for name in HOSTS}, "count": 2},
    "audit-backup": {"days": 55, "destination": "D:\\Copies", "newest": "20231212T090000Z"},
}  # fmt: skip
SENTENCE = {"key": "steps.hosts_dead_server", "fields": {"count": 2, "hosts": ", ".join(HOSTS)}}


def more_runs(
    case: Path, runs: int, start: str = "2024-02-05T09:00:00+00:00", first: int = 3, notebook: str = "migrate",
    outcome: str = "done", rehearsal: str | None = None, **status: str,
) -> Path:  # fmt: skip
    """Runs r03 and on, of every step of a recovery (or an audit); ``status`` of a step (with _ for -) in each of
    them."""
    journal = Journal(case / "journal.jsonl", clock(start, 40.0))
    for number in range(first, runs + 1):
        run = f"r{number:02d}"
        journal.append(
            "open", run=run, notebook=notebook, case=case.name, company="Exemple & Fils SA", lang="fr",
            rehearsal=rehearsal, host="windows", apply=["backup"], operator="hexemplaire@RDLS-NEUF", versions={},
            platform="Windows", verified="engine", case_sha256="0" * 64, script="0" * 64,
        )  # fmt: skip
        for step in AUDIT if notebook == "audit" else MIGRATE:
            word = status.get(step.replace("-", "_"), "succeeded")
            journal.append(
                "end", run=run, step=step, status=word, seconds=1.0, lines=[SENTENCE],
                facts=FACTS.get(step, {}) if word != "not_reached" else {},
                table=[{"host": name, "state": "steps.state_open"} for name in HOSTS], hints=[], evidence=[],
                by="kernel",
            )  # fmt: skip
        journal.append("close", run=run, outcome=outcome, counts={}, waiting=[], failed=[], seconds=31.2)
    return case


def new_case(cases: Path, **told: Any) -> Path:
    """A case of one run and no more."""
    folder = cases / "case-2024-02"
    folder.mkdir(parents=True)
    text = CASE_TEXT.replace("NAME", folder.name)
    (folder / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    return more_runs(folder, 1, first=1, **told)


def failed_case(cases: Path) -> Path:
    statuses: dict[str, Any] = {step.replace("-", "_"): word for step, word in ROLE_MISSING.items()}
    return new_case(cases, outcome="failed", **statuses)


def audit_case(cases: Path) -> Path:
    return new_case(cases, notebook="audit", outcome="failed", audit_packs="failed", audit_backup="finding")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight runs; the hosts pointed to the lost server and were cured, the events could not be judged."""
    made = make_case(tmp_path_factory.mktemp("report") / "cases", edited=True)
    return more_runs(made, 8, hosts_policy="finding", migration_events="not_judged")


def test_the_answer_says_what_was_owned_installed_lost_verified_copied_and_open(case: Path) -> None:
    said = dict(answer(read_story(case), "en"))
    assert list(said) == ["Licences", "Loss", "Session hosts", "Backup", "Open"]
    assert (
        "40 CALs owned" in said["Licences"]
        and "40 installed on rdls-neuf.corp.exemple.test (0 before)" in said["Licences"]
    )
    assert "7 issued" in said["Licences"] and "The counts agree" in said["Licences"] and "run r08" in said["Licences"]
    assert "stated lost by Hélène Exemplaire on 2024-02-02 09:00 UTC" in said["Loss"]
    assert "According to the statement or the case file, approved by Octave Fictif" in said["Loss"]
    assert "2 of 2 in order" in said["Session hosts"] and "a test session opened on rdsh-paris" in said["Session hosts"]
    assert "D:\\Copies (4 files)" in said["Backup"]
    assert "Read the migration events (not judged from here)" in said["Open"]
    assert list(dict(answer(read_story(case), "fr"))) == [
        "Licences",
        "Perte",
        "Hôtes de session",
        "Sauvegarde",
        "En suspens",
    ]


def test_a_case_that_counted_nothing_says_so(tmp_path: Path) -> None:
    said = dict(answer(read_story(make_case(tmp_path / "cases")), "en"))
    assert "What is installed was not counted" in said["Licences"] and "has not been stated yet" in said["Loss"]
    assert "none was verified" in said["Session hosts"] and said["Backup"] == "No copy was made."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [([{**ROW, "total": 20}], "20 are missing"), ([ROW, ROW], "40 CALs installed beyond what is owned"),
     ([{**ROW, "issued": 43}], "3 CALs issued beyond what is owned")],
)  # fmt: skip
def test_counts_that_do_not_agree_are_said_at_once(
    rows: list[dict[str, Any]], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FACTS, "key-packs-after", {"rows": rows})
    for number, status in enumerate(("succeeded", "failed")):  # numbers that are wrong make the step fail
        case = more_runs(make_case(tmp_path / str(number) / "cases"), 3, key_packs_after=status)
        assert sentence in dict(answer(read_story(case), "en"))["Licences"]


def test_what_an_auditor_asks_is_answered(case: Path) -> None:
    said = dict(questions(read_story(case), "en"))
    for heading, words in {
        "Agreement": ("0123456", "Revendeur Imaginaire"),
        "Proofs of purchase": ("facture-2022.pdf", "No program reads them"),
        "What the lost servers held": ("2\u00a0×\u00a020", "rdls-perdu.corp.exemple.test"),
        "Issued twice?": (
            "According to the contact that was entered, the Clearinghouse reissued 40 CALs for 40 asked for",
            "Owned 40, installed 40, issued 7",
            "rests on the statement of Hélène",
        ),
        "Who, in which role": ("Hélène Exemplaire", "hexemplaire@RDLS-NEUF", "Octave Fictif", "role not recorded"),
        "Service stopped": ("29\u00a0s in all, 6 times",),
        "Users refused": ("2024-01-14", "at most", "was not counted"),
        "Scripts": ("EDITED by the operator",),
        "Time": ("dc01.corp.exemple.test (6)", "differ"),
        "Who could change the file": ("every administrator", "hexemplaire@RDLS-NEUF"),
        "Who keeps what": ("vault", "seal sheet"),
    }.items():
        assert all(word in said[heading] for word in words), (heading, said[heading])


def test_the_agreements_number_stands_in_full_once_and_a_copy_for_outside_has_a_token(
    case: Path, tmp_path: Path
) -> None:
    (page,) = report.write(case, "en", out=tmp_path)
    printed = page.read_text(encoding="utf-8").split('<section class="all">')[0]
    assert printed.count("0123456") == 1, "it ties the papers to the licences"
    copy = redact(make_case(tmp_path / "cases"), tmp_path / "archive", lang="en").bag
    outside = (copy / "data" / "record.en.html").read_text(encoding="utf-8")
    assert "0123456" not in outside and re.search(r"no\. (?:<[^>]+>)?[A-Z]+[-0-9]*\d", outside), "a token"


def test_the_role_is_told_where_the_case_gives_it(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    file = case / "case.yml"
    text = file.read_text(encoding="utf-8").replace("{name: Octave Fictif,", "{name: Octave Fictif, role: CIO,")
    text = text.replace("{name: Hélène Exemplaire,", "{name: Hélène Exemplaire, role: server team,")
    file.write_text(text, encoding="utf-8", newline="\n")
    for lang in LANGS:
        told = said_in(case, lang)["people"]
        assert "Octave Fictif (CIO)" in told and "Hélène Exemplaire (server team)" in told


def test_a_clock_that_went_back_is_told_with_its_place(tmp_path: Path) -> None:
    case = more_runs(make_case(tmp_path / "cases"), 3, start="2024-01-20T09:00:00+00:00")
    said = dict(questions(read_story(case), "en"))["Time"]
    assert re.search(r"THE CLOCK WENT BACK by 1[23]\u00a0d\u00a0\d\d\u00a0h at line \d+ \(r03\)", said), said
    assert "No line of the journal goes back" not in said


def test_each_finding_says_by_which_run_it_was_cured(case: Path) -> None:
    found = {each.step: each for each in findings(read_story(case), "en")}
    assert found["hosts-policy"].state == "cured" and "Run r08" in found["hosts-policy"].cure
    assert found["hosts-policy"].runs == "r03 to r08" and "Verify the session hosts" in found["hosts-policy"].cure
    assert found["key-packs"].state == "cured" and "Run r02" in found["key-packs"].cure


def test_a_finding_that_nothing_cured_is_open(tmp_path: Path) -> None:
    case = more_runs(
        make_case(tmp_path / "cases"),
        3,
        hosts_verify="finding",
        hosts_policy="finding",
        backup="failed",
        network="finding",
    )
    found = {each.step: each.state for each in findings(read_story(case), "en")}
    assert (found["hosts-verify"], found["backup"], found["hosts-policy"]) == ("open", "open", "open")
    assert found["network"] == "stands", "another way is open"
    assert len(open_points(read_story(case), "en")) == 3


def test_what_is_open_is_never_told_as_already_done(tmp_path: Path) -> None:
    case = more_runs(make_case(tmp_path / "cases"), 3, key_packs_before="finding", key_packs_after="failed")
    case = more_runs(case, 4, first=4, key_packs_before="already_done", key_packs_after="failed")
    points = open_points(read_story(case), "en")
    assert points == ["Read the key packs before (finding)", "Count the CALs after (failed)"]


def test_what_is_cut_short_ends_with_a_sentence() -> None:
    told = "Twenty CALs are missing from the count. The rest of this goes on for longer than there is any room here."
    assert _short(told, 60) == "Twenty CALs are missing from the count. […]"
    assert _short(told, 100) == told[: told.rindex(" ", 0, 100)] + " […]", "half of the room would stay empty"
    assert _short(told, 200) == told


def said_in(case: Path, lang: str) -> dict[str, str]:
    """The answers to what an auditor asks, by key."""
    story = read_story(case)
    keys = {say(f"record.ask_{key}", lang): key for key in ASKED}
    return {keys[heading]: text for heading, text in questions(story, lang)}


ASKED = ("contract", "papers", "lost", "twice", "people", "stopped", "refused", "scripts", "clock", "writers", "kept")


@pytest.mark.parametrize("lang", LANGS)
def test_a_failed_case_says_in_either_language_what_is_not_done(lang: str, tmp_path: Path) -> None:
    case = failed_case(tmp_path / "cases")
    story = read_story(case)
    lines = [text for _, text in answer(story, lang)]
    told = {
        "en": ("What is installed was not counted", "stated lost by Hélène", "none was verified", "No copy was made",
               "14 steps not reached. State of the case: failed"),
        "fr": ("Ce qui est installé n’a pas été compté", "perte déclarée par Hélène", "aucun n’a été vérifié",
               "Aucune copie n’a été faite", "14 étapes non atteintes. État du cas\u00a0: échec"),
    }[lang]  # fmt: skip
    assert len(lines) == len(told) and all(part in line for part, line in zip(told, lines, strict=True)), lines
    said = said_in(case, lang)
    assert tuple(said) == tuple(key for key in ASKED if key != "twice")
    for key, words in {
        "contract": {"en": "Enterprise", "fr": "Enterprise"},
        "people": {"en": "(role not recorded)", "fr": "(qualité non consignée)"},
        "stopped": {"en": "No command of the runbook stopped it", "fr": "Aucune commande du runbook ne l’a arrêté"},
        "refused": {"en": "Since the incident (2024-01-14", "fr": "Depuis l’incident (14/01/2024"},
        "scripts": {"en": "No script was run", "fr": "Aucun script n’a été exécuté"},
        "clock": {"en": "dc01.corp.exemple.test (1)", "fr": "dc01.corp.exemple.test (1)"},
    }.items():
        assert words[lang] in said[key], (key, said[key])
    by_step = {each.step: each for each in findings(story, lang)}
    assert {step: found.state for step, found in by_step.items()} == {"roles": "open", "hosts-policy": "open"}
    unseen = dict(doubts(story, lang))[say("record.doubt_unseen", lang)]
    assert unseen.count({"en": "not reached", "fr": "non atteint"}[lang]) == 1, "said once, not after each of 14 steps"
    assert say("record.doubt_events", lang) not in dict(doubts(story, lang)), "no event was read"


@pytest.mark.parametrize("lang", LANGS)
def test_an_audit_says_in_either_language_what_it_counted(lang: str, tmp_path: Path) -> None:
    case = audit_case(tmp_path / "cases")
    story = read_story(case)
    lines = [text for _, text in answer(story, lang)]
    told = {
        "en": ("47 issued at that moment. DIFFERENCE: 7 CALs issued beyond what is owned", "2 of 2 in order",
               "was 55 days old on", "State of the case: failed"),
        "fr": ("47 délivrées à ce moment. ÉCART\u00a0: 7 CAL délivrées au-delà de ce qui est possédé",
               "2 sur 2 en ordre", "avait 55 jours le", "État du cas\u00a0: échec"),
    }[lang]  # fmt: skip
    assert len(lines) == len(told) and all(part in line for part, line in zip(told, lines, strict=True)), lines
    said = said_in(case, lang)
    assert not {"papers", "lost", "refused"} & set(said), "nothing of a recovery where none was run"
    assert {"en": "Owned 40, installed 40, issued 47", "fr": "Possédées 40, installées 40, délivrées 47"}[lang] in (
        said["twice"]
    )
    drawn = course(story, lang)
    assert drawn is not None and say("record.course_incident", lang) not in drawn.svg, "an audit has no incident"
    page = report.write(case, lang, out=tmp_path)[0].read_text(encoding="utf-8")
    assert say("record.answer_few", lang) in page and say("record.answer", lang) not in page, "four lines are not five"


@pytest.mark.parametrize("lang", LANGS)
def test_roles_stops_jumps_and_cures_are_told_in_either_language(lang: str, case: Path, tmp_path: Path) -> None:
    said = said_in(case, lang)
    for key, words in {
        "people": {"en": "according to the case file: Hélène", "fr": "d’après le fichier de cas\u00a0: Hélène"},
        "stopped": {"en": "29\u00a0s in all, 6 times", "fr": "29\u00a0s en tout, 6\u00a0fois"},
        "refused": {"en": "at most", "fr": "au plus"},
        "papers": {"en": "1 file copied into the case with its hash", "fr": "1 fichier copié dans le cas avec son"},
        "scripts": {"en": "EDITED by the operator", "fr": "MODIFIÉ par l’opérateur"},
    }.items():  # fmt: skip
        assert words[lang] in said[key], (key, said[key])
    cured = {each.step: each.cure for each in findings(read_story(case), lang)}
    assert {"en": "Run r08, step", "fr": "Exécution r08, étape"}[lang] in cured["hosts-policy"]
    jumped = more_runs(make_case(tmp_path / "cases"), 3, start="2024-01-20T09:00:00+00:00")
    assert {"en": "THE CLOCK WENT BACK by 12", "fr": "L’HORLOGE A RECULÉ de 12"}[lang] in said_in(jumped, lang)["clock"]


def test_the_service_stood_as_long_as_its_step_says(tmp_path: Path) -> None:
    """4.8 s in one place and 5 s in the other were taken for two stops."""
    case = new_case(tmp_path / "cases")
    assert "stopped for 5\u00a0s in all, 1 time (r01)" in said_in(case, "en")["stopped"]
    assert stood(FACTS["backup"]["seconds_stopped"]) == 5, "what the step's sentence says"


@pytest.mark.parametrize("lang", LANGS)
def test_a_rehearsal_works_out_no_time_between_a_recording_and_today(lang: str, tmp_path: Path) -> None:
    case = new_case(tmp_path / "cases", rehearsal="nominal")
    said = said_in(case, lang)
    assert {"en": "no duration can be worked out", "fr": "aucune durée ne se calcule"}[lang] in said["refused"]
    assert {"en": "the recording’s time", "fr": "l’heure de l’enregistrement"}[lang] in said["clock"]
    drawn = course(read_story(case), lang)
    assert drawn is not None and {"en": "(the recording’s date)", "fr": "(date de l’enregistrement)"}[lang] in drawn.svg
    later = re.findall({"en": r">(\d+)[^<]* later<", "fr": r">(\d+)[^<]* après<"}[lang], drawn.svg)
    assert later == ["1"], "a day from incident to approval, and no word of what lies between them and today"


def test_the_figures_say_in_words_what_they_show(case: Path) -> None:
    story = read_story(case)
    time, cals = course(story, "en"), licences(story, "fr")
    assert time is not None and cals is not None
    assert 'role="img"' in time.svg and "incident (case file)" in time.svg and "run r08: done" in time.svg
    assert "possédées 40, installées 40, délivrées 7" in cals.svg
    height = re.search(r'height="(\d+)"', time.svg)
    assert height is not None and int(height[1]) < 340, "one height for any number of runs"


def test_a_page_has_one_heading_for_each_part_and_every_head_has_its_scope(case: Path) -> None:
    for path in report.write(case, clock=clock("2024-03-01T10:00:00+00:00")):
        page = path.read_text(encoding="utf-8").split('<section class="all">')[0]
        levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "no level is left out"
        assert not re.search(r"<th(?=[ >])(?![^>]*scope=)", page) and "<html lang=" in page
        assert not re.search(r'<svg(?![^>]*role="img")', page.split('<section class="all">')[0])


def test_a_step_that_was_done_before_is_told_with_the_files_of_then(tmp_path: Path) -> None:
    made = make_case(tmp_path / "cases")
    journal = Journal(made / "journal.jsonl", clock("2024-02-02T09:00:00+00:00"))
    ran = next(e for e in journal.entries() if e["event"] == "end" and e.get("evidence"))
    taken = {name: value for name, value in ran.items() if name not in ("n", "t", "prev", "event")}
    first = journal.append("end", **{**taken, "run": "r02", "step": "key-packs-before", "status": "finding"})
    more_runs(made, 3, key_packs_before="already_done")
    (page,) = report.write(made, "en", clock=clock("2024-03-01T10:00:00+00:00"))
    annex = page.read_text(encoding="utf-8").split('<section class="annex">')[1].split('<section class="all">')[0]
    part = annex.split(f'id="step-{first["step"]}"')[1].split("</section>")[0]
    named = [item for item in first["evidence"] if item["path"].endswith(("out.json", "script.ps1"))]
    assert named and all(item["path"] in part for item in named), part


#: Every kind of case that an auditor is handed, and how it is made.
KINDS: dict[str, Callable[[Path], Path]] = {
    "1 run": new_case,
    "2 runs": make_case,
    "8 runs": lambda cases: more_runs(
        make_case(cases, edited=True), 8, hosts_policy="finding", migration_events="not_judged"
    ),
    "failed": failed_case,
    "audit": audit_case,
}
#: The longest in each language on each paper; of the others both languages and both papers.
LOOKS = [("8 runs", lang, paper) for lang in LANGS for paper in ("A4", "letter")]
LOOKS += [(kind, *look) for kind in KINDS if kind != "8 runs" for look in (("en", "A4"), ("fr", "letter"))]
#: At the beginning and at the end of every row, and of a heading and what follows it: a mark to look for on the pages.
MARK = """() => {
    let count = 0;
    const mark = (first, last) => {
        if (!first || !last || !first.offsetParent) return;
        first.prepend(`@${++count}@ `);
        last.append(` @${count}@`);
    };
    for (const row of document.querySelectorAll("tr")) mark(row.cells[0], row.cells[row.cells.length - 1]);
    for (const head of document.querySelectorAll("h2, h3, h4")) {
        let next = head.nextElementSibling || head.parentElement.nextElementSibling;
        while (next && ["TABLE", "OL", "SECTION", "DETAILS", "TBODY", "TR"].includes(next.tagName))
            next = next.tagName == "TABLE" ? next.tBodies[0] : next.firstElementChild; // the head comes again
        mark(head, next);
    }
    return count;
}"""


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, chromium: Browser, need: Callable[..., str]
) -> dict[tuple[str, str, str], Path]:
    """PDFs by kind of case, language and paper, all out of one browser."""
    need("pdfinfo")
    root = tmp_path_factory.mktemp("printed")
    cases = {kind: make(root / kind.replace(" ", "-")) for kind, make in KINDS.items()}
    sheet, made = chromium.new_page(), dict[tuple[str, str, str], Path]()
    for number, (kind, lang, paper) in enumerate(LOOKS):
        (page,) = report.write(cases[kind], lang, out=root, paper=paper)
        sheet.goto(page.as_uri())
        made[kind, lang, paper] = root / f"{number}.pdf"
        sheet.pdf(path=made[kind, lang, paper], prefer_css_page_size=True, tagged=True)
    sheet.close()
    return made


def told_by(*command: str | Path) -> str:
    return subprocess.run([*map(str, command)], capture_output=True, check=True).stdout.decode("utf-8", "replace")


def sheets_of(pdf: Path) -> list[str]:
    return told_by("pdftotext", "-layout", pdf, "-").split("\f")[:-1]


def test_the_report_is_six_pages_in_either_language_on_either_paper(printed: dict[tuple[str, str, str], Path]) -> None:
    for (kind, lang, paper), pdf in printed.items():
        sheets = sheets_of(pdf)
        end = {"en": "End of the report", "fr": "Fin du rapport"}[lang]
        (last,) = [number for number, sheet in enumerate(sheets, 1) if end in sheet]
        assert last <= 6, f"{kind}, {lang}, {paper}: the report takes {last} pages"
        assert len(sheets) <= last + 8, f"the annex of 25 steps takes {len(sheets) - last} pages"
        size = {"A4": "594.96 x 841.92", "letter": "612 x 792"}[paper]
        assert size in told_by("pdfinfo", pdf)
        title, total = {"en": "Execution record", "fr": "Compte rendu d’exécution"}[lang], len(sheets)
        for number, sheet in enumerate(sheets, 1):
            assert f"{title} – case-" in sheet.split("\n")[0], "each page says of what it is one"
            assert re.search(rf"{number}\s*/\s*{total}\s*$", sheet), "and which"
        if kind in ("2 runs", "audit"):
            continue  # too few steps for a second page of them
        head = {"en": "What was found", "fr": "Ce qui a été trouvé"}[lang]
        assert sum(head in sheet for sheet in sheets[:last]) >= 2, "a table that goes on repeats its head"


@pytest.mark.parametrize(("kind", "lang", "paper"), [("8 runs", "fr", "letter"), ("failed", "en", "A4")])
def test_no_row_breaks_over_pages_and_no_heading_is_left_behind(
    kind: str, lang: str, paper: str, tmp_path: Path, chromium: Browser, need: Callable[..., str]
) -> None:
    need("pdftotext")
    (page,) = report.write(KINDS[kind](tmp_path / "cases"), lang, out=tmp_path, paper=paper)
    sheet = chromium.new_page()
    sheet.goto(page.as_uri())
    sheet.emulate_media(media="print")
    count = sheet.evaluate(MARK)
    sheet.pdf(path=tmp_path / "marked.pdf", prefer_css_page_size=True)
    sheet.close()
    pages: dict[str, list[int]] = {}
    for number, text in enumerate(told_by("pdftotext", "-raw", tmp_path / "marked.pdf", "-").split("\f"), 1):
        for mark in re.findall(r"@(\d+)@", text):
            pages.setdefault(mark, []).append(number)
    assert count > 100 and len(pages) > 0.95 * count
    # the head of a table that goes on stands on each of its pages, both marks of it
    broken = {mark: places for mark, places in pages.items() if any(places.count(p) % 2 for p in places)}
    assert not broken, broken


def test_a_screen_reader_gets_headings_table_heads_pictures_and_the_language_from_the_pdf(
    printed: dict[tuple[str, str, str], Path],
) -> None:
    for (kind, lang, _), pdf in printed.items():
        assert re.search(r"Tagged:\s+yes", told_by("pdfinfo", pdf))
        tree = [line.split()[0] for line in told_by("pdfinfo", "-struct", pdf).splitlines() if line.strip()]
        assert tree.count("H1") == 1 and tree.count("H2") >= 9 and tree.count("H3") >= 8
        assert tree.count("Table") >= 6 and tree.count("TH:") + tree.count("TH") >= 40
        assert tree.count("/Scope") >= 40, "each head says what it is the head of"
        raw = pdf.read_bytes()
        assert f"/Lang ({lang})".encode() in raw
        # nobody counted in the case that failed, nor in that of two runs
        figures = 1 + (kind in ("1 run", "8 runs", "audit"))
        assert tree.count("Figure") == len(re.findall(rb"/Alt ?[(<]", raw)) == figures, "each picture in words"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_either_language(
    scheme: Literal["light", "dark"], case: Path, tmp_path: Path, chromium: Browser
) -> None:
    sheet = chromium.new_page(color_scheme=scheme)
    for path in report.write(case, "fr" if scheme == "dark" else None, out=tmp_path):  # colours speak no language
        sheet.goto(path.as_uri())
        found = Axe().run(sheet)
        assert not found.violations_count, found.generate_report()
    sheet.close()


#: The cells whose text of some length has less room than 80 px.
SQUEEZED = """() => [...document.querySelectorAll("td")].filter(td => td.offsetParent && td.offsetWidth < 80
  && td.textContent.trim().length > 40).map(td => td.offsetWidth + " px: " + td.textContent.slice(0, 60))"""


@pytest.mark.parametrize("width", [400, 1100])
def test_the_page_fits_a_telephone_and_a_screen(width: int, case: Path, tmp_path: Path, chromium: Browser) -> None:
    sheet = chromium.new_page(viewport={"width": width, "height": 900})
    for path in report.write(case, out=tmp_path):
        sheet.goto(path.as_uri())
        assert sheet.evaluate("document.documentElement.scrollWidth") <= width, "only tables scroll, in themselves"
        assert sheet.evaluate(SQUEEZED) == [], "no sentence stands in a column a letter or two wide"
    sheet.close()
