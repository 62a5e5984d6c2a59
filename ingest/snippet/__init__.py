"""The tracking tag: readable source in src/, built file t.js (python -m ingest.snippet.build)."""
