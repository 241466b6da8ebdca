"""Installs the runbook from the bundle that this file came in. Standard library only, no network.

    python install.py [--venv FOLDER] [--lang fr|en]

Checks SHA256SUMS, makes an environment with the Python that runs this, and lets pip install what lies in wheels/,
each file against its hash. Exit codes: 0 installed, 1 failed, 2 wrong Python, damaged bundle or bad argument.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import locale
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

SETUP = Path(__file__).resolve().parent
BUNDLE = SETUP.parent
_BLOCK = 1 << 20
_WINDOWS_PATH = 259  # characters that programs may use where LongPathsEnabled is off


class Refused(Exception):
    """A word of words.json and its fields; nothing was installed."""

    def __init__(self, word: str, **fields: object) -> None:
        super().__init__(word)
        self.word = word
        self.fields = fields


def main(arguments: list[str] | None = None) -> int:
    """Install; returns the exit code."""
    sys.path.insert(0, str(SETUP))  # -I leaves a script's own folder out
    # words/console.py, which the bundle lays here
    from console import literal, open_streams  # type: ignore[import-not-found]

    open_streams()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--venv", type=Path, default=BUNDLE / ".venv")
    parser.add_argument("--lang", choices=("fr", "en"), default=language())
    options = parser.parse_args(arguments)
    words = json.loads((SETUP / "words.json").read_text(encoding="utf-8"))[options.lang]
    about = json.loads((SETUP / "about.json").read_text(encoding="utf-8"))
    try:
        faults = damaged(BUNDLE)
        if faults:
            raise Refused("damaged", files="\n".join(f"  {fault}" for fault in faults))
        say(words, "sums_ok")
        fit(about, options.venv.resolve())
        install(options.venv.resolve(), words)
    except Refused as refused:
        sys.stderr.write(words[refused.word].format(**refused.fields) + "\n")
        return 2
    except subprocess.CalledProcessError as error:
        sys.stderr.write(words["failed"].format(code=error.returncode) + "\n")
        return 1
    scripts = programs(options.venv.resolve())

    def shown(program: str) -> str:
        """The program as it is pasted: PowerShell takes a quoted path for a text unless "&" says to run it."""
        path = str(scripts / program)
        return f"& {literal(path + '.exe')}" if os.name == "nt" else shlex.quote(path)

    fields = {
        "folder": BUNDLE,
        "papermill": shown("papermill"),
        "runbook": shown("runbook"),
        "notebook": Path("notebooks", "migrate.ipynb"),
        "site": BUNDLE / "site" / "index.html",
    }
    say(words, "installed", **fields)
    return 0


def say(words: dict[str, str], word: str, **fields: object) -> None:
    """One sentence for the person, at once."""
    sys.stdout.write(words[word].format(**fields) + "\n")
    sys.stdout.flush()


def language() -> str:
    """French where the system speaks it, else English."""
    told = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "fr" if told.lower().startswith("fr") else "en"


def damaged(bundle: Path) -> list[str]:
    """Names of files that are missing or changed against SHA256SUMS, and of wheels that it does not list."""
    if not (bundle / "SHA256SUMS").is_file():
        return ["SHA256SUMS"]
    listed: dict[str, str] = {}
    for line in (bundle / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    faults = [name or "SHA256SUMS" for name, digest in listed.items() if sha256(bundle / name) != digest or not digest]
    lying = (f"wheels/{path.name}" for path in sorted((bundle / "wheels").iterdir()))
    return faults + [name for name in lying if name not in listed]


def sha256(path: Path) -> str:
    """The SHA-256 of a file; an empty text where there is none."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as read:
        while block := read.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fit(about: dict[str, Any], venv: Path) -> None:
    """Raise Refused unless this Python and this place are what the wheels were chosen for."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    bits = 64 if sys.maxsize > 2**32 else 32
    if (running, sys.platform, bits) != (about["python"], about["system"], 64):
        raise Refused("wrong_python", wanted=about["python"], system=about["system"], running=running,
                      here=sys.platform, bits=bits, program=sys.executable)  # fmt: skip
    longest = len(str(venv)) + 1 + about["longest"]
    if os.name == "nt" and longest > _WINDOWS_PATH and not long_paths():
        raise Refused("too_deep", folder=venv, most=_WINDOWS_PATH - 1 - about["longest"])
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").is_file():
        raise Refused("not_ours", folder=venv)


def long_paths() -> bool:
    """Whether Windows lets programs use long paths (LongPathsEnabled, "Maximum Path Length Limitation")."""
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


def programs(venv: Path) -> Path:
    """Where an environment keeps its programs."""
    return venv / ("Scripts" if os.name == "nt" else "bin")


def install(venv: Path, words: dict[str, str]) -> None:
    """Make the environment anew and fill it from wheels/. Raises CalledProcessError where Python or pip fails."""
    # Nothing that is set on this machine sends pip elsewhere; nor does a proxy that nobody reaches make it wait.
    kept = {k: v for k, v in os.environ.items() if not re.match("PIP_|PYTHON|.*PROXY", k, re.IGNORECASE)}
    env = kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    say(words, "making", folder=venv)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], env=env, check=True)
    python = str(programs(venv) / ("python.exe" if os.name == "nt" else "python"))
    wheels = BUNDLE / "wheels"
    pip = [python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(wheels), "--require-hashes",
           "--only-binary=:all:", "--no-cache-dir", "-r", str(wheels / "requirements.txt")]  # fmt: skip
    say(words, "installing")
    subprocess.run(pip, env=env, check=True)
    subprocess.run([python, "-m", "pip", "check"], env=env, check=True, stdout=subprocess.DEVNULL)
    # What was installed starts: a wheel may be there, and a library of the system not.
    program = programs(venv) / ("runbook.exe" if os.name == "nt" else "runbook")
    subprocess.run([str(program), "--version"], env=env, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
