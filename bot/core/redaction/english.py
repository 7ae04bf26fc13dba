"""English for `sensitive`: who, and what is said of them.

Patterns read lower-case text and have only their hints' words to go by; a category may have several.
"""

from __future__ import annotations

# Who, in lower-case English: a pronoun, a relative, somebody's name in the genitive, a replaced name.
_KIN = (
    r"(?:wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|mother|father|mom|mum|dad|parents?|sister|brother|son"
    r"|daughter|kids?|child(?:ren)?|baby"
    r"|aunt|uncle|cousin|grand\w+|family|boss|manager|colleague|coworker|co-worker|teammate|friend|neighbou?r|roommate)"
)
_WHO = rf"(?:\b(?:i|he|she|we|they)|\b(?:my|his|her|our|their) {_KIN}|colleague\])"
_WHO_IS = (
    r"(?:\b(?:i'm|im|i am|i was|i've been|(?:he|she|they|we)(?:'s|'re| is| was| are| were| has been| have been))"
    rf"|(?:\bmy {_KIN}|colleague\])(?:'s| is| was| has been))"
)
_WHOSE = r"(?:\b(?:my|his|her)|colleague\]'s)"

_ILLNESS = (
    r"(?:cancer|leuk\w+|tumou?rs?|diabet\w+|depression|anxiety|panic attacks?|covid\S*|flu|fever|migraines?"
    r"|pneumonia|hiv|hepatitis|asthma|epilep\w+"
    r"|adhd|autis\w+|bipolar|ptsd|anorexia|bulimia|dementia|alzheimer\S*|parkinson\S*|arthritis|heart attack"
    r"|miscarriage|chemo\w*|concussion|hernia|lupus"
    r"|broken (?:arm|leg|wrist|ankle|hip|foot|rib)|food poisoning|burn-?out|insomnia|strep|bronchitis|appendicitis"
    r"|back pain|chronic (?:pain|illness|disease|fatigue|condition)|allerg\w+|surgery)"
)
_GAP = r"[^.!?;\n]{0,25}?"

PATTERNS = {
    "health": (
        rf"{_WHO}{_GAP}\bdiagnosed (?:with|as)\b",
        rf"{_WHO}\b{_GAP}\b(?:have|has|had|having|got|getting|caught|beat|survived|battl\w+|fight\w*|suffer\w*"
        r"|recover\w*|tested positive for|treat\w+ for|for|from"
        rf"|with|after|'ve)\b(?: \w+){{0,3}}? {_ILLNESS}\b(?! (?:of|at) )",
        r"\btested positive for (?:covid|flu|hiv|strep)",
        rf"{_WHOSE} (?:\w+ )?(?:surgery|chemo\w*|medications?|meds|therapist|therapy|psychiatrist|diagnosis|illness"
        r"|disability|pregnancy|disease|symptoms"
        r"|medical (?:leave|condition|history|records?|results?)|mental health|health (?:issues?|problems?"
        rf"|condition)|blood (?:pressure|test|sugar)|{_ILLNESS})\b",
        rf"{_WHO_IS} (?:\w+ ){{0,2}}?(?:sick|unwell|pregnant|hospitali[sz]ed|in (?:the )?hospital|on (?:sick|medical"
        r"|maternity) leave|diabetic|autistic|in rehab"
        r"|clinically depressed|terminally ill|seriously ill|very ill|allergic to)\b(?!-| of\b| and tired)",
        rf"{_WHO}\b{_GAP}\b(?:(?:called|call|calling) in sick|(?:on|took|take|taking|need) (?:a )?sick (?:day|leave)"
        r"|had an? (?:miscarriage|abortion|stroke(?! width)))\b",
        rf"{_WHO}\b{_GAP}\b(?:seeing|see|saw|have) an? (?:therapist|psychiatrist|oncologist|cardiologist)\b",
    ),
    "religion": (
        rf"(?:{_WHO_IS}|{_WHO} (?:became|converted to|grew up|was raised)) (?:an? )?(?:\w+ )?"
        r"(?:christian(?:ity)?|muslim|islam|jew(?:ish)?|judaism|buddhis[tm]|hindu(?:ism)?|catholic(?:ism)?|atheist"
        r"|sikh|mormon|protestant|jehovah\S*|quaker|believer)\b(?! (?:in|of))",
        rf"{_WHOSE} (?:religion|faith|church|mosque|temple|synagogue|pastor|rabbi|imam|priest|baptism"
        r"|religious beliefs?|prayers?|bible|quran|bar mitzvah)\b",
        rf"{_WHO}\b{_GAP}\b(?:fasting for|observ\w+|celebrat\w+) (?:ramadan|lent|shabbat|sabbath|yom kippur|eid)\b",
        rf"{_WHO} (?:pray|prays|prayed|go to church|goes to church|went to church|attend church|attends church"
        r"|worship)\b",
    ),
    "union": (
        rf"{_WHO}\b{_GAP}\b(?:join\w*|belong\w* to|leav\w+|left|in|organi[sz]\w+|start\w*|form\w*) (?:a|the|our"
        r"|their|my) (?:\w+ )?(?:trade |labou?r |workers'? |staff )?union\b(?! (?:of|all|type|select|query|jack)\b)",
        rf"(?:{_WHO_IS}) (?:an? |the |our |your )?(?:\w+ )?union (?:member|rep\w*|steward|organi[sz]er|leader"
        r"|delegate)\b",
        r"\b(?:pay|paid|my|her|his) (?:my |his |her )?union dues\b|\bunion (?:busting|rep|steward|drive)\b"
        r"|\bunioni[sz]\w+",
        rf"{_WHO}\b{_GAP}\b(?:go|going|went|voted to|are|been) on strike\b",
    ),
    "pay": (
        rf"{_WHOSE} (?:(?:own|current|new|old|monthly|annual|base|starting|gross|net) )*(?:salary|wages?|pay"
        r"|compensation|bonus|(?:pay )?raise|pay ?(?:check|cheque|slip|stub)|"
        r"stock options|rsus?|equity grant|total comp|severance|payslip)\b(?! (?:attention|grade table|for)\b)",
        rf"{_WHO}\b{_GAP}\b(?:earns?|earned|makes?|made|gets? paid|got paid|is paid|was paid|am paid"
        rf"|paid)\b{_GAP}(?:[$€£¥] ?\d[\d,.]*k?|\d[\d,.]*k?) ?(?:k\b|a|an|per|/|each) ?(?:year|yr|month|mo|hour|hr"
        r"|week|annum|annually)",
        r"(?:\b(?:their|your|the)|\w's) (?:\w+ )?(?:salary|wage|bonus|paycheck) (?:is|was|of|went|will be"
        r"|to)\b[^.\n]{0,20}\d",
        rf"{_WHO}\b{_GAP}\b(?:got|get|getting|received|asked for|asking for|denied|was given|negotiat\w+) (?:a|an"
        r"|the|my|his|her) (?:\S+ )?(?:pay )?(?:raise|bonus|pay (?:rise|cut|raise)|salary)\b(?! \w*(?:error"
        r"|exception))",
    ),
    "appraisal": (
        rf"{_WHOSE} (?:\w+ )?(?:performance (?:review|rating|appraisal|evaluation|score)|appraisal|annual review"
        r"|perf review|promo packet)\b",
        rf"{_WHO}\b{_GAP}\b(?:put on|on|placed on) (?:a |an )?(?:pip|performance improvement plan|performance plan)\b",
        rf"{_WHO}\b{_GAP}\b(?:got|get|gets|received|given|rated|gave \w+|scored)\b{_GAP}\b(?:meets|exceeds|exceeded"
        r"|below|met|under) expectations\b",
        rf"{_WHO}(?:'s|'re|'m| \w+)? (?:was|got|been|being|were|is|gets?|getting|be)\b ?(?:\w+ )?(?:fired|laid off"
        r"|let go|sacked|demoted|made redundant)\b(?! (?:up|off|when|by the|on))",
        rf"{_WHO}\b{_GAP}\b(?:underperform\w*|passed over for (?:a )?promotion|didn't get (?:the |a )?promot\w+"
        r"|is a (?:poor|low|bad|weak) performer)\b",
        r"\bperformance (?:review|rating|appraisal|evaluation)\b[^.\n]{0,20}\b(?:was|is|of) (?:an? )?(?:poor|bad|low"
        r"|[1-5a-e]\b|excellent|outstanding|unsatisfactory)",
    ),
    "minors": (
        r"\b(?:my|his|her|our|colleague\]'s|\w+'s) (?:\w+ )?(?:son|daughter|kids?|children|child|toddler|newborn"
        r"|stepson|stepdaughter|grandson|granddaughter|grandkids?|little (?:one|girl|boy))\b"
        r"(?!\.\w|[-_/]| ?(?:process\w*|nodes?|components?|class\w*|windows?|elements?|themes?|threads?|director\w+"
        r"|pids?|tasks?|issues?|epics?|pages?|tables?|tickets?|objects?|items?"
        r"|boards?|cards?|of a|groups?|pipelines?|projects?|accounts?|records?|spans?|menus?|topics?|tags?))",
        r"\b(?:1[0-7]|[1-9])[- ]?(?:year|yr|month)s?[- ]?old (?:son|daughter|kid|child|boy|girl|baby)\b",
        rf"{_WHO}\b{_GAP}\b(?:the|our) (?:kids|baby) (?:is|are|has|have|was|were|to|from|at)\b",
    ),
}
_HINTS = {
    "health": (
        "diagnosed sick unwell pregnant hospital hospitalized hospitalised leave diabetic autistic rehab depressed "
        "ill allergic surgery chemo "
        "chemotherapy medication medications meds therapist therapy psychiatrist oncologist cardiologist diagnosis "
        "illness disability pregnancy "
        "disease symptoms medical health blood covid flu fever migraine migraines pneumonia hiv hepatitis "
        "asthma epilepsy epileptic adhd autism "
        "bipolar ptsd anorexia bulimia dementia alzheimer parkinson arthritis attack attacks miscarriage abortion "
        "stroke concussion hernia lupus broken "
        "poisoning burnout burn insomnia strep bronchitis appendicitis pain chronic allergy allergies cancer "
        "leukemia leukaemia tumor tumors tumour "
        "tumours diabetes depression anxiety"
    ),
    "religion": (
        "christian christianity muslim islam jew jewish judaism buddhist buddhism hindu hinduism catholic "
        "catholicism atheist sikh mormon protestant "
        "jehovah quaker believer religion religious faith church mosque temple synagogue pastor rabbi imam priest "
        "baptism prayer prayers bible quran "
        "mitzvah ramadan lent shabbat sabbath kippur eid pray prays prayed worship worships"
    ),
    "union": "union unionize unionized unionizing unionise unionised unionising unionization unionisation strike",
    "pay": (
        "salary wage wages pay compensation bonus raise paycheck paycheque payslip paid stock rsu rsus equity comp "
        "severance earn earns earned makes "
        "made make rise cut"
    ),
    "appraisal": (
        "performance appraisal review perf promo pip expectations fired laid let sacked demoted redundant "
        "underperform underperforming underperforms "
        "underperformed promotion promoted performer"
    ),
    "minors": (
        "son daughter kid kids child children toddler newborn stepson stepdaughter grandson granddaughter grandkid "
        "grandkids boy girl baby little one"
    ),
}
HINTS = {category: frozenset(words.split()) for category, words in _HINTS.items()}
"""For each category, words of which a text must have one for a pattern to match."""
