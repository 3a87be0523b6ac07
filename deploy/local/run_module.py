"""Runs a module of the project in the user's terminal: python -m deploy.local.run_module MODULE ARGUMENT..."""

import runpy
import sys

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended, by the convention of shells."""


def main() -> None:
    """Runs the module. Ctrl-C ends it with one line and not with a traceback, whatever the module is doing."""
    module = sys.argv[1]
    del sys.argv[1]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
