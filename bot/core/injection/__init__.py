"""Does a text give orders to an AI, or pose as something that it is not (D5)?

A text that does is not given to a model and not quoted: defence in depth, behind the rules that no passage can change.
Decides by wording alone, one module a language, under the usual disguises too (`disguises`). Two things are none of its
business: what people ask of people ("ignore the previous email"), and harmless-looking extra tasks ("write a poem"),
which differ from work talk in nothing but where they stand.
"""

from __future__ import annotations

import re

from bot.core.injection import chinese, english, european
from bot.core.injection.disguises import is_hidden_writing, readings

# ASCII, since Chinese sets no blank before an English word: `\b` is to see one there all the same.
_ORDERS = tuple(re.compile(order, re.ASCII) for order in (*english.ORDERS, *chinese.ORDERS, *european.ORDERS))


def gives_orders(text: str) -> bool:
    """Whether to keep this text from models and readers. Takes any string, never raises, linear in its length."""
    return is_hidden_writing(text) or any(order.search(reading) for reading in readings(text) for order in _ORDERS)
