"""The notebooks, run through papermill."""
