"""Read by every kernel of the environment (etc/ipython): a step's cell that is run before the first one says so.

Nothing of the runbook is imported in a kernel before that first cell; IPython alone would say "magic not found".
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - IPython gives it
c.InteractiveShellApp.extensions.append("runbook.run.forgotten")
