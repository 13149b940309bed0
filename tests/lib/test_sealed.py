"""Sealing of secrets."""

import pytest

from luxebrain.lib import sealed


def test_it_seals_and_unseals():
    kept = sealed.seal("whsec_ü", purpose="webhook")
    assert "whsec" not in kept
    assert sealed.unseal(kept, purpose="webhook") == "whsec_ü"


def test_it_refuses_another_purpose_and_changed_text():
    kept = sealed.seal("secret", purpose="webhook")
    for wrong in (kept[:-2] + "AA", "", "x"):
        with pytest.raises(sealed.Unreadable):
            sealed.unseal(wrong, purpose="webhook")
    with pytest.raises(sealed.Unreadable):
        sealed.unseal(kept, purpose="pull")


def test_it_reads_what_an_older_key_sealed(settings):
    kept = sealed.seal("secret", purpose="webhook")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-to-be-one"
    assert sealed.unseal(kept, purpose="webhook") == "secret"
