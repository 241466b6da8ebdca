"""The record of a case: one self-contained HTML file per language, and a PDF of it."""
