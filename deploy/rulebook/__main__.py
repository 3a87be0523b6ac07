"""Writes the generated files in docs (see files.py): python -m deploy.rulebook."""

from deploy.rulebook.files import publish


def main() -> None:
    """Writes the generated files."""
    publish()


if __name__ == "__main__":
    main()
