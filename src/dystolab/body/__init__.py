"""The body: plants that turn spikes of motoneurons into force and movement, one per file, beside its table."""
