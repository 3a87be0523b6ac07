"""How a message leaves the authority, and how a report comes back that it was not delivered. I/O."""
