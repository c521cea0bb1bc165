"""The generator behind the privacy bar: fresh for every seed, and no friend of the recognisers."""

from __future__ import annotations

from arriero.security.privacy_likeness import folded
from arriero.security.privacy_names import family_names, given_names, ordinary_words
from arriero.security.privacy_numbers import is_card, is_iban, is_tax_id
from bars._private import _FIRST, _LAST, messages
from bars.privacy import Kept, _found, _is_private


def test_a_seed_gives_the_same_messages_and_another_one_others() -> None:
    first, again, other = messages(1, 50), messages(1, 50), messages(2, 50)
    assert first == again
    assert not {one.text for one in first} & {one.text for one in other}


def test_no_name_of_the_bar_is_in_a_lexicon_of_the_package() -> None:
    names = {form for name in (*_FIRST, *_LAST) for form in (name.lower(), folded(name))}
    assert not names & (given_names() | family_names() | ordinary_words())


def test_every_private_value_stands_in_its_message_with_right_check_digits() -> None:
    proofs = {"card": is_card, "iban": is_iban, "steuer": is_tax_id}
    for one in messages(3, 400):
        for secret in one.secrets:
            assert secret.text in one.text
            proof = proofs.get(secret.kind)
            if proof is not None and secret.text.isascii():
                assert proof(secret.text.replace(".", "")), secret


def test_a_value_is_found_escaped_spaced_and_lower_cased() -> None:
    kept = Kept(r"name: bego\u00f1a, card 4111 1111 1111 1111", "4111111111111111", 0)
    assert _found("Begoña", kept, {})
    assert _found("4111-1111-1111-1111", kept, {})
    assert not _found("Solene", kept, {})


def test_a_masked_sentence_is_not_precise_because_a_name_is_in_it() -> None:
    (secret,) = next(one.secrets for one in messages(4, 400) if len(one.secrets) == 1)
    assert _is_private(secret.text, [secret])
    assert not _is_private(f"{secret.text} and very much else {'besides ' * 20}", [secret])
