"""The plainest orders to an AI in German, French, Spanish, Italian and Portuguese, as patterns.

They meet text as `disguises.readings` gives it: lower case, without accents. The bot answers in none of these
languages; attacks are passed round in them all the same.
"""

from __future__ import annotations

from bot.core.injection.nearness import near

_INSTRUCTIONS = (
    r"\b(?:(?:system)?anweisungen|instruktionen|richtlinien|regeln|instructions|consignes|directives|instrucciones"
    r"|directrices|reglas|istruzioni|direttive|regole|linee guida|instrucoes|diretrizes|alles, was wir)\b"
)
_NO_LIMITS = (
    r"\b(?:keine|ohne|sans|aucune?|sin|ninguna|senza|nessuna?|sem|no tienes|non hai|n'as pas de) (?:\w+ )?"
    r"(?:regeln|richtlinien|einschrank\w+|filter|grenzen|limits|restrictions|limites|regles|filtres?|restricciones"
    r"|reglas|filtros?|restrizioni|regole|limiti|filtri|filtro|restricoes|regras)\b|\buneingeschrankt"
)

ORDERS = (
    near(
        r"\b(?:ignorier\w*|vergiss|vergesst|missachte\w*|ignor(?:ez|a|are|er|ar|e (?:les|tes|vos|toutes|as|todas))"
        r"|oublie[zr]?|olvida\w*|dimentica\w*|descarta|esqueca)\b",
        _INSTRUCTIONS,
    ),
    near(
        r"\b(?:ab (?:jetzt|sofort)|du (?:bist|hast) (?:jetzt|nun)|vous etes|tu es|desormais|ahora|eres|ora sei"
        r"|d'ora in poi|antworte[nt]?|repond(?:s|ez|re)|responde\w?|rispond\w+|agora (?:es|voce))\b",
        _NO_LIMITS,
    ),
    near(
        r"\b(?:verrate|zeige?|nenne|offenbare|gib|revel(?:e|ez|a)|montre[zr]?|affiche[zr]?|donne|muestra|dime|ensena"
        r"|rivela|mostra|mostre|dimmi|stampa)\b",
        r"\b(?:system-?prompt|system-?anweisungen|prompt|instructions systeme|consignes"
        r"|instrucciones (?:del|de) sistema|istruzioni (?:di|del) sistema)\b",
    ),
    r"\b(?:systemhinweis|systemnachricht|systemmeldung|note (?:du )?systeme|message (?:du )?systeme"
    r"|(?:nota|mensaje|aviso|messaggio|avviso) (?:del|de|di) sistema) ?:",
    r"(?:^|\n|[.!?] )(?:neue anweisung(?:en)?|nouvelles? instructions?|nuevas? instruccion(?:es)?"
    r"|nuov[ea] istruzion[ei]) ?:",
    near(
        r"\b(?:sicherheitsrichtlinien|regles de securite|reglas de seguridad|linee guida di sicurezza)\b",
        r"\b(?:nicht gelten|ne s'appliquent pas|no (?:se )?aplican|non valgono|non si applicano)\b",
    ),
    near(
        r"\b(?:envoie\w*|envoyez|sende\w*|schicke\w*|envia\w*|invia\w*|manda\w*|transmet\w*)\b",
        r"\b(?:extern\w*|adresse externe|direccion externa|indirizzo esterno|esterno)\b[^.!?]{0,20}@[\w-]{1,64}\.",
    ),
)
