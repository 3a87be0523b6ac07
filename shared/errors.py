"""The base class of all errors of Aftale. Each package defines its own errors in its `errors.py`, and nowhere else."""


class AftaleError(Exception):
    """Something that was asked for was not done, and the class says why."""
