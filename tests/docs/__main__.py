"""`python -m tests.docs`: write the generated blocks of the documents anew."""

from __future__ import annotations

from . import declarations, docstrings
from .generated import TABLES
from .markdown import DOCUMENTS, with_generated

for document in DOCUMENTS:
    if not document.exists():
        continue
    before = document.read_text(encoding="utf-8")
    after = with_generated(before, TABLES)
    if after != before:
        document.write_text(after, encoding="utf-8")
        print(f"wrote {document.name}")

for module, write in (*declarations.GENERATED.items(), *docstrings.GENERATED.items()):
    before = module.read_text(encoding="utf-8")
    after = write(before)
    if after != before:
        module.write_text(after, encoding="utf-8")
        print(f"wrote {module.name}")
