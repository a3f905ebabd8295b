"""Which partition a key belongs to: Kafka's murmur2, the one rule all our clients share. Pure.

Source: design.md §3.7; librdkafka's default (CRC32) agrees with it for 8 % of keys only, so every producer of ours is
set to `murmur2_random`, and the lifecycle agent refuses commands that lie elsewhere.
"""

from __future__ import annotations

from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Kafka's 32-bit murmur2 of `data`, unsigned."""
    length = len(data)
    h = _SEED ^ length
    tail = length & ~3
    for i in range(0, tail, 4):
        k = (int.from_bytes(data[i : i + 4], "little") * _M) & _MASK
        k ^= k >> 24
        h = ((h * _M) & _MASK) ^ ((k * _M) & _MASK)
    if length > tail:
        h ^= int.from_bytes(data[tail:], "little")
        h = (h * _M) & _MASK
    h ^= h >> 13
    h = (h * _M) & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition, 0 to `partitions` - 1, that every record with this key goes to."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
