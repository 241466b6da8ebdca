"""The papermill plugin: truthful statuses, the case's name handed over, nothing overwritten, one sentence at the end.

papermill loads every ``papermill.engine`` entry point by itself, also for the bare command. This one makes
itself the default and acts only on notebooks whose metadata carry ``runbook``; all others go to the engine that
was there before. Keep its imports light: every papermill run of the environment pays for them.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.iorw import LocalHandler, papermill_io

if TYPE_CHECKING:
    from runbook.run.conductor import Pass

_VARIABLE = "RUNBOOK_INVOCATION"  # runbook.run.invocation.VARIABLE, without its imports
_SAVE_EVERY = 0.5  # seconds
_PREVIOUS = papermill_engines.get_engine(None)
#: papermill changes the folder (``--cwd``) before it calls an engine; the output path is relative to this one.
_STARTED_IN = Path.cwd()


class TruthfulManager(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's bookkeeping, without its kind lies.

    papermill calls ``cell_complete`` in a ``finally``: when a kernel dies, a time-out fires or Ctrl-C is
    pressed, an exception is in flight and the cell is not complete. And ``notebook_complete`` calls every cell
    that never ran "completed".

    papermill saves twice for each cell, and a save costs what the whole notebook weighs. Here, after the first, one
    per ``_SAVE_EVERY`` seconds and the last: what a kill takes with it, journal and kept outputs give back (rebuild).
    """

    def __init__(self, *args: Any, step_titles: dict[str, str], **kwargs: Any) -> None:
        # Into a file or a pipe (a task's log) a bar is a line of hundreds of signs that nobody reads: a line per step.
        bar = kwargs.get("progress_bar")
        self._lines = bool(bar) and not sys.stderr.isatty() and any(map(_is_command, ("papermill", "runbook")))
        super().__init__(*args, **{**kwargs, "progress_bar": False if self._lines else bar})
        self._step_titles = step_titles
        self._saved = float("-inf")

    def save(self, **kwargs: Any) -> None:
        """Write the notebook whole or not at all, unless it was written a moment ago."""
        if kwargs.get("nb"):
            self.nb = kwargs["nb"]
        if time.monotonic() - self._saved >= _SAVE_EVERY:
            self._write()

    def _write(self) -> None:
        if self.output_path:
            from runbook.run.rebuild import write_notebook

            write_notebook(self.nb, Path(self.output_path))
        self._saved = time.monotonic()
        self.last_save_time = self.now()

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        super().cell_start(cell, cell_index, **kwargs)
        title = self._step_titles.get(cell.get("id", ""), "")
        if self.pbar is not None:
            self.pbar.set_description(title)
        elif self._lines and title:
            sys.stderr.write(f"{title}\n")
            sys.stderr.flush()

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        in_flight = sys.exc_info()[0]
        if in_flight is not None and cell.metadata.papermill["status"] == self.RUNNING:
            cell.metadata.papermill["status"] = self.FAILED
            cell.metadata.papermill["exception"] = True
            self.nb.metadata.papermill["exception"] = True
            self.nb.metadata.papermill["stopped_by"] = in_flight.__name__
        super().cell_complete(cell, cell_index, **kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        self.end_time = self.now()
        papermill = self.nb.metadata.papermill
        papermill["end_time"] = self.end_time.isoformat()
        papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        self.cleanup_pbar()
        self._write()


class RunbookEngine(NBClientEngine):  # type: ignore[misc]
    """Executes the runbook's notebooks; hands every other notebook to the engine that was there before."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> NotebookNode:
        """Execute one notebook; of a rehearsal, as many runs as the recording covers."""
        options = {"progress_bar": progress_bar, "log_output": log_output, "autosave_cell_every": autosave_cell_every}
        if "runbook" not in nb.metadata:
            return _PREVIOUS.execute_notebook(nb, kernel_name, output_path=output_path, **options, **kwargs)

        from runbook.run import conductor
        from runbook.words.disk import disk_told
        from runbook.words.language import choose

        if _is_command("papermill"):
            from runbook.words.console import open_streams

            open_streams()
        _have_a_home()
        output = _STARTED_IN / output_path if output_path else None
        with _one_sentence(), contextlib.ExitStack() as alone:
            with disk_told(choose(), output):
                plan = conductor.prepare(nb, output, _STARTED_IN)
            with disk_told(plan.lang, output):
                if output:
                    alone.enter_context(_alone(output, plan.lang))
                    _keep_earlier(output, plan.folder.path if plan.folder else None)
                while True:
                    executed = plan.localised(copy.deepcopy(nb))
                    token = uuid.uuid4().hex
                    result = cls._execute_once(executed, kernel_name, output, plan, token, options, dict(kwargs))
                    if not conductor.go_on(result):
                        break
                conductor.tell(result)
        return result.notebook

    @classmethod
    def _execute_once(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output: Path | None,
        plan: Any,
        token: str,
        options: dict[str, Any],
        kwargs: dict[str, Any],
    ) -> Pass:
        from runbook.host.lock import Process
        from runbook.run import conductor

        said = {
            "pid": os.getpid(),
            "created": Process.of(os.getpid()).created,
            "output": str(output) if output else None,
            "folder": str(_STARTED_IN),
            "parameters": plan.parameters,
            "token": token,
        }
        os.environ[_VARIABLE] = json.dumps(said, default=str)
        manager = TruthfulManager(nb, output_path=output and str(output), step_titles=plan.titles, **options)
        # The kernel's own start-up warnings are English furniture; papermill's polite shutdown sometimes stalls.
        kwargs.setdefault("extra_arguments", ["--IPKernelApp.log_level=40"])
        kwargs.setdefault("shutdown_kernel", "immediate")
        manager.notebook_start()
        stopped: BaseException | None = None
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=options["log_output"], **kwargs)
        except BaseException as error:
            stopped = error
        finally:
            os.environ.pop(_VARIABLE, None)
            manager.notebook_complete()
        return conductor.after(manager.nb, plan, token, stopped)


def _have_a_home() -> None:
    """Jupyter ends with a traceback where the system tells no home (a scheduled task whose account has no profile):
    what it keeps there, the kernel's connection file first, then lies in the folder for temporary files."""
    try:
        Path.home()
    except RuntimeError:
        import tempfile

        os.environ["USERPROFILE" if os.name == "nt" else "HOME"] = tempfile.gettempdir()


@contextlib.contextmanager
def _alone(output: Path, lang: str) -> Any:
    """Write ``output`` alone. The case's own lock is taken by the kernel, seconds later: until then a second start
    would take what the first has written so far for an earlier run's, put it aside, and write over it. The lock falls
    with this process; it lies with the temporary files, since a refused start leaves nothing in the workspace."""
    import hashlib
    import tempfile

    from filelock import FileLock, Timeout

    from runbook.errors import BadInput
    from runbook.words.sentences import say

    name = hashlib.sha256(os.fsencode(output.absolute())).hexdigest()[:32]
    lock = FileLock(Path(tempfile.gettempdir()) / f"runbook-{name}.lock")
    with contextlib.suppress(OSError):  # another account's, or no folder for such files: the case's lock is there still
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BadInput(say("run.busy_output", lang, output=output)) from None
    try:
        yield
    finally:
        lock.release()


def _keep_earlier(output: Path, case: Path | None) -> None:
    """papermill empties an output file that exists: put what is there beside it first. Not the notebook of an earlier
    run as the case's own folder holds it: only the last one stays where the person looks."""
    if not output.exists() or output.stat().st_size == 0:
        return
    there = output.read_bytes()
    if case and any(kept.read_bytes() == there for kept in case.glob("r[0-9][0-9]*/*.ipynb")):
        return
    number = 1
    while (kept := output.with_name(f"{output.stem}.before-{number:02d}{output.suffix}")).exists():
        number += 1
    shutil.copy2(output, kept)


@contextlib.contextmanager
def _one_sentence() -> Any:
    """An expected failure leaves papermill as one sentence and an exit code, in place of banner and traceback."""
    from runbook.errors import RunbookError

    try:
        yield
    except RunbookError as error:
        if not _is_command("papermill"):
            raise
        raise _Told(str(error), error.exit_code) from None


class _Told(click.ClickException):
    """Ends papermill's command with one sentence, without its banner; exit code 2 where nothing was run."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc] # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """The sentence, on stderr."""
        click.echo(self.message, err=True)


def _is_command(name: str) -> bool:
    """True where this process is the command ``name`` (also as ``python -m name``)."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return program.parent.name == name
    return program.stem == name


class WholeFiles(LocalHandler):  # type: ignore[misc]
    """papermill's way to the disk: the runbook's notebooks whole or not at all, their bytes the same on every system.

    papermill's own writes in text mode, so with CR LF on Windows, into a file that it empties first: the notebook that
    the operator holds would be another file than the one in the run's folder, whose hash stands in the journal.
    """

    def read(self, path: str) -> str:
        """The text of a notebook. One that is not there and that is nearly called as one of the runbook's is told in
        one sentence; papermill's own way is a traceback, which every other notebook keeps."""
        wanted = Path(self._cwd or ".") / path
        if path.endswith(".ipynb") and _is_command("papermill") and not wanted.exists():
            from runbook.knowledge.catalogue import notebooks
            from runbook.words.language import choose
            from runbook.words.near import did_you_mean
            from runbook.words.sentences import say

            lang = choose()
            there = {str(near.relative_to(wanted.parent)): near for near in wanted.parent.glob("*.ipynb")}
            if did_you_mean(wanted.stem, notebooks(), lang):
                near = did_you_mean(wanted.name, there, lang)
                raise _Told(say("run.no_notebook", lang, path=wanted.absolute(), near=near), 2)
        return str(super().read(path))

    def write(self, buf: str, path: str) -> None:
        """Write the text of a notebook to ``path``, relative to the folder that papermill was started in."""
        target = Path(self._cwd or ".") / path
        if '"runbook"' in buf and "runbook" in json.loads(buf).get("metadata", {}) and target.parent.is_dir():
            from runbook.files import write_whole

            write_whole(target, buf)
        else:
            super().write(buf, path)


papermill_engines.register(None, RunbookEngine)
# papermill asks the handler that was registered for local files first, whatever came after: that one becomes ours.
_local = papermill_io.get_handler("notebook.ipynb")
if type(_local) is LocalHandler:  # a site's own stays
    _local.__class__ = WholeFiles
