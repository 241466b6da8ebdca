"""What the runbook leaves, to look at before it is installed: a rehearsal's record, call sheet, notebook, seal sheet.

``python -m macros [MKDOCS ARGUMENT …]`` plays the nominal rehearsal once in each language, with the same
commands that a reader would type, then runs ``mkdocs build --strict`` with what it left. A plain ``mkdocs build``
has no samples, and its pages say how to make them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path

from macros.markup import dressed
from macros.words import Here
from runbook.words.sentences import LANGS, data_root, say

SAMPLES = "SITE_SAMPLES"  # the folder that the build takes them from; unset: none
#: What stands in the samples for the person and the machine that built the site.
PERSON, MACHINE = "exemple", "EXEMPLE"
RECORDING, CASE = "nominal", "exemple-2024-01"
#: The files of a language, in the order in which a reader meets them in a case.
NAMES = {
    "notebook": "site.sample_notebook",
    "call-sheet": "site.sample_call-sheet",
    "record": "site.sample_record",
    "seal-sheet": "site.sample_seal-sheet",
}


def samples(here: Here) -> str:
    """The samples as a list of links, or how to make them where this build has none."""
    if not os.environ.get(SAMPLES):
        return here.word("site.samples_none")
    up = "../" * (here.page.count("/") + 1)
    links = (f'<a href="{up}samples/{here.lang}/{name}.html">{here.word(key)}</a>' for name, key in NAMES.items())
    return here.word("site.samples_here") + "\n\n" + "\n".join(f"- {link}" for link in links) + "\n"


def take(site: Path) -> None:
    """Copy the samples into the built site."""
    if os.environ.get(SAMPLES):
        shutil.copytree(os.environ[SAMPLES], site / "samples", dirs_exist_ok=True)


def make(folder: Path) -> None:
    """Write the samples of both languages into ``folder``/LANG, both at a time.

    Raises subprocess.CalledProcessError, with what was said, where a command of the runbook fails.
    """
    with ThreadPoolExecutor() as at_once:
        for lang in LANGS:
            (folder / lang).mkdir(parents=True)
        list(at_once.map(lambda lang: _play(lang, folder / lang), LANGS))


def _play(lang: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        place = Path(scratch)

        def run(*command: str) -> None:
            paths = os.pathsep.join(filter(None, (str(data_root()), os.environ.get("PYTHONPATH"))))
            env = dict(os.environ, PYTHONPATH=paths, PYTHONUTF8="1", LOGNAME=PERSON, USER=PERSON, USERNAME=PERSON)
            subprocess.run([sys.executable, "-m", *command], cwd=place, env=env, capture_output=True, check=True)

        runbook = ("runbook.cli", "--lang", lang)
        run(*runbook, "rehearse", RECORDING, "--case", CASE)
        run(*runbook, "seal", CASE)
        run("nbconvert", "--to", "html", "--template", "basic", "--output", "notebook", f"{CASE}.ipynb")
        (sheet,) = (place / "archive").glob("*.seal.html")
        data = sheet.with_name(sheet.name.removesuffix(".seal.html")) / "data"
        made = (place / "notebook.html", data / "private" / "call-sheet.html", data / f"record.{lang}.html", sheet)
        for name, path in zip(NAMES, made, strict=True):
            html = _alone(_nobody(path.read_text(encoding="utf-8"), place))
            html = _framed(html, lang) if name == "notebook" else html
            (target / f"{name}.html").write_text(html, encoding="utf-8", newline="\n")


def _alone(html: str) -> str:
    """``html`` without links to the evidence that lies beside it in a case, and not here."""
    html = re.sub(r'<a class="anchor-link".*?</a>', "", html)
    return re.sub(r'(?s)<a\b[^>]*\bhref="(?!#|https?:|mailto:)[^"]*"[^>]*>(.*?)</a>', r"\1", html)


def _nobody(html: str, place: Path) -> str:
    """``html`` without the name of the machine that made it, nor the folder that it was made in."""
    html = html.replace(str(place), "C:\\RDS")
    return re.sub(rf"(?<![\w.-]){re.escape(socket.gethostname())}(?![\w-])", MACHINE, html)


def _framed(body: str, lang: str) -> str:
    """The notebook as a page of its own, in the product's look and without a script."""
    css = data_root() / "overrides" / "assets" / "stylesheets"
    look = (css / "look.css").read_text(encoding="utf-8").partition("/* The theme's names")[0]
    own = (css / "notebook.css").read_text(encoding="utf-8")
    title = escape(say("site.sample_notebook", lang))
    body = dressed(re.sub(r"(?s)<script\b.*?</script>", "", body), lang)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{look}{own}</style>"
    )
    page = f"<head>{head}</head><body><main>{body}</main></body>"
    return f'<!doctype html>\n<html lang="{lang}">{page}</html>\n'
