"""What is asked of a run, held to what there is: before a kernel is started, and again in it (a notebook in Jupyter).

Light: papermill's side of a run imports it. Whatever is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runbook.case.folder import CaseFolder, case_folder, is_case_name
from runbook.errors import BadInput, Faults
from runbook.knowledge import catalogue
from runbook.words.near import did_you_mean
from runbook.words.sentences import LANGS, say


def language(asked: str, lang: str) -> None:
    """Raise BadInput for a language that we do not speak; an empty text asks for none."""
    if asked and asked not in LANGS:
        raise BadInput(say("run.bad_lang", lang, value=asked))


def changes(asked: str | list[str], steps: Iterable[str], lang: str) -> list[str]:
    """The changes that ``apply`` names, of those that ``steps`` make. Raises BadInput for any other."""
    wanted = [w for w in (asked if isinstance(asked, list) else (word.strip() for word in asked.split(","))) if w]
    if wanted == ["none"]:
        return wanted
    possible = catalogue.changes(steps)
    unknown = [word for word in wanted if word not in possible]
    if unknown and not possible:
        raise BadInput(say("run.no_apply", lang))
    if unknown:
        near = "".join(did_you_mean(word, possible, lang) for word in unknown)
        raise BadInput(say("run.bad_apply", lang, names=", ".join(unknown), known=", ".join(possible), near=near))
    return wanted


def rehearsal(asked: str, lang: str) -> None:
    """Raise BadInput for a recording that is not there; an empty text asks for none."""
    if asked and not catalogue.is_rehearsal(asked):
        near = did_you_mean(asked, catalogue.rehearsals(), lang)
        raise BadInput(say("run.no_recording", lang, name=asked, near=near))


def earlier_case(of: str, workspace: Path, lang: str) -> None:
    """Raise BadInput where the case that ``of`` names has no case file; an empty text names none."""
    source = case_folder(of, workspace).case_file
    if of and (not is_case_name(of) or not source.is_file()):
        near = did_you_mean(of, (path.parent.name for path in workspace.glob("cases/*/case.yml")), lang)
        raise BadInput(say("run.no_such_case", lang, name=of, place=source, near=near))


def everything(
    parameters: Mapping[str, Any], steps: Iterable[str], workspace: Path, lang: str, case: CaseFolder | None
) -> None:
    """Raise BadInput with all that the values of a notebook's parameters get wrong, as far as it can be known here, and
    then with what is wrong in the file of ``case`` too: it is told at once."""
    faults = Faults()
    with faults:
        language(parameters.get("lang") or "", lang)
    with faults:
        rehearsal(parameters.get("rehearsal") or "", lang)
    with faults:
        changes(parameters.get("apply") or "", steps, lang)
    with faults:
        earlier_case(parameters.get("of") or "", workspace, lang)
    if faults and case and case.case_file.is_file():
        from runbook.case.model import load_case  # typed: only where the run is refused anyway

        with faults:
            load_case(case.case_file, case.name, lang)
    faults.tell()
