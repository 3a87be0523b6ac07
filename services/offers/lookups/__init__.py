"""What a command or a reaction must find out before the rules of offers can decide: I/O."""
