"""The command line never shows a traceback for what a disk or a share does."""

from __future__ import annotations

import errno

import click
import pytest

from runbook import cli


def test_a_fault_of_the_disk_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(lang: str) -> click.Group:
        group = click.Group("runbook")

        @group.command("write")
        def write() -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "D:\\cases\\x.html")

        return group

    monkeypatch.setattr(cli, "build", build)
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "write"])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "x.html" in told.err and "No space left" in told.err and "Traceback" not in told.err
