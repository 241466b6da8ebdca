"""The facts of knowledge/ as typed rows, and what is worked out of them."""
