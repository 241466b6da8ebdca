"""VERIFIER.txt: how to check a sealed bag with nothing but what any machine has, and what an auditor pastes for it."""

from __future__ import annotations

from pathlib import Path

from runbook.words.sentences import LANGS, say

#: What an auditor pastes, by its place in the words ``archive.verifier_commands``.
_SCRIPTS = {"script": "verifier.ps1", "shell": "verifier.sh", "chain": "chain.ps1", "shell_chain": "chain.sh"}
#: The name that stands in the commands where they are shown for no bag in particular.
_ANY = "case-2024-07"


def verifier_text(name: str = _ANY) -> str:
    """VERIFIER.txt: how to check the bag with Windows PowerShell 5.1, certutil or sha256sum, in both languages.

    Says nothing of the case but the ``name`` of its bag, which stands in the commands.
    """
    parts = [say("archive.verifier", lang).strip() for lang in LANGS]
    rule = "=" * 78
    return f"\n{rule}\n\n".join(part.replace(_ANY, name) + "\n" for part in [*parts, verifier_commands()])


def verifier_commands() -> str:
    """The ways A to G to check a bag without this software, for the bag ``case-2024-07``; two blank lines part them."""
    folder = Path(__file__).parent
    scripts = {key: (folder / name).read_text(encoding="utf-8").rstrip() for key, name in _SCRIPTS.items()}
    return say("archive.verifier_commands", "en", **scripts).strip()
