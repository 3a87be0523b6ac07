"""The public facts that services exchange, one module per producer."""
