"""Write docs/contracts, and with `release` make it what later changes are compared with.

python -m deploy.contracts [release]
"""

import sys

from deploy.contracts.files import publish, release


def main() -> None:
    """See above."""
    publish()
    if sys.argv[1:] == ["release"]:
        release()


main()
