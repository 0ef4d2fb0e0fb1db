"""The words of the page for a first sign-in, in Dutch and in English.

Which language is the browser's wish; Dutch when it wants neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.flow.first_sign_in import Why


@dataclass(frozen=True)
class Words:
    """Every sentence of the page; names in braces are filled in."""

    language: str
    day: str
    moment: str
    title: str
    intro: str
    nobody: str
    caption: str
    name: str
    first_day: str
    department: str
    access: str
    from_day: str
    identified: str
    show: str
    show_for: str
    collected: str
    unanswered: str
    again: str
    reason: str
    show_again: str
    shown_title: str
    shown_once: str
    user_name: str
    until: str
    sign_in_at: str
    back: str
    identify_first: str
    refused_title: str
    refused: Mapping[Why, str]
    not_issued: str
    lost: str
    later: str
    not_understood: str
    sign_in: str
    sign_in_link: str
    off: str


ENGLISH = Words(
    language="en",
    day="%Y-%m-%d",
    moment="%Y-%m-%d %H:%M",
    title="First sign-in",
    intro=(
        "For each of these colleagues you may collect a Temporary Access Pass, with which they "
        "sign in once and register their own way to sign in. Make sure first that it is them, as "
        "your organisation's rules say: whoever has the pass has the account."
    ),
    nobody="There is nobody for whom you may collect a pass at the moment.",
    caption="Colleagues whose first sign-in is open",
    name="Name",
    first_day="First day",
    department="Department",
    access="Access",
    from_day="From {day} on",
    identified="I have established myself that this is {name}",
    show="Show the pass",
    show_for="Show the pass of {name}",
    collected="Collected by {who} on {moment}.",
    unanswered="{who} asked for it on {moment}, and it is not known whether the pass was seen.",
    again="Issue another one",
    reason="Why is another one needed? It stays in the audit; the earlier pass stops working.",
    show_again="Show another pass",
    shown_title="Pass for {name}",
    shown_once=(
        "This is shown once and kept nowhere. Give it to {name} and to nobody else, then close "
        "this page."
    ),
    user_name="User name",
    until="To be used until",
    sign_in_at="Sign in at",
    back="Back to the list",
    identify_first="Establish first who it is, and say so by ticking the box.",
    refused_title="No pass",
    refused={
        "off": "First sign-ins are not switched on here (first_sign_in.by in the policy).",
        "second factor": (
            "Your sign-in does not say that you used a second factor. Sign in again with one; if "
            "you did, the administrator finds what to do in docs/first-sign-in.md."
        ),
        "unknown": "There is nobody here for whom you may collect a pass. Look at the list again.",
        "not ready": "This account can sign in from its first day on. Collect the pass then.",
        "again": "It was asked for before. Say why another one is needed.",
        "meanwhile": "This has changed since it was shown to you. This is how it stands now.",
        "busy": "A pass is being asked for at this moment. Wait two minutes and look again.",
    },
    not_issued="There is no pass: {reason}",
    lost=(
        "No answer came, and there may be a pass that nobody has seen. Wait two minutes and issue "
        "another one: the unseen one stops working."
    ),
    later="It does not work at the moment. Try again in a minute.",
    not_understood="That was not understood. Go back to the list and try again.",
    sign_in="This page is for people who are signed in.",
    sign_in_link="Sign in",
    off=(
        "Nobody can sign in here: App Service's authentication is switched off. The administrator "
        "finds in docs/first-sign-in.md how to switch it on."
    ),
)
DUTCH = Words(
    language="nl",
    day="%d-%m-%Y",
    moment="%d-%m-%Y %H:%M",
    title="Eerste aanmelding",
    intro=(
        "Voor elk van deze collega's mag u een tijdelijke toegangspas (Temporary Access Pass) "
        "ophalen. Daarmee meldt iemand zich één keer aan en registreert een eigen aanmeldmethode. "
        "Stel eerst vast dat zij het zijn, zoals de regels van uw organisatie zeggen: wie de pas "
        "heeft, heeft het account."
    ),
    nobody="Er is op dit moment niemand voor wie u een pas mag ophalen.",
    caption="Collega's van wie de eerste aanmelding openstaat",
    name="Naam",
    first_day="Eerste werkdag",
    department="Afdeling",
    access="Toegang",
    from_day="Vanaf {day}",
    identified="Ik heb zelf vastgesteld dat dit {name} is",
    show="Toon de pas",
    show_for="Toon de pas van {name}",
    collected="Opgehaald door {who} op {moment}.",
    unanswered="{who} vroeg erom op {moment}, en het is niet bekend of de pas gezien is.",
    again="Een nieuwe uitgeven",
    reason=(
        "Waarom is een nieuwe nodig? Het blijft in de audit staan; de vorige pas werkt dan niet "
        "meer."
    ),
    show_again="Toon een nieuwe pas",
    shown_title="Pas voor {name}",
    shown_once=(
        "Deze pas wordt één keer getoond en nergens bewaard. Geef hem aan {name} en aan niemand "
        "anders, en sluit daarna deze pagina."
    ),
    user_name="Gebruikersnaam",
    until="Te gebruiken tot",
    sign_in_at="Aanmelden op",
    back="Terug naar de lijst",
    identify_first="Stel eerst vast wie het is, en vink dat aan.",
    refused_title="Geen pas",
    refused={
        "off": "Eerste aanmeldingen staan hier niet aan (first_sign_in.by in het beleid).",
        "second factor": (
            "Uw aanmelding zegt niet dat u een tweede factor gebruikt hebt. Meld u daarmee "
            "opnieuw aan; deed u dat al, dan vindt de beheerder in docs/first-sign-in.md wat er "
            "te doen is."
        ),
        "unknown": "Hier is niemand voor wie u een pas mag ophalen. Kijk opnieuw in de lijst.",
        "not ready": "Dit account kan zich aanmelden vanaf de eerste werkdag. Haal de pas dan op.",
        "again": "Er is al eerder om gevraagd. Zeg waarom een nieuwe nodig is.",
        "meanwhile": "Dit is veranderd sinds u het zag. Zo staat het er nu voor.",
        "busy": "Er wordt op dit moment een pas gevraagd. Wacht twee minuten en kijk opnieuw.",
    },
    not_issued="Er is geen pas: {reason}",
    lost=(
        "Er kwam geen antwoord, en misschien is er een pas die niemand gezien heeft. Wacht twee "
        "minuten en geef een nieuwe uit: de ongeziene werkt dan niet meer."
    ),
    later="Het lukt op dit moment niet. Probeer het over een minuut opnieuw.",
    not_understood="Dat is niet begrepen. Ga terug naar de lijst en probeer het opnieuw.",
    sign_in="Deze pagina is voor wie is aangemeld.",
    sign_in_link="Aanmelden",
    off=(
        "Niemand kan zich hier aanmelden: de authenticatie van App Service staat uit. De "
        "beheerder vindt in docs/first-sign-in.md hoe die aan gaat."
    ),
)


def words(accept_language: str) -> Words:
    """In the language that the browser likes best of these two (RFC 9110, 12.5.4)."""
    wishes = [_wish(part) for part in accept_language.split(",")]
    likes = {tag: weight for tag, weight in reversed(wishes) if tag in ("nl", "en")}
    return ENGLISH if likes.get("en", 0.0) > likes.get("nl", 0.0) else DUTCH


def _wish(part: str) -> tuple[str, float]:
    tag, _, weight = part.partition(";")
    try:
        liked = float(weight.partition("=")[2]) if weight else 1.0
    except ValueError:
        liked = 0.0
    return tag.strip().partition("-")[0].casefold(), liked
