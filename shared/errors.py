"""The root of all errors of Aftale. Each package has its own in its `errors.py`, and nowhere else."""


class AftaleError(Exception):
    """Something that was asked for was not done, and the class says why."""
