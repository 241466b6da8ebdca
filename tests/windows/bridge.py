"""The other end of the powershell.exe that ``.ci/windows`` gives to Windows' Python on Wine. Standard library only.

    python bridge.py PYTHON.EXE FOLDER

Wine starts a program of this system but gives no handle to wait for, so FOLDER/powershell.exe is a small Windows
program (pip's signed script launcher with a zipped ``__main__.py`` behind it) that asks this server over the loopback.
The server runs the stand-in of tests/simulated (PowerShell 7 on a simulated server), turns paths from one system to the
other, and gives back exit code and streams. Where the asking end is killed, so is what runs here; where this ends, the
asking end exits with 1. FOLDER/address holds port and token, once the server listens.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import select
import signal
import socket
import socketserver
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))
import windows_program

STAND_IN = Path(__file__).resolve().parents[1] / "simulated" / "powershell"
CLIENT = """
import base64, json, os, socket, sys
port, token = os.environ["RUNBOOK_BRIDGE"].split()[:2]
with socket.create_connection(("127.0.0.1", int(port))) as asking:
    asked = {"token": token, "words": sys.argv[1:], "server": os.environ.get("SIM_SERVER", "")}
    asking.sendall(json.dumps(asked).encode() + b"\\n")
    answer = asking.makefile("rb").readline()
if not answer:
    sys.exit(1)
told = json.loads(answer)
for stream in ("stdout", "stderr"):
    file = getattr(sys, stream).buffer
    file.write(base64.b64decode(told[stream]))
    file.flush()
sys.exit(told["code"])
"""


def make_client(folder: Path, python: Path) -> None:
    """Write FOLDER/powershell.exe."""
    packages = python.parents[1] / "Lib" / "site-packages"
    windows_program.make(folder / "powershell.exe", CLIENT, to_windows(str(python)), packages)


def drive_c() -> str:
    """Where drive C: of the prefix lies here."""
    return os.environ["WINEPREFIX"] + "/drive_c"


def to_here(path: str) -> str:
    """A path of Windows as this system knows it; anything else as it is."""
    root = {"z": "", "c": drive_c()}.get(path[:1].lower())
    if path[1:3] not in (":\\", ":/") or root is None:
        return path
    return root + path[2:].replace("\\", "/")


def to_windows(path: str) -> str:
    """The way back."""
    if path.startswith(drive_c() + "/"):
        return "C:" + path[len(drive_c()) :].replace("/", "\\")
    return "Z:" + path.replace("/", "\\")


def turned(data: Any, turn: Any) -> Any:
    """JSON with each of its texts turned."""
    if isinstance(data, dict):
        return {key: turned(value, turn) for key, value in data.items()}
    if isinstance(data, list):
        return [turned(value, turn) for value in data]
    return turn(data) if isinstance(data, str) else data


class Asked(socketserver.StreamRequestHandler):
    """One script: asked, run, answered."""

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        if asked["token"] != TOKEN:
            return
        words = [to_here(word) for word in asked["words"]]
        given = Path(words[words.index("-InputPath") + 1])
        out = Path(words[words.index("-OutputPath") + 1])
        case = str(
            given.parents[2]
        )  # cases/NAME/rNN/STEP/in.json: what lies there is meant, C:\\Backup is the server's
        mine = given.with_name("in.here.json")
        told = json.loads(given.read_text(encoding="utf-8-sig"))
        inside = lambda text: to_here(text) if to_here(text).startswith(case) else text  # noqa: E731
        mine.write_text(json.dumps(turned(told, inside)), encoding="utf-8")
        words[words.index("-InputPath") + 1] = str(mine)
        environ = {**os.environ, "SIM_SERVER": to_here(asked["server"])}
        running = subprocess.Popen(
            [str(STAND_IN), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environ, start_new_session=True,
        )  # fmt: skip
        streams = {running.stdout.fileno(): b"", running.stderr.fileno(): b""}  # type: ignore[union-attr]
        open_ones = set(streams)
        while open_ones:
            for ready in select.select([*open_ones, self.connection], [], [])[0]:
                if ready is self.connection:
                    with contextlib.suppress(OSError):
                        if self.connection.recv(1):
                            continue
                    os.killpg(running.pid, signal.SIGKILL)  # nobody waits for it any more
                    running.wait()
                    return
                if block := os.read(ready, 65536):
                    streams[ready] += block
                else:
                    open_ones.remove(ready)
        code = running.wait()
        mine.unlink()
        if out.is_file():
            back = lambda text: to_windows(text) if text.startswith(case) else text  # noqa: E731
            answer = turned(json.loads(out.read_text(encoding="utf-8-sig")), back)
            out.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8-sig")
        stdout, stderr = (base64.b64encode(text).decode() for text in streams.values())
        self.wfile.write(json.dumps({"code": code, "stdout": stdout, "stderr": stderr}).encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    address_family = socket.AF_INET


if __name__ == "__main__":
    TOKEN = secrets.token_hex(16)
    made = Path(sys.argv[2])
    make_client(made, Path(sys.argv[1]).absolute())
    with Server(("127.0.0.1", 0), Asked) as server:
        (made / "address.part").write_text(f"{server.server_address[1]} {TOKEN}", encoding="ascii")
        (made / "address.part").rename(made / "address")
        server.serve_forever()
