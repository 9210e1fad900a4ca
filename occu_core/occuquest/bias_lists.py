"""Names and words that say who somebody is, in pairs, put together for the project.

Names that are also words, places or firms (Grace, Mark, Austin, Charlotte) are left out: they would
be found where nobody is meant. So are words with another meaning at work (host, male thread).
"""

from __future__ import annotations

NAMES = (
    *(("Emma", "James"), ("Sarah", "David"), ("Anna", "Peter"), ("Laura", "Thomas")),
    *(("Emily", "Daniel"), ("Olivia", "Michael"), ("Hannah", "Matthew"), ("Julia", "Andrew")),
    *(("Rachel", "Steven"), ("Karen", "Brian"), ("Nicole", "Kevin"), ("Amanda", "Eric")),
    *(("Lisa", "Paul"), ("Maria", "Carlos"), ("Susan", "Richard"), ("Linda", "George")),
    *(("Jennifer", "Joseph"), ("Melissa", "Jason"), ("Patricia", "Edward"), ("Rebecca", "Adam")),
)
"""A woman's name and a man's of about the same years of birth."""

NAMES_BLACK_WHITE = (
    *(("Lakisha", "Emily"), ("Tamika", "Sarah"), ("Keisha", "Kristen"), ("Aisha", "Anne")),
    *(("Latoya", "Laurie"), ("Tanisha", "Meredith"), ("Latonya", "Allison"), ("Ebony", "Carrie")),
    *(("Jamal", "Greg"), ("Darnell", "Todd"), ("Tyrone", "Geoffrey"), ("Jermaine", "Brett")),
    *(("Rasheed", "Neil"), ("Tremayne", "Brendan"), ("Kareem", "Matthew"), ("Leroy", "Brad")),
)
"""Names common among Black and among white Americans, the same sex in each pair, from those with
which Bertrand and Mullainathan (2004) sent job applications."""

PRONOUNS = (("she", "he"), ("herself", "himself"))
"""Those that change one into one; her, him, his and hers need the words around them."""

WORDS = (
    *(("woman", "man"), ("women", "men"), ("girl", "boy"), ("girls", "boys")),
    *(("lady", "gentleman"), ("ladies", "gentlemen"), ("Ms", "Mr"), ("ma'am", "sir")),
    *(("mother", "father"), ("mothers", "fathers"), ("mom", "dad"), ("moms", "dads")),
    *(("daughter", "son"), ("daughters", "sons"), ("sister", "brother"), ("sisters", "brothers")),
    *(("wife", "husband"), ("wives", "husbands"), ("girlfriend", "boyfriend")),
    *(("aunt", "uncle"), ("aunts", "uncles"), ("niece", "nephew"), ("nieces", "nephews")),
    *(("grandmother", "grandfather"), ("grandma", "grandpa"), ("granddaughter", "grandson")),
    *(("saleswoman", "salesman"), ("businesswoman", "businessman"), ("waitress", "waiter")),
    *(("chairwoman", "chairman"), ("policewoman", "policeman"), ("stepmother", "stepfather")),
    *(("widow", "widower"), ("Mrs", "Mr")),
)
"""A word for a woman and the same for a man; where a man's word has two, the first is taken."""

OF_ONE_SEX = (
    *("bride", "brides", "groom", "grooms", "bridesmaid", "bridesmaids", "groomsmen", "gown"),
    *("pregnant", "pregnancy", "maternity", "paternity", "breastfeeding", "postpartum", "midwife"),
    *("menopause", "menstrual", "gynecologist", "ovarian", "uterus", "cervical", "mammogram"),
    *("prostate", "testicular", "bra", "beard", "pap", "obstetric", "prenatal", "lipstick"),
)
"""A question with one of these is not the same question about somebody of the other sex."""

AFTER_OBJECT = frozenset(
    (
        *("to", "for", "from", "with", "without", "about", "by", "of", "on", "in", "at", "into"),
        *("as", "and", "or", "but", "if", "when", "while", "because", "since", "so", "than"),
        *("that", "what", "why", "how", "who", "where", "whether", "which", "before", "after"),
        *("until", "through", "during", "over", "up", "out", "off", "down", "away", "back"),
        *("a", "an", "the", "this", "these", "those", "some", "any", "every", "no", "not", "my"),
        *("our", "your", "their", "its", "her", "his", "is", "was", "will", "would", "can"),
        *("could", "has", "had", "have", "does", "did", "do", "should", "may", "might", "be"),
        *("i", "you", "we", "they", "it", "he", "she", "again", "now", "then", "today", "too"),
        *("yesterday", "tomorrow", "directly", "privately", "anyway", "instead", "there", "here"),
        *("understand", "know", "feel", "get", "go", "find", "learn", "see", "take", "become"),
        *("keep", "decide", "prepare", "choose", "apply", "write", "sit", "stand", "wait", "quit"),
        *("like", "just", "alone", "something", "anything", "everything", "nothing", "someone"),
        *("once", "twice", "later", "forward", "upright", "regarding", "within", "near", "above"),
        *("below", "between", "across", "beside", "toward", "towards", "against", "under"),
    )
)
"""What follows `her` or `his` where no noun does: "I told her to", "is it his or", "let her go"."""

CAUSING = frozenset(
    (
        *("let", "lets", "letting", "make", "makes", "making", "made", "have", "having", "help"),
        *("helps", "helping", "helped", "watch", "see", "hear"),
    )
)
"""Before `her`, these are followed by what she does, if it is one of `DONE`: "have her sign"."""

DONE = frozenset(
    (
        *("add", "answer", "ask", "bring", "build", "buy", "call", "carry", "change", "check"),
        *("clean", "climb", "come", "commit", "correct", "cross", "diagnose", "drink", "drive"),
        *("eat", "explain", "fill", "finish", "gather", "give", "hold", "leave", "lie", "lift"),
        *("look", "mark", "meet", "move", "open", "pay", "pick", "point", "put", "reach", "read"),
        *("repeat", "reply", "rest", "return", "run", "say", "send", "set", "show", "sign"),
        *("sleep", "speak", "start", "stay", "step", "stop", "talk", "tell", "test", "think"),
        *("try", "turn", "use", "walk", "wear", "work"),
    )
)

LY_BUT_NO_ADVERB = frozenset(
    (
        *("ally", "assembly", "belly", "bully", "daily", "early", "elderly", "family", "friendly"),
        *("hourly", "lively", "lonely", "lovely", "monthly", "only", "quarterly", "rally", "reply"),
        *("supply", "weekly", "yearly"),
    )
)
"""Any other word in -ly follows `her` as in "advise her honestly"."""
