"""The bill of materials of a bundle: a CycloneDX document of every package in it, for whoever watches for flaws.

OWASP's own library writes it from the wheelhouse's list, which holds name, version and SHA-256 of what really lies
there. It tells no moment and no random number, so that one commit gives one bundle.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from runbook.errors import BadInput
from runbook.words.sentences import say

#: What the document is called, beside the licence texts.
BILL = "bom.cdx.json"
_OWN = "rds-cal-runbook"


def write(listed: Path, theme: str, folder: Path, lang: str) -> None:
    """Write the bill of the packages in ``listed`` (NAME==VERSION --hash=…) and of the site's ``theme`` into
    ``folder``.

    Raises BadInput where the library is missing: it comes with requirements-dev.txt.
    """
    if find_spec("cyclonedx") is None:
        raise BadInput(say("bundle.no_materials", lang, package="cyclonedx-python-lib"))
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    def component(line: str) -> Component:
        pin, _, digest = line.partition(" --hash=sha256:")
        name, _, version = pin.partition("==")
        url = PackageURL("pypi", name=name, version=version)
        kind = ComponentType.APPLICATION if name == _OWN else ComponentType.LIBRARY
        sums = [HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else []
        return Component(name=name, version=version, type=kind, purl=url, bom_ref=str(url), hashes=sums)

    there = [component(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    bom = Bom(components=[each for each in there if each.name != _OWN] + [component(theme)])
    (bom.metadata.component,) = [each for each in there if each.name == _OWN]
    bom.register_dependency(bom.metadata.component, bom.components)
    data = json.loads(JsonV1Dot6(bom).output_as_string())
    del data["serialNumber"], data["metadata"]["timestamp"]
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / BILL).write_text(text, encoding="utf-8", newline="\n")
