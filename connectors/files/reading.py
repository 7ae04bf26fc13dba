"""Files read from disk: the only module here that does I/O.

Decides how a file is encoded, how long a line and a document may be, and what a file that cannot be read is called.
Knows no format.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput
from connectors.files.values import clean

MAX_LINE_CHARS = 10_000_000
MAX_DOCUMENT_BYTES = 256_000_000
"""A JSON document is held in memory as a whole, at up to ten times its size; line formats have no limit."""

_OPENING_CHARS = 8192
_CHUNK_BYTES = 1 << 20
_THREE_BYTES_IN_UTF8 = re.compile("[\u0800-\U0010ffff]")


def shown(path: Path) -> str:
    """The path as it may be printed: a file name need not be valid text."""
    return clean(str(path))


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file whose bytes are known to decode. Made by `open_text` alone."""

    path: Path
    encoding: str

    def opening(self) -> str:
        """The first 8,192 characters at most, without a byte order mark."""
        try:
            with self.path.open(encoding=self.encoding) as file:
                return file.read(_OPENING_CHARS).lstrip("\ufeff")
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.path, error) from error

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines with their numbers, from 1, each without its line break. Reads as it goes.

        Raises BadInput for a line of more than 10,000,000 characters.
        """
        try:
            with self.path.open(encoding=self.encoding) as file:
                number = 0
                while line := file.readline(MAX_LINE_CHARS + 1):
                    number += 1
                    if len(line) > MAX_LINE_CHARS and not line.endswith("\n"):
                        raise BadInput(f"{shown(self.path)}, line {number}", "is longer than 10 million characters")
                    yield number, line.removesuffix("\n").lstrip("\ufeff" if number == 1 else "")
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.path, error) from error

    def text(self) -> str:
        """The whole file. Raises BadInput for more than 256 MB."""
        try:
            if self.path.stat().st_size > MAX_DOCUMENT_BYTES:
                raise BadInput(shown(self.path), "is larger than 256 MB; write it with one item a line instead")
            return self.path.read_text(encoding=self.encoding).lstrip("\ufeff")
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.path, error) from error

    def document(self) -> object:
        """The whole file as one JSON value. Raises BadInput with the line where it stops being one."""
        try:
            return json.loads(self.text())
        except json.JSONDecodeError as error:
            where = f"{shown(self.path)}, line {error.lineno}"
            raise BadInput(where, "is not valid JSON from here on; the file may have been cut off") from error
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, or brackets nested by the thousand.
            raise BadInput(shown(self.path), "is not JSON that an export would contain") from error


def open_text(path: Path) -> TextFile:
    """Find out whether and how a file can be read as text: UTF-8 or UTF-16 with or without BOM, else GB18030.

    Raises BadInput where it cannot, with the line if it has one.
    """
    try:
        if not path.exists():
            raise BadInput(shown(path), "does not exist")
        # Opening a pipe or a device might wait for ever.
        if not path.is_file():
            raise BadInput(shown(path), "is not a file")
        with path.open("rb") as file:
            start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            fault = _first_fault(path, "utf-16")
            if fault is None:
                return TextFile(path, "utf-16")
            raise BadInput(f"{shown(path)}, line {fault.line}", "is not UTF-16, though the file starts as if it were")
        fault = _first_fault(path, "utf-8-sig")
        if fault is None:
            return TextFile(path, "utf-8-sig")
        # GBK read as UTF-8 fails within its first few characters; text that was good UTF-8 until here is damaged.
        if not fault.after_three_bytes and _first_fault(path, "gb18030") is None:
            return TextFile(path, "gb18030")
        raise BadInput(f"{shown(path)}, line {fault.line}", "is neither UTF-8 nor GB18030 text")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def files_in(folder: Path, suffix: str) -> list[Path]:
    """The files of a folder that end so, by name. Links are not followed: they may lead out of the export."""
    try:
        inside = sorted(folder.iterdir(), key=lambda path: path.name)
        return [path for path in inside if path.name.endswith(suffix) and path.is_file() and not path.is_symlink()]
    except OSError as error:
        raise _unreadable(folder, error) from error


def folders_in(folder: Path) -> list[Path]:
    """The folders of a folder, by name. Links are not followed."""
    try:
        inside = sorted(folder.iterdir(), key=lambda path: path.name)
        return [path for path in inside if path.is_dir() and not path.is_symlink()]
    except OSError as error:
        raise _unreadable(folder, error) from error


@dataclass(frozen=True, slots=True)
class _Fault:
    """Where decoding fails first, and whether a character that takes three bytes of UTF-8 came before."""

    line: int
    after_three_bytes: bool


def _first_fault(path: Path, encoding: str) -> _Fault | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line, three_bytes = 1, False
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, errors="ignore")
                return _Fault(line + good.count("\n"), three_bytes or bool(_THREE_BYTES_IN_UTF8.search(good)))
            if not chunk:
                return None
            line += text.count("\n")
            three_bytes = three_bytes or (not text.isascii() and bool(_THREE_BYTES_IN_UTF8.search(text)))


def _unreadable(path: Path, error: Exception) -> BadInput:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name or content is not text"
    return BadInput(shown(path), f"cannot be read: {reason}")
