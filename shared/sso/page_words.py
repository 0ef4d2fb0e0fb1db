"""The words of the page for TOPdesk's administrator, in Dutch and in English.

Names of fields and menus are TOPdesk's English ones, which Microsoft Entra's tutorials quote; the
Dutch page adds what they mean, for the Dutch labels stand in no document that we have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages of the page."""

    DUTCH = "nl"
    ENGLISH = "en"


@dataclass(frozen=True)
class Words:
    """Every sentence of the page; names in braces are filled in."""

    title: str
    made: str
    intro: tuple[str, ...]
    called: Mapping[str, str]
    who: Mapping[str, str]
    facts: str
    open_menu: str
    compare: str
    add: str
    metadata: str
    or_address: str
    entity_id: str
    certificate: str
    private_key: str
    empty: str
    user_name: str
    display_name: str
    sign_in_with: str
    endpoint: str
    activate: str
    try_it: str
    afterwards_title: str
    afterwards: tuple[str, ...]


ENGLISH = Words(
    title="Single sign-on for TOPdesk at {organisation}",
    made="Made on {day} by Instroom. For whoever may change TOPdesk's login settings.",
    intro=(
        (
            "The Entra half is done. These steps are the TOPdesk half; they take about ten "
            "minutes for each door. TOPdesk has no interface for its login settings, so nobody "
            "can do them for you."
        ),
        (
            "Before you begin: keep a second browser open in which you are signed in as an "
            "administrator with a password. If something is wrong you can switch SAML off there."
        ),
    ),
    called={"secure": "the operator's section", "public": "the self-service portal"},
    who={
        "secure": "For operators in the Entra group {groups}.",
        "public": "For everybody in the Entra group {groups}.",
    },
    facts=(
        "TOPdesk looks for the card whose {field} equals the {login} of the Entra account; "
        "Instroom fills it. Signing certificate: {thumbprint}, valid until {ends}."
    ),
    open_menu=(
        "In TOPdesk open Settings > Functional Settings > Login Settings > General, and find the "
        "block SAML login with the part {block}. (In some versions Login Settings lies directly "
        "under Settings.)"
    ),
    compare=(
        "Press Download in the part {block}. Open the file and compare two values. If one "
        "differs, stop: send it to the Entra administrator, who writes it into the policy under "
        "sso.{door} and runs `instroom sso setup` again."
    ),
    add="Press Add in the part {block}. The SAML configuration assistant asks for these values:",
    metadata="Federation metadata (file)",
    or_address="or its address",
    entity_id="Entity ID",
    certificate="Certificate (RSA)",
    private_key="Private key",
    empty="(leave empty)",
    user_name="User name attribute",
    display_name="Display name",
    sign_in_with="Sign in with {organisation}",
    endpoint="TOPdesk endpoint",
    activate="Save, and activate the configuration.",
    try_it=(
        "Open {address} in a private window and sign in as somebody who may, then as somebody who "
        "may not. `instroom sso test-user NUMBER` says beforehand who can and why."
    ),
    afterwards_title="Afterwards",
    afterwards=(
        (
            "Keep one administrator with a password who does not need Entra, and lock it away: "
            "for the day that Entra or the certificate fails."
        ),
        (
            "Switch off 'Password mandatory' for person and operator cards, or new cards without "
            "a password are refused."
        ),
        "Leave 'Assertions will be encrypted' off. TOPdesk asks for signed answers; Entra signs.",
        (
            "The certificate ends on {ends}. Entra mails before that, and `instroom sso check` "
            "warns 60, 30 and 7 days ahead."
        ),
        (
            "A new certificate has to be uploaded here by hand, before Entra begins to use it: "
            "`instroom sso rotate` prepares it and prints what to do."
        ),
    ),
)

DUTCH = Words(
    title="Eenmalige aanmelding (SSO) bij TOPdesk voor {organisation}",
    made="Gemaakt op {day} door Instroom. Voor wie de inloginstellingen van TOPdesk mag wijzigen.",
    intro=(
        (
            "De kant van Entra is klaar. Deze stappen zijn de kant van TOPdesk; reken op tien "
            "minuten per ingang. TOPdesk heeft geen koppelvlak voor zijn inloginstellingen, dus "
            "niemand kan dit voor u doen."
        ),
        (
            "Voor u begint: houd een tweede browser open waarin u met een wachtwoord als "
            "beheerder bent aangemeld. Gaat er iets mis, dan zet u SAML daar weer uit."
        ),
        (
            "De namen van menu's en velden staan hier in het Engels, zoals TOPdesk ze in het "
            "Engels toont; in een Nederlandse TOPdesk staan ze op dezelfde plaats."
        ),
    ),
    called={"secure": "het behandelaarsgedeelte", "public": "de Selfserviceportal"},
    who={
        "secure": "Voor behandelaars in de Entra-groep {groups}.",
        "public": "Voor iedereen in de Entra-groep {groups}.",
    },
    facts=(
        "TOPdesk zoekt de kaart waarvan {field} gelijk is aan de {login} van het Entra-account; "
        "Instroom vult die in. Handtekeningcertificaat: {thumbprint}, geldig tot {ends}."
    ),
    open_menu=(
        "Open in TOPdesk Settings > Functional Settings > Login Settings > General (Instellingen "
        "> Functionele instellingen > Inloginstellingen > Algemeen) en zoek het blok SAML login "
        "met het deel {block}. (In sommige versies staat Login Settings direct onder Settings.)"
    ),
    compare=(
        "Druk in het deel {block} op Download. Open het bestand en vergelijk twee waarden. Wijkt "
        "er een af, stop dan: stuur die waarde naar de beheerder van Entra. Die zet haar in het "
        "beleid onder sso.{door} en draait `instroom sso setup` opnieuw."
    ),
    add="Druk in het deel {block} op Add (Toevoegen). De assistent vraagt om deze waarden:",
    metadata="Federation metadata (bestand)",
    or_address="of het adres ervan",
    entity_id="Entity ID",
    certificate="Certificate (RSA)",
    private_key="Private key",
    empty="(leeg laten)",
    user_name="User name attribute",
    display_name="Display name",
    sign_in_with="Aanmelden met {organisation}",
    endpoint="TOPdesk endpoint",
    activate="Sla op en activeer de configuratie.",
    try_it=(
        "Open {address} in een privévenster en meld u aan als iemand die mag, en daarna als "
        "iemand die niet mag. `instroom sso test-user NUMMER` zegt vooraf wie kan en waarom."
    ),
    afterwards_title="Daarna",
    afterwards=(
        (
            "Houd één beheerder met een wachtwoord die Entra niet nodig heeft, en berg het "
            "wachtwoord veilig op: voor de dag dat Entra of het certificaat het niet doet."
        ),
        (
            "Zet 'Password mandatory' (wachtwoord verplicht) uit voor personen en behandelaars; "
            "anders weigert TOPdesk nieuwe kaarten zonder wachtwoord."
        ),
        (
            "Laat 'Assertions will be encrypted' uit. TOPdesk wil ondertekende antwoorden; Entra "
            "ondertekent."
        ),
        (
            "Het certificaat loopt af op {ends}. Entra stuurt van tevoren mail, en "
            "`instroom sso check` waarschuwt 60, 30 en 7 dagen vooraf."
        ),
        (
            "Een nieuw certificaat moet hier met de hand worden geladen, voordat Entra het gaat "
            "gebruiken: `instroom sso rotate` bereidt het voor en zegt wat u moet doen."
        ),
    ),
)

WORDS: Mapping[Language, Words] = {Language.DUTCH: DUTCH, Language.ENGLISH: ENGLISH}
