"""Two small systems of linear equations, solved densely: the matrices of this package have a dozen rows."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["lyapunov", "solve"]


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Return x with matrix·x = right, by elimination with pivots.

    Raises:
        ZeroDivisionError: if the matrix is singular.
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        best = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        pivot = rows[column]
        for row in range(column + 1, size):
            factor = rows[row][column] / pivot[column]
            if factor:
                current = rows[row]
                for place in range(column, size + 1):
                    current[place] -= factor * pivot[place]
    found = [0.0] * size
    for row in reversed(range(size)):
        rest = sum(rows[row][place] * found[place] for place in range(row + 1, size))
        found[row] = (rows[row][size] - rest) / rows[row][row]
    return found


def lyapunov(drift: Sequence[Sequence[float]], noise: Sequence[float]) -> list[list[float]]:
    """Return the symmetric W with A·W + W·Aᵀ + diag(noise) = 0, for a stable matrix A."""
    size = len(drift)
    pairs = [(i, j) for i in range(size) for j in range(i + 1)]
    place = {pair: index for index, pair in enumerate(pairs)}

    def at(i: int, j: int) -> int:
        return place[max(i, j), min(i, j)]

    matrix = [[0.0] * len(pairs) for _ in pairs]
    right = [-noise[i] if i == j else 0.0 for i, j in pairs]
    for index, (i, j) in enumerate(pairs):
        for k in range(size):
            matrix[index][at(k, j)] += drift[i][k]
            matrix[index][at(i, k)] += drift[j][k]
    flat = solve(matrix, right)
    return [[flat[at(i, j)] for j in range(size)] for i in range(size)]
