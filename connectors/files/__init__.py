"""Imports: exports of Lark, DingTalk and Slack, simple JSON and logs, and documents, as core messages.

    read_export → formats (which one is it?) → lark · dingtalk · slack · plain · documents (item → Said)
                → authorship (whose is it? → Message)

Everything but `reading` is free of I/O. What a file gives stays in memory until it has been through the gate: nothing
here writes, and other people's words come with an author who is nobody's colleague.
"""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from bot.core.people import PersonId
from connectors.files import plain
from connectors.files.authorship import Export, attribute
from connectors.files.formats import hear
from connectors.files.values import CHINA

__all__ = ["CHINA", "Export", "read_export"]


def read_export(path: Path, *, tenant: str, author: PersonId, as_person: str, zone: tzinfo = CHINA) -> Export:
    """Read an export file, or a Slack export folder.

    `as_person` is the importing person as the export knows them, by id or name, exactly; their messages get `author`.
    A time without an offset is in `zone`, by default that of China.

    Raises BadInput, which names the file and, where there is one, the line, if the file as a whole cannot be read or
    the name is that of several people. Nothing of such a file is returned.
    """
    if author.platform == plain.PLATFORM:
        raise ValueError("an author on the platform of imported strangers could be mistaken for one of them")
    return attribute(hear(path, zone), path, tenant=tenant, author=author, as_person=as_person)
