"""What does a human do with the next certificate? In Dutch and in English, as the page is."""

from __future__ import annotations

from collections.abc import Mapping

from shared.policy.sso import Realm
from shared.sso.found import Certificate
from shared.sso.page_words import Language
from shared.sso.wanted import Wanted

_STEPS: Mapping[Language, str] = {
    Language.ENGLISH: (
        "The next certificate of {template} is {thumbprint}, valid until {ends}. Entra does not "
        "sign with it yet.\n"
        "1. In TOPdesk: Settings > Functional Settings > Login Settings > General > SAML login, "
        "part {block}: open the configuration, add {where} as its certificate, and save.\n"
        "   If TOPdesk keeps one certificate only, do this and step 2 right after each other, "
        "outside office hours.\n"
        "2. instroom sso rotate {realm} --activate {thumbprint}\n"
        "3. Sign in to TOPdesk once, then: instroom sso rotate {realm} --retire"
    ),
    Language.DUTCH: (
        "Het volgende certificaat van {template} is {thumbprint}, geldig tot {ends}. Entra "
        "ondertekent er nog niet mee.\n"
        "1. In TOPdesk: Settings > Functional Settings > Login Settings > General (Instellingen > "
        "Functionele instellingen > Inloginstellingen > Algemeen) > SAML login, deel {block}: "
        "open de configuratie, voeg {where} toe als certificaat, en sla op.\n"
        "   Bewaart TOPdesk maar één certificaat, doe dit en stap 2 dan direct na elkaar, buiten "
        "kantooruren.\n"
        "2. instroom sso rotate {realm} --activate {thumbprint}\n"
        "3. Meld u één keer aan bij TOPdesk, en daarna: instroom sso rotate {realm} --retire"
    ),
}
_FILE: Mapping[Language, str] = {Language.ENGLISH: "the file {kept}", Language.DUTCH: "{kept}"}
_NO_FILE: Mapping[Language, str] = {
    Language.ENGLISH: "the certificate (download it under Single sign-on)",
    Language.DUTCH: "het certificaat (te downloaden in Entra onder Single sign-on)",
}


def steps(door: Wanted, coming: Certificate, kept: str | None, language: Language) -> str:
    """The three steps; `kept` is the file that holds the certificate."""
    where = _FILE[language].format(kept=kept) if kept else _NO_FILE[language]
    return _STEPS[language].format(
        template=door.template,
        thumbprint=coming.thumbprint,
        ends=f"{coming.not_after:%d-%m-%Y}",
        block="Secure" if door.realm is Realm.SECURE else "Public",
        where=where,
        realm=door.realm,
    )
