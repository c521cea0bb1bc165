"""Messages with private data in them, made from a seed, and look-alikes that are not private.

Nothing here comes from the recognisers, and nothing there from here: the names, streets and
sentences are this file's own, and `SPLITS` keeps one half of every list for development. What is
reported is measured on the other half.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from arriero.apps.support.directory import Customer

SPLITS = ("develop", "report")


@dataclass(frozen=True, slots=True)
class Secret:
    """A private value as it stands in a message, and the parts that must not be found alone."""

    kind: str
    text: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message, what is private in it, and what only looks so."""

    text: str
    secrets: tuple[Secret, ...]
    decoys: tuple[str, ...]


# fmt: off
_FIRST = """Ngozi Zoltan Saoirse Tadeusz Priyanka Yusuf Ingeborg Thandiwe Rosalind Bertrand Ximena
Eluned Radoslav Marisol Dieudonne Ottilie Casimir Leocadia Hamish Philippa Wolfram Gudrun Aurelien
Solene Iñigo Begoña Nkechi Farouk Anneliese Delphine Ulrike Gwendolyn Takumi Svetlana Rajesh
Mbali Corentin Fermin Itziar Leopold Desdemona Barnaby Henrike Apolline Evaristo Zainab Kwame
Temperance Olamide Xiomara Burkhard Philomena""".split()
_LAST = """Oyelaran Wierzbicki Fotherington Achterberg Kowalczyk Ramanathan Delacroix-Petit Zubiaurre
Vandersloot Quisenberry O'Hanrahan Tchoupitoulas Brandlhuber Papadakis Estebanez Grzybowska Llewellyn
Abernethy Mukherjee Castellanos Haverkamp Szymborski Featherstone Nwachukwu Rautenberg Guilbaud
McAllister Olazabal Tjaden Whitcombe Ferreira-Lopes Kruschwitz Dagenhart Bouchereau Iturriaga Niedermaier
Okonkwo Pemberley Sauvageot Villalonga Drinkwater Ekwueme Schimmelpfennig Trevelyan Arrizabalaga
Macgillivray Bhattacharya Wojciechowski Lefebvriste Thistlewood""".split()
_STREETS: Mapping[str, tuple[str, ...]] = {
    "en": ("{n} Quillback Lane", "{n} Old Thornbury Road", "{n}b Pennyfarthing Close", "{n} Marrowbone Avenue",
           "Flat 3, {n} Gossamer Court", "{n} W Larkspur Blvd", "{n} Saltmarsh Terrace", "Apt 7, {n} Bramblewick Drive",
           "{n} Cinderford St", "{n} Upper Hollyoak Crescent", "{n} Tamarack Trail", "Unit 12, {n} Wexcombe Way"),
    "de": ("Kranichweg {n}", "Albert-Tannhauser-Straße {n}", "Hinter der Zeche {n}", "Eichelhäherring {n}a",
           "Am Rosenhang {n}", "Glockengießerstr. {n}", "Freiherr-von-Quast-Allee {n}", "Zur Alten Ziegelei {n}",
           "Sperlingsgasse {n}", "Bussardplatz {n}", "Moorkamp {n}", "Pfarrer-Hillmann-Weg {n}"),
    "fr": ("{n} rue des Mésanges", "{n} bis avenue Jean Cazenave", "{n}, boulevard de la Filature", "{n} impasse du Vieux Lavoir",
           "{n} chemin des Genévriers", "{n} place Marguerite Roussel", "{n} allée des Glycines", "{n} quai de la Tannerie"),
    "es": ("Calle Jacaranda {n}, 2º B", "Avda. de los Almendros {n}", "C/ Herrerías {n}", "Paseo del Molino Viejo {n}",
           "Plaza de los Canteros {n}", "Camino de la Noria {n}", "Calle de Santa Eulalia {n}, piso 4", "Ronda de Tejares {n}"),
}
_TOWNS: Mapping[str, tuple[str, ...]] = {
    "en": ("Ludlow SY8 {d}{L}{L}", "Kendal LA9 {d}{L}{L}", "Missoula, MT {ddddd}", "Bozeman, MT {ddddd}", "Truro TR1 {d}{L}{L}", "Asheville NC {ddddd}"),
    "de": ("{ddddd} Wismar", "{ddddd} Bad Tölz", "{ddddd} Cloppenburg", "{ddddd} Zwickau"),
    "fr": ("{ddddd} Aurillac", "{ddddd} Saint-Dié-des-Vosges", "{ddddd} Guéret", "{ddddd} Tulle"),
    "es": ("{ddddd} Teruel", "{ddddd} Ponferrada", "{ddddd} Astorga", "{ddddd} Ronda"),
}
_HOSTS = "example.org example.com mail.example.net post.example.de correo.example.es courrier.example.fr".split()

# A sentence an entry; {kind} is a private value. Half of each list is developed on.
_SAYS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "My name is {name} and I have a question.", "this is {name}, I called yesterday.", "I am {name}.",
        "Hi, {name} here.", "the order is in the name of {name}", "Please deliver it to {name}, {address}.",
        "my address is {address}", "I have moved, the new address: {address}", "Ship it to {address} please.",
        "could you send the parcel to {address}?", "I live at {address}.", "you can reach me at {phone}",
        "call me on {phone} after six", "my number is {phone}.", "Phone: {phone}", "my mobile {phone} is always on",
        "ring {phone} if nobody opens", "e-mail me at {email}", "my email is {email}", "the invoice should go to {email}",
        "{email} is the address of my account.", "contact: {email} / {phone}", "I paid with card {card}",
        "card number {card}, expiry 09/28", "you charged {card} twice!", "my visa is {card}", "refund it to {iban}",
        "my IBAN is {iban}", "bank account {iban}", "my social security number is {ssn}", "SSN {ssn}",
        "national insurance number {nino}", "my NI no. is {nino}", "passport number {passport}", "My passport no is {passport}.",
        "I was born on {dob}", "date of birth: {dob}", "my birthday is {dob} so I am old enough", "DOB {dob}",
        "it came from IP {ip}", "your firewall blocks {ip}", "my customer number is {account}", "account number {account}",
        "customer no. {account}", "my membership id: {account}", "Dr. {name} ordered it for the practice",
        "Mrs {name} signed for the parcel.", "the neighbour, Mr {last}, took it", "speak to {name} about it",
        "I'm {first}.", "My husband {first} ordered it", "the gift is for {name}.", "PO Box {pobox}, that is where it should go",
        "Name: {name}\nStreet: {address}", "you wrote to {first} instead of me", "Kind regards,\n{name}",
        "Thanks, {first}", "Best wishes\n{name}", "Cheers\n{first}", "yours sincerely, {name}", "Regards {name}",
        "Sent by {name}", "- {first}", "please change the recipient to {name}", "it is addressed to {name}",
        "You may contact my wife {name} instead.", "ask for {first} at the door",
    ),
    "de": (
        "Mein Name ist {name}.", "Ich heiße {name} und warte noch immer.", "Hier ist {name}.", "ich bin {name}",
        "Meine Adresse lautet {address}.", "ich wohne in der {address}", "Bitte an {address} liefern.",
        "Neue Anschrift: {address}", "Lieferung an {name}, {address}", "Sie erreichen mich unter {phone}.",
        "meine Telefonnummer ist {phone}", "Tel. {phone}", "Handy: {phone}", "meine Mail: {email}", "schreiben Sie an {email}",
        "Kreditkarte {card}", "IBAN {iban}", "bitte auf mein Konto {iban} erstatten", "Steuer-ID {steuer}",
        "meine Steueridentifikationsnummer ist {steuer}", "geboren am {dob}", "Geburtsdatum: {dob}", "Kundennummer {account}",
        "meine Kundennr. ist {account}", "Mit freundlichen Grüßen\n{name}", "Viele Grüße, {first}", "Gruß\n{name}",
        "Herr {last} hat das Paket angenommen.", "Frau {name} wollte es umtauschen.", "Reisepass {passport}",
    ),
    "fr": (
        "Je m'appelle {name}.", "Mon nom est {name}.", "je suis {name}", "Mon adresse est {address}.",
        "J'habite au {address}.", "Livrez au {address} s'il vous plaît.", "Nouvelle adresse : {address}",
        "Vous pouvez me joindre au {phone}.", "mon numéro de téléphone est le {phone}", "Tél. : {phone}",
        "mon e-mail est {email}", "écrivez-moi à {email}", "ma carte {card} a été débitée", "mon IBAN : {iban}",
        "numéro de sécurité sociale {nir}", "mon numéro de sécu est {nir}", "né le {dob}", "date de naissance : {dob}",
        "numéro client {account}", "Cordialement,\n{name}", "Bien à vous, {first}", "Madame {last} a signé", "M. {name} n'est pas là.",
    ),
    "es": (
        "Me llamo {name}.", "Mi nombre es {name}.", "soy {name}", "Mi dirección es {address}.", "Vivo en {address}.",
        "Envíelo a {address} por favor.", "Nueva dirección: {address}", "mi teléfono es {phone}", "Llámeme al {phone}.",
        "Tel: {phone}", "mi correo es {email}", "escríbame a {email}", "mi tarjeta {card}", "mi IBAN es {iban}",
        "mi DNI es {dni}", "NIE {nie}", "nací el {dob}", "fecha de nacimiento: {dob}", "número de cliente {account}",
        "Un saludo,\n{name}", "Saludos, {first}", "La señora {last} lo recibió.", "El Sr. {name} no estaba en casa.",
    ),
}
_ASKS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Where is my order {order}?", "The {product} I bought for {price} has a hole.", "Is the {product} in stock in {town}?",
        "Tracking says {tracking} since {day}.", "Order {order} was placed on {day}, total {price}.", "Do you ship to {town}?",
        "I want to return the {product}, size {size}.", "Does the code {code} still work on the {product}?",
        "Your article about Returns and Refunds says 60 days, is that right?", "How heavy is the {product}? I think 1250 g.",
        "I ordered 2 x {product} ({sku}) on {day}.", "Is the shop in {town} open on Sunday from 10:00 to 18:00?",
        "Invoice {invoice} shows {price} instead of {price}.", "The EAN is {ean}, do you have it in Blue?",
        "I am very angry, this is the third time since {day}.", "This is ridiculous.", "I am Not Amused!",
        "Will the {product} arrive before Christmas?", "I am Waiting for the Refund of {price}.",
        "Which is warmer, {product} or {product}?", "Llama Express lost parcel {tracking}", "order #{order} arrived damaged on Monday",
        "Thanks, Puna Outdoor team!", "Can I pay with PayPal, Visa or Klarna?", "The zip of my {product} broke after 3 weeks",
    ),
    "de": (
        "Wo ist meine Bestellung {order}?", "Das {product} für {price} hat ein Loch.", "Liefern Sie nach {town}?",
        "Die Sendungsnummer lautet {tracking}.", "Ich habe am {day} bestellt, Bestellnummer {order}.",
        "Gibt es das {product} auch in Größe {size}?", "Rechnung {invoice} ist falsch.", "Ich bin sehr verärgert.",
        "Hat der Laden in {town} am Samstag von 9 bis 18 Uhr geöffnet?", "Ich möchte die Jacke umtauschen.",
    ),
    "fr": (
        "Où est ma commande {order} ?", "Le {product} à {price} est abîmé.", "Livrez-vous à {town} ?",
        "Le numéro de suivi est {tracking}.", "J'ai commandé le {day}.", "Je suis très déçu.", "La facture {invoice} est fausse.",
        "Avez-vous le {product} en taille {size} ?",
    ),
    "es": (
        "¿Dónde está mi pedido {order}?", "El {product} de {price} llegó roto.", "¿Hacen envíos a {town}?",
        "El número de seguimiento es {tracking}.", "Hice el pedido el {day}.", "Estoy muy enfadado.", "La factura {invoice} está mal.",
        "¿Tienen el {product} en talla {size}?",
    ),
}
_PRODUCTS = ("Salar 2 tent|Guanaco 65 pack|Cumbre GT boots|Suri Light down jacket|Luna -15 sleeping bag|Fogata Jet stove system|"
             "Lucero 400 headlamp|Puya rope 60 m|Boot wax 100 ml|Siesta Air Winter mat|Garua rain jacket|Vicuna 30 pack").split("|")
_PLACES = "Vienna Lyon Hamburg Madrid Dublin Innsbruck Grenoble Bilbao Zurich Edinburgh Porto Leipzig".split()
_MONTHS = "January February March April May June July August September October November December".split()
# fmt: on


def messages(seed: int, count: int, *, split: str = "report") -> tuple[Written, ...]:
    """`count` different messages; the same seed and split always give the same ones."""
    random = Random(f"{split}:{seed}")
    half = SPLITS.index(split)
    made: dict[str, Written] = {}
    while len(made) < count:
        one = _message(random, half)
        made.setdefault(one.text, one)
    return tuple(made.values())


def _message(random: Random, half: int) -> Written:
    language = random.choices(("en", "de", "fr", "es"), weights=(58, 18, 12, 12))[0]
    says, asks = _SAYS[language][half::2], _ASKS[language][half::2]
    private = random.sample(says, k=random.choices((0, 1, 2, 3), weights=(14, 50, 26, 10))[0])
    plain = random.choices(asks, k=random.choices((0, 1, 2), weights=(10, 65, 25))[0])
    closing = [one for one in private if _closes(one)][:1]
    body = [one for one in private if not _closes(one)] + list(
        plain or ([] if private else asks[:1])
    )
    random.shuffle(body)
    lower = random.random() < 0.18
    filled = _Filled(random, language, half)
    # Noise goes into the author's own words only: a value with a typo would be another value.
    parts = [filled.sentence(_noisy(random, one), lower) for one in (*body, *closing)]
    return Written(_joined(random, parts), tuple(filled.secrets), tuple(filled.decoys))


def _closes(sentence: str) -> bool:
    """Whether a sentence is a signature, which stands last."""
    ends = sentence.endswith(("{name}", "{first}"))
    return ("\n" in sentence and ends) or sentence.startswith(
        ("Thanks, {", "yours sinc", "Regards {", "Sent by", "- {", "Viele Gr", "Bien à", "Saludos, {")
    )  # fmt: skip


def _joined(random: Random, parts: Sequence[str]) -> str:
    text = ""
    for part in parts:
        ended = text.endswith((".", "?", "!"))
        gap = random.choice(("\n", " ")) if ended else random.choice((". ", ", ", "\n", " - "))
        text = part if not text else text + gap + part
    return text


def _noisy(random: Random, sentence: str) -> str:
    """A typo in one sentence out of five: two neighbouring letters change places."""
    if random.random() > 0.2:
        return sentence
    words = sentence.split(" ")
    long = [at for at, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if not long:
        return sentence
    at, word = (place := random.choice(long)), words[place]
    cut = random.randrange(1, len(word) - 2)
    words[at] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)


class _Filled:
    """Fills a message's slots and remembers what went in."""

    def __init__(self, random: Random, language: str, half: int) -> None:
        self.random, self.language, self.half = random, language, half
        self.secrets: list[Secret] = []
        self.decoys: list[str] = []

    def sentence(self, form: str, lower: bool) -> str:
        """`form` filled; in lower case with everything in it when the author writes so."""
        text = ""
        for literal, slot, _, _ in string.Formatter().parse(form):
            text += literal.lower() if lower else literal
            if slot and slot in _PRIVATE:
                secret = _PRIVATE[slot](self.random, self.language, self.half)
                if lower and secret.kind not in {"card", "ssn"}:
                    parts = tuple(part.lower() for part in secret.parts)
                    secret = Secret(secret.kind, secret.text.lower(), parts)
                self.secrets.append(secret)
                text += secret.text
            elif slot:
                decoy = _DECOY[slot](self.random)
                decoy = decoy.lower() if lower else decoy
                self.decoys.append(decoy)
                text += decoy
        return text


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice(string.digits) for _ in range(count))


def _filled_in(random: Random, form: str) -> str:
    """Every run of d in braces becomes digits, every {L} a letter, {n} a house number."""
    out = ""
    for literal, slot, _, _ in string.Formatter().parse(form):
        out += literal
        if slot == "n":
            out += str(random.randint(1, 240))
        elif slot == "L":
            out += random.choice("ABDEFGHJLNPQRSTUWXYZ")
        elif slot:
            out += str(random.randint(1, 9)) + _digits(random, len(slot) - 1)
    return out


def _pick(random: Random, values: Sequence[str], half: int) -> str:
    return random.choice(values[half::2])


def _called(random: Random, values: Sequence[str], half: int) -> str:
    """One of `values`, or now and then a name that nobody has: no lexicon can hold it."""
    if random.random() < 0.7:
        return _pick(random, values, half)
    return "".join(random.choice(_SYLLABLES) for _ in range(random.randint(2, 3))).capitalize()


_SYLLABLES = "bra ko vi zel tun mar oz li quen dro ska fi yor na thu wex pel ro ghi lum cas ver jo rik".split()


def _name(random: Random, _language: str, half: int) -> Secret:
    first, last = _called(random, _FIRST, half), _called(random, _LAST, half)
    text = random.choice(
        (f"{first} {last}",) * 5 + (f"{first} {random.choice('ABJMT')}. {last}", f"{last}, {first}")
    )
    return Secret("name", text, (first, last))


def _first(random: Random, _language: str, half: int) -> Secret:
    return Secret("name", _called(random, _FIRST, half))


def _last(random: Random, _language: str, half: int) -> Secret:
    return Secret("name", _called(random, _LAST, half))


def _email(random: Random, _language: str, half: int) -> Secret:
    first, last = _plain(_pick(random, _FIRST, half)), _plain(_pick(random, _LAST, half))
    host, name = (
        random.choice(_HOSTS),
        random.choice((f"{first}.{last}", f"{first}{random.randint(1, 99)}", f"{last}_{first[0]}")),
    )
    forms = (f"{name}@{host}",) * 6 + (
        f"{name} (at) {host}", f"{name} at {host.replace('.', ' dot ')}", f"{name} @ {host}",
        f"{name}[at]{host.replace('.', '[dot]')}", f"{name.title()}@{host.title()}",
    )  # fmt: skip
    return Secret("email", random.choice(forms), (f"{name}@{host}", name))


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


_PHONES = {
    "en": ("({3}) {3}-{4}", "{3}-{3}-{4}", "+1 {3} {3} {4}", "1-{3}-{3}-{4}", "{3}.{3}.{4}", "07{3} {6}", "+44 7{3} {6}",
           "020 {4} {4}", "01{3} {6}", "+44 (0)20 {4} {4}", "0044 7{9}", "07{9}", "+353 86 {3} {4}"),
    "de": ("0{3} {7}", "+49 {3} {7}", "0{3}/{6}", "0049 {10}", "+43 6{2} {7}", "017{1}-{7}", "0{2} {4} {4}"),
    "fr": ("0{1} {2} {2} {2} {2}", "+33 6 {2} {2} {2} {2}", "06.{2}.{2}.{2}.{2}", "06{8}", "0033 6{8}"),
    "es": ("6{2} {3} {3}", "+34 6{2} {2} {2} {2}", "91 {3} {2} {2}", "6{8}", "9{2}-{6}"),
}  # fmt: skip


def _phone(random: Random, language: str, _half: int) -> Secret:
    text = ""
    for literal, slot, _, _ in string.Formatter().parse(random.choice(_PHONES[language])):
        text += literal
        if slot:
            text += str(random.randint(2, 9)) + _digits(random, int(slot) - 1)
    return _odd(random, Secret("phone", text))


def _odd(random: Random, secret: Secret) -> Secret:
    """Now and then as people write who want to be careful: spaced out, other dashes, other digits."""
    text, at = secret.text, random.random()
    if at < 0.04:
        text = " ".join(char for char in text if char not in " .-/")
    elif at < 0.07:
        text = text.replace("-", "\u2011").replace(" ", "\u00a0")
    elif at < 0.09:
        text = text.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    elif at < 0.11:
        cut = len(text) // 2
        text = text[:cut] + "\u200b" + text[cut:]
    return Secret(secret.kind, text, secret.parts)


def _card(random: Random, _language: str, _half: int) -> Secret:
    start, length = random.choice(
        (("4", 16), ("5" + random.choice("12345"), 16), ("37", 15), ("6011", 16), ("2221", 16))
    )
    body = start + _digits(random, length - len(start) - 1)
    whole = body + next(digit for digit in string.digits if _luhn(body + digit))
    if length == 15:
        groups = [whole[:4], whole[4:10], whole[10:]]
    else:
        groups = [whole[at : at + 4] for at in range(0, 16, 4)]
    return _odd(random, Secret("card", random.choice((" ", " ", "-", "", ".")).join(groups)))


def _luhn(number: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + at % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


_BANKS = {
    "DE": "{18}",
    "FR": "{10}A{10}{2}",
    "ES": "{20}",
    "GB": "NWBK{14}",
    "NL": "INGB{10}",
    "AT": "{16}",
    "IT": "X{22}",
    "IE": "BOFI{14}",
}


def _iban(random: Random, _language: str, _half: int) -> Secret:
    country = random.choice(tuple(_BANKS))
    body = ""
    for literal, slot, _, _ in string.Formatter().parse(_BANKS[country]):
        body += literal + (_digits(random, int(slot)) if slot else "")
    number = int("".join(str(int(char, 36)) for char in f"{body}{country}00"))
    whole = f"{country}{98 - number % 97:02}{body}"
    spaced = " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
    return _odd(random, Secret("iban", random.choice((whole, spaced, spaced, spaced.lower()))))


def _ssn(random: Random, _language: str, _half: int) -> Secret:
    number = (random.randint(101, 664), random.randint(10, 99), random.randint(1000, 9999))
    return Secret("ssn", random.choice(("{}-{}-{}", "{} {} {}", "{}{}{}")).format(*number))


def _nino(random: Random, _language: str, _half: int) -> Secret:
    pairs = [_digits(random, 2) for _ in range(3)]
    start, end = random.choice(("AB", "CE", "JG", "PX", "TW", "YZ")), random.choice("ABCD")
    return Secret("nino", random.choice((" ", "")).join((start, *pairs, end)))


def _steuer(random: Random, _language: str, _half: int) -> Secret:
    digits = random.sample(string.digits, 10)
    if digits[0] == "0":
        digits = [*digits[1:], "0"]
    digits[9] = digits[random.randrange(1, 8)]  # one digit comes twice, as the rule wants
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    check = (11 - product) % 10
    whole = "".join(digits) + str(check)
    return Secret(
        "steuer", random.choice((whole, f"{whole[:2]} {whole[2:5]} {whole[5:8]} {whole[8:]}"))
    )


def _nir(random: Random, _language: str, _half: int) -> Secret:
    body = f"{random.choice('12')}{random.randint(40, 99)}{random.randint(1, 12):02}{random.randint(11, 89)}{_digits(random, 6)}"
    key = f"{97 - int(body) % 97:02}"
    spaced = " ".join((body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:], key))
    return Secret("nir", random.choice((body + key, spaced)))


_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _dni(random: Random, _language: str, _half: int) -> Secret:
    number = random.randint(10_000_000, 99_999_999)
    return Secret("dni", f"{number}{random.choice(('', '-', ' '))}{_LETTERS[number % 23]}")


def _nie(random: Random, _language: str, _half: int) -> Secret:
    at, number = random.randrange(3), random.randint(1_000_000, 9_999_999)
    letter = _LETTERS[int(f"{at}{number}") % 23]
    return Secret(
        "nie", random.choice((f"{'XYZ'[at]}{number}{letter}", f"{'XYZ'[at]}-{number}-{letter}"))
    )


def _passport(random: Random, _language: str, _half: int) -> Secret:
    forms = (
        f"C{random.choice('FGHJ')}{_digits(random, 7)}",
        f"{random.randint(100, 999)}{_digits(random, 6)}",
        f"{_digits(random, 2)}AB{_digits(random, 5)}",
    )
    return Secret("passport", random.choice(forms))


def _born(random: Random, language: str, _half: int) -> Secret:
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1938, 2006)
    forms = {
        "en": (f"{day} {_MONTHS[month - 1]} {year}", f"{month:02}/{day:02}/{year}", f"{year}-{month:02}-{day:02}", f"{_MONTHS[month - 1][:3]} {day}, {year}"),
        "de": (f"{day:02}.{month:02}.{year}", f"{day}.{month}.{year % 100:02}", f"{day}. {_GERMAN[month - 1]} {year}"),
        "fr": (f"{day:02}/{month:02}/{year}", f"{day} {_FRENCH[month - 1]} {year}"),
        "es": (f"{day:02}-{month:02}-{year}", f"{day} de {_SPANISH[month - 1]} de {year}"),
    }  # fmt: skip
    return Secret("dob", random.choice(forms[language]))


_GERMAN = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
)
_FRENCH = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
_SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()


def _address(random: Random, language: str, half: int) -> Secret:
    street = _filled_in(random, _pick(random, _STREETS[language], half))
    if random.random() < 0.35:
        return Secret("address", street, (street,))
    town = _filled_in(random, _pick(random, _TOWNS[language], half))
    return Secret("address", street + random.choice((", ", ", ", "\n", " ")) + town, (street, town))


def _box(random: Random, _language: str, _half: int) -> Secret:
    return Secret("pobox", str(random.randint(100, 99_999)))


def _ip(random: Random, _language: str, _half: int) -> Secret:
    if random.random() < 0.2:
        return Secret(
            "ip", f"2001:db8:{random.randint(4096, 65535):x}::{random.randint(4096, 65535):x}"
        )
    return Secret("ip", ".".join(str(random.randint(11, 250)) for _ in range(4)))


def _account(random: Random, _language: str, _half: int) -> Secret:
    forms = (
        _digits(random, 8),
        f"KD-{_digits(random, 6)}",
        f"{_digits(random, 3)}-{_digits(random, 5)}",
        f"A{_digits(random, 7)}",
    )
    return Secret("account", random.choice(forms))


_PRIVATE: Mapping[str, Callable[[Random, str, int], Secret]] = {
    "name": _name, "first": _first, "last": _last, "email": _email, "phone": _phone, "card": _card,
    "iban": _iban, "ssn": _ssn, "nino": _nino, "steuer": _steuer, "nir": _nir, "dni": _dni, "nie": _nie,
    "passport": _passport, "dob": _born, "address": _address, "pobox": _box, "ip": _ip, "account": _account,
}  # fmt: skip
_DECOY: Mapping[str, Callable[[Random], str]] = {
    "order": lambda random: str(random.randint(10_001, 12_000)),
    "product": lambda random: random.choice(_PRODUCTS),
    "price": lambda random: random.choice(("{}.90 EUR", "{},90 €", "€{}.00", "1,{}.00 EUR")).format(random.randint(100, 899)),
    "town": lambda random: random.choice(_PLACES),
    "tracking": lambda random: random.choice(("TP", "LE")) + str(random.randint(10**9, 10**10 - 1)),
    "day": lambda random: random.choice((f"{random.randint(1, 28)} {random.choice(_MONTHS)}", f"{random.randint(1, 28):02}.{random.randint(1, 12):02}.2026", f"2026-{random.randint(1, 12):02}-{random.randint(10, 28)}")),
    "size": lambda random: random.choice(("42", "43.5", "XL", "M", "S")),
    "code": lambda random: random.choice(("SUMMER25", "PUNA10", "WELCOME-15")),
    "sku": lambda random: random.choice(("TN-102", "CL-105-M", "BT-103-42", "SB-104")),
    "invoice": lambda random: f"INV-2026-{random.randint(10_000, 99_999)}",
    "ean": lambda random: "40" + _digits(random, 11),
}  # fmt: skip


def directory_people(seed: int, customers: Sequence[Customer]) -> list[Customer]:
    """The customers with new names and addresses, which are in no message and in no list of ours."""
    random = Random(f"directory:{seed}")
    people = []
    for one in customers:
        first, last = (
            "".join(random.choice(_SYLLABLES) for _ in range(4)).capitalize() for _ in range(2)
        )
        email = f"{first}.{last}@example.org".lower()
        people.append(replace(one, first_name=first, last_name=last, email=email))
    random.shuffle(people)
    return people
