"""Write docs/contracts and shared/contracts/public_forms.py; `release` makes it what later changes are compared with.

python -m deploy.contracts [release]
"""

import sys

from deploy.contracts import public_forms


def main() -> None:
    """See above. The public forms come first: the services, whose contracts are published, import them."""
    public_forms.write()
    from deploy.contracts.files import publish, release

    publish()
    if sys.argv[1:] == ["release"]:
        release()


main()
