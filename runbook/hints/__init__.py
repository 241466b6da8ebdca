"""From a message, a code or an event to the row of errors.yml that explains it."""
