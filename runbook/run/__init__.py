"""One run of a case: papermill's engine, the opening, each step's life, the closing."""
