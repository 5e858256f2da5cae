"""The formulas in the order they are tried, each with where it stands and words that every sentence of it carries."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Realm(enum.Enum):
    """The instruments a formula belongs to: an ordinance cannot speak with the effect of the Act."""

    LOCAL = "自治体の例規"
    NATIONAL = "法令"
    BOTH = "両方"


class Sign(NamedTuple):
    """A start rule of the grammar, its realm, and words that only its sentences carry together."""

    rule: str
    realm: Realm
    words: tuple[str, ...]


_L, _N, _B = Realm.LOCAL, Realm.NATIONAL, Realm.BOTH

SIGNS: tuple[Sign, ...] = (
    Sign("scope", _L, ("第9条第2項", "条例で定める事務は、", "とする。")),
    Sign("inverted_scope", _L, ("個人番号を利用することができる事務は、",)),
    Sign("use_within_agency", _L, ("必要な限度で", "を利用することができる。", "情報")),
    Sign("scope_by_number_use", _L, ("効率的に検索し", "個人番号を利用することができる。")),
    Sign("network_proviso", _L, ("ただし、", "情報提供ネットワークシステムを使用して", "この限りでない。")),
    Sign("provision_to_other_agency", _L, ("第19条", "に対し、", "提供するときとする。")),
    Sign("deemed_submission", _L, ("書面の提出があったものとみなす。",)),
    Sign("narrowing_pairs", _B, ("で定める", "とし、", "各号に", "とする。")),
    Sign("narrowing_list", _B, ("で定める", "は、", "とする。")),
    Sign("linkage_pairs", _N, ("の項で定める事務は、", "で定める情報は、")),
    Sign("required_documents", _L, ("書類を",)),
    Sign("entry_into_force", _B, ("この", "施行")),
    Sign("partial_entry_into_force", _B, ("の規定は、", "施行")),
    Sign("terms_as_in_the_act", _B, ("この", "用語", "よる。")),
    Sign("terms_below", _B, ("用語の意義は、",)),
    Sign("term_defined", _B, ("「", "をいう。")),
    Sign("card_use", _L, ("第18条第1号の条例で定める事務は、",)),
    Sign("card_use_by_agency", _L, ("第18条第1号の規定により、", "個人番号カードを利用することができる。")),
    Sign("ordinance_linkage", _L, ("第19条", "ことができる")),
    Sign("purpose", _B, ("この",)),
    Sign("duty_of_the_body", _L, ("は、",)),
    Sign("delegation", _L, ("定める。",)),
    Sign("statutory_use", _N, ("効率的に検索し", "同表の", "個人番号を利用することができる。")),
    Sign("ordinance_use", _N, ("条例で定めるもの", "個人番号を利用することができる。")),
    Sign("related_affair_use", _N, ("他人の個人番号を利用した事務", "個人番号を利用することができる。")),
    Sign("disaster_payment_use", _N, ("激甚災害", "金銭の支払")),
    Sign("received_use", _N, ("前各項に定めるもののほか、", "個人番号を利用することができる。")),
    Sign("entrusted_use", _N, ("委託を受けた者も、同様とする。",)),
    Sign("prohibition_of_provision", _N, ("何人も、", "提供をしてはならない。")),
    Sign("statutory_linkage", _N, ("情報提供ネットワークシステムを使用して", "提供するとき。")),
    Sign("linkage_table", _N, ("次の表の", "掲げる情報とする。")),
    Sign("ordinance_affair_linkage", _N, ("条例事務関係情報照会者が、", "提供するとき。")),
    Sign("agency_provision", _N, ("当該地方公共団体の他の機関に、", "提供するとき。")),
    Sign("provision_ground", _N, ("とき。",)),
    Sign("prohibition_of_request", _N, ("何人も、", "求めてはならない。")),
    Sign("prohibition_of_collection", _N, ("何人も、", "保管してはならない。")),
    Sign("prohibition_of_file_creation", _N, ("特定個人情報ファイルを作成してはならない。",)),
    Sign("card_area", _N, ("個人番号カードは、", "記録して利用することができる。")),
    Sign("network_notification", _N, ("情報照会者から", "通知しなければならない。")),
    Sign("provider_obligation", _N, ("情報提供者は、", "提供しなければならない。")),
    Sign("statutory_deemed_submission", _N, ("他の法令", "書面の提出があったものとみなす。")),
    Sign("ordinance_affair_rules", _N, ("条例事務関係情報照会者による", "準用する。")),
    Sign("ordinance_affair_readings", _N, ("「法令」とあるのは「条例」と", "読み替えるものとする。")),
    Sign("assessment_before_linkage", _N, ("評価書の公表を行っていない", "求めてはならない。")),
    Sign("assessment", _N, ("行政機関の長等は、", "意見を求めるものとする。")),
    Sign("independent_linkage", _N, ("個人情報",)),
)


def rules(statutory: bool) -> tuple[Sign, ...]:
    """The formulas that a national instrument, or one of a municipality, can use."""
    other = _L if statutory else _N
    return tuple(s for s in SIGNS if s.realm is not other)
