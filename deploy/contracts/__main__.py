"""Writes docs/contracts and shared/contracts/public_forms.py: python -m deploy.contracts [release].

`release` also copies the contracts to docs/contracts/released, with which later changes are compared.
"""

import sys

from deploy.contracts import public_forms


def main() -> None:
    """Writes the public forms first, because the services, whose contracts follow, import them."""
    public_forms.write()
    from deploy.contracts.files import publish, release

    publish()
    if sys.argv[1:] == ["release"]:
        release()


main()
