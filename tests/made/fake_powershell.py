"""A stand-in for powershell.exe: takes exactly the arguments that the runbook must pass, notes what it was given,
and answers what it was told to. Standard library only; never part of the product.

``FAKE_POWERSHELL`` names its folder: ``STEP.N.json`` (or ``STEP.json``) says how call N of a step is answered,
``calls.jsonl`` gets a line for each call, ``effects.txt`` one for each call of a step that is a change.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

FIXED = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned"]
CHANGES = {"backup", "gpupdate", "install-packs", "activate"}
BOM = b"\xef\xbb\xbf"


def main(words: list[str]) -> int:
    home = Path(os.environ["FAKE_POWERSHELL"])
    if words[:5] != FIXED or words[5::2] != ["-File", "-InputPath", "-OutputPath"] or len(words) != 11:
        sys.stderr.write(f"unexpected arguments: {words}\n")
        return 64
    script, given, out = Path(words[6]), Path(words[8]), Path(words[10])
    step = given.parent.name
    number = note(home, step, words, script.read_bytes(), given.read_bytes())
    if step in CHANGES:
        with (home / "effects.txt").open("a", encoding="utf-8", newline="\n") as file:
            file.write(step + "\n")
    said = answer(home, step, number)
    if said.get("child"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.stdout.write(f"{os.getpid()} {child.pid}\n")
        sys.stdout.flush()
    time.sleep(said.get("seconds", 0))
    for name, text in said.get("files", {}).items():
        path = given.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    if "out" in said:
        out.write_bytes(BOM + json.dumps(said["out"]).encode())
    if "out_from" in said:
        shutil.copyfile(said["out_from"], out)
    sys.stdout.buffer.write(base64.b64decode(said.get("stdout", "")))
    sys.stderr.buffer.write(base64.b64decode(said.get("stderr", "")))
    return int(said.get("exit_code", 0))


def note(home: Path, step: str, words: list[str], script: bytes, given: bytes) -> int:
    """Write the call down; gives its number among the calls of its step."""
    log = home / "calls.jsonl"
    earlier = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    number = 1 + sum(json.loads(line)["step"] == step for line in earlier)
    # Windows PowerShell 5.1 reads a file without a byte order mark in the ANSI code page.
    text = script[3:].decode("utf-8") if script.startswith(BOM) else script.decode("cp1252")
    line = {
        "step": step,
        "number": number,
        "words": words,
        "bom": script.startswith(BOM),
        "sha256": hashlib.sha256(script).hexdigest(),
        "script": text,
        "given": json.loads(given.decode("utf-8")),
        "stdin": len(sys.stdin.read()),
    }
    with log.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line) + "\n")
    return number


def answer(home: Path, step: str, number: int) -> dict[str, object]:
    for name in (f"{step}.{number}.json", f"{step}.json"):
        if (home / name).is_file():
            return json.loads((home / name).read_text(encoding="utf-8"))
    sys.stderr.write(f"nothing to answer for {step}\n")
    return {"exit_code": 65}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
