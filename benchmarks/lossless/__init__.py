"""A proof that the log loses, doubles and reorders nothing while everything around it fails."""
