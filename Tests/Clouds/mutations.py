"""Changes files by chance."""

import dataclasses
import re
import unicodedata

import samples
import yaml

TOKENS = [
    "'", '"', "''", "\\", "{", "}", "[", "]", ",", ":", ": ", " :", "#", " #", "-", "- ", "? ", "&a", "*a", "!", "|", ">", "%", "@", "`",
    "\n", "\n\n", "\r\n", "\r", "\t", " ", "  ", "---\n", "...\n", "\0", "\x07", "\x85", "\u2028", "\ufeff", "e\u0301", "~", "null", "yes",
    "0123", "1_000", "2020-01-01", "1.10", "<<: ", "=", "{region_name}", "{x}", "\\x41",
]
KEYS = [
    "auth_url", "username", "user_name", "user_id", "password", "project_name", "project_id", "tenant_name", "tenant_id", "user_domain_name",
    "user_domain_id", "project_domain_name", "project_domain_id", "domain_id", "domain_name", "default_domain_id", "token", "auth_token", "passcode",
    "auth_type", "region_name", "regions", "interface", "endpoint_type", "image_endpoint_override", "cacert", "cert", "key", "verify", "insecure",
    "profile", "cloud", "identity_api_version", "image_api_version", "auth", "values", "name", "system_scope", "trust_id", "user-name", "project-id",
]
VALUES = [
    "x", "'x'", '"x"', "12", "012", "1.5", "true", "false", "~", "''", "v3token", "token", "password", "v3password", "v3totp", "v3applicationcredential",
    "internal", "publicURL", "otc", "[a, b]", "{a: b}", "3", "2", "https://other.example", "~/x", "a #b", "a: b", "'a", "x # y",
]


def mutated(case, dice):
    """Returns the case with one to three changes."""
    case = dataclasses.replace(case, files=dict(case.files), environment=dict(case.environment), kind="mutation")
    path = dice.choice(sorted(case.files))
    content = case.files[path]
    text = content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content
    for _ in range(dice.choice([1, 1, 2, 3])):
        text = dice.choice([line, line, line, value, value, value, key, key, noise, noise, style, added])(text, dice)
    case.files[path] = text.encode("utf-8", "surrogateescape")
    if dice.random() < 0.1:
        case.environment["OS_REGION_NAME"] = dice.choice(["eu-de", "region-2", "", "x"])
    return case


def line(text, dice):
    """Deletes, repeats, moves or indents a line."""
    lines = text.split("\n")
    index = dice.randrange(len(lines))
    kind = dice.randrange(7)
    if kind == 0:
        del lines[index]
    elif kind == 1:
        lines.insert(index, lines[index])
    elif kind == 2:
        lines[index] = dice.choice([" ", "  ", "    ", "\t"]) + lines[index]
    elif kind == 3:
        lines[index] = lines[index][dice.choice([1, 2, 4]):]
    elif kind == 4:
        lines.insert(dice.randrange(len(lines)), lines[index])
    elif kind == 5:
        lines.insert(index, dice.choice(["", "  ", "# comment", "      # comment", "\t"]))
    else:
        lines[index] += dice.choice([" ", "  # comment", "#comment", "\r", "\t", " #"])
    return "\n".join(lines)


def value(text, dice):
    """Replaces a value."""
    places = list(re.finditer(r"(?<=: )[^\n]*", text))
    if not places:
        return text
    place = dice.choice(places)
    new = dice.choice(VALUES + [place.group() + dice.choice(TOKENS), dice.choice(TOKENS) + place.group()])
    return text[: place.start()] + new + text[place.end():]


def key(text, dice):
    """Replaces a key."""
    places = list(re.finditer(r"[\w-]+(?=:)", text))
    if not places:
        return text
    place = dice.choice(places)
    return text[: place.start()] + dice.choice(KEYS) + text[place.end():]


def added(text, dice):
    """Adds a setting in some place."""
    lines = text.split("\n")
    index = dice.randrange(len(lines))
    indentation = re.match(" *", lines[index]).group()
    lines.insert(index, f"{indentation}{dice.choice(KEYS)}: {dice.choice(VALUES)}")
    return "\n".join(lines)


def noise(text, dice):
    """Inserts or removes something anywhere."""
    start = dice.randrange(len(text) + 1)
    end = min(len(text), start + dice.choice([0, 0, 0, 1, 1, 5]))
    return text[:start] + dice.choice(TOKENS + [""]) + text[end:]


def style(text, dice):
    """Writes the same in another style."""
    try:
        tree = yaml.safe_load(text)
        return yaml.safe_dump(
            tree,
            default_flow_style=dice.choice([None, True, False]),
            default_style=dice.choice([None, None, "'", '"']),
            indent=dice.choice([2, 3, 8]),
            width=dice.choice([40, 80, 10000]),
            allow_unicode=dice.random() < 0.5,
            explicit_start=dice.random() < 0.3,
            explicit_end=dice.random() < 0.05,
            line_break=dice.choice([None, "\r\n"]),
        )
    except (yaml.YAMLError, ValueError, TypeError, AttributeError):
        return unicodedata.normalize("NFD", text)
