"""The address to listen at, taken before anything else is done."""

from __future__ import annotations

import errno
import os
import resource
import socket

from ..errors import AddressUnusable

_WAITING = 2048  # connections that may wait to be accepted
_MOST_FILES = 65_536


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        AddressUnusable: if somebody else listens there, or nobody may.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            reason = "is in use by another program; choose another with --port"
        elif error.errno in {errno.EACCES, errno.EPERM}:
            reason = "is not for this user: choose a port from 1024 on with --port"
        else:
            text = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            reason = f"cannot be listened at ({text}); choose another address with --host"
        raise AddressUnusable(f"{where} {reason}.") from error


def allow_many_connections() -> None:
    """Raise the number of files that may be open, which connections are, to what is permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
