"""The offline bundle: one archive with all that a server without network needs to read, rehearse and run.

``source`` takes the project as a commit holds it, ``wheels`` fetches what it needs to run, ``licences`` collects the
terms of all that is inside, ``pack`` writes sums and archive, ``make`` puts them together. ``install.ps1`` and
``install.py`` travel in the archive: they stand alone, the runbook is not there yet.
"""
