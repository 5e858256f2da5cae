"""`python -m demo.story`: a family moves to Ishinomaki. Told step by step, and each step is checked.

Two cities and the network simulator run on this machine. The people do not exist; their numbers are made in memory.
青嶺市 (Aomine) is fictional; Ishinomaki's ordinance is the draft of `ordinances/ishinomaki`.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from api.clock import SystemClock, today
from demo.portal import at_home
from demo.processes import Stage, jorei, stage
from demo.telling import Teller, fail
from demo.town import City, Network, Systems, since
from linkage.adapters.juki import Juki
from linkage.adapters.refusals import Denied, Refused
from linkage.adapters.synthetic import Resident, residents
from linkage.adapters.tax import TAX, Tax
from linkage.adapters.welfare import Application, Welfare

MAYOR, BOARD, AOMINE = "9900000000042101", "9900000000042102", "9900000000021101"
RESIDENTS = "TM99000000000002"
INCOME = {"TK99010000000001": "2450000", "TK99010000000002": "98000", "TK99010000000003": "令和7年度"}
HOUSEHOLD = {"TK99020000000001": "3", "TK99020000000002": "世帯主", "TK99020000000003": "令和8年11月"}
CHILD, SCHOOL, CARE = ("JM99000000000001", "JM99000000000007", "JM99000000000002")
TAX_WORDS = {"holder": "青嶺市長", "information": ["地方税関係情報"]}


@dataclass
class Person:
    """One of the family, as the two cities know them."""

    name: str
    made: Resident
    reference: str
    here: str = ""
    there: str = ""


class Story:
    """The story; each method is one step or more."""

    def __init__(self, teller: Teller, made: Stage) -> None:
        self.t, self.stage = teller, made
        self.on = today(SystemClock())
        self.network = Network(made)
        self.here, self.there = City(made, "石巻市", "042021"), City(made, "青嶺市", "990021")
        self.family: list[Person] = []

    # --- before ---------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Network, cities, people in their offices."""
        t = self.t
        t.step("二つの市と、情報提供ネットワークシステムの模擬装置を始める。")
        self.network.process.wait()
        self.here.prepare(
            self.network,
            (
                system("juki", "住民記録システム", "市長", "市民課"),
                system("fukushi", "福祉システム", "市長", "保険年金課"),
                system("kaigo", "介護保険システム", "市長", "介護保険課"),
                system("gakko", "就学援助システム", "教育委員会", "学校教育課"),
                system("tosho", "図書館システム", "教育委員会", "図書館"),
            ),
        )
        self.there.prepare(
            self.network,
            (system("juki", "住民記録システム", "市長", "市民課"), system("tax", "税務システム", "市長", "税務課")),
        )
        self.here.start()
        self.there.start()
        self.here.wait()
        self.there.wait()
        t.claim(True, "石巻市と青嶺市（架空）のサービスが答えている")
        t.step(
            "取り扱う職員を指定し、研修を記録する（番号法12条・29条の2）。青嶺市は、税の保護評価を公表する（同法28条）。"
        )
        self.here.handler("hd-shimin", "見本 市民", "市長", "市民税課", "番号法別表/24")
        self.here.handler("hd-nenkin", "見本 年金", "市長", "保険年金課", "child-medical")
        self.here.handler("hd-kaigo", "見本 介護", "市長", "介護保険課", "番号法別表/100")
        self.here.handler("hd-gakko", "見本 学校", "教育委員会", "学校教育課", "school-aid")
        self.here.handler("hd-tosho", "見本 図書", "教育委員会", "図書館", "library-card")
        self.there.handler("hd-zei", "見本 税務", "市長", "税務課", "番号法別表/24")
        self.there.assess("市長", "番号法別表/24", "個人住民税ファイル", 48_000, 60, "重点")
        t.claim(True, "職員6人を指定し、研修を記録した")

    def lived_there(self) -> None:
        """What 青嶺市 knows of the family."""
        t = self.t
        t.step("家族は、去年まで青嶺市に住んでいた。青嶺市は、母と祖母の税の副本を用意している。")
        names, references = ("母", "子", "祖母"), self.network.residents(3)
        made = list(residents(3, seed=self.on.toordinal(), town="青嶺市"))
        self.family = [Person(*one) for one in zip(names, made, references, strict=True)]
        juki = self.there.system(Juki, "juki", handler="hd-zei")
        tax = self.there.system(Tax, "tax", handler="hd-zei")
        for person in self.family:
            person.there = juki.move_in(person.made.local, person.made.basic, lambda p=person: p.made.number).handle  # type: ignore[misc]
            acquire(juki, AOMINE, person.there, person.reference)
        for person in (self.mother, self.grandmother):
            tax.assess(AOMINE, person.there, INCOME, since())
        t.claim(
            len({p.there for p in self.family}) == 3,
            "3人に宛名を付け、母と祖母の副本を登録した。番号は封じて送り、どこにも書いていない",
        )

    @property
    def mother(self) -> Person:
        """母."""
        return self.family[0]

    @property
    def grandmother(self) -> Person:
        """祖母."""
        return self.family[2]

    # --- 転入 ------------------------------------------------------------------------------------------------

    def move(self) -> None:
        """The family moves to Ishinomaki."""
        t = self.t
        t.step("家族が石巻市に転入する。窓口で番号を確かめ、団体内統合宛名を付ける。")
        juki = self.here.system(Juki, "juki", handler="hd-shimin")
        for person in self.family:
            made = juki.move_in(person.made.local, person.made.basic, lambda p=person: p.made.number)  # type: ignore[misc]
            t.claim(made.new, f"{person.name}に、新しい宛名を付けた（{made.handle[:9]}…）")
            person.here = made.handle
            acquire(juki, MAYOR, person.here, person.reference)
        again = juki.move_in(self.mother.made.local, self.mother.made.basic, lambda: self.mother.made.number)
        t.claim(not again.new and again.handle == self.mother.here, "同じ番号でもう一度求めても、宛名は増えない")
        juki.publish(MAYOR, self.mother.here, HOUSEHOLD, since())
        t.claim(
            self.mother.here != self.mother.there, "二つの市の識別子は別のもので、市の間を番号が行き来することはない"
        )

    # --- 子ども医療費 ------------------------------------------------------------------------------------------

    def child_medical(self) -> None:
        """子ども医療費: not within, but by the network; and what the law leaves of the papers."""
        t = self.t
        t.step("母が、子ども医療費の受給資格の認定を申請する。まず、税の情報を庁内で受けられるか。")
        welfare = self.here.system(Welfare, "fukushi", handler="hd-nenkin")
        office = welfare.office_of("child-medical", procedure="1")
        facts = {"resident": False, "pia": "published", "consent": True}
        case = welfare.apply(self.mother.here, office, "link", {**TAX_WORDS, "facts": facts})
        asked = self._transfer(self.mother, MAYOR, MAYOR, CHILD, "JT99010000000001", TAX, INCOME, "保険年金課")
        no = denial(lambda: welfare.within(case, asked, "市長", "地方税関係情報"))
        t.say(*no.lines().splitlines())
        t.claim(
            "石巻市番号利用条例第3条第2項" in no.articles, "庁内では受けられない。1月1日に石巻市に住んでいなかったから"
        )

        t.step("では、青嶺市に情報提供ネットワークシステムで照会する（番号法19条9号）。母は同意している。")
        order = self._order(self.mother, CHILD, "JT99010000000001", "保険年金課", consent=True)
        made = welfare.by_network(case, order, "青嶺市長", "地方税関係情報")
        t.claim(
            made.records is not None and dict(made.records[0]) == INCOME,
            "青嶺市の答えが届いた（合計所得金額など3項目）",
        )
        t.claim("番号法第19条第9号" in made.permits[0].articles, f"根拠: {'、'.join(made.permits[0].articles[:2])}")
        self._papers(case)
        bring = case.checklist.to_bring
        t.claim(
            "所得課税証明書" in bring,
            "それでも書類は省けない。番号法22条2項が及ぶのは条例が求める書類で、石巻市の案では要綱が求めているから",
        )
        t.say("（要綱の書類を条例に移せば省けるようになる。改める点として、そのまま示している。）")

    # --- 介護保険 ---------------------------------------------------------------------------------------------

    def care(self) -> None:
        """祖母の介護保険: by the Act itself, and the paper falls away."""
        t = self.t
        t.step("祖母が、介護保険の申請をする（法定の事務）。青嶺市に税の情報を照会する（番号法19条8号）。")
        welfare = self.here.system(Welfare, "kaigo", handler="hd-kaigo")
        office = welfare.office_of("番号法別表第二/94", procedure="134.13")
        words = {**TAX_WORDS, "facts": {"pia": "published"}}
        case = welfare.apply(self.grandmother.here, office, "link", words)
        t.claim("所得課税証明書" in case.checklist.to_bring, "届くまでは、所得課税証明書が要る")
        order = self._order(self.grandmother, CARE, "JT99020000000002", "介護保険課")
        made = welfare.by_network(case, order, "青嶺市長", "地方税関係情報")
        t.claim(made.records is not None, "青嶺市の答えが届いた")
        self._papers(case)
        t.claim("所得課税証明書" not in case.checklist.to_bring, "所得課税証明書を省けた（番号法22条2項）")
        t.claim("主治医の意見書" in case.checklist.to_bring, "主治医の意見書は、番号では代えられないので要る")

    # --- 就学援助 ---------------------------------------------------------------------------------------------

    def school_aid(self) -> None:
        """就学援助: from the mayor to the board of education, by ordinance."""
        t = self.t
        t.step("母が、就学援助を申請する。教育委員会が、市長から世帯の情報の提供を受ける（条例4条、番号法19条11号）。")
        school = self.here.system(Welfare, "gakko", handler="hd-gakko", agency="教育委員会")
        office = school.office_of("school-aid", procedure="1")
        words = {"holder": "市長", "information": ["住民票関係情報"]}
        case = school.apply(self.mother.here, office, "transfer", words)
        asked = self._transfer(
            self.mother, BOARD, MAYOR, SCHOOL, "JT99070000000001", RESIDENTS, HOUSEHOLD, "学校教育課"
        )
        records = school.within(case, asked, "市長", "住民票関係情報")
        t.claim(dict(records[0]) == HOUSEHOLD, "市長から、世帯の情報が届いた（提供の記録も残った）")
        self._papers(case)
        t.claim("世帯全員の住民票の写し" not in case.checklist.to_bring, "住民票の写しを省けた（条例4条2項）")
        t.claim("保護者の所得課税証明書" in case.checklist.to_bring, "税の書類は要る。市にはまだ税の情報がない")

    # --- what is refused ---------------------------------------------------------------------------------------

    def unlawful(self) -> None:
        """A section tries an unlawful look-up."""
        t = self.t
        t.step("図書館が、利用者の住所を個人番号で調べようとする。")
        library = self.here.system(Juki, "tosho", handler="hd-tosho", agency="教育委員会")
        entered: list[str] = []

        def enter() -> str:
            entered.append("entered")
            return self.mother.made.number

        office = library.office_of("library-card", agency="教育委員会")
        no = denial(lambda: library.kit.search(office, enter))
        reason = no.reasons[0].text
        t.say(f"認められません（判定 {no.evaluation}）。{reason.partition('（')[0]}。")
        t.claim("番号法第9条第1項" in reason, "断る理由に条文がある（番号法第9条第1項）")
        t.claim(not entered, "判定が先なので、番号は入力もされていない")
        t.step("ほかの事務の職員が、福祉の資格情報で照会しようとする。")
        wrong = self.here.system(Welfare, "fukushi", handler="hd-gakko")
        order = self._order(self.mother, CHILD, "JT99010000000001", "保険年金課", consent=True)
        words = {**TAX_WORDS, "facts": {"resident": False, "pia": "published", "consent": True}}
        refused = refusal(lambda: wrong.kit.inquire(wrong.office_of("child-medical", procedure="1"), order, words))
        t.say(f"{refused.code} {refused.text}")
        t.claim("番号法12条" in refused.text, "適法な照会でも、担当に指定されていない職員にはできない")

    def paper(self) -> None:
        """The network is down: a same-day case falls back to paper."""
        t = self.t
        t.step("ネットワークが止まる。窓口で待つ人の照会は、書類に切り替わる。")
        welfare = self.here.system(Welfare, "kaigo", handler="hd-kaigo")
        office = welfare.office_of("番号法別表第二/94", procedure="134.13")
        case = welfare.apply(self.grandmother.here, office, "link", {**TAX_WORDS, "facts": {"pia": "published"}})
        order = self._order(self.grandmother, CARE, "JT99020000000002", "介護保険課", same_day=True, wait_ms=1_500)
        self.network.down(is_down=True)
        try:
            made = welfare.by_network(case, order, "青嶺市長", "地方税関係情報", seconds=20)
        finally:
            self.network.down(is_down=False)
        t.say(made.text)
        t.claim(made.paper and "所得課税証明書" in case.checklist.to_bring, "所得課税証明書の提出を求めることにした")

    # --- the end ----------------------------------------------------------------------------------------------

    def portal(self) -> None:
        """My Portal."""
        self.t.step("母が、自分の情報がどう使われたかを、マイ・ポータルで見る。")
        at_home(self.t, self.here, self.mother.here, self.stage.folder)

    def afterwards(self) -> None:
        """Logs verified; no number anywhere; everything stopped."""
        t = self.t
        t.step("二つの市のサービスを終え、記録を検証する。")
        for city in (self.here, self.there):
            assert city.process is not None
            t.claim(city.process.stop() == 0, f"{city.name}のサービスを終えた")
            done = jorei("log", "verify", "--home", str(city.home))
            t.say(done.stdout.strip())
            t.claim(done.returncode == 0, f"{city.name}の記録に、改ざんも欠落もない")
        t.step("ディスクを盗まれたつもりで、すべてのファイルから家族の個人番号を探す。")
        numbers = [person.made.number.encode() for person in self.family]
        kept = [*self.here.bytes_kept(), *self.there.bytes_kept(), *logs(self.stage)]
        found = [path for path, content in kept if any(number in content for number in numbers)]
        t.claim(not found and len(kept) > 10, f"{len(kept)}個のファイルのどこにもない")

    # --- within -----------------------------------------------------------------------------------------------

    def _order(self, person: Person, affair: str, procedure: str, section: str, **more: Any) -> dict[str, Any]:
        return {
            "handle": person.here,
            "requester": MAYOR,
            "provider": AOMINE,
            "affair": affair,
            "procedure": procedure,
            "information": TAX,
            "items": list(INCOME),
            "first_day": since().isoformat(),
            "last_day": self.on.isoformat(),
            "section": section,
            **more,
        }

    @staticmethod
    def _transfer(
        person: Person, who: str, whom: str, affair: str, procedure: str, what: str, items: dict[str, str], section: str
    ) -> dict[str, Any]:
        return {
            "handle": person.here,
            "requester": who,
            "holder": whom,
            "affair": affair,
            "procedure": procedure,
            "information": what,
            "items": list(items),
            "section": section,
        }

    def _papers(self, case: Application) -> None:
        for line in case.checklist.lines:
            self.t.paper(line.name, line.mark.value, line.why)


def acquire(system: Juki, agency: str, handle: str, reference: str) -> None:
    """符号の取得: introduced by J-LIS's part of the simulator, then asked of the network."""
    body = {"agency": agency, "resident": reference}
    number = system.kit.client.call("POST", "/v1/linkage/acquisitions", body).json()["acquisition_number"]
    system.kit.link_code(system.office, agency, handle, number)


def denial(work: Any) -> Denied:
    """What the decision says no to."""
    try:
        work()
    except Denied as no:
        return no
    raise AssertionError("認められないはずの求めが認められた")


def refusal(work: Any) -> Refused:
    """What the gate refuses."""
    try:
        work()
    except Refused as refused:
        return refused
    raise AssertionError("拒まれるはずの操作が行われた")


def logs(made: Stage) -> list[tuple[Any, bytes]]:
    """What the processes said, and what the network keeps."""
    paths = [*made.folder.glob("*.log"), *(p for p in (made.folder / "network").rglob("*") if p.is_file())]
    return [(path, path.read_bytes()) for path in paths]


def system(client: str, name: str, agency: str, section: str) -> Systems:
    """A caller whose 業務ID is its client id."""
    return Systems(client, name, client, agency, section)


def main() -> None:
    """Tell it."""
    teller = Teller()
    with stage() as made, ExitStack() as closing:
        teller.title("ある家族の転入: 子ども医療費、介護保険、就学援助、そしてマイ・ポータル")
        teller.say(
            "人はみな架空です。個人番号は記憶の中だけで作り、終われば消えます。",
            "青嶺市は架空の市、石巻市の条例は行動計画から起こした案、ネットワークは模擬装置です。",
        )
        story = Story(teller, made)
        closing.callback(story.here.close)
        closing.callback(story.there.close)
        for part in (
            story.prepare,
            story.lived_there,
            story.move,
            story.child_medical,
            story.care,
            story.school_aid,
            story.unlawful,
            story.paper,
            story.portal,
            story.afterwards,
        ):
            part()
    teller.title("おわり: すべての主張を確かめました")


if __name__ == "__main__":
    try:
        main()
    except Exception as trouble:  # whatever it is, the demonstration did not show what it claims
        fail(trouble)
