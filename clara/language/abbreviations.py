"""Letters that belong to a name: the genus of "C. trachomatis", the kind of "hepatitis B". They mark and mean no option."""

from __future__ import annotations

import re

_EPITHETS = frozenset(
    (
        "abortus acnes aegypti aerogenes aeruginosa africanum agalactiae albicans anthracis aureus auris avium "
        "bancrofti baumannii botulinum bovis brasiliensis burgdorferi burnetii canis capsulatum cepacia cereus "
        "cholerae cloacae coli congolense cruzi cuniculi dermatitidis difficile diphtheriae donovani ducreyi "
        "duodenale duodenalis dysenteriae enterica enterocolitica epidermidis faecalis faecium falciparum flavus "
        "flexneri fragilis freundii fumigatus gambiense gondii gonorrhoeae granulosus guttatus haematobium henselae "
        "histolytica hominis immitis influenzae intercalatum israelii jejuni jirovecii kansasii knowlesi krusei "
        "lamblia leprae loa lumbricoides malariae mansoni marcescens marinum marneffei medinensis meningitidis "
        "mirabilis monocytogenes morganii multilocularis neoformans niger ovale oxytoca pallidum parahaemolyticus "
        "parapsilosis parvum perfringens pertussis pestis pneumoniae pneumophila psittaci pylori pyogenes recurrentis "
        "rhodesiense rickettsii saginata solium sonnei spiralis stercoralis stuartii suis tetani trachomatis "
        "trichiura tropicalis tuberculosis typhi typhimurium ulcerans vaginalis vermicularis viridans vivax volvulus "
        "vulgaris vulnificus welchii"
    ).split()
)

_NOUN = re.compile(
    r"(?:vitam\w*|hepat\w*|influen\w*|type|typ|tipo|tip|group\w*|grup\w*|gruppe|grade|class|класс|гепатит\w*|витамин\w*"
    r"|विटामिन|हेपेटाइटिस|ビタミン|肝炎|维生素|維生素|甲型|비타민|간염|วิตามิน|ตับอักเสบ|فيتامين|ويتامين|ভিটামিন|విటమిన్|βιταμίνη"
    r"|ויטמין)[\s\"'(]*$",
    re.IGNORECASE,
)


def is_species(rest: str) -> bool:
    """True if the text after a letter and its full stop begins with the second half of a species' name."""
    match = re.match(r"\s*([a-z]+)", rest)
    return match is not None and match[1] in _EPITHETS


def follows_noun(before: str) -> bool:
    """True if the text before a letter ends in a noun whose kinds have letters: vitamin, hepatitis, group, type."""
    return _NOUN.search(before) is not None
