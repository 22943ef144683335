"""The stable hash of keys and nodes: XXH3, 64 bits, with a seed, for texts of up to 240 bytes.

Written from the algorithm's description (xxHash 0.8, Yann Collet) to check the engine's from outside: the same number
in every process, release and language. Longer texts are hashed by the engine alone.
"""

from __future__ import annotations

__all__ = ["xxh3"]

MASK = (1 << 64) - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)


def xxh3(seed: int, text: bytes) -> int:
    """The hash of `text` with `seed`, a number below 2^64."""
    size = len(text)
    if size > 240:
        raise ValueError(f"a text of {size} bytes: this specification hashes up to 240")
    if size > 128:
        return _above_128(seed, text)
    if size > 16:
        pairs = [(start, 2 * start) for start in range(0, (size - 1) // 32 * 16 + 1, 16)]
        total = size * PRIME64_1
        for start, secret in pairs:
            total += _mix(text[start:], secret, seed)
            total += _mix(text[size - start - 16 :], secret + 16, seed)
        return _avalanche(total)
    if size > 8:
        low = _word(text, 0) ^ (_word(SECRET, 24) ^ _word(SECRET, 32)) + seed & MASK
        high = _word(text, size - 8) ^ (_word(SECRET, 40) ^ _word(SECRET, 48)) - seed & MASK
        return _avalanche(size + _swapped(low, 8) + high + _fold(low, high))
    if size > 3:
        seed ^= _swapped(seed & 0xFFFFFFFF, 4) << 32
        both = _word(text, size - 4, 4) + (_word(text, 0, 4) << 32)
        keyed = both ^ (_word(SECRET, 8) ^ _word(SECRET, 16)) - seed & MASK
        keyed ^= _rotated(keyed, 49) ^ _rotated(keyed, 24)
        keyed = keyed * 0x9FB21C651E98DF25 & MASK
        keyed = (keyed ^ (keyed >> 35) + size) * 0x9FB21C651E98DF25 & MASK
        return keyed ^ keyed >> 28
    if size > 0:
        combined = text[0] << 16 | text[size >> 1] << 24 | text[-1] | size << 8
        return _avalanche_64(combined ^ (_word(SECRET, 0, 4) ^ _word(SECRET, 4, 4)) + seed)
    return _avalanche_64(seed ^ _word(SECRET, 56) ^ _word(SECRET, 64))


def _above_128(seed: int, text: bytes) -> int:
    total, rounds = len(text) * PRIME64_1, len(text) // 16
    for turn in range(8):
        total += _mix(text[16 * turn :], 16 * turn, seed)
    total = _avalanche(total)
    for turn in range(8, rounds):
        total += _mix(text[16 * turn :], 16 * (turn - 8) + 3, seed)
    return _avalanche(total + _mix(text[-16:], 136 - 17, seed))


def _word(text: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(text[at : at + size], "little")


def _swapped(word: int, size: int) -> int:
    return int.from_bytes(word.to_bytes(size, "little"), "big")


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 64 - by) & MASK


def _fold(a: int, b: int) -> int:
    return a * b & MASK ^ a * b >> 64


def _mix(text: bytes, secret: int, seed: int) -> int:
    low = _word(text, 0) ^ _word(SECRET, secret) + seed & MASK
    high = _word(text, 8) ^ _word(SECRET, secret + 8) - seed & MASK
    return _fold(low, high)


def _avalanche(word: int) -> int:
    word &= MASK
    word = (word ^ word >> 37) * 0x165667919E3779F9 & MASK
    return word ^ word >> 32


def _avalanche_64(word: int) -> int:
    word &= MASK
    word = (word ^ word >> 33) * PRIME64_2 & MASK
    word = (word ^ word >> 29) * PRIME64_3 & MASK
    return word ^ word >> 32
