"""A PostgreSQL of the tests' own, in a folder that goes away with it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

HOW_TO_GET_IT = "no PostgreSQL: install it with `apt-get install postgresql`"
_SETTINGS = "-c listen_addresses=127.0.0.1 -c max_connections=60"


def find_postgresql() -> Path | None:
    """The folder of a server's programs, the newest if there are several."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
    if newest is None and (on_path := shutil.which("initdb")):
        newest = Path(on_path)
    return newest.parent if newest else None


@contextlib.contextmanager
def running_postgresql(programs: Path) -> Iterator[str]:
    """A server on a free port; yields the URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="occu-pg-"))
    user = _user()
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *words: str) -> None:
        subprocess.run(
            [str(programs / program), *words],
            check=True,
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "occu", "-A", "trust", "-E", "UTF8", "--no-locale")
        options = f"-p {port} -k {folder} {_SETTINGS}"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql://occu@127.0.0.1:{port}/postgres"
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as somebody who owns nothing else here."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
