"""Where things are: the only code that opens files, databases, engines and keys."""
