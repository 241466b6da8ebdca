"""A simulated server's folder: its description (server.json), its drives and shares, and a license database."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
DATABASE = "C:\\Windows\\System32\\lserver"
FOLDERS = (DATABASE, "C:\\Windows\\Temp", "D:\\", "E:\\", "\\\\FILES01\\Backups")
FILES: dict[str, Any] = {f"{DATABASE}\\TLSLic.edb": 65536, f"{DATABASE}\\edb.log": 4096}
MISSING = "(missing)"


def healthy() -> dict[str, Any]:
    """The description of one healthy server, not activated, and its session hosts (server.yml), a copy to change."""
    found: dict[str, Any] = yaml.load((HERE / "server.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def make(
    folder: Path, changes: Mapping[str, Any] | None = None, files: Mapping[str, Any] | None = None, base: Any = None
) -> Path:
    """Make a server in ``folder``: the healthy one with ``changes`` (JSON pointer -> value; MISSING takes it out).

    ``files``: Windows path -> text, size in bytes, {"copy": path}, {"link": folder} or None (taken away); a
    path that ends with a backslash is a folder. Returns ``folder``, which is what SIM_SERVER has to name.
    """
    state = copy.deepcopy(base) if base is not None else healthy()
    for path, value in (changes or {}).items():
        put(state, path, value)
    for name in FOLDERS:
        local(folder, name).mkdir(parents=True, exist_ok=True)
    (folder / "server.json").write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    for drive, free in state.get("free", {}).items():
        (folder / f"drives/{drive}.free").write_text(str(free), encoding="ascii")
    for drive in state.get("mapped", []):
        (folder / f"drives/{drive}").mkdir(exist_ok=True)
        (folder / f"drives/{drive}.mapped").touch()
    for name, content in {**FILES, **(files or {})}.items():
        _lay(folder, name, content)
    return folder


def read(folder: Path) -> dict[str, Any]:
    """The server as it is now."""
    found: dict[str, Any] = json.loads((folder / "server.json").read_text(encoding="utf-8"))
    return found


def change(folder: Path, **pointers: Any) -> None:
    """Change a server that is there: JSON pointer -> value (MISSING takes it out)."""
    state = read(folder)
    for path, value in pointers.items():
        put(state, path, value)
    (folder / "server.json").write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")


def local(folder: Path, path: str) -> Path:
    """The file that stands for a Windows path."""
    root = folder / ("shares" if path.startswith("\\\\") else "drives")
    return root.joinpath(*[part.rstrip(":") for part in path.split("\\") if part])


def pointer(document: Any, path: str) -> Any:
    """The value at a JSON pointer; with ``*`` a list of all there are; MISSING where there is none."""
    parts = _parts(path)
    for number, part in enumerate(parts):
        if part == "*":
            rest = "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in parts[number + 1 :])
            return [pointer(item, rest) for item in document] if isinstance(document, list) else MISSING
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return MISSING
    return document


def put(document: Any, path: str, value: Any) -> None:
    """Set the value at a JSON pointer, making what lies on the way."""
    *parents, last = _parts(path)
    for part in parents:
        document = document[int(part)] if isinstance(document, list) else document.setdefault(part, {})
    if value == MISSING:
        document.pop(last, None)
    elif isinstance(document, list):
        document[int(last)] = value
    else:
        document[last] = value


def _parts(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _lay(folder: Path, name: str, content: Any) -> None:
    place = local(folder, name)
    if content is None:
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        return
    if name.endswith("\\"):
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict) and "link" in content:
        place.symlink_to(local(folder, content["link"]), target_is_directory=True)
    elif isinstance(content, dict):
        shutil.copyfile(local(folder, content["copy"]), place)
    else:
        place.write_bytes(b"\0" * content if isinstance(content, int) else content.encode("utf-8"))
