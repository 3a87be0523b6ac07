"""Write the files in docs that are made of the code (see files.py): python -m deploy.rulebook."""

from deploy.rulebook.files import publish


def main() -> None:
    """See above."""
    publish()


if __name__ == "__main__":
    main()
