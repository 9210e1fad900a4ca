"""Job titles as people write them, made alike: case, marks, inversions, abbreviations, plurals."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 200
"""Only the beginning of a longer text is read: no job title is longer."""
_SMALL_WORDS = frozenset({"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"})
_ABBREVIATIONS = {
    **{
        "acct": "accountant",
        "accts": "accounts",
        "admin": "administrative",
        "adm": "administrator",
    },
    **{"app": "application", "appr": "apprentice", "apt": "apartment", "asst": "assistant"},
    **{"ass't": "assistant", "assoc": "associate", "asso": "associate", "atty": "attorney"},
    **{"attn": "attendant", "attend": "attendant", "bldg": "building", "bus": "bus"},
    **{"cert": "certified", "coord": "coordinator", "cust": "customer", "cs": "customer service"},
    **{"ctr": "center", "dept": "department", "dev": "developer", "dir": "director"},
    **{"dr": "doctor", "ed": "education", "elec": "electrical", "elem": "elementary"},
    **{"eng": "engineer", "engr": "engineer", "equip": "equipment", "exec": "executive"},
    **{"fin": "finance", "gen": "general", "gov": "government", "govt": "government"},
    **{"grad": "graduate", "hosp": "hospital", "hr": "human resources", "hs": "high school"},
    **{"hvac": "heating air conditioning", "info": "information", "insp": "inspector"},
    **{"instr": "instructor", "ins": "insurance", "intl": "international"},
    **{"it": "information technology", "jr": "junior", "lab": "laboratory", "lic": "licensed"},
    **{"mach": "machine", "maint": "maintenance", "mech": "mechanic", "med": "medical"},
    **{"mfg": "manufacturing", "mgmt": "management", "mgr": "manager", "mkt": "marketing"},
    **{"mktg": "marketing", "natl": "national", "ofc": "office", "off": "officer"},
    **{"op": "operator", "oper": "operator", "opr": "operator", "ops": "operations"},
    **{"phys": "physician", "pres": "president", "prod": "production", "prof": "professor"},
    **{"prog": "programmer", "pt": "physical therapist", "qa": "quality assurance"},
    **{"qc": "quality control", "rec": "recreation", "recept": "receptionist", "reg": "registered"},
    **{"rep": "representative", "repr": "repairer", "sci": "scientist", "sec": "secretary"},
    **{"sgt": "sergeant", "spec": "specialist", "spvr": "supervisor", "sr": "senior"},
    **{"sub": "substitute", "sup": "supervisor", "supt": "superintendent", "supv": "supervisor"},
    **{"svc": "service", "svcs": "services", "sw": "software", "swe": "software engineer"},
    **{"tchr": "teacher", "tech": "technician", "trans": "transportation", "univ": "university"},
    **{"ux": "user experience", "vet": "veterinary", "vp": "vice president", "whse": "warehouse"},
    **{"rn": "registered nurse", "lpn": "licensed practical nurse", "cna": "nursing assistant"},
    **{"lvn": "licensed vocational nurse", "np": "nurse practitioner", "pa": "physician assistant"},
    **{"md": "physician", "emt": "emergency medical technician", "hha": "home health aide"},
    **{"cpa": "certified public accountant", "ceo": "chief executive", "cfo": "chief financial"},
    **{"coo": "chief operating officer", "cto": "chief technology officer", "dba": "database"},
    **{"csr": "customer service representative", "dj": "disc jockey", "pca": "personal care aide"},
}
_IRREGULAR = {"men": "man", "women": "woman", "people": "person", "children": "child"}


def tidied(text: str) -> str:
    """Small letters, digits and spaces; accents stay off, one space between words.

    >>> tidied("  Café  manager/OWNER (N.Y.)")
    'cafe manager owner ny'
    """
    plain = unicodedata.normalize("NFKD", text[:MOST_CHARACTERS]).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"(?<=\b\w)\.(?=\w\b)\.?", "", plain).replace("'", "").replace("’", "")
    return " ".join(re.findall(r"[^\W_]+|[+#]+", plain))


def in_word_order(text: str) -> str:
    """An index entry as it is spoken: "Cook, short order" is a "short order Cook".

    >>> in_word_order("Operator, crane, steel mill")
    'crane steel mill Operator'
    """
    head, *rest = (part.strip() for part in text[:MOST_CHARACTERS].split(","))
    return " ".join([*filter(None, rest), head]) if rest and head else text[:MOST_CHARACTERS]


def words(text: str) -> list[str]:
    """The words of a title in spoken order, abbreviations written out.

    >>> words("Mgr., asst")
    ['assistant', 'manager']
    """
    return [
        part
        for word in tidied(in_word_order(text)).split()
        for part in _ABBREVIATIONS.get(word, word).split()
    ]


def singular(word: str) -> str:
    """A word without the plural's ending.

    >>> [singular(word) for word in ("secretaries", "cooks", "boss", "men")]
    ['secretary', 'cook', 'boss', 'man']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("men"):
        return word[:-3] + "man"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def title_key(text: str) -> str:
    """What titles that differ only in form share: singular words in alphabetical order.

    >>> title_key("Cooks, short-order") == title_key("the short order cook")
    True
    """
    found = {singular(word) for word in words(text)}
    return " ".join(sorted(found - _SMALL_WORDS) or sorted(found))
