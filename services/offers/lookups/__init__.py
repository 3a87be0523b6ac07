"""Look-ups that commands and reactions need before the rules of offers can decide; they do I/O."""
