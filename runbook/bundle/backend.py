"""Builds this project's own wheel with nothing but Python: what pip calls for ``pip install .`` (PEP 517, PEP 660).

So an operator's environment holds no build system, and installing the checkout fetches nothing. Stands alone: where
it runs, no package may be installed yet. The same files always give the same bytes. It makes no source archive: that
is what ``git archive`` gives.

Why no build library: those without dependencies of their own (flit-core, uv-build) take nothing from beside the
package; setuptools leaves ``build/`` in the checkout and packs what is stale in it; hatchling brings four packages.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: What lies where in the wheel. The facts and notebooks lie beside the package in a checkout, inside it once installed.
TREES = {"runbook": "runbook", "knowledge": "runbook/_data/knowledge", "notebooks": "runbook/_data/notebooks"}
#: Read by every kernel of the environment: a step's cell that is run before the first cell says so (run/forgotten.py).
CONFIGURES = ("runbook/run/ipython/ipython_config.py", "etc/ipython/ipython_config.py")
_NOT_OURS = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store"})
_DATED = (2020, 2, 2, 0, 0, 0)  # whenever it is built


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Write the wheel into the folder; returns its name."""
    held = {}
    for tree, inside in TREES.items():
        for path in sorted((ROOT / tree).rglob("*")):
            if path.is_file() and _NOT_OURS.isdisjoint(path.parts):
                held[f"{inside}/{path.relative_to(ROOT / tree).as_posix()}"] = path.read_bytes()
    return _write(Path(wheel_directory), held)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """The same for ``pip install -e .``: the wheel holds the way to this folder."""
    return _write(Path(wheel_directory), {"rds_cal_runbook.pth": f"{ROOT}\n".encode()})


def _write(folder: Path, held: dict[str, bytes]) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    held[f"{stem}.data/data/{CONFIGURES[1]}"] = (ROOT / CONFIGURES[0]).read_bytes()
    held[f"{info}/METADATA"] = _metadata(project).encode()
    held[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: runbook\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    held[f"{info}/entry_points.txt"] = _entry_points(project).encode()
    for name in project["license-files"]:
        held[f"{info}/licenses/{name}"] = (ROOT / name).read_bytes()
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for name, content in held.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow((name, f"sha256={digest}", len(content)))
    rows.writerow((f"{info}/RECORD", "", ""))
    held[f"{info}/RECORD"] = record.getvalue().encode()
    wheel = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(folder / wheel, "w") as made:
        for name, content in held.items():
            entry = zipfile.ZipInfo(name, _DATED)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # Unix, on every system: the bytes are the same, and the rights hold
            made.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return wheel


def _metadata(project: dict[str, Any]) -> str:
    """The "core metadata" of pyproject.toml's [project], version 2.4 (PEP 639), of the fields that stand there."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        *(f"Author: {author['name']}" for author in project["authors"]),
        f"License-Expression: {project['license']}",
        *(f"License-File: {name}" for name in project["license-files"]),
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {wanted}" for wanted in project["dependencies"]),
    ]
    for extra, wanted in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        for each in wanted:
            name, _, marker = each.partition(" ; ")
            lines.append(f"Requires-Dist: {name} ; " + (f"({marker}) and " if marker else "") + f"extra == '{extra}'")
    text = (ROOT / project["readme"]).read_text(encoding="utf-8")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", text])


def _entry_points(project: dict[str, Any]) -> str:
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    return "\n".join(
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in groups.items()
    )
