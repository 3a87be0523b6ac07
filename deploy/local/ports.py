"""Finds free TCP ports on this machine, and the owner of a port that is in use."""

import socket

import psutil

from deploy.local.processes import UserError

HOST = "127.0.0.1"


_GIVEN: set[int] = set()


def free_port() -> int:
    """Returns a port on which nobody listens now and which this process has not been given before."""
    while True:
        with socket.socket() as listener:
            listener.bind((HOST, 0))
            port: int = listener.getsockname()[1]
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def require_free(port: int, purpose: str, setting: str) -> None:
    """Raises UserError if something listens on the port; names the port, its owner and the setting that changes it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as refused:
            raise UserError(
                f"{purpose} cannot use port {port}: {_owner(port) or refused.strerror}. "
                f"Stop that, or choose another port: {setting}=NUMBER ./aftale up"
            ) from refused


def answers(port: int) -> bool:
    """Returns whether something accepts connections on the port."""
    with socket.socket() as client:
        client.settimeout(0.5)
        return client.connect_ex((HOST, port)) == 0


def _owner(port: int) -> str | None:
    try:
        listening = [
            c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port
        ]
        owner = next(psutil.Process(c.pid) for c in listening if c.pid)
        return f"it is used by {owner.name()} (process {owner.pid})"
    except (StopIteration, psutil.Error):
        return "it is used by another program"
