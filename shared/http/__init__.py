"""What the HTTP interfaces of all services have in common."""
