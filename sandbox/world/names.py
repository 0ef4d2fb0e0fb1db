"""What are people here called? Common Dutch names, combined by chance: nobody is meant.

First names are pairs of the name one is called by and the official one. The accented lists hold
what breaks a naive mail address: é ë ü ø ß Ł ĳ, apostrophes, and prefixes of two words.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple


class FirstName(NamedTuple):
    """The name one is called by, and the one in the passport."""

    nickname: str
    official: str


class Surname(NamedTuple):
    """A surname and what stands before it (`van der`), which Dutch sorting leaves aside."""

    prefix: str
    name: str


@dataclass(frozen=True)
class GivenNames:
    """First names of one gender: everyday ones, and ones with letters beyond ASCII."""

    plain: tuple[FirstName, ...]
    accented: tuple[FirstName, ...]


def _first_names(words: str) -> tuple[FirstName, ...]:
    pairs = (pair.split("/") for pair in words.split())
    return tuple(FirstName(pair[0], pair[-1]) for pair in pairs)


def _surnames(words: str) -> tuple[Surname, ...]:
    parts = (entry.strip().rpartition(" ") for entry in words.split("|"))
    return tuple(Surname(prefix, name) for prefix, _, name in parts)


GIVEN_NAMES = {
    "F": GivenNames(
        plain=_first_names(
            "Sanne/Susanna Anouk Eva Lotte/Charlotte Emma Julia Sophie/Sophia Lisa/Elisabeth "
            "Fleur Iris Femke Marieke/Maria Ingrid Petra Linda Monique Ellen/Helena "
            "Karin/Catharina "
            "Wilma/Wilhelmina Mieke/Maria Trudy/Geertruida Anja/Anna Els/Elisabeth Noor/Eleonora "
            "Fatima Samira Amina Yasmin Nadia Leila Priya Mei Sofia Marta Hanna/Johanna "
            "Jet/Henriette"
        ),
        accented=_first_names("Zoë Renée Chloé Ayşe Małgorzata Inès Désirée Jûlia Åsa Noëlle"),
    ),
    "M": GivenNames(
        plain=_first_names(
            "Jan/Johannes Piet/Petrus Kees/Cornelis Henk/Hendrik Willem Daan/Daniël Bram/Abraham "
            "Thijs/Matthijs Lars/Laurens Sven Ruben Jesse Tim/Timotheus Bas/Sebastiaan Joost "
            "Maarten "
            "Sjoerd Wouter Gijs/Gijsbertus Teun/Antonius Rik/Hendrikus Mark/Marcus Peter/Petrus "
            "Hans/Johannes Ali Mohamed Youssef Mehmet Omar Ravi Wei Pawel Tomas Stijn/Augustinus "
            "Koen/Koenraad Frank/Franciscus"
        ),
        accented=_first_names("René André José Jürgen Søren Łukasz François Loïc Björn Ĳsbrand"),
    ),
    "X": GivenNames(
        plain=_first_names("Robin Sam Noa Alex Jip Kim Bo Charlie"),
        accented=_first_names("Noë Andréa"),
    ),
}

SURNAMES = _surnames(
    "Jansen|de Jong|de Vries|van den Berg|Bakker|van Dijk|Visser|Janssen|Smit|Meijer|de Boer|"
    "Mulder|"
    "de Groot|Bos|Vos|Peters|Hendriks|van Leeuwen|Dekker|Brouwer|de Wit|Dijkstra|Smits|de Graaf|"
    "van der Meer|van der Linden|Kok|Jacobs|de Haan|Vermeulen|van den Heuvel|van der Veen|"
    "van den Broek|de Bruijn|van der Heijden|Schouten|van Beek|Willems|van Vliet|van de Ven|"
    "Hoekstra|"
    "Maas|Verhoeven|Koster|van Dam|van der Wal|Prins|Blom|Huisman|Peeters|de Jonge|Kuipers|"
    "van Veen|"
    "Post|Kuiper|Veenstra|Kramer|van den Brink|Scholten|van Wijk|Postma|Martens|Vink|de Ruiter|"
    "Timmermans|Groen|Gerritsen|Jonker|van Loon|Boer|van der Velden|Willemsen|Smeets|de Lange|"
    "de Vos|Bosch|van Dongen|Schipper|de Koning|van der Laan|Koning|Driessen|van Doorn|Hermans|"
    "Evers|van den Bosch|van der Meulen|Hofman|Bosman|Wolters|Sanders|van der Horst|Mol|Kuijpers|"
    "Molenaar|van de Pol|van der Heide|Yilmaz|El Amrani|Ben Ali|Singh|Nguyen|Kaya|Demir|Kowalski"
)
ACCENTED_SURNAMES = _surnames(
    "Müller|Groß|Weiß|Ødegård|Łuczak|van Dĳk|Kĳkuit|Çelik|Crémer|Beyoğlu|Núñez|de Coëtlogon|"
    "van 't Hof|in 't Veld|op den Akker|d'Hondt|Sørensen|Wójcik|Jönsson|van der Goën"
)


def first_name(rng: Random, gender: str, *, accented: bool) -> FirstName:
    """A first name for that gender."""
    names = GIVEN_NAMES[gender]
    return rng.choice(names.accented if accented else names.plain)


def surname(rng: Random) -> Surname:
    """A surname with its prefix, which is "" for most."""
    return rng.choice(SURNAMES)


def accented_surname(place: int) -> Surname:
    """The accented surnames in turn, so that a company of some size has them all."""
    return ACCENTED_SURNAMES[place % len(ACCENTED_SURNAMES)]


def initials(given_names: str) -> str:
    """`Susanna Maria` is `S.M.`; the Dutch IJ, one letter or two, is one letter."""
    return "".join(f"{'IJ' if n.startswith('IJ') else n[0]}." for n in given_names.split())
