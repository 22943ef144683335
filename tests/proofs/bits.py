"""The engine's random bits, rebuilt: what a pick draws, before it draws it."""

from __future__ import annotations

WORD = (1 << 64) - 1


class Bits:
    """The engine's random bits: wyrand, seeded anew for each pick from the number after the last one."""

    def __init__(self, seed: int) -> None:
        self.state = ~seed & WORD

    def begin(self) -> None:
        """Before a pick."""
        self.state ^= 0x9E3779B97F4A7C15

    def draw(self) -> int:
        """64 bits."""
        self.state = (self.state + 0xA0761D6478BD642F) & WORD
        wide = self.state * (self.state ^ 0xE7037ED1A0B428DB)
        return (wide >> 64) ^ (wide & WORD)

    def below(self, bound: int) -> int:
        """A whole number below the bound."""
        return self.draw() * bound >> 64

    def unit(self) -> float:
        """A number from 0 to 1."""
        return (self.draw() >> 11) / 2**53

    def end(self) -> None:
        """After a pick."""
        self.state = self.draw()
