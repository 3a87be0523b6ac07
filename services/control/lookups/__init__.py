"""What a command or a reaction must find out before the rules of control can decide: I/O."""
