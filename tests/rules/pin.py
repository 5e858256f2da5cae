"""Write the checksums of the promulgated text: `python -m tests.rules.pin`, after a change of law that is meant."""

from __future__ import annotations

import json

from tests.rules.promulgated import FILES, PINNED, digest, promulgated, sections


def main() -> None:
    """Write pinned_text.json from the files as they stand."""
    pinned = {
        path.name: {
            "全文": digest(promulgated(path)),
            "各条各項": {name: digest(text)[:16] for name, text in sections(path)},
        }
        for path in FILES
    }
    PINNED.write_text(json.dumps(pinned, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
