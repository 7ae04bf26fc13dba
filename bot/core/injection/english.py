"""How orders to an AI are worded in English, and what texts that pose as a system, a template or a citation look like.

Patterns, which meet text as `disguises.readings` gives it: lower case, without accents, single blanks. What is ordinary
at work sets the limits: "ignore the above, wrong channel", "act as reviewer", "system: restart", "call delete_user".
"""

from __future__ import annotations

from bot.core.injection.nearness import near

_LINE = r"(?:^|\n|<!--|---|[.!?。！？]) ?[#>*\-\[(【]{0,4} ?"
_AI = (
    r"\b(?:(?:ai|llm) (?:coding )?(?:assistants?|agents?|models?|systems?|bots?|tools?)|ais?|llms?|chatbots?|bot"
    r"|language models?|assistant|agent)\b"
)
_ADDRESS = (
    r"(?:https?://|[\w.+-]{1,64}@[\w-]{1,64}\.[a-z]|webhook|external(?:ly)?\b|attacker|outside (?:address|server))"
)

_IGNORE = (
    r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|overrule|bypass(?:ing)?|discard|dismiss|set aside"
    r"|abandon|violate|circumvent|drop|erase|cancel|(?:do not|don't|stop|no longer|never) (?:follow|obey)(?:ing)?"
    r"|pay no attention to|supersedes?)\b"
)
_EARLIER = (
    r"\b(?:previous|prior|above|earlier|preceding|foregoing|past|former|initial|original|your|all|every|any|system"
    r"|developer|existing|current)\b"
)
_INSTRUCTIONS = (
    r"\b(?:instructions?(?: sets?)?|directives?|system (?:prompt|message)s?|prompts?|guardrails|programming"
    r"|(?:safety|content|ethical|your|system|moderation) (?:guidelines?|rules?|polic(?:y|ies)|filters?|protocols?"
    r"|restrictions|constraints|training|measures|checks)|confidentiality polic(?:y|ies))\b"
    # What is printed somewhere is for people.
    r"(?! (?:manual|booklet|(?:in|on|from|for) (?:the|our|my) (?!system|developer|user|prompt)))"
)
_REPLY_VERB = (
    r"\b(?:output|print|reveal|reply with|respond with|respond only|answer with|answer only|say only|return only|leak"
    r"|dump|instead (?:say|do|answer|reply|forward|send)|do the following|execute|obey)\b"
)
_OVERRIDING = (
    near(_IGNORE, rf"{_EARLIER}|\bthe\b (?={_INSTRUCTIONS})", _INSTRUCTIONS),
    near(_IGNORE, r"\bwhatever (?:instructions?|rules|you were told)\b", within=10),
    near(_IGNORE, r"\b(?:above|before this|prior text)\b", _REPLY_VERB),
    near(r"\b(?:forget|ignore|disregard)\b", r"\byou (?:were|have been|are) (?:told|taught|instructed)\b"),
    r"\b(?:ignore|disregard) (?:the )?(?:user|summari[sz]ation)(?:'s)? (?:task|request|and|instead|message|query)\b",
    r"\b(?:ignore|disregard|forget)(?:all|any|the|every|of|your|my){0,4}(?:previous|prior|above|earlier|preceding|system)"
    r"(?:instruction|directive|guideline|prompt)",
    r"\b(?:prior|previous|original|earlier|current) (?:task|instructions?) (?:is|are|was|were|has been|have been) "
    r"(?:now )?(?:cancell?ed|null|void|revoked|superseded|obsolete|compromised|over)\b",
    near(
        _LINE + r"(?:your )?new (?:instructions?|directives?|task) ?:",
        r"\b(?:you|ignore|reveal|repl|answer|respond|call)",
    ),
    r"\byour (?:new|real|true|actual|only|secret) (?:instructions?|directives?|task|role|persona|goal|objective"
    r"|mission)(?: now)? (?:is|are|supersedes?|overrides?)\b",
    r"\byour (?:rules|guidelines|instructions|restrictions|programming) (?:(?:have|has|are|were|been|now) ){1,3}"
    r"(?:changed|updated|replaced|lifted|removed|suspended|disabled|void)\b",
    r"\byour (?:rules|guidelines|instructions|restrictions) (?:no longer|do not|don't) apply\b",
    near(r"\b(?:follow|obey)\b", r"\bonly\b", r"\buser (?:commands?|instructions?|messages?)\b", within=12),
    r"\byou must (?:now )?(?:only )?obey\b|\bobey only (?:me|my)\b",
)

_LIMITS = (
    r"(?:restrictions?|limit(?:s|ations?)|filters?|filtering|rules?|censorship|content polic(?:y|ies)|guidelines"
    r"|guardrails|ethics|(?:ethical|moral|safety)[a-z ]{0,20}|boundaries|constraints)\b"
)
_NO_LIMITS = rf"\b(?:no|without|free of|free from|zero|ignor(?:e|es|ing)|beyond)\b (?:\w+ ){{0,3}}{_LIMITS}"
_UNBOUND = r"\b(?:unrestricted|uncensored|unfiltered|jailbroken|unlimited ai|amoral)\b"
_MASK = (
    r"\b(?:you are now|you're now|you will now be|now you are|act as|acting as|(?:pretend|imagine)(?: that)? (?:to be"
    r"|you are|you're)|role-?play as|simulate|behave (?:as|like)|respond as|answer as|you are no longer)\b"
)
_SAFETY = (
    r"\b(?:safety|security|content|ethical) (?:protocols?|guidelines?|filters?|polic(?:y|ies)|rules|checks?"
    r"|restrictions)"
)
_UNLIMITING = (
    near(_MASK, rf"{_UNBOUND}|{_NO_LIMITS}|\banything (?:the user|i) (?:asks?|wants?)\b", within=60),
    near(_MASK, r"\b(?:evil|malicious|rogue|developer mode|dev mode|debug mode|god mode|dan\b|jailbreak)", within=20),
    r"\byou are no longer (?:\w+ ){0,4}(?:assistant|bot|ai|chatbot|bound|restricted|limited|constrained|subject to)\b",
    r"\byou(?:'re| are) (?:now|going to act as) (?:\w+ ){0,3}(?:ai|bot|chatbot|assistant|language model|llm|gpt|dan)\b",
    near(r"\bfrom (?:now on|this (?:point|moment))|\bhenceforth\b", rf"{_NO_LIMITS}|{_UNBOUND}", within=50),
    near(
        r"\b(?:from (?:now|this (?:point|moment))|henceforth|new instructions?|you must)\b",
        r"\b(?:comply with (?:every|any|all)|obey (?:every|all|me)|answer (?:everything|anything|every|any)\b)",
    ),
    near(r"\byou\b", r"\banswer (?:any|every|all) (?:question|request|prompt)s?\b", r"\bwithout\b", within=20),
    rf"\byou (?:now )?(?:have|are under|are bound by) no (?:more )?(?:\w+ )?{_LIMITS}",
    rf"\b(?:ai|assistant|model|bot|chatbot|dan|llm|it|he|she) (?:\w+ )?(?:with|has|have) no (?:\w+ )?{_LIMITS}",
    near(
        r"\b(?:answer|respond|reply|comply|proceed|continue)\b",
        rf"\bwithout (?:any |all )?(?:ethical |safety |content )?{_LIMITS}|\bunrestricted\b",
        within=30,
    ),
    near(r"\bdevelop(?:er|ment) mode\b", rf"{_NO_LIMITS}|{_UNBOUND}|\byou (?:can|must|will|may) (?:say|answer|ignore)"),
    near(r"\b(?:debug|maintenance|admin|root) mode\b", rf"\bhidden\b|\bsystem prompt\b|{_UNBOUND}"),
    r"\bdo anything now\b",
    r"\b(?:dan|jailbreak|unrestricted|god|sudo|evil) mode (?:is )?(?:on|enabled|activated?|engaged)\b",
    r"\b(?:uncensored|unrestricted|unfiltered|jailbroken) (?:ai|assistant|model|llm|chatbot|mode|response|answers?)\b",
    near(
        _SAFETY,
        r"\b(?:disabled|deactivated|lifted|suspended|turned off|overridden|(?:do|does|did) not apply"
        r"|don't apply|(?:were|was|are) not meant)\b",
        within=12,
    ),
    near(r"\b(?:disable|turn off|deactivate|remove|lift|switch off)\b", rf"\byour {_SAFETY}", within=2),
    near(r"\bskip (?:all|any|every)\b", r"\b(?:checks?|confirmations?)\b", r"\bfor the rest of\b|\bwithout asking\b"),
    near(r"\bexempt from\b", r"\b(?:restrictions|content polic|safety|guidelines)", within=20),
    near(
        r"\b(?:disregard|ignore|bypass|break)\b", r"\b(?:content|confidentiality|moderation) polic(?:y|ies)", within=30
    ),
    r"\byou (?:are |now |may |can |will ){1,3}(?:allow all content|reveal confidential|share confidential)",
)

_REVEAL = (
    r"\b(?:reveal|print|output|show|display|repeat|tell|give|leak|expose|disclose|dump|recite|write|share|return|list"
    r"|what (?:is|are|was|were)|translate|summari[sz]e|encode|copy|send|paste|quote|provide)\b"
)
_SECRETS = (
    r"\b(?:api[ _-]?keys?|credentials|passwords|secrets|access tokens?|private keys?|environment variables"
    r"|system prompt|chat history|(?:entire|full|whole) conversation|conversation (?:history|log)|context window)\b"
)
_OWNERS = (
    r"(?:customers?|clients?|users?|orders?|employees?|payments?|accounts?|conversation|chat|message|contact|internal"
    r"|personal|confidential|private|database)"
)
_DATA = (
    rf"\b(?:{_OWNERS} (?:\w+ )?(?:lists?|data(?:base)?|emails?|records?|history|details|info(?:rmation)?|files?|logs?"
    rf"|contents?)|lists? of (?:\w+ )?{_OWNERS})\b"
)
_SEND = r"\b(?:send|e-?mail|forward|post|upload|transmit|exfiltrate|leak|deliver|submit|transfer|copy|pass)\b"
_TOOL = (
    r"\b(?:send|delete|http|fetch|write|read|exec|execute|run|transfer|forward|upload|drop|remove|make|web|browse|open)"
    r"_(?:e?mails?|files?|url|post|get|put|requests?|messages?|commands?|shell|code|queries|query|funds|payment|money"
    r"|data|records?|table|database|page|search|browser|dir|directory)\b"
)
_TARGET = r"(?:[\w.+-]{1,64}@|https?://|\burl\b|[\s\"'`=]\.{0,2}/\w|\bpath\b|\bkey\b|\bsecret|\baccount\b)"
_OWN_RULES = (
    r"\byour (?:(?:exact|full|entire|complete|own) )?(?:system|initial|hidden|original|developer|secret|internal"
    r"|operating|pre)\S? ?(?:instructions|message|rules|directives|guidelines|configuration)"
)
_TAKING = (
    near(_REVEAL, r"\b(?:your|hidden|the|full)\b", r"\b(?:system|hidden|initial|secret|internal) prompt", within=25),
    near(_REVEAL, _OWN_RULES, within=25),
    near(_REVEAL, r"\byour (?:instructions|prompt|rules)\b", r"\bverbatim|word for word|in full\b", within=25),
    r"\binstructions (?:that )?you (?:were|have been|are) (?:\w+ )?(?:given|told|provided)\b",
    r"\b(?:repeat|print|output|reveal|copy) (?:back )?(?:everything|all|the|every) ?(?:of )?(?:the )?"
    r"(?:words?|text|content|sentences?|messages?)? ?(?:above|before this|in your context|that precedes?)\b",
    near(_REVEAL, r"\b(?:your|the entire|the full|this) context window\b", within=25),
    near(r"\b(?:reveal|leak|dump|exfiltrate|steal)\b", r"\b(?:any|all|the|every)\b", _SECRETS, within=12),
    near(_IGNORE, r"\b(?:output|dump|reveal|print)\b", r"\braw (?:\w+ )?database\b"),
    near(_SEND, r"\b(?:all|full|entire|every|complete|whole|raw)\b", _DATA, _ADDRESS, within=30),
    near(_SEND, _SECRETS, r"\bto\b", _ADDRESS, within=20),
    near(_SECRETS, rf"{_SEND} (?:them|it|these|those|everything) ", _ADDRESS, within=20),
    near(_SECRETS, r"\bfrom your (?:context|memory|environment|config|system)", within=50),
    near(
        r"\b(?:send|post|forward|submit)\b",
        r"\b(?:this|the|your) (?:processed )?(?:summary|reply|response|output|answer|result)\b",
        r"\bto\b",
        _ADDRESS,
        within=30,
    ),
    near(rf"\b(?:call|use|invoke|run|trigger)(?:ing)? (?:the )?(?:tool )?{_TOOL}", _TARGET, within=50),
    # A picture or a link with room for data in its address.
    r"!\[[^\]\n]{0,200}\]\( ?(?:https?:)?//[^)\s]{1,400}?(?:\{[a-z_ ]{2}|%7b|<[a-z_]{2}|\[[a-z_ ]{3}"
    r"|[?&](?:data|secret|token|history|context|leak|exfil|prompt|chat|msg|payload|conversation|summary)=)",
    r"\]\( ?https?://[^)\s]{1,400}?=(?:\{\{?[a-z_ ]{2}|\$\{|<[a-z_]{2}|\[[a-z_ ]{3})",
)

_REPLY = r"(?:reply|response|answer|summary|output)"
_REPLIES = r"(?:replies|responses|answers|summaries|outputs)"
_ADD = (
    r"\b(?:append|include|add|insert|begin|end|start|prefix|finish|conclude|close|repeat|mention|output|print|say"
    r"|replies)\b"
)
_ADDRESSING = (
    near(
        r"\b(?:note|notice|message|important|attention|instructions?|warning|reminder)(?: \w+)?(?: (?:to|for)|:)"
        rf" (?:the |any |all |every )?{_AI}",
        r"\b(?:you|your|must|ignore|disregard|reveal|include|append|always|never|output|call)\b",
        within=60,
    ),
    rf"{_LINE}(?:dear |attention,? |hey |to (?:the |any |all )?)?{_AI}(?: \w+){{0,4}} ?[:,] ?(?:please )?"
    r"(?:ignore|disregard|you must|do not|call |reveal|your|if you)",
    near(rf"\bto (?:the |any |all |every ){_AI}", r":", r"\b(?:output|ignore|reveal|reply|respond|you)\b", within=30),
    rf"\bif you(?: are|'re) (?:an?|the) (?:\w+ )?{_AI}",
    r"\b(?:ai|llm|language model)s?(?: \w+)? (?:reading|processing|integrating|reviewing|summari[sz]ing|handling"
    r"|indexing|analy[sz]ing|scanning|parsing) (?:this|the following|these)\b",
    r"\(for (?:any |all |the )?(?:ai|llm) (?:coding )?(?:agents?|assistants?)\)",
    near(_ADD, rf"\b(?:end|start|beginning|top|bottom) of (?:your|every|each|all|any) (?:\w+ )?{_REPLY}", within=80),
    near(_ADD, rf"\b(?:in|to|with) (?:every|each|all) (?:future|subsequent|later) (?:{_REPLY}|{_REPLIES})", within=60),
    near(rf"\bin (?:every|each|all) (?:of your )?(?:{_REPLY}|{_REPLIES})\b", _ADD),
    rf"\b(?:end|begin|start|prefix) (?:every|each|all) (?:of your )?(?:{_REPLY}|{_REPLIES}) (?:with|by)\b",
    near(
        r"\bfor (?:the rest of this (?:conversation|chat|session)|all future (?:tasks|conversations|sessions|replies))",
        r"\b(?:must|end|always|include|append)\b",
    ),
    rf"\bevery (?:report|{_REPLY}) you (?:generate|produce|write|give)\b",
    r"\b(?:to|in|into) your (?:long-?term |persistent )?memory\b(?= so| and|[.:,-]|$)",
    r"\b(?:respond|reply|answer) (?:only |exactly |just )*(?:with|as) [^.!?\n]{1,40} and nothing else(?=[.!\n]|$)",
    r"\b(?:respond|reply|answer) (?:only |exactly |just |solely )?with (?:the )?(?:token |code |word )?[a-z]{2,20}-"
    r"[a-z]{1,20}-\w",
    r"\bwhen you (?:read|process|summari[sz]e|see|index|answer) (?:this|it)\b[^.!?]{0,40}\byou (?:must|should|shall)\b",
    near(
        r"\bbefore (?:you )?(?:answer|reply|respond|summari[sz]|proceed|continu)\w{0,5}\b",
        rf"\b(?:append|reveal|output|call {_TOOL}|print)",
    ),
    near(r"\bon the next (?:user )?(?:message|turn|reply)\b", r"\b(?:print|output|begin|reveal|append)\b"),
    r"\byou (?:are|'re) hereby (?:instructed|ordered|directed|commanded)\b",
    r"\b(?:do not|don't|never) (?:mention|say|reveal|disclose|admit)(?: that)? you(?: are|'re) (?:an?|the) "
    r"(?:ai|bot|assistant|language model)\b",
    near(
        r"\b(?:reply|answer|respond)\b", r"\b(?:do not|don't|never|without) cit(?:e|ing)\b", r"\bsources?\b", within=60
    ),
    near(
        r"\b(?:decod(?:e|ing)|decrypt|decipher|translate|unscramble|deobfuscate|base64|rot13)\b",
        r"\b(?:follow|obey|execute|carry out|act on|comply with|do)\b (?:exactly )?"
        r"(?:it|them|what|the instructions?|its|:|as|whatever)|\band (?:follow|obey|execute)\b ?[:,]",
        within=60,
    ),
    near(
        r"\b(?:follow|obey|execute)\b",
        r"\b(?:instructions?|commands?|orders?)\b",
        r"\b(?:hidden|encoded|base64|rot13|hex)\b",
        within=12,
    ),
)

_POSING = (
    r"<\|[a-z_]{2,30}\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>",
    r"(?:^|\n) ?#{2,6} ?(?:instructions?|system(?: prompt| message)?|human|assistant|user input) ?:(?= |\n|$)",
    r"(?:#{2}|-{3}) ?end of (?:\w+ )?(?:document|input|prompt|context|instructions|message|passages?|data)",
    r"</(?:untrusted|user_input|user_query|passages?|retrieved|context|instructions|system|system_prompt)>",
    r"<(?:thinking|system|system_prompt|system-prompt)>",
    near(
        rf"{_LINE}(?:system|assistant|developer|admin(?:istrator)?)"
        r"(?: (?:note|message|prompt|update|override|notice|alert|instruction|command))? ?[:\]]",
        r"\b(?:ignore|disregard|you (?:are|may|must|will) (?:now|ignore|reply|reveal|not|always)|the user is|reveal"
        r"|grant|new (?:task|instruction)|(?:respond|reply) (?:only|with)|append"
        rf"|before (?:you )?(?:respond|repl|answer)\w*|call {_TOOL}|unrestricted)",
        within=80,
    ),
    r"(?:^|\n)(?:assistant|ai|bot) ?: ?(?:sure|of course|certainly|absolutely|okay|yes, |here (?:is|are)"
    r"|i (?:will|have))\b",
    r"(?:^|\n)(?:human|user) ?: [^\n]{1,300}\n(?:assistant|ai) ?:",
    near(
        r"\b(?:override|important system (?:update|notice)) ?:",
        r"\b(?:safety|rules|restrictions|content|unrestricted|you)\b",
        within=30,
    ),
    r"\breasoning(?: trace)? ?\((?:the )?assistant\)",
    r"\bas (?:the|an ai) assistant, i(?:'ve| have) (?:already )?(?:reasoned|determined|decided|concluded|verified)\b",
    near(
        r"\bnote from (?:the|your) (?:developers?|admin\w*|system|creators?|operator)\b",
        r"\b(?:output|authori[sz]ed|diagnostic|confirm|respond|reply)",
    ),
    near(
        r"\b(?:user|admin\w*|operator) has (?:already )?(?:approved|authori[sz]ed|granted|confirmed|permitted)\b",
        rf"\bcall {_TOOL}|\bskip all\b|\bwithout asking\b",
        within=80,
    ),
    rf"\byou (?:confirmed|agreed|promised|said)(?: that)? you (?:would|will) (?:call|run|use|invoke) {_TOOL}",
    r"<!--[^>]{0,40}\b(?:assistant|ai|llm|bot|system)\b[^>]{0,10}[:,][^>]{0,120}"
    r"(?:ignore|respond|reply|output|must|answer|say|call|include)",
    # The form in which our model cites and is given passages (prompts/reply.*.md).
    r"\[\d{1,2}: ?\"[^\"\n]{1,300}\"\]|\{ ?\"(?:passage|earlier_question)\" ?:",
)

ORDERS = (*_OVERRIDING, *_UNLIMITING, *_TAKING, *_ADDRESSING, *_POSING)
