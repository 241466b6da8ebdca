"""A detached signature over a bag's tag manifest, beside the bag: OpenSSH's ``ssh-keygen -Y sign``.

On Windows an organisation with a code-signing certificate signs the whole folder with New-FileCatalog and
Set-AuthenticodeSignature: VERIFIER.txt and the site give these commands; they are not run from here, since the
certificate sits in the operator's own store.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from runbook.archive.bag import TAG_MANIFEST
from runbook.errors import BadInput, RunbookError
from runbook.files import write_whole
from runbook.words.sentences import say

#: What a signature is for (ssh-keygen(1), "namespace"): one made for anything else does not verify.
NAMESPACE = "rds-cal-runbook"
TIME_LIMIT = 60


def sign(bag: Path, key: Path, lang: str, program: str | None = None) -> Path:
    """Sign the tag manifest of ``bag`` with the private key file ``key``; gives ``BAG.sig``, beside the bag.

    Raises BadInput where the key is not there, RunbookError where ssh-keygen is not or refuses.
    """
    if not key.is_file():
        raise BadInput(say("archive.no_key", lang, key=key))
    done = _ask(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], bag, lang, program)
    if done.returncode != 0 or b"BEGIN SSH SIGNATURE" not in done.stdout:
        raise RunbookError(say("archive.sign_failed", lang, why=done.stderr.decode("utf-8", "replace").strip()))
    target = bag.with_name(bag.name + ".sig")
    return write_whole(target, done.stdout)


def check(bag: Path, signers: Path, identity: str, lang: str, program: str | None = None) -> bool:
    """Whether ``BAG.sig`` is ``identity``'s signature over the tag manifest as it stands.

    ``signers`` is an allowed-signers file (ssh-keygen(1)): who may sign, with which public key.
    """
    signature = bag.with_name(bag.name + ".sig")
    if not signature.is_file():
        return False
    call = ["-Y", "verify", "-f", str(signers), "-I", identity, "-n", NAMESPACE, "-s", str(signature)]
    return _ask(call, bag, lang, program).returncode == 0


def _ask(call: list[str], bag: Path, lang: str, program: str | None) -> subprocess.CompletedProcess[bytes]:
    program = program or shutil.which("ssh-keygen")
    if program is None:
        raise RunbookError(say("archive.no_ssh_keygen", lang))
    with (bag / TAG_MANIFEST).open("rb") as signed:
        try:
            return subprocess.run([program, *call], stdin=signed, capture_output=True, timeout=TIME_LIMIT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunbookError(say("archive.sign_failed", lang, why=error)) from error
