"""How often a number of the same form was a claim where that was counted by hand.

Digits are nearly always an amount once dates, names and addresses are set aside. A numeral in 汉字 is one where a qualifier stands beside
it, or where it ranks; else it may as well belong to a turn of phrase.
"""

from commresearch.comparison.claim_parser_tokens import Token
from commresearch.terms import Comparison

DIGITS = 0.99  #: 406 of 408 candidates written in digits, five texts
QUALIFIED_OR_RANK = 0.98  #: 40 of 41 in 汉字 with a qualifier, without a counting unit, or as a rank
BARE = 0.7  #: 52 of 73 others in 汉字


def confidence_of(token: Token, comparison: Comparison) -> float:
    """Share of claims among candidates of this form in the texts that the parser was measured with."""
    if not token.is_han:
        return DIGITS
    return QUALIFIED_OR_RANK if token.qualifier or token.unit == "" or comparison is Comparison.RANK else BARE
