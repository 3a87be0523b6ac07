"""Write docs/rules.md, docs/process.md and docs/refusals.md: python -m deploy.rulebook."""

from deploy.rulebook.files import publish


def main() -> None:
    """See above."""
    publish()


if __name__ == "__main__":
    main()
