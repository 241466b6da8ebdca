"""The subcommands of ``runbook``, by what they are about. Each module has ``add(group, lang)``."""
