"""The audit file: seal a case, verify a sealed one, keep the register, compare runs."""
