"""The codec of each table, as `tables.partition` wants it."""

from __future__ import annotations

from typing import Any

from features import payee, payer
from features.errors import StateCodecError
from tables import payee_codec, payer_codec
from tables.partition import TableCodec


def _no_accounts(*_: object) -> Any:
    raise StateCodecError("needed no account in the budget table, got one: its state is its applied record alone")


PAYER_CODEC = TableCodec(payer.empty, payer_codec.encode, payer_codec.decode)
PAYEE_CODEC = TableCodec(payee.empty, payee_codec.encode, payee_codec.decode)
BUDGET_CODEC = TableCodec(_no_accounts, _no_accounts, _no_accounts)
