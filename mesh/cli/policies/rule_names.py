"""Names of the rules of a policy, as `meshctl policy set` takes them."""

from typing import Final

RULES: Final = ("allow-all", "quota", "rate-limit", "permit-list")
