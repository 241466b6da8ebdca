"""``runbook init``: notebooks and a first case, nothing of the person's overwritten. The wheel: tests/bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook import cli
from runbook.case.folder import find_workspace
from runbook.case.model import load_case
from runbook.commands.existing import cases
from runbook.knowledge.catalogue import notebook_path, notebooks


def init(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "init", str(folder)])
    assert not ended.value.code
    told = capsys.readouterr()
    return told.out, told.err


def test_a_folder_is_laid_out_and_what_is_there_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RUNBOOK_HOME", raising=False)
    folder = tmp_path / "Licences été"
    out, err = init(folder, capsys)
    assert "case-trial" in out and not err
    assert {path.stem for path in folder.glob("*.ipynb")} == set(notebooks())
    assert load_case(folder / "cases" / "case-trial" / "case.yml", "case-trial").rehearsal == "nominal"
    assert find_workspace(folder) == folder.resolve()
    monkeypatch.chdir(folder)
    assert cases() == ["case-trial"]

    mine = folder / "migrate.ipynb"
    mine.write_text("mine", encoding="utf-8")
    written = (folder / "cases" / "case-trial" / "case.yml").read_bytes() + b"# mine\n"
    (folder / "cases" / "case-trial" / "case.yml").write_bytes(written)
    (folder / "hosts.ipynb").unlink()
    _, err = init(folder, capsys)
    assert "migrate.ipynb" in err and "hosts.ipynb" not in err
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (folder / "cases" / "case-trial" / "case.yml").read_bytes() == written
    assert (folder / "hosts.ipynb").read_bytes() == notebook_path("hosts").read_bytes()


def test_the_words_after_it_fit_what_the_person_can_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("runbook.commands.init.shutil.which", lambda name: None)
    told = init(tmp_path / "Licences été", capsys)[0]
    assert "papermill migrate.ipynb" not in told and "--server SERVER" in told
    assert f'\n  cd "{(tmp_path / "Licences été").resolve()}"\n' in told, "a line to paste"
    monkeypatch.chdir(tmp_path / "Licences été")
    assert "  cd " not in init(Path(), capsys)[0]
    monkeypatch.setattr("runbook.commands.init.shutil.which", lambda name: f"/bin/{name}")
    told = init(tmp_path / "b", capsys)[0]
    assert "papermill migrate.ipynb case-2024-07.ipynb" in told and "-p server SERVER" in told
