"""Species names, whose genus is often one letter and a full stop: the letter of "C. trachomatis" marks no option."""

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


def is_species(rest: str) -> bool:
    """True if the text after a letter and its full stop begins with the second half of a species' name."""
    match = re.match(r"\s*([a-z]+)", rest)
    return match is not None and match[1] in _EPITHETS
