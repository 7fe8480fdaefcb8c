"""Numbers that are given out in some fifty countries, in their usual spellings; filled by chance, nobody's.

``#`` is a digit, ``%`` one that is not 0, ``@`` a letter. Dates inside of a number are DDMMYY, YYMMDD or YYYYMMDD.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

TELEPHONES = """
AR +54 9 11 ####-####|011 15-####-####
AT +43 664 ### ## ##|0664 / ### ## ##|0043 1 ### ## ##
AU +61 4## ### ###|04## ### ###|(02) #### ####
BE +32 47# ## ## ##|047#/## ## ##|0032 (0)2 ### ## ##
BG +359 88 ### ####|088 ### ####
BR +55 (11) 9####-####|(11) 9####-####
CA +1 (416) 555-01##|416-555-01##|1.416.555.01##
CH +41 (0)79 ### ## ##|079 ### ## ##|0041 44 ### ## ##
CL +56 9 #### ####
CN +86 13# #### ####|13#########|86-10-########
CO +57 30# ### ####
CZ +420 601 ### ###|+420-601-###-###|00420601######|601 ### ###|tel:+420601######|Tel. 601 ### ###
DE +49 (0)30 ######|0049 30 ######|030/######|(030) ### ### ##|0151 / ## ## ## ##|+4915########|Tel.: 030 #### ####
DK +45 ## ## ## ##|########
EE +372 5### ####
EG +20 10# ### ####
ES +34 6## ## ## ##|6## ### ###|0034 91 ### ## ##
FI +358 40 ### ####|040-#######
FR +33 (0)6 ## ## ## ##|06 ## ## ## ##|06.##.##.##.##|+336########
GB +44 (0) 7700 900###|07700 900###|(020) 7946 0###|+44 20 7946 0### ext. ###
GR +30 69# ### ####
HK +852 #### ####
HR +385 91 ### ####|091/###-####
HU +36 30 ### ####|06 30 ### ####
ID +62 812-####-####|0812 #### ####
IE +353 8# ### ####|(01) ### ####
IL +972-5#-###-####|05#-#######
IN +91 9#### #####|0## #### ####|9#########
IS +354 ### ####
IT +39 3## ### ####|3## #######|06 #### ####
JP +81 90-####-####|090-####-####|03-####-####
KR +82 10-####-####|010-####-####
LT +370 6## #####|8 6## #####
LV +371 2# ### ###
MX +52 55 #### ####|55 #### ####
MY +60 12-### ####
NL +31 6 ########|06-########|020 ### ####
NO +47 ### ## ###
NZ +64 21 ### ####|021 ### ####
PH +63 917 ### ####
PK +92 3## #######
PL +48 ### ### ###|(22) ### ## ##
PT +351 9## ### ###
RO +40 72# ### ###|072#.###.###
RS +381 6# ### ####|06#/###-####
RU +7 (912) ###-##-##|8 (912) ###-##-##|8912#######
SE +46 70-### ## ##|070-### ## ##
SG +65 9### ####
SI +386 31 ### ###
SK +421 9## ### ###|09## ### ###
TH +66 8# ### ####
TR +90 5## ### ## ##|0(5##) ### ## ##
TW +886 9## ### ###
UA +380 67 ### ## ##
US (212) 555-01##|+1 (212) 555-01##|+1-212-555-01## x###|(212) 555-01##, ext. 12|212.555.01##
VN +84 9# ### ## ##
ZA +27 8# ### ####|08# ### ####
"""
IDENTITIES = """
AR ##.###.###|20-########-#
AT #### DDMMYY|##-###/####
AU ### ### ###|## ### ### ###|#### ##### #
BE YY.MM.DD-###.##|BE 0### ### ###
BG YYMMDD####|BG#########
BR ###.###.###-##|##.###.###/0001-##
CA ### ### ###|@###########-##
CH 756.####.####.##|CHE-###.###.###|CHE-###.###.### MWST
CL ##.###.###-#|##.###.###-K
CN 11010519YYMMDD###X
CO #.###.###.###
CZ YYMMDD/####|YYMMDD####|CZ########
DE ## ### ### ###|##/###/#####|DE#########|DE 123 456 789|##DDMMYY@###|## DDMMYY @ ###|@#########
DK DDMMYY-####|DDMMYY####
EE 3YYMMDD####
EG 2YYMMDD#######
ES ########@|########-@|X-#######-@|Y#######@|B########|ESB########|ES@#######@
FI DDMMYY-###T|DDMMYYA###T|DDMMYY+###7|FI########
FR 1 YY 07 75 ### ### ##|1YY072A######|FR## #########|### ### ###|### ### ### #####
GB QQ ## ## ## C|QQ######C|### ### ####|#### ######|GB### #### ##|KVAPI7531##ZM9IJ
GR #########|DDMMYY#####|EL#########|AB ######
HK @###### (#)|@#######
HR ###########|HR###########
HU ########-#-##|###.###.###|HU########
IE #######@@|#######@|IE#######@A
IL #########|#-#######-#
IN #### #### ####|@@@P@####@|@@@p@####@|29@@@P@####@1Z#
IS DDMMYY-####
IT RSSMRA##A##H###@|RSS MRA ##A## H###@|###########|IT###########
JP #### #### ####
KE A#########@
KR YYMMDD-#######|YYMMDD#######
LT 3YYMMDD####|LT#########|LT############
LV DDMMYY-#####
MT #######M|MT########
MX GOMCYYMMDDHDFMRR0#|@@@@YYMMDD@#@|@@@ YYMMDD @##
MY YYMMDD-14-####
NG ###########
NL #########|NL#########B##|#### ## ###
NO DDMMYY #####
NZ ###-###-###|@@@####
PE ########|###########
PH ##-#######-#
PK #####-#######-#
PL YYMMDD#####|###-###-##-##|PL##########|ABC ######
PT ### ### ###|######## # ZZ#
RO 1YYMMDD######|RO########
RS DDMM9##7#####
RU ###-###-### ##|#### ######|############
SA 1#########
SE YYMMDD-####|19YYMMDD-####|SE############
SG S#######@
SI DDMM9##50####|SI########
SK YYMMDD/####
TH #-####-#####-##-#
TR ###########
TW @#########
UA ##########
US ###-##-####|##-#######|9##-##-####
UY #.###.###-#
VN ############
ZA YYMMDD #### ## #
"""
PLATES = """
AR AB ### CD
AT W-##### A|LL ### AB
AU ABC-##D
BE 1-ABC-###
BG CA #### AB
BR ABC#D##
BY #### AB-7
CA ABCD ###
CH ZH ### ###
CZ #AB ####
DE B-AB ####|HSK-AB ####|M AB #
DK AB ## ###
ES #### BCD
FI ABC-###
FR AB-###-CD
GB AB## CDE|A### BCD
GR ABC-####
HR ZG ####-AB
HU AA AB ###|ABC-###
ID B #### ABC
IE 12-D-#####
IL ###-##-###
IN MH ## AB ####|KA##A####
IT AB ### CD
JP 300 ##-##
KE KAA ###A
KR 12 ####
KZ ### ABC ##
LT ABC ###
MX ABC-###-A
MY WXY ####
NG ABC-###DE
NL ##-AB-CD
NO AB #####
PH ABC ####
PK LEA-##-####
PL WA #####|WPR ####A
PT AA-##-AA
RO B ### ABC
RS BG ####-AB
RU A###BC ###|А###ВС77
SE ABC ##D
SG SBA####A
SI LJ AB-###
SK BA-###AB
TH 1 ####
TR 34 ABC ####
UA AA #### BB
US ABC-####|#ABC###
VN 30A-###.##
ZA CA ###-###|ABC ### GP
"""
POSTCODES = """
AT ####|A-####
AU ####
BR #####-###
CA A#A #A#
CH CH-####
CN ######
CZ ### ##|### ## Praha
DE #####|D-#####
DK ####
ES #####
FI FI-#####
FR #####|75### Paris
GB SW#A #AA|M# #AE
IE D## AF##|A## X###
IN ### ###
IR ##########
IT #####|I-#####
JP ###-####
KR #####
LT LT-#####
LV LV-####
NL #### AB
NO ####
PL ##-###
PT ####-###
RU ######
SE ### ##|SE-### ##
SG ######
SK ### ##
UA #####
US #####|#####-####|NY #####
ZA ####
"""
IBANS = "AT16# BE12# CH17# CZ20# DE18# DK14# EE16# ES20# FI14# FR23# GB@@@@14# HR17# HU24# IE@@@@14# IT@22# LT16# NL@@@@10#"
IBANS += " NO11# PL24# PT21# RO@@@@16# SE20# SI15# SK20# TR22# BG@@@@14# CY24# GR23# LU16# LV@@@@13# MT@@@@23# SA20# AE19#"
DATES = """
%Y-%m-%d %d.%m.%Y %d/%m/%Y %m/%d/%Y %d-%m-%Y %Y/%m/%d %Y.%m.%d %Y%m%d %d%m%Y %d%m%y %y%m%d %d.%m.%y
""".split()  # noqa: SIM905 - a table is read as text
IN_WORDS = """
{} March 1980|March {}, 1980|{}th of March, 1980|{}-Mar-1980|{}mar1980|{} mars 1980|le {} mars 1980|{}. März 1980|{}. Oktober 1980|
{}. listopadu 1980|{} de marzo de 1980|{} marzo 1980|{} maart 1980|{} mars 1980|{} października 1980|{}. května 1980|{} марта 1980|
1980年3月{}日|{} Ağustos 1980|{}. maaliskuuta 1980|{} de março de 1980|{} desember 1980|1980. március {}.|twelfth of march 1980
""".replace("\n", "").split("|")


def filled(mask: str, chance: random.Random) -> str:
    """Return what *mask* may stand for."""
    year, month, day = chance.randint(40, 99), chance.randint(1, 12), chance.randint(1, 28)
    for name, value in (("YY", year), ("MM", month), ("DD", day)):
        mask = (
            mask.replace(name, f"{value:02}") if name in mask and sum(map(mask.count, ("#", "YY"))) else mask
        )
    letters, digits = "ABCDEFGHJKLMNPRSTVWXYZ", "0123456789"
    return "".join(
        chance.choice(digits) if each == "#" else chance.choice(letters) if each == "@" else each
        for each in mask
    )


def of(table: str, times: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield each country of *table*, and what is given out there in each spelling."""
    for line in table.strip().splitlines():
        country, _, masks = line.partition(" ")
        for mask in masks.split("|"):
            yield from ((f"{country} {mask}", filled(mask, chance)) for _ in range(times))


def ibans(times: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield account numbers with right check digits (ISO 13616), in one piece and in groups."""
    for form in IBANS.split():
        country, letters = form[:2], form[2:].count("@")
        count = int(form[2 + letters : -1])
        for _ in range(times):
            bban = filled("@" * letters + "#" * count, chance)
            number = "".join(str(int(each, 36)) for each in f"{bban}{country}00")
            whole = f"{country}{98 - int(number) % 97:02}{bban}"
            yield form, whole
            yield form, " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
