"""Opening a profile's file: its key, its settings, its tables, and what an error of SQLite means to us.

What is written in the file and how it is read is profile.py's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlcipher3.dbapi2 as sqlcipher

from bot.errors import Lack, PlatformError, SetupError, ShelfDamaged

if TYPE_CHECKING:
    # sqlcipher3 is sqlite3 built against SQLCipher: the same classes under another name, without types.
    from sqlite3 import Connection as Connection
else:
    Connection = sqlcipher.Connection

Unlock = Callable[[Path, bytes], Connection]
"""Opens the file at a path with a key of 32 bytes, creating it where it is not."""

VERSION = 1
BUSY_MS = 10_000  # how long a process waits for another that is writing, before it gives up
CACHE_KIB = 65_536  # of pages, a profile, since reading one anew is decrypting it; what 100,000 passages are found by
HEAP_BYTES = 512 << 20  # of all profiles together: beyond, pages are reused before new ones are taken

# The ASCII characters beside letters and digits that a term may hold as they are; words.encode sees to all others. The
# tokenizer takes every character beyond ASCII as part of a term.
TERM_CHARACTERS = "%_.-"

SETTINGS = f"""
PRAGMA busy_timeout = {BUSY_MS};
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -{CACHE_KIB};
PRAGMA soft_heap_limit = {HEAP_BYTES};
"""

# AUTOINCREMENT: a row's number is never given twice, so what holds numbers outside this file (the vectors in memory,
# Chroma) can be told what is new by "after the last I know", and a number that is gone never means something else.
#
# What a put touches is to lie on few pages, since each is encrypted anew: hence vectors in the order they come, and few
# indexes. `words` keeps no positions and no sizes, because words.py counts in the stored terms itself.
TABLES = """
CREATE TABLE source(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    passages INTEGER NOT NULL DEFAULT 0,
    length INTEGER NOT NULL DEFAULT 0,
    vectors INTEGER NOT NULL DEFAULT 0,
    newest_vector INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE passage(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    source INTEGER NOT NULL REFERENCES source,
    thread TEXT NOT NULL,
    topics TEXT NOT NULL,
    position INTEGER NOT NULL,
    sent_at INTEGER,
    length INTEGER NOT NULL,
    digest BLOB NOT NULL
);
CREATE INDEX passage_source ON passage(source);
CREATE TABLE piece(
    passage INTEGER NOT NULL REFERENCES passage,
    ordinal INTEGER NOT NULL,
    message TEXT NOT NULL,
    text BLOB NOT NULL,
    sent_at TEXT,
    link TEXT,
    PRIMARY KEY(passage, ordinal)
) WITHOUT ROWID;
CREATE INDEX piece_message ON piece(message);
CREATE TABLE vector(
    passage INTEGER PRIMARY KEY REFERENCES passage,
    source INTEGER NOT NULL,
    embedder TEXT NOT NULL,
    halves BLOB NOT NULL
);
CREATE TABLE tombstone(mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE state(
    colleague TEXT NOT NULL,
    salt BLOB NOT NULL,
    removals INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL,
    embedder TEXT NOT NULL DEFAULT '',
    telling_to INTEGER NOT NULL DEFAULT 0,
    told_to INTEGER NOT NULL DEFAULT 0,
    told INTEGER NOT NULL DEFAULT 0,
    stale INTEGER NOT NULL DEFAULT 0
);
"""
WORDS = f"""
CREATE VIRTUAL TABLE words USING fts5(
    text, topics, detail=column, columnsize=0, tokenize="ascii tokenchars '{TERM_CHARACTERS}'"
);
CREATE VIRTUAL TABLE frequency USING fts5vocab(words, row);
PRAGMA user_version = {VERSION};
"""


def unlock(path: Path, secret: bytes) -> Connection:
    """Open with SQLCipher. The key is given raw, so that opening does not derive one (SQLCipher's 256,000 rounds)."""
    connection: Connection = sqlcipher.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(
        "PRAGMA cipher_log_level = NONE"
    )  # else SQLCipher writes to stderr; its errors are raised anyway
    connection.execute(f"PRAGMA key = \"x'{secret.hex()}'\"")
    # Processors have instructions for SHA-256 and none for SHA-512, the default: a fifth off what encryption costs.
    connection.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")
    return connection


def open_file(path: Path, secret: bytes, colleague: str, *, unlock: Unlock) -> Connection:
    """A connection to the profile's file, with its tables made if it is new."""
    connection = unlock(path, secret)
    try:
        connection.executescript(SETTINGS)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise SetupError(Lack(f"the file {path.parent.name} is of a later Byline", "run that, or a newer one"))
        if version < VERSION:
            _make_tables(connection, colleague)
        # What a killed process left in the log may be words that it was erasing.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: Connection, colleague: str) -> None:
    with writing(connection):
        # Asked again under the lock: another process may have made them meanwhile.
        if connection.execute("PRAGMA user_version").fetchone()[0] >= VERSION:
            return
        for statement in _statements(TABLES + WORDS):
            connection.execute(statement)
        # Generations start anywhere, so that a process which had a profile open that was erased and made again never
        # takes the one for the other.
        connection.execute(
            "INSERT INTO state(colleague, salt, generation) VALUES (?, ?, ?)",
            (colleague, secrets.token_bytes(16), secrets.randbelow(1 << 40)),
        )


def _statements(script: str) -> Iterator[str]:
    """Its statements one by one: executescript would commit the transaction they are to be part of."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlcipher.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """One transaction: all or none, on the disk when it ends."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """One view of the file, whatever other processes write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def translated(profile: str) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into ours: damage, busy, or something that the operator has to see to."""
    try:
        yield
    except OSError as error:
        raise _unusable(profile, type(error).__name__) from error
    except sqlcipher.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")):
            raise ShelfDamaged(f"profile {profile} cannot be read with its key ({name})") from error
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise PlatformError(f"profile {profile} is being written by another process", retry_after_s=1) from error
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
            raise _unusable(profile, name) from error
        if name == "SQLITE_ERROR":
            raise ShelfDamaged(f"profile {profile} does not hold the tables that it should") from error
        raise


def _unusable(profile: str, why: str) -> SetupError:
    return SetupError(
        Lack(f"profile {profile} cannot be used ({why})", "see to space and rights in the data directory")
    )
