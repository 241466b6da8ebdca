"""Makes the offline bundle: source, site, wheelhouse, licences, installer, sums, and one archive of it all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from runbook.bundle import licences, lock, materials, pack, source, wheels
from runbook.bundle.lock import WINDOWS, Target
from runbook.errors import BadInput, RunbookError
from runbook.files import sha256_of, write_zip
from runbook.words.sentences import LANGS, keyed, read_yaml, say, typeset

#: The package whose templates, scripts and icons the built site holds.
THEME = "mkdocs-material"
_PACKED = frozenset({".whl", ".png", ".woff2", ".gz"})  # already compressed: stored as they are
#: What whoever unpacks a bundle reads first.
START_HERE = "LISEZMOI-START-HERE.txt"
#: Words of knowledge/words/bundle.yml that travel with the installer.
_ABOARD = keyed(
    "bundle.aboard_",
    "bundle.aboard_sums_ok", "bundle.aboard_making", "bundle.aboard_installing", "bundle.aboard_damaged",
    "bundle.aboard_no_python", "bundle.aboard_wrong_python", "bundle.aboard_too_deep", "bundle.aboard_not_ours",
    "bundle.aboard_failed", "bundle.aboard_installed",
)  # fmt: skip


@dataclass(frozen=True)
class Bundle:
    """The finished archive: size in bytes, how many files and wheels it holds, what it was made from."""

    path: Path
    size: int
    sha256: str
    files: int
    wheels: int
    source: source.Source


def make(
    root: Path,
    out: Path,
    lang: str,
    *,
    target: Target = WINDOWS,
    site: Path | None = None,
    given: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Bundle:
    """Make the bundle of the checkout ``root`` in the folder ``out``.

    ``site``: one that is built already. ``given``: a folder that holds the wheels, so that nothing is fetched.
    ``tell`` hears what is going on. Raises BadInput for what is missing, RunbookError where a tool fails.
    """
    with tempfile.TemporaryDirectory(prefix="runbook-bundle-", ignore_cleanup_errors=True) as scratch:
        project = Path(scratch) / "project"
        project.mkdir()
        taken = source.export(root, project, lang)
        wheelhouse = Path(scratch) / "wheels"
        wheelhouse.mkdir()
        tell(say("bundle.fetching", lang))
        pins = lock.parse((project / "requirements.txt").read_text(encoding="utf-8"))
        wheels.fetch(pins, target, wheelhouse, lang, given)
        own = wheels.build(project, wheelhouse, lang)
        version = own.name.split("-")[1]
        wheels.list_requirements(wheelhouse)
        folder = Path(scratch) / f"rds-cal-runbook-{version}"
        folder.mkdir()
        if site is None:
            tell(say("bundle.building", lang))
            build_site(project, folder / "site", lang)
        else:
            take_site(site, folder / "site", lang)
        tell(say("bundle.packing", lang))
        shutil.move(wheelhouse, folder / "wheels")
        shutil.copytree(project / "notebooks", folder / "notebooks")
        shutil.copyfile(project / "LICENSE", folder / "LICENSE")
        _collect_terms(folder, lang)
        _add_installer(project, folder, target, version, taken.commit)
        pack.write_sums(folder)
        out.mkdir(parents=True, exist_ok=True)
        archive = out / _zip_name(folder, target)
        write_zip(folder, archive, _PACKED)
        count = len(pack.files(folder))
        held = len(list((folder / "wheels").glob("*.whl")))
    return Bundle(archive, archive.stat().st_size, sha256_of(archive), count, held, taken)


def build_site(project: Path, target: Path, lang: str) -> None:
    """``mkdocs build --strict`` of the exported project. Raises RunbookError with its last lines."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]  # no samples: their times would change its bytes
    command += ["-f", str(project / "mkdocs.yml"), "-d", str(target)]
    env = {k: v for k, v in os.environ.items() if k not in ("DOC_LANG", "SITE_PART", "PYTHONPATH")}
    env |= {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}
    run = subprocess.run(
        command, cwd=project, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if run.returncode or not (target / "index.html").is_file():
        raise RunbookError(say("bundle.site_failed", lang, said="\n  ".join(run.stderr.strip().splitlines()[-8:])))


def take_site(site: Path, target: Path, lang: str) -> None:
    """Copy a site that is built already. Raises BadInput for a folder that is none."""
    missing = [name for name in ("index.html", *LANGS) if not (site / name).exists()]
    if missing:
        raise BadInput(say("bundle.no_site", lang, site=site, missing=", ".join(missing)))
    shutil.copytree(site, target)


def _collect_terms(folder: Path, lang: str) -> None:
    """licences/: the texts of all that is carried, one list of them, and the bill of materials."""
    found = [licences.of_wheel(wheel) for wheel in sorted((folder / "wheels").glob("*.whl"))]
    try:
        found.append(licences.of_installed(distribution(THEME)))
    except PackageNotFoundError as error:
        raise BadInput(say("bundle.no_theme", lang, package=THEME)) from error
    licences.write(found, folder / "licences")
    theme = f"{found[-1].name}=={found[-1].version}"
    materials.write(folder / "wheels" / wheels.REQUIREMENTS, theme, folder / "licences", lang)


def aboard() -> dict[str, dict[str, str]]:
    """The installer's words in both languages, their fields empty: they are filled in where it is installed."""
    return {word: read_yaml("words/bundle")[key.partition(".")[2]] for word, key in _ABOARD.items()}


def _add_installer(project: Path, folder: Path, target: Target, version: str, commit: str | None) -> None:
    """install.ps1, setup/ (install.py, what it speaks through, its words, what it must know) and VERIFIER.txt."""
    setup = folder / "setup"
    setup.mkdir()
    shutil.copyfile(project / "runbook" / "bundle" / "install.ps1", folder / "install.ps1")
    for program in ("bundle/install.py", "words/console.py"):
        shutil.copyfile(project / "runbook" / program, setup / Path(program).name)
    words = {
        "fr": {word: typeset(both["fr"]) for word, both in aboard().items()},
        "en": {word: both["en"] for word, both in aboard().items()},
    }
    python = ".".join(map(str, target.python))
    about = {
        "version": version,
        "commit": commit,
        "python": python,
        "system": "win32" if target.platforms else sys.platform,
        "longest": longest(folder / "wheels", python),
    }
    for name, data in (("words.json", words), ("about.json", about)):
        text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (setup / name).write_text(text, encoding="utf-8", newline="\n")
    fields = {"version": version, "python": python, "commit": commit or "-"}
    parts = [say("bundle.verifier", lang, **fields).strip() for lang in LANGS]
    script = (project / "runbook" / "bundle" / "verifier.ps1").read_text(encoding="utf-8").strip()
    script = script.replace(r".\rds-cal-runbook'", rf".\{folder.name}'")
    ways = say("bundle.verifier_ways", "en", zip=_zip_name(folder, target), folder=folder.name, script=script).strip()
    here = [say("bundle.start_here", lang, **fields).strip() for lang in LANGS]
    # UTF-8 with a mark and CRLF: the Notepad of every Windows shows it as it is meant.
    for name, pieces in (("VERIFIER.txt", [*parts, ways]), (START_HERE, here)):
        text = "\n\n\n".join(pieces) + "\n"
        (folder / name).write_text(text, encoding="utf-8-sig", newline="\r\n")


def _zip_name(folder: Path, target: Target) -> str:
    """The archive's name: version, system, Python."""
    return f"{folder.name}-{target.name}-py{''.join(map(str, target.python))}.zip"


def longest(wheelhouse: Path, python: str) -> int:
    """Characters of the longest path that installing puts below the environment's folder on Windows."""
    inside: list[str] = []
    for wheel in wheelhouse.glob("*.whl"):
        with zipfile.ZipFile(wheel) as opened:
            inside += opened.namelist()
    compiled = f"__pycache__/.cpython-{python.replace('.', '')}.pyc"  # pip adds these
    lengths = (len(name) + (len(compiled) - len(".py") if name.endswith(".py") else 0) for name in inside)
    return len("Lib/site-packages/") + max(lengths, default=0)
