"""All that the price of recorded tokens may depend on, in steps fine enough for every price there is. Pure.

A test holds both against the price list: no price changes within a half hour, none has a tier that is not named here.
"""

from __future__ import annotations

from datetime import datetime

#: Input tokens above which some model costs another price; negative ones would be no tokens.
TIERS = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)
STEP_MINUTES = 30

_CASES = " ".join(f"WHEN input_tokens > {tier} THEN {tier}" for tier in reversed(TIERS))
#: The same two in SQL, over `input_tokens`, `output_tokens` and `created_at`.
USED_AT = (
    f"CASE WHEN input_tokens + output_tokens <> 0 THEN time_bucket(INTERVAL {STEP_MINUTES} MINUTE, created_at) END"
)
INPUT_ABOVE = (
    f"CASE WHEN input_tokens + output_tokens = 0 THEN NULL WHEN input_tokens <= {TIERS[0]} THEN 0 {_CASES} END::INTEGER"
)


def price_key(input_tokens: int, at: datetime) -> tuple[datetime, int]:
    """The half hour in which tokens were used, and the tier their number lies above."""
    half = at.replace(minute=at.minute - at.minute % STEP_MINUTES, second=0, microsecond=0)
    return half, next((tier for tier in reversed(TIERS) if input_tokens > tier), 0)
