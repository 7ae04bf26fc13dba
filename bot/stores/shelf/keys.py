"""The keys of the profiles' files, one file each, kept apart from what they open.

Destroying a key makes its profile unreadable at once, in every backup too. The key's file also says whether the profile
still exists and, by advisory locks on it, keeps one process from erasing what another is using. A key is only ever
created or destroyed here.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ShelfDamaged

KEY_BYTES = 32


class Key:
    """One profile's key, with its file held open so that it can be locked and seen to go."""

    def __init__(self, file: int, secret: bytes) -> None:
        self._file, self.secret = file, secret

    @property
    def destroyed(self) -> bool:
        """Whether some process destroyed it since it was read."""
        return os.fstat(self._file).st_nlink == 0

    @contextmanager
    def held(self, *, alone: bool) -> Iterator[None]:
        """Keep other processes from destroying it, or, `alone`, from using it at all. Waits for them."""
        fcntl.flock(self._file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)


class Keys:
    """The folder of the keys: mode 0700, each key's file 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, profile: str) -> Key | None:
        """The profile's key, or None where it has none. Raises ShelfDamaged where what is there is no key."""
        try:
            file = os.open(self._path(profile), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        secret = os.read(file, KEY_BYTES + 1)
        if len(secret) != KEY_BYTES:
            os.close(file)
            raise ShelfDamaged(f"the key of profile {profile} is not {KEY_BYTES} bytes long")
        return Key(file, secret)

    def create(self, profile: str) -> Key:
        """The profile's key, made now unless there is one: on the disk, under its name and whole, or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._folder_locked() as folder:
            path = self._path(profile)
            if (key := self.read(profile)) is not None:
                return key
            unfinished = path.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                secret = secrets.token_bytes(KEY_BYTES)
                os.write(file, secret)
                os.fsync(file)
            finally:
                os.close(file)
            unfinished.rename(path)
            os.fsync(folder)
            return Key(os.open(path, os.O_RDWR | os.O_CLOEXEC), secret)

    def destroy(self, profile: str) -> None:
        """Overwrite the key and unlink it, both on the disk on return. No key is no error."""
        if not self._folder.exists():
            return
        with self._folder_locked() as folder:
            path = self._path(profile)
            if not path.exists():
                return
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(file, bytes(KEY_BYTES))
                os.fsync(file)
            finally:
                os.close(file)
            path.unlink()
            os.fsync(folder)

    @contextmanager
    def _folder_locked(self) -> Iterator[int]:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(folder)

    def _path(self, profile: str) -> Path:
        return self._folder / f"{profile}.key"
