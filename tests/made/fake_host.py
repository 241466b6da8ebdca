"""A fake powershell.exe on this machine, told what to answer, and what it noted down."""

from __future__ import annotations

import base64
import json
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import windows_program

from runbook.host import process
from runbook.words.sentences import data_root

FAKE = Path(__file__).with_name("fake_powershell.py")
NOMINAL = data_root() / "notebooks" / "rehearsals" / "nominal" / "steps"


@dataclass(frozen=True)
class FakePowerShell:
    """``executable`` is the fake, ``home`` its answers and notes."""

    executable: Path
    home: Path

    @classmethod
    def make(cls, folder: Path) -> FakePowerShell:
        """A program named powershell.exe: the fake's text behind the interpreter of these tests."""
        home = folder / "fake"
        home.mkdir()
        executable = folder / "bin" / "powershell.exe"
        executable.parent.mkdir()
        text = FAKE.read_text(encoding="utf-8")
        if sys.platform == "win32":
            packages = Path(sysconfig.get_path("purelib"))
            windows_program.make(executable, text, f'"{process.interpreter()}" -IS', packages)
        else:
            executable.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8", newline="\n")
            executable.chmod(0o755)
        return cls(executable, home)

    def environ(self, encoding: str = "utf-8") -> dict[str, str]:
        return {
            "FAKE_POWERSHELL": str(self.home),
            "RUNBOOK_POWERSHELL": str(self.executable),
            "RUNBOOK_POWERSHELL_ENCODING": encoding,
        }

    def tell(self, step: str, call: int | None = None, **answer: Any) -> None:
        """What the fake answers to ``step`` (in its call number ``call``); bytes go through base64."""
        said = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in answer.items()}
        name = step if call is None else f"{step}.{call}"
        (self.home / f"{name}.json").write_text(json.dumps(said), encoding="utf-8")

    def nominal(self) -> None:
        """Answer every step as the nominal recording does after the key packs were installed."""
        for folder in sorted(NOMINAL.iterdir()):
            home = max([folder, *folder.glob("run*")], key=lambda path: path.name.startswith("run"))
            files = {}
            if (home / "private.json").is_file():
                files["private.json"] = (home / "private.json").read_text(encoding="utf-8")
            for extra in sorted(p for p in home.glob("files/**/*") if p.is_file()):
                if extra.suffix in (".txt", ".log"):
                    files["files/" + extra.relative_to(home / "files").as_posix()] = extra.read_text(encoding="utf-8")
            self.tell(folder.name, out_from=str(home / "out.json"), files=files)

    def calls(self, step: str = "") -> list[dict[str, Any]]:
        log = self.home / "calls.jsonl"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [call for line in lines if (call := json.loads(line)) and step in ("", call["step"])]

    def effects(self) -> list[str]:
        """The changes, counted where they happen."""
        path = self.home / "effects.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []
