"""The command ``runbook``, also as ``python -m runbook``: imports nothing before Ctrl-C is seen to."""

import sys


def main() -> None:
    """Run the command. Ctrl-C while it is still loading ends in a word, as it does later on."""
    try:
        from runbook.cli import main as command
    except KeyboardInterrupt:
        sys.stderr.write("Interrompu. / Aborted.\n")  # the sentences are not loaded yet
        sys.exit(1)
    command()


if __name__ == "__main__":
    main()
