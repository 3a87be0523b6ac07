"""Write docs/rules.md and docs/process.md: python -m deploy.rulebook."""

from deploy.rulebook.files import publish


def main() -> None:
    """See above."""
    publish()


if __name__ == "__main__":
    main()
