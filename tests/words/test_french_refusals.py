"""Nothing that a person enters wrongly is answered in a library's English: a walk of bad case files and bad entries in
French, each line of each answer one of the project's own French sentences."""

from __future__ import annotations

import copy
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.case.model import load_case
from runbook.errors import BadInput
from runbook.journal import confirm
from runbook.knowledge import reference
from runbook.steps.answer_shape import misfit
from runbook.steps.registry import answers, read_answer
from runbook.words.sentences import read_yaml, typeset

NAME = "case-1"
GOOD: dict[str, Any] = {
    "case": NAME,
    "company": "Exemple",
    "lang": "fr",
    "operator": {"name": "H. Exemplaire", "role": "DSI"},
    "approval": {"name": "O. Fictif", "date": "2024-01-15"},
    "incident": {"date": "2024-01-14"},
    "license_server": {"name": "RDLIC01.corp.example"},
    "lost_servers": [{"name": "RDLIC-OLD1", "server_id": "A" * 35}],
    "contract": {"program": "open", "purchase_date": "2022-05-02"},
    "packs": [{"count": "20", "version": "2022", "type": "user", "proofs": ["facture.pdf"]}],
    "clearinghouse": {"method": "telephone", "wizard": "migrate"},
    "session_hosts": {"names": ["RDSH01"], "managed_by": "gpo", "throttle": "32", "pilot": "RDSH01"},
    "backup": {"keep": "5", "keep_days": "30", "system_state_minutes": "120"},
}
BAD: list[Any] = [
    None, "", "x", "-1", "0", "1e9", "1.5", "999999999999999999999999", "0x10", "NaN", "true", "~", "31/12/2024",
    "2024-13-45", "2024-01-01T10:00", "9999999-01-01", "a b", "..", "é" * 70, "\u202e", "a" * 5000, [], ["x"], [[]],
    [None], [{"x": "y"}], {}, {"x": "y"}, {"name": ["x"]}, {"count": "0"},
]  # fmt: skip


def patterns(area: str) -> re.Pattern[str]:
    """Any French sentence of an area of knowledge/words/ that says something itself, whatever stands in its fields."""
    found = []
    for both in read_yaml(f"words/{area}").values():
        for line in typeset(both["fr"]).split("\n"):
            pieces = list(string.Formatter().parse(line))
            if re.search(r"\w{2}", "".join(text for text, *_ in pieces).replace("ligne", "")):
                found.append("".join(re.escape(text) + (".*" if name is not None else "") for text, name, *_ in pieces))
    return re.compile("|".join(f"(?:{pattern})" for pattern in found), re.DOTALL)


def is_own(line: str, own: re.Pattern[str]) -> bool:
    """Whether a line is one of the sentences, alone or behind the name of what it is about."""
    return bool(own.fullmatch(line) or own.fullmatch(line.partition("\u00a0: ")[2]))


def places(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*place, key))


def changed(place: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(GOOD)
    at: Any = data
    for key in place[:-1]:
        at = at[key]
    if place:
        at[place[-1]] = value
    return data if place else value


def test_a_bad_case_file_is_refused_in_french_sentences_alone(tmp_path: Path) -> None:
    own, refused, file = patterns("case"), 0, tmp_path / "case.yml"
    load = [changed(place, value) for place in places(GOOD) for value in BAD]
    load += [{**GOOD, "Unknown": "x"}, {**GOOD, "packs": [{**GOOD["packs"][0], "Unknown": "x"}]}]
    texts = [yaml.safe_dump(data, allow_unicode=True) for data in load]
    texts += ["case: [", "case: a\n\tb: c", "a: &x [*x]", "a: a\na: b", "- 1\n- 2", "%YAML 9\n"]
    for text in texts:
        file.write_text(text, encoding="utf-8", newline="\n")
        try:
            load_case(file, NAME, "fr")
        except BadInput as error:
            refused += 1
            head, *lines = str(error).split("\n  ligne ")
            assert lines and head.startswith(f"Le fichier de cas {file} contient "), str(error)
            for line in lines:
                assert is_own(line.partition("— ")[2], own), (text, line)
    assert refused > 700


def test_a_number_that_is_too_large_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "case.yml"
    text = yaml.safe_dump(changed(("packs", 0, "count"), "200000"))
    file.write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(BadInput, match="le nombre doit être au plus 100000"):
        load_case(file, NAME, "fr")


ASKING = [step for step in reference.steps() if step.asks]


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.id)
def test_a_bad_entry_is_refused_in_french_sentences_alone(step: reference.Step) -> None:
    own, refused = patterns("confirm"), 0
    entries: list[dict[str, Any]] = [{ask.id: value} for ask in step.asks for value in BAD]
    entries += [{"Unknown": "x"}, {}]
    for ask in step.asks:
        entries += [{ask.id: [{item.id: value}]} for item in ask.items for value in BAD]
    for entry in entries:
        try:
            confirm.check(step, entry, "fr")
        except BadInput as error:
            refused += 1
            head, *lines = str(error).split("\n  ")
            assert lines and own.fullmatch(head), str(error)
            for line in lines:
                assert is_own(line, own), (entry, line)
    assert refused


@pytest.mark.parametrize("script", sorted(answers()))
def test_an_answer_of_another_shape_is_told_by_its_places(script: str) -> None:
    """What a script answers is no person's entry, yet its fault stands in the French sentence of a step."""
    for out in ([], [{}, {}], [{"Surprise": 1}], [{"Surprise": {"x": 1}, **dict.fromkeys("ABCDE", None)}]):
        with pytest.raises(ValueError) as caught:
            read_answer(script, out)
        told = misfit(caught.value)
        assert re.fullmatch(r"out\.json: \d ≠ 1|[\w.]+(, [\w.]+){0,2}", told), told
