"""Scores of stylised pictures: content, style, structure and artefacts. Needs the extra `evaluate`."""
