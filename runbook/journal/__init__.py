"""What happened: the chain of lines, the history that it tells, what people confirm, the words for outcomes."""
