"""The connection to the registry: how a transaction begins, and how the schema comes to its newest form.

What the transactions say stands in the modules beside this one. SQLite only; the statements are
plain SQLAlchemy, so that another database needs another `connect` and no other change here.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from dtsen_pipeline.resources.home import PRIVATE_FILE
from dtsen_pipeline.schemas.errors import DtsenError

HEAD = "0006"
"""The newest migration; `open` migrates where the database is older."""
MIGRATIONS = Path(__file__).parent.parent / "migrations"
BUSY_SECONDS = 60
PAUSE_SECONDS = 0.02
BEGIN = "dtsen_begin"


def connect(url: URL) -> Engine:
    """An engine on a SQLite file; errors never show the parameters of a statement."""
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'DEFERRED')}")


class Database:
    """Sessions on the registry; nothing is opened before `open` or `migrate`."""

    def __init__(self, url: URL | str) -> None:
        self.url = make_url(url)
        self.engine = connect(self.url)
        self._writing = self.engine.execution_options(**{BEGIN: "IMMEDIATE"})
        self._current: ContextVar[Session | None] = ContextVar("current", default=None)

    def open(self) -> Self:
        """Make the database where there is none, and bring an older one to the newest schema."""
        self._make_file()
        with self.engine.connect() as connection:
            found = _revision(connection)
        if found != HEAD:
            self.migrate()
        return self

    def migrate(self) -> None:
        """Bring the schema to its newest form; two processes at once take turns."""
        from alembic import command  # noqa: PLC0415 - costs a fifth of a second and is needed once
        from alembic.config import Config  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        self._make_file()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with self._writing.begin() as connection:
            found = _revision(connection)
            if found is not None and found not in known:
                raise DtsenError("E_REGISTRY_NEWER", "the registry was made by a newer version of dtsen")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the registry."""
        current = self._current.get()
        if current is not None:
            yield current
            return
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock from its first statement, and commits at the end."""
        current = self._current.get()
        if current is not None:
            with current.begin_nested():
                yield current
            return
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything read and written inside is one transaction: all of it holds, or nothing; so with a part in it."""
        with self.write() as session:
            before = self._current.set(session)
            try:
                yield
            finally:
                self._current.reset(before)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _make_file(self) -> None:
        """Make the file private before SQLite fills it: its side files take their mode from it.

        A file that is there is never opened here: closing any handle drops the locks that this process holds on it
        (POSIX), and another process could then remove the log that ours still writes to.
        """
        path = Path(self.url.database or "")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        path.chmod(PRIVATE_FILE)
        connection = self.engine.raw_connection()
        _write_ahead(connection.cursor())
        connection.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Log writes ahead; asked again while others write, since SQLite does not wait where the mode changes."""
    last = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision
