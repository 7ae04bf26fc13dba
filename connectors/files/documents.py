"""Documents that the importing person wrote: Markdown by section, CSV by row.

Decides where one ends and the next begins. A CSV with a column of senders is a chat, not a document: its rows go to
`plain`, so that nobody else's words become theirs. Does no I/O.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo

from bot.errors import BadInput
from connectors.files import plain
from connectors.files.said import MALFORMED, NO_TEXT, Said, SetAside
from connectors.files.values import clean

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

# The default of 131,072 is less than a message may have; `said.MAX_TEXT_CHARS` is what decides.
csv.field_size_limit(10_000_000)


def parse_markdown(lines: Iterable[str], name: str) -> Iterator[Said]:
    """A message for each section, `name#1` the first. A heading with nothing under it goes to the section after it."""
    number = 0
    section: list[str] = []
    fence: str | None = None
    for line in _without_front_matter(list(lines)):
        mark = _FENCE.match(line)
        if mark is not None and fence is None:
            fence = mark[1]
        elif mark is not None and fence is not None and mark[1].startswith(fence):
            fence = None
        elif fence is None and _HEADING.match(line) and _has_body(section):
            number += 1
            yield _document(section, name, number)
            section = []
        section.append(clean(line))
    if any(line.strip() for line in section):
        yield _document(section, name, number + 1)


def parse_csv(
    lines: Iterable[str], name: str, *, where: str, delimiter: str, zone: tzinfo
) -> Iterator[Said | SetAside]:
    """A message for each row, `name#1` the first: the column of text if there is one, else `column: value` lines.

    The first row must name the columns. Raises BadInput where the file is not CSV or ends within quotes.
    """
    rows = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        header = [clean(column).strip() for column in next((row for row in rows if any(row)), [])]
        columns = [column.lower() for column in header]
        is_chat = any(column in plain.TEXT for column in columns) and any(column in plain.SENDER for column in columns)
        text_column = next((columns.index(column) for column in plain.TEXT if column in columns), None)
        number = 0
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            number += 1
            if len(row) > len(header):
                yield SetAside(MALFORMED)
            elif is_chat:
                yield plain.parse(dict(zip(columns, row, strict=False)), zone)
            else:
                yield _row(row, header, text_column, name, number)
    except csv.Error as error:
        raise BadInput(f"{where}, line {rows.line_num}", "is not valid CSV; the file may have been cut off") from error


def _has_body(section: Sequence[str]) -> bool:
    return any(line.strip() and not _HEADING.match(line) for line in section)


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines and lines[0].rstrip() == "---":
        for end, line in enumerate(lines[1:], start=1):
            if line.rstrip() in ("---", "..."):
                return lines[end + 1 :]
    return lines


def _document(section: Sequence[str], name: str, number: int) -> Said:
    return Said("\n".join(section).strip(), None, id=f"{name}#{number}", own=True)


def _row(row: Sequence[str], header: Sequence[str], text_column: int | None, name: str, number: int) -> Said | SetAside:
    cells = [clean(cell).strip() for cell in row]
    if text_column is not None:
        text = cells[text_column] if text_column < len(cells) else ""
    else:
        text = "\n".join(
            f"{column}: {cell}" if column else cell for column, cell in zip(header, cells, strict=False) if cell
        )
    return Said(text, None, id=f"{name}#{number}", own=True) if text else SetAside(NO_TEXT)
