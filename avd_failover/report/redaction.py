"""What no screen, log or report may show: secrets by their shape, and people by their address.

The journal holds neither (safety J11), and no adapter hands a body on. This is the second fence, at the
sink, for what a cloud's error message or a library's log line may carry all the same (safety 4.3).
"""

import re

SECRET = "[secret-withheld]"  # noqa: S105 - what stands in the place of one
PERSON = "[name-withheld]"

_NAMED = (
    r"sig|signature|accountkey|sharedaccesskey|sharedaccesssignature|password|pwd|secret|client_secret"
    r"|client_assertion|access_token|refresh_token|id_token|subscription-key|api-key|cookie"
)
_SHAPES = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*",  # JSON web tokens, registration tokens among them
    r"\b(?:bearer|basic)\s+[\w.~+/=-]{8,}",
    r"[A-Za-z0-9+/]{86}==",  # storage account keys
    r"[\w.~-]{3}\dQ~[\w.~-]{31,34}",  # client secrets of Entra ID
)
_SECRETS = re.compile("|".join(_SHAPES), re.IGNORECASE | re.DOTALL)
_NAMED_SECRETS = re.compile(
    rf"""(?<![\w-])(?P<name>{_NAMED})(?P<is>["']?\s*[=:]\s*["']?)(?P<value>[^;&\s"',}}]+)""", re.IGNORECASE
)
_PEOPLE = re.compile(r"[\w.+#-]+@[\w-]+(?:\.[\w-]+)+")

FIELDS = frozenset(
    {
        "authorization",
        "password",
        "secret",
        "client_secret",
        "token",
        "access_token",
        "refresh_token",
        "cookie",
        "set-cookie",
        "user",
        "upn",
        "user_principal_name",
        "userprincipalname",
    }
)
"""Names of fields whose value is withheld whatever it looks like, in lower case."""


def redact(text: str) -> str:
    """Return the text with every secret and every person's address taken out; twice is as once."""
    text = _SECRETS.sub(SECRET, text)
    text = _NAMED_SECRETS.sub(rf"\g<name>\g<is>{SECRET}", text)
    return _PEOPLE.sub(PERSON, text)


def redact_value(value: object) -> object:
    """Return a value of a log line or report with all that ``redact`` takes out, at any depth."""
    match value:
        case str():
            return redact(value)
        case bytes():
            return redact(value.decode("utf-8", "backslashreplace"))
        case dict():
            return {redact(str(key)): redact_field(str(key), item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redact_value(item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return redact(str(value))


def redact_field(name: str, value: object) -> object:
    """Return a named field's value, withheld as a whole where the name says what it is."""
    if name.lower() in FIELDS and value is not None:
        return SECRET
    return redact_value(value)
