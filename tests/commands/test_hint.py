"""``runbook hint`` takes what a person has at hand: words, a row's name, a file, a stream; and answers programs too."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from runbook import cli

EVENTS = (
    "LogName      : System\r\nProviderName : Microsoft-Windows-TerminalServices-Licensing\r\nId           : 4105\r\n"
)


class Told(NamedTuple):
    code: int
    out: str


Asked = Callable[..., Told]


@pytest.fixture
def hint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    def asked(*words: str, given: bytes = b"", lang: str = "en") -> Told:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            cli.main(["--lang", lang, "hint", *words])
        return Told(int(ended.value.code or 0), capsys.readouterr().out)

    return asked


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (("E05",), "E05"),
        (("e05",), "E05"),
        (("4105", "Licensing"), "E11"),
        (("4105 · Licensing",), "E11"),
        (("-1316",), "E19"),
        (("licensing mode is not configured",), "E08"),
    ],
)
def test_words_lead_to_a_row_whose_act_comes_first(hint: Asked, words: tuple[str, ...], row: str) -> None:
    told = hint(*words)
    assert told.code == 0
    assert told.out.startswith(f"{row}  To do: "), told.out
    assert f"errors.html#{row.lower()}" in told.out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_stream_is_read_in_the_encodings_of_windows(hint: Asked, encoding: str) -> None:
    told = hint("-", given=EVENTS.encode(encoding))
    assert told.code == 0 and told.out.startswith("E11  "), told.out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp850"])
def test_a_file_is_read(hint: Asked, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "evénements.txt"
    path.write_bytes("Le mode de licence du serveur hôte de session n'est pas configuré".encode(encoding))
    told = hint(str(path), lang="fr")
    assert told.code == 0 and told.out.startswith("E08  "), told.out


def test_a_program_gets_json(hint: Asked) -> None:
    told = hint("--json", "4105 Licensing")
    answer = json.loads(told.out)
    (row,) = answer["hints"]
    assert (told.code, answer["asked"], row["id"], row["guess"]) == (0, "4105 Licensing", "E11", False)
    assert row["page"] == "errors.html#e11" and row["fix"] and row["why"]
    assert row["act"] == "prepare.html#directory"
    assert "prepare.html#directory" in hint("4105 Licensing").out.splitlines()[-2]
    told = hint("--json", "the coffee machine is empty")
    assert (told.code, json.loads(told.out)["hints"]) == (1, [])


def test_what_is_long_is_wrapped_between_words_in_a_terminal(hint: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hint("E05").out
    monkeypatch.setattr("runbook.commands.screen.sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "50")
    told = hint("E05").out
    assert told.split() == whole.split() and max(map(len, whole.splitlines())) > 100
    assert max(len(line) for line in told.splitlines() if line.count(" ") > 8) <= 50


@pytest.mark.parametrize(("lang", "words"), [("en", ("English", "French")), ("fr", ("français", "anglais"))])
def test_nothing_known_is_exit_1_with_what_to_do_and_the_languages(
    hint: Asked, lang: str, words: tuple[str, ...]
) -> None:
    told = hint("the coffee machine is empty", lang=lang)
    assert told.code == 1
    assert all(word in told.out for word in words), told.out
    assert hint("-", given=b"  \r\n", lang=lang).code == 1
    assert hint(" ", lang=lang).code == 2
