"""What the runbook's pages show of a case is read from the project: nothing is missing, nothing is typed twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from macros import casework, project
from macros.words import Here
from runbook import cli
from runbook.case.model import load_case
from runbook.errors import BadInput
from runbook.journal.outcome import Status
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_steps
from runbook.words.sentences import LANGS, data_root, say

HERE = [Here(lang, "runbook/index.md") for lang in LANGS]
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("here", HERE, ids=str)
def test_the_case_file_of_the_page_is_the_one_that_a_first_run_writes(here: Here, tmp_path: Path) -> None:
    text = re.sub(r"(?s)\A\n```.*?\n(.*)\n```\n\Z", r"\1", casework.case_file(here))
    path = tmp_path / "case.yml"
    path.write_text(text, encoding="utf-8", newline="\n")
    assert yaml.safe_load(text)["case"] == casework.CASE
    with pytest.raises(BadInput) as refused:  # what is left to fill in, and nothing else
        load_case(path, casework.CASE, here.lang)
    faults = str(refused.value).splitlines()[1:]
    assert len(faults) == 2
    assert any("company" in fault for fault in faults)
    assert any("packs" in fault for fault in faults)


@pytest.mark.parametrize("lang", LANGS)
def test_the_name_of_the_first_rehearsal_is_no_real_cases(lang: str) -> None:
    """What a reader has rehearsed as ``case-2024-01`` must not be the name under which a page asks a server."""
    pages = [path.name for path in (DOCS / lang).rglob("*.md") if "case-2024-01" in path.read_text(encoding="utf-8")]
    assert pages == ["rehearse.md"]
    assert casework.CASE in (DOCS / lang / "runbook" / "real-case.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("here", HERE, ids=str)
def test_every_status_word_is_explained(here: Here) -> None:
    text = casework.statuses(here)
    for status in Status:
        called = say(f"status.{status}", here.lang)
        assert (f"**{called}** {{: #" if called == status else f"**{called}**<br>`{status}`") in text, "said once"
    assert text.count("{: #status-") == len(Status)


@pytest.mark.parametrize("here", HERE, ids=str)
def test_every_rehearsal_stands_in_one_of_the_two_tables(here: Here) -> None:
    folders = [path.parent.name for path in (data_root() / "notebooks" / "rehearsals").glob("*/rehearsal.yml")]
    own, others = casework.rehearsals(here), casework.rehearsals(here, others=True)
    for name in folders:
        assert ((f"{{: #rehearsal-{name} }}" in own) + (f"{{: #rehearsal-{name} }}" in others)) == 1, name
    assert own.index("#rehearsal-nominal ") < own.index("#rehearsal-backup-locked ")


@pytest.mark.parametrize("here", HERE, ids=str)
def test_every_notebook_and_every_change_is_listed(here: Here) -> None:
    listed = casework.notebooks(here)
    for path in (data_root() / "notebooks").glob("*.md"):
        assert f"| `{path.stem}` | **" in listed
    named = re.findall(r"^\| \[`([\w-]+)`\]\(", casework.changes(here), re.MULTILINE)
    assert set(named) == {
        step
        for step in notebook_steps("migrate")
        if reference.step(step).script and reference.step(step).kind in ("change", "manual")
    }
    assert {"backup", "gpupdate", "activate", "install-packs"} <= set(named)


@pytest.mark.parametrize("way", "ABCDEFG")
def test_the_ways_to_verify_are_those_of_verifier_txt(way: str) -> None:
    from runbook.papers.verifier import verifier_text

    lines = casework.verifier(HERE[0], way).strip().split("\n")
    folded = lines[0].startswith("???")
    assert folded == (len(lines) > 10)
    block = [line[4:] for line in lines[1:]] if folded else lines
    assert "\n".join(block[1:-1]) in verifier_text()


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(KeyError):
        casework.verifier(HERE[0], "Z")


def test_an_excerpt_is_the_whole_record_and_nothing_of_the_next() -> None:
    text = project.excerpt(HERE[0], "knowledge/steps.yml", "service")
    body = text.strip().split("\n", 1)[1].rsplit("\n", 1)[0]
    (record,) = yaml.safe_load(body.replace("*passing", "[]"))
    assert record["id"] == "service"
    assert record["script"] == "service"
    with pytest.raises(KeyError):
        project.excerpt(HERE[0], "knowledge/steps.yml", "no-such-step")
    with pytest.raises(FileNotFoundError):
        project.excerpt(HERE[0], "knowledge/nothing.yml")


@pytest.mark.parametrize("lang", LANGS)
def test_every_command_shows_its_help_on_a_page(lang: str) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (DOCS / lang).rglob("*.md"))
    shown = set(re.findall(r'cli_help\("([\w-]+)"\)', pages))
    assert shown == set(cli.build(lang).commands)


@pytest.mark.parametrize("here", HERE, ids=str)
def test_help_speaks_the_language_of_the_page(here: Here) -> None:
    for command in cli.build(here.lang).commands:
        text = project.cli_help(here, command)
        assert f"runbook {command}" in text
        assert say("cli.heading_usage", here.lang) in text
        folded = (line.removeprefix("    ") for line in text.splitlines())
        assert max(map(len, folded)) <= 80  # as wide as the page's column
