"""Byline: answers from a colleague's own words, with their consent and their byline.

Start reading at `flows/`: one verb a file. What they decide by is in `core/`, which does no I/O.

    __main__ → wire → ┬→ connectors/{local,files}  ┐     siblings never import each other
                      ├→ stores/*  ────────────────┤     neither imports flows, library, outbox
                      └→ flows → library, outbox ──┴→ ports → core → errors

Three promises, each with a type, a door and a test (tests/test_architecture.py):

    no passage is read by a model or shown unless a live grant covers it   Permitted   library.py
    nothing leaves unlabelled                                              Labelled    outbox.py
    nothing is written down that was not gated and redacted                Kept        flows/gather.py
"""

__version__ = "0.1.0"
