"""Encodings against base64 and bytes.hex."""

import base64
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corekey


@given(st.binary(max_size=300))
def test_encodings_are_those_of_the_standard_library(data: bytes) -> None:
    url = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert corekey.encode(data, "hex") == data.hex()
    assert corekey.encode(data, "base64") == base64.b64encode(data).decode()
    assert corekey.encode(data, "base64url") == url
    encodings: list[Literal["hex", "base64", "base64url"]] = ["hex", "base64", "base64url"]
    for encoding in encodings:
        text = corekey.encode(data, encoding)
        assert corekey.decode(text, encoding) == data
        assert corekey.decode(bytearray(text.encode()), encoding) == data
    assert corekey.decode(data.hex().upper(), "hex") == data


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("hex", "0"),
        ("hex", "0g"),
        ("hex", " 00"),
        ("hex", "é0"),
        ("base64", "Zg"),
        ("base64", "Zh=="),
        ("base64", "Zm8\n"),
        ("base64", "Zm-_"),
        ("base64url", "Zm+/"),
        ("base64url", "Zg=="),
        ("base64url", "Z"),
    ],
)
def test_a_text_that_is_not_exact_is_refused(
    encoding: Literal["hex", "base64", "base64url"], text: str
) -> None:
    with pytest.raises(ValueError, match="not valid in this encoding"):
        corekey.decode(text, encoding)


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="'hex', 'base64' or 'base64url', not \"base32\""):
        corekey.encode(b"", "base32")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        corekey.encode("text", "hex")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        corekey.decode(7, "hex")  # type: ignore[arg-type]
