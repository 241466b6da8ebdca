"""The report at the head of a record: the answer, what an auditor asks, what was cured; six pages for any number of
runs, on either paper, and the same for a screen reader."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_case import clock, make_case

from runbook.journal.lines import Journal
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.record import report
from runbook.record.answer import answer, questions
from runbook.record.course import course, licences
from runbook.record.findings import findings, open_points
from runbook.redaction.redact import redact
from runbook.words.sentences import LANGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_IDS = [step.id for step in reference.steps()]
MIGRATE = _IDS[: _IDS.index("attestation") + 1]
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
}  # fmt: skip
SENTENCE = {"key": "steps.hosts_dead_server", "fields": {"count": 2, "hosts": ", ".join(HOSTS)}}


def more_runs(case: Path, runs: int, start: str = "2024-02-05T09:00:00+00:00", **status: str) -> Path:
    """Runs r03 and on, of every step of a recovery; ``status`` of a step (with _ for -) in each of them."""
    journal = Journal(case / "journal.jsonl", clock(start, 40.0))
    for number in range(3, runs + 1):
        run = f"r{number:02d}"
        journal.append(
            "open", run=run, notebook="migrate", case=case.name, company="Exemple & Fils SA", lang="fr", rehearsal=None,
            host="windows", apply=["backup"], operator="hexemplaire@RDLS-NEUF", versions={}, platform="Windows",
            verified="engine", case_sha256="0" * 64, script="0" * 64,
        )  # fmt: skip
        for step in MIGRATE:
            word = status.get(step.replace("-", "_"), "succeeded")
            journal.append(
                "end", run=run, step=step, status=word, seconds=1.0, lines=[SENTENCE], facts=FACTS.get(step, {}),
                table=[{"host": name, "state": "steps.state_open"} for name in HOSTS], hints=[], evidence=[],
                by="kernel",
            )  # fmt: skip
        journal.append("close", run=run, outcome="done", counts={}, waiting=[], failed=[], seconds=31.2)
    return case


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
    assert "Approved by Octave Fictif, ticket CHG-000123" in said["Loss"]
    assert "2 of 2 in order" in said["Session hosts"] and "Test session opened on rdsh-paris" in said["Session hosts"]
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
            "40 for 40 asked for",
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
    assert "0123456" not in outside and re.search(r"no\. [A-Z]+[-0-9]*\d", outside), "a token"


def test_the_role_is_told_where_the_case_gives_it(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    file = case / "case.yml"
    text = file.read_text(encoding="utf-8").replace("{name: Octave Fictif,", "{name: Octave Fictif, role: CIO,")
    file.write_text(text, encoding="utf-8", newline="\n")
    assert "Octave Fictif (CIO)" in dict(questions(read_story(case), "en"))["Who, in which role"]


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
    more_runs(made, 3, **{first["step"].replace("-", "_"): "already_done"})
    (page,) = report.write(made, "en", clock=clock("2024-03-01T10:00:00+00:00"))
    annex = page.read_text(encoding="utf-8").split('<section class="annex">')[1].split('<section class="all">')[0]
    part = annex.split(f'id="step-{first["step"]}"')[1].split("</section>")[0]
    named = [item for item in first["evidence"] if item["path"].endswith(("out.json", "script.ps1"))]
    assert named and all(item["path"] in part for item in named), part


LOOKS = [(lang, paper) for lang in LANGS for paper in ("A4", "letter")]


@pytest.fixture(scope="module")
def printed(
    case: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser, need: Callable[..., str]
) -> dict[tuple[str, str, int], Path]:
    """PDFs by language, paper and number of runs, all out of one browser; that of two runs in English on A4 only."""
    need("pdfinfo")
    root = tmp_path_factory.mktemp("printed")
    two = make_case(root / "cases")
    sheet, made = chromium.new_page(), {}
    for runs, folder, lang, paper in [*((8, case, *look) for look in LOOKS), (2, two, "en", "A4")]:
        (page,) = report.write(folder, lang, out=root, paper=paper)
        sheet.goto(page.as_uri())
        pdf = root / f"{runs}-{lang}-{paper}.pdf"
        sheet.pdf(path=pdf, prefer_css_page_size=True, tagged=True)
        made[lang, paper, runs] = pdf
    sheet.close()
    return made


def told_by(*command: str | Path) -> str:
    return subprocess.run([*map(str, command)], capture_output=True, check=True).stdout.decode("utf-8", "replace")


def test_the_report_is_six_pages_in_either_language_on_either_paper(printed: dict[tuple[str, str, int], Path]) -> None:
    for (lang, paper, runs), pdf in printed.items():
        sheets = told_by("pdftotext", "-layout", pdf, "-").split("\f")[:-1]
        end = {"en": "End of the report", "fr": "Fin du rapport"}[lang]
        (last,) = [number for number, sheet in enumerate(sheets, 1) if end in sheet]
        assert last <= 6, f"{lang}, {paper}, {runs} runs: the report takes {last} pages"
        assert len(sheets) <= last + 8, f"the annex of 25 steps takes {len(sheets) - last} pages"
        size = {"A4": "594.96 x 841.92", "letter": "612 x 792"}[paper]
        assert size in told_by("pdfinfo", pdf)
        if runs > 2:
            head = {"en": "What was found", "fr": "Ce qui a été trouvé"}[lang]
            assert sum(head in sheet for sheet in sheets[:last]) >= 2, "a table that goes on repeats its head"


def test_a_screen_reader_gets_headings_table_heads_pictures_and_the_language_from_the_pdf(
    printed: dict[tuple[str, str, int], Path],
) -> None:
    for (lang, _, runs), pdf in printed.items():
        assert re.search(r"Tagged:\s+yes", told_by("pdfinfo", pdf))
        tree = [line.split()[0] for line in told_by("pdfinfo", "-struct", pdf).splitlines() if line.strip()]
        assert tree.count("H1") == 1 and tree.count("H2") >= 10 and tree.count("H3") >= 8
        assert tree.count("Table") >= 8 and tree.count("TH:") + tree.count("TH") >= 60
        assert tree.count("/Scope") >= 60, "each head says what it is the head of"
        raw = pdf.read_bytes()
        assert f"/Lang ({lang})".encode() in raw
        assert tree.count("Figure") == len(re.findall(rb"/Alt ?[(<]", raw)) == 1 + (runs > 2), "each picture in words"


def test_axe_finds_nothing_on_the_page_of_either_language(case: Path, tmp_path: Path, chromium: Browser) -> None:
    sheet = chromium.new_page()
    for path in report.write(case, out=tmp_path):
        sheet.goto(path.as_uri())
        found = Axe().run(sheet)
        assert not found.violations_count, found.generate_report()
    sheet.close()
