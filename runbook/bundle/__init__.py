"""The offline bundle: one archive with all that a server without network needs to read, rehearse and run."""
