from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.processes import stage
from demo.town import City, Network, Systems


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """A city with its layer as a real service on loopback, enrolled at a real simulator process."""
    with stage() as made:
        network = Network(made)
        network.process.wait()
        here = City(made, "石巻市", "042021")
        here.prepare(
            network,
            (
                Systems("juki", "住民記録システム", "juki", "市長", "市民課"),
                Systems("tax", "税務システム", "tax", "市長", "市民税課"),
                Systems("fukushi", "福祉システム", "fukushi", "市長", "保険年金課"),
                Systems("jinji", "人事給与システム", "jinji", "市長", "人事課"),
                Systems("tosho", "図書館システム", "juki", "教育委員会", "図書館"),
            ),
        )
        here.start()
        here.wait()
        here.handler("hd-shimin", "見本 市民", "市長", "市民税課", "番号法別表/24")
        here.handler("hd-nenkin", "見本 年金", "市長", "保険年金課", "child-medical")
        here.handler("hd-jinji", "見本 人事", "市長", "人事課", "related-affairs")
        here.handler("hd-new", "見本 新人", "市長", "市民税課", "番号法別表/24", trained=False)
        files = {"agency": "市長", "affair": "related-affairs", "name": "職員給与ファイル"}
        here.order("files", {**files, "persons": 1_400, "staff": 8, "exemption": "item-1"})
        yield here
        here.close()
