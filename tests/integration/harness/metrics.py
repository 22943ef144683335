"""/metrics read by prometheus_client's own parser: what it refuses, Prometheus would refuse."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    """Every sample of one scrape."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.families = list(text_string_to_metric_families(page))
        self.samples = [
            (sample.name, dict(sample.labels), float(sample.value))
            for family in self.families
            for sample in family.samples
        ]

    def sum(self, name: str, **labels: str) -> float:
        """Add all samples of `name` that carry `labels`; 0 when there is none."""
        return sum(
            value
            for found, tags, value in self.samples
            if found == name and all(tags.get(key) == wanted for key, wanted in labels.items())
        )

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the samples of `name` added up per value of `label`."""
        found: dict[str, float] = {}
        for sample, tags, value in self.samples:
            if sample == name and all(tags.get(key) == want for key, want in labels.items()):
                found[tags.get(label, "")] = found.get(tags.get(label, ""), 0.0) + value
        return found
