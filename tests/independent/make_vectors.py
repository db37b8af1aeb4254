"""Makes docs/vectors/*.json from fixed inputs; the same bytes at every run.

For: the vectors that every front of CoreKey is checked against. Run it only when
a specification changes: `python tests/independent/make_vectors.py`.
Relies on: corekey_spec, which shares nothing with the Rust core.
Specification of the files: docs/vectors/README.md.
"""

import json
from pathlib import Path

from vectors_derivation import derivation
from vectors_journal import journal
from vectors_messages import messages
from vectors_rotation import rotation

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "vectors"


def as_json(value):
    """Bytes as hexadecimal, also inside lists and objects."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return value


def one_case_a_line(document):
    """The text of a vector file: scalars first, then lists with one object a line."""
    parts = []
    for name, value in document.items():
        if isinstance(value, list):
            cases = ",\n".join("    " + json.dumps(as_json(case)) for case in value)
            parts.append(f"  {json.dumps(name)}: [\n{cases}\n  ]")
        else:
            parts.append(f"  {json.dumps(name)}: {json.dumps(as_json(value))}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def documents():
    """File name to text, of every vector file."""
    makers = [derivation, messages, rotation, journal]
    return {f"{maker.__name__}.json": one_case_a_line(maker()) for maker in makers}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (FOLDER / name).write_text(content, encoding="ascii")
        print(FOLDER / name, len(content))


if __name__ == "__main__":
    main()
