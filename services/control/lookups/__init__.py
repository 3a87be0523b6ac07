"""Look-ups that commands and reactions need before the rules of control can decide; they do I/O."""
