"""Drawings of the site."""
