"""Where a script runs: a Windows server or a recording of one, under a guard where it changes something."""
