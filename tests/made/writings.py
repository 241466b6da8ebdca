"""How an identifier may be written: by a person, a word processor, a mail program, a script; and by who hides it.

Two lists in one, each made anew by somebody who knew neither how it is searched for nor the other list.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import json
import lzma
import random
import unicodedata
import zlib
from collections.abc import Callable

Writing = Callable[[str, random.Random], str]

ALPHA = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def g(secret: str, size: int = 5) -> list[str]:
    """In groups."""
    return [secret[i : i + size] for i in range(0, len(secret), size)]


def alphabet(words: str) -> dict[str, str]:
    return dict(zip(LETTERS, words.split(), strict=False))


ICAO = alphabet(
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo"
    " Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
AVIATION = alphabet(
    "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hôtel India Juliet Kilo Lima Mike Novembre Oscar Papa Québec Roméo"
    " Sierra Tango Uniforme Victor Whisky Xray Yankee Zoulou"
)
NAMES = alphabet(
    "Anatole Berthe Célestin Désiré Eugène François Gaston Henri Irma Joseph Kléber Louis Marcel Nicolas Oscar Pierre"
    " Quintal Raoul Suzanne Thérèse Ursule Victor William Xavier Yvonne Zoé"
)
CITIES = alphabet(
    "Amiens Brest Caen Dijon Evreux Fréjus Gap Hyères Issy Joigny Kehl Lille Metz Nice Orange Paris Quimper Reims Sète"
    " Tours Uzès Vannes Woippy Xaintrie Yvetot Zurich"
)
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
FRENCH = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
CYR = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")
GRK = str.maketrans("ABEHIKMNOPTXYZ", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
RARE = str.maketrans("ABCEHIKMNOPSTXYZ", "ᎪᏴᏟᎬᎻᎥᏦᎷΝՕᏢЅᎢХҮᏃ")
SMALL = dict(zip(LETTERS, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ", strict=True))
MORSE = dict(
    zip(
        LETTERS + "0123456789",
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        strict=True,
    )
)
B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
B62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
B45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def shifted(start: int) -> Writing:
    """Letters from another place of Unicode."""
    return lambda s, d: "".join(chr(start + ord(c) - 65) if c.isalpha() else c for c in s)


def irr(secret: str, dice: random.Random, between: str) -> str:
    """In groups of no one length."""
    parts = []
    while secret:
        size = dice.randint(3, 8)
        parts.append(secret[:size])
        secret = secret[size:]
    return between.join(parts)


def typo(secret: str, dice: random.Random) -> str:
    place = dice.randrange(6, 18)
    return secret[:place] + dice.choice(ALPHA) + secret[place + 1 :]


def missing(secret: str, dice: random.Random) -> str:
    place = dice.randrange(6, 18)
    return secret[:place] + secret[place + 1 :]


def base(secret: str, digits: str) -> str:
    number, out = int.from_bytes(secret.encode(), "big"), ""
    while number:
        number, rest = divmod(number, len(digits))
        out = digits[rest] + out
    return out


def b45(secret: str) -> str:
    out = ""
    for pair in g(secret, 2):
        number = int.from_bytes(pair.encode(), "big")
        for _ in range(3 if len(pair) == 2 else 2):
            number, rest = divmod(number, 45)
            out += B45[rest]
    return out


# fmt: off
# ruff: noqa: E501
#: By a person, a word processor, a mail program, a script.
BY_A_PERSON: dict[str, Writing] = {
    "groups small":lambda s, d: "-".join(g(s)).lower(),
    "title groups":lambda s, d: "-".join(x.capitalize() for x in g(s)),
    "alternating case":lambda s, d: "".join(c.lower() if i%2 else c for i,c in enumerate(s)),
    "numbered )":lambda s, d: " ".join(f"{i}) {x}" for i,x in enumerate(g(s),1)),
    "Groupe n :":lambda s, d: "\n".join(f"Groupe {i} : {x}" for i,x in enumerate(g(s),1)),
    "tiret":lambda s, d: " tiret ".join(g(s)),
    "dash":lambda s, d: " dash ".join(g(s)),
    "puis":lambda s, d: ", puis ".join(g(s)),
    "first, second":lambda s, d: ", ".join(f"{w} group {x}" for w,x in zip(["first", "second", "third", "fourth", "fifth", "sixth", "seventh"],g(s), strict=False)),
    "markdown table":lambda s, d: "| "+" | ".join(g(s))+" |",
    "html rows":lambda s, d: "".join(f"<tr><td>{i}</td><td>{x}</td></tr>" for i,x in enumerate(g(s),1)),
    "quoted lines":lambda s, d: "\n> ".join(g(s)),
    "bullets":lambda s, d: "\n".join("  • "+x for x in g(s)),
    "ICAO digits":lambda s, d: " ".join(ICAO.get(c,c) for c in s),
    "ICAO number words":lambda s, d: " ".join(ICAO.get(c) or ENGLISH[int(c)] for c in s),
    "ICAO by groups":lambda s, d: ", ".join(" ".join(ICAO.get(c) or ENGLISH[int(c)] for c in x) for x in g(s)),
    "K comme":lambda s, d: ", ".join(f"{c} comme {NAMES[c]}" if c.isalpha() else c for c in s),
    "K comme, sept":lambda s, d: " ".join(f"{c} comme {NAMES[c]}" if c.isalpha() else FRENCH[int(c)] for c in s),
    "K as in":lambda s, d: ", ".join(f"{c} as in {ICAO[c]}" if c.isalpha() else c for c in s),
    "K for":lambda s, d: "; ".join(f"{c} for {ICAO[c]}" if c.isalpha() else ENGLISH[int(c)] for c in s),
    "French names":lambda s, d: " ".join(NAMES.get(c,c) for c in s),
    "letters by comma":lambda s, d: ", ".join(s),
    "letters by dot":lambda s, d: ".".join(s)+".",
    "letter and index":lambda s, d: "\n".join(f"{i} {c}" for i,c in enumerate(s,1)),
    "irregular blank":lambda s, d: irr(s,d," "),
    "irregular dash":lambda s, d: irr(s,d,"-"),
    "irregular line":lambda s, d: irr(s,d,"\n"),
    "prefix glued":lambda s, d: "ID"+s,
    "suffix glued":lambda s, d: s+"OK2",
    "prefix low glued":lambda s, d: "cle"+s,
    "typo":lambda s, d: typo(s,d),
    "typo in groups":lambda s, d: "-".join(g(typo(s,d))),
    "one missing":lambda s, d: missing(s, d),
    "last group hidden":lambda s, d: "-".join([*g(s)[:-1],"xxxxx"]),
    "middle hidden":lambda s, d: "-".join([*g(s)[:2],"*****",*g(s)[3:]]),
    "reading doubt":lambda s, d: "-".join(g(s)[:2])+" (ou "+d.choice(ALPHA)+" ?) "+"-".join(g(s)[2:]),
    "O for 0 1 for I":lambda s, d: "-".join(g(s)).replace("8","B",1).replace("2","Z",1),
    "markdown bold":lambda s, d: "-".join(f"**{x}**" for x in g(s)),
    "markdown code":lambda s, d: " - ".join(f"`{x}`" for x in g(s)),
    "html spans with ids":lambda s, d: "".join(f'<span id="g{i}" data-n="{i}">{x}</span>-' for i,x in enumerate(g(s))),
    "word xml":lambda s, d: "".join(f'<w:r><w:t xml:space="preserve">{x}</w:t></w:r><w:r><w:noBreakHyphen/></w:r>' for x in g(s)),
    "xml attributes":lambda s, d: "".join(f'<g n="{i}" v="{x}"/>' for i,x in enumerate(g(s))),
    "json list":lambda s, d: json.dumps(g(s)),
    "json keys":lambda s, d: json.dumps({f"g{i}":x for i,x in enumerate(g(s))}),
    "yaml list":lambda s, d: "\n".join("  - "+x for x in g(s)),
    "ini":lambda s, d: "\r\n".join(f"part{i}={x}" for i,x in enumerate(g(s))),
    "powershell concat":lambda s, d: " + ".join(f"'{x}'" for x in g(s)),
    "vb concat":lambda s, d: ' & _\r\n "'.join(x+'"' for x in g(s)),
    "c concat":lambda s, d: "\n    ".join(f'"{x}"' for x in g(s)),
    "hyphenated at line end":lambda s, d: s[:13]+"-\n"+s[13:],
    "soft hyphen odd":lambda s, d: s[:7]+"\u00ad"+s[7:19]+"\u00ad"+s[19:],
    "nnbsp and figure dash":lambda s, d: "\u202f\u2012\u202f".join(g(s)),
    "thin spaces":lambda s, d: "\u2009".join(g(s)),
    "ideographic space":lambda s, d: "\u3000".join(g(s)),
    "arrows":lambda s, d: "→".join(g(s)),
    "tatweel":lambda s, d: "\u0640".join(g(s)),
    "bidi isolates":lambda s, d: "".join(f"\u2066{x}\u2069-" for x in g(s)),
    "struck through":lambda s, d: "".join(c+"\u0336" for c in s),
    "keycaps":lambda s, d: "".join(c+"\ufe0f\u20e3" if c.isdigit() else c for c in s),
    "word joiner each":lambda s, d: "\u2060".join(s),
    "full width small":lambda s, d: "".join(chr(ord(c)+0xFEE0) for c in s.lower()),
    "brackets":lambda s, d: "".join(f"[{x}]" for x in g(s)),
    "braces and slash":lambda s, d: "{"+"}/{".join(g(s))+"}",
    "query":lambda s, d: "https://x.example/a?id="+"&id=".join(g(s)),
    "mail local part":lambda s, d: s.lower()+"@corp.example",
    "two columns":lambda s, d: "\n".join(f"{a:<20}{b}" for a,b in zip(g(s),["lu","relu","ok","vu","bon","oui","fin"], strict=False)),
    "said twice":lambda s, d: " ".join(f"{x} ({x})" for x in g(s)),
    "rtf":lambda s, d: "\\~".join(r"{\b "+x+"}" for x in g(s)),
    "latex":lambda s, d: "--".join(rf"\texttt{{{x}}}" for x in g(s)),
    "dictated with spaces":lambda s, d: "  -  ".join(" ".join(x) for x in g(s)),
    "five lines with times":lambda s, d: "\n".join(f"10:{i:02d} {x}" for i,x in enumerate(g(s),11)),
    "a mail thread":lambda s, d: "\n> > ".join([x+" =" for x in g(s)]),
    "with (lu) after each":lambda s, d: " ".join(x+" (lu)" for x in g(s)),
    "then a pause":lambda s, d: " ... ".join(g(s)),
    "first half, second half":lambda s, d: f"première moitié {s[:len(s)//2]}, seconde moitié {s[len(s)//2:]}",
    "in three parts":lambda s, d: f"1/3 : {s[:9]} 2/3 : {s[9:18]} 3/3 : {s[18:]}",
    "groups of six":lambda s, d: " ".join(g(s,6)),
    "groups of eight small":lambda s, d: "-".join(g(s,8)).lower(),
    "groups 5 4 mixed":lambda s, d: "-".join([s[:5],s[5:9],s[9:14],s[14:18],s[18:]]),
    "French aviation":lambda s, d: " ".join(AVIATION.get(c) or FRENCH[int(c)] for c in s),
    "French aviation, commas, digits":lambda s, d: ", ".join(AVIATION.get(c,c) for c in s),
    "K de Kilo":lambda s, d: ", ".join(f"{c} de {AVIATION[c]}" if c.isalpha() else "chiffre "+FRENCH[int(c)] for c in s),
    "K comme Kehl":lambda s, d: ", ".join(f"{c} comme {CITIES[c]}" if c.isalpha() else FRENCH[int(c)] for c in s),
    "K = Kilo":lambda s, d: "; ".join(f"{c} = {AVIATION[c]}" if c.isalpha() else c for c in s),
    "majuscule":lambda s, d: " ".join(f"{c} majuscule" if c.isalpha() else c for c in s),
    "letter lines with dash":lambda s, d: "\n- ".join(s),
    "quotes each":lambda s, d: " ".join(f'"{c}"' for c in s),
    "guillemets groups":lambda s, d: " ".join(f"« {x} »" for x in g(s)),
    "German label":lambda s, d: " / ".join(f"Block {i}: {x}" for i,x in enumerate(g(s),1)),
    "tab columns with numbers":lambda s, d: "\t".join(f"{i}\t{x}" for i,x in enumerate(g(s),1)),
    "aligned":lambda s, d: "".join(f"{x:>12}" for x in g(s)),
    "vertical bar art":lambda s, d: "+-----"*len(g(s))+"+\n|"+"|".join(g(s))+"|\n"+"+-----"*len(g(s))+"+",
    "ps here-string":lambda s, d: "@'\n"+"\n".join(g(s))+"\n'@ -replace '\\s',''",
    "ps -join":lambda s, d: "-join @("+",".join(f"'{x}'" for x in g(s))+")",
    "ps format":lambda s, d: "'{0}-{1}-{2}-{3}-{4}' -f "+", ".join(f'"{x}"' for x in g(s)),
    "env lines":lambda s, d: "\n".join(f"set K{i}={x}" for i,x in enumerate(g(s))),
    "python list of letters":lambda s, d: str(list(s)),
    "json of letters":lambda s, d: json.dumps([{"i":i,"c":c} for i,c in enumerate(s)]),
    "json nested groups":lambda s, d: json.dumps([{"group":i,"value":x,"ok":True} for i,x in enumerate(g(s),1)]),
    "xml elements":lambda s, d: "".join(f"<part no=\"{i}\"><text>{x}</text></part>" for i,x in enumerate(g(s))),
    "word runs with rsid":lambda s, d: "".join(f'<w:r w:rsidR="00A{i}1F"><w:rPr><w:b/></w:rPr><w:t>{x}</w:t></w:r>' for i,x in enumerate(g(s))),
    "definition list":lambda s, d: "<dl>"+"".join(f"<dt>Partie {i}</dt><dd>{x}</dd>" for i,x in enumerate(g(s)))+"</dl>",
    "css styled letters":lambda s, d: "".join(f'<b style="color:#{d.randrange(4096):03x}">{c}</b>' for c in s),
    "soft hyphen + nbsp":lambda s, d: "\u00ad\u00a0".join(g(s)),
    "em quad":lambda s, d: "\u2001".join(g(s)),"middle dots":lambda s, d: "\u2027".join(g(s)),"hyphen bullet":lambda s, d: "\u2043".join(g(s)),
    "two-em dash":lambda s, d: "\u2e3a".join(g(s)),"fullwidth pipe":lambda s, d: "\uff5c".join(g(s)),"line separators":lambda s, d: "\u2028".join(g(s)),
    "vertical tab":lambda s, d: "\x0b".join(g(s)),
    "form feed":lambda s, d: "\x0c".join(g(s)),
    "noncharacter soft":lambda s, d: "\u034f".join(s),
    "overlined":lambda s, d: "".join(c+"\u0305" for c in s),
    "ring accents":lambda s, d: "".join(unicodedata.normalize("NFC",c+"\u0301") for c in s),
    "last char wrong case and OCR":lambda s, d: "-".join(g(s.replace("B","8").replace("S","5").replace("Z","2",1))),
    "two characters swapped":lambda s, d: "-".join(g(s[:7]+s[8]+s[7]+s[9:])),
    "one inserted":lambda s, d: "-".join(g(s[:11]+d.choice(ALPHA)+s[11:])),
    "first group missing":lambda s, d: "-".join(["?????",*g(s)[1:]]),
    "unsure letters":lambda s, d: "-".join(g(s[:6]+"?"+s[7:15]+"?"+s[16:])),
    "crossed twice":lambda s, d: "~~"+"~~-~~".join(g(s))+"~~",
    "underscored name":lambda s, d: "pack_"+"_".join(g(s))+"_v2",
    "camel glued":lambda s, d: "KeyPack"+s+"Installed",
    "hash sign":lambda s, d: "#"+"#".join(g(s)),
    "reseller form":lambda s, d: "Nº : [ "+" ] [ ".join(g(s))+" ]",
    "semicolon cells":lambda s, d: ";".join(g(s)),
    "quoted csv row":lambda s, d: ",".join(f'"{x}"' for x in g(s)),
    "path of folders":lambda s, d: "C:\\"+"\\".join(g(s))+"\\x",
    "url path":lambda s, d: "https://x.example/"+"/".join(g(s)).lower()+"/",
    "reversed order of groups":lambda s, d: " ".join(f"{i}:{x}" for i,x in reversed(list(enumerate(g(s),1)))),
}
#: In look-alikes, in an encoding, in a cipher that keeps the form.
HIDDEN: dict[str, Writing] = {
    "cyrillic all":lambda s, d: s.translate(CYR),
    "cyrillic some":lambda s, d: "".join(c.translate(CYR) if d.random()<.4 else c for c in s),
    "greek":lambda s, d: "-".join(g(s.translate(GRK))),
    "math bold":lambda s, d: "".join(chr(0x1D400+ord(c)-65) if c.isalpha() else chr(0x1D7CE+int(c)) for c in s),
    "math script groups":lambda s, d: "-".join(g("".join(chr(0x1D4D0+ord(c)-65) if c.isalpha() else c for c in s))),
    "circled":shifted(0x24B6),"parenthesised":shifted(0x1F110),"squared":shifted(0x1F130),"negative squared":shifted(0x1F170),"regional":shifted(0x1F1E6),
    "small caps":lambda s, d: "".join(SMALL.get(c,c) for c in s),
    "superscript digits":lambda s, d: s.translate(str.maketrans("0123456789","⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "arabic digits":lambda s, d: s.translate(str.maketrans("0123456789","٠١٢٣٤٥٦٧٨٩")),
    "tag characters":lambda s, d: "".join(chr(0xE0000+ord(c)) for c in s),
    "rlo reversed":lambda s, d: "\u202e"+s[::-1]+"\u202c",
    "reversed":lambda s, d: s[::-1],"reversed groups":lambda s, d: "-".join(g(s[::-1])),
    "rot13":lambda s, d: codecs.encode(s,"rot13"),
    "base85":lambda s, d: base64.b85encode(s.encode()).decode(),
    "base85 of groups":lambda s, d: base64.b85encode("-".join(g(s)).encode()).decode(),
    "base58":lambda s, d: base(s,B58),"base62":lambda s, d: base(s,B62),"base36":lambda s, d: base(s,B62[:36]),"base45":lambda s, d: b45(s),
    "uuencode":lambda s, d: binascii.b2a_uu(s.encode()).decode(),
    "quoted printable each":lambda s, d: "".join(f"={ord(c):02X}" for c in s),
    "percent twice":lambda s, d: "".join(f"%25{ord(c):02x}" for c in s),
    "json u":lambda s, d: "".join(f"\\u{ord(c):04x}" for c in s),
    "backslash x":lambda s, d: "".join(f"\\x{ord(c):02x}" for c in s),
    "octal":lambda s, d: "".join(f"\\{ord(c):03o}" for c in s),
    "c array":lambda s, d: ", ".join(f"'{c}'" for c in s),
    "[char]":lambda s, d: "+".join(f"[char]{ord(c)}" for c in s),
    "decimal blanks":lambda s, d: " ".join(str(ord(c)) for c in s),
    "binary":lambda s, d: " ".join(f"{ord(c):08b}" for c in s),
    "hex dump":lambda s, d: "\n".join(f"{i:08x}  "+" ".join(f"{ord(c):02x}" for c in s[i:i+16])+"  |"+s[i:i+16]+"|" for i in range(0,len(s),16)),
    "css":lambda s, d: "".join(f"\\{ord(c):x} " for c in s),
    "hex entities":lambda s, d: "".join(f"&#x{ord(c):x};" for c in s),
    "utf-7":lambda s, d: "+"+base64.b64encode(s.encode("utf-16-be")).decode().rstrip("=")+"-",
    "gzip base85":lambda s, d: base64.b85encode(gzip.compress(s.encode(),mtime=0)).decode(),
    "zlib hex":lambda s, d: zlib.compress(s.encode()).hex(),
    "utf-16 hex":lambda s, d: s.encode("utf-16-le").hex(),
    "base64 url":lambda s, d: base64.urlsafe_b64encode(("ID="+"-".join(g(s))).encode()).decode(),
    "base64 reversed":lambda s, d: base64.b64encode(s.encode()).decode()[::-1],
    "base64 of base85":lambda s, d: base64.b64encode(base64.b85encode(s.encode())).decode(),
    "base32 small":lambda s, d: base64.b32encode(s.encode()).decode().lower().rstrip("="),
    "morse":lambda s, d: " ".join(MORSE[c] for c in s),
    "decoy between":lambda s, d: "".join(c+"x" for c in s),
    "doubled":lambda s, d: "".join(c+c for c in s),
    "cherokee & co":lambda s, d: s.translate(RARE),
    "mixed scripts per letter":lambda s, d: "".join(d.choice([c,c.translate(CYR),c.translate(GRK),chr(ord(c)+0xFEE0)]) for c in s),
    "double struck":lambda s, d: "".join(chr(0x1D538+ord(c)-65) if c in "ABDEFGIJKLMOSTUVWXY" else c for c in s),
    "fraktur bold":lambda s, d: "".join(chr(0x1D56C+ord(c)-65) if c.isalpha() else c for c in s),
    "monospace":lambda s, d: "".join(chr(0x1D670+ord(c)-65) if c.isalpha() else chr(0x1D7F6+int(c)) for c in s),
    "circled small":lambda s, d: "".join(chr(0x24D0+ord(c)-65) if c.isalpha() else "⓪①②③④⑤⑥⑦⑧⑨"[int(c)] for c in s),
    "negative circled":lambda s, d: "".join(chr(0x1F150+ord(c)-65) if c.isalpha() else c for c in s),
    "superscript small":lambda s, d: s.lower().translate(str.maketrans("abcdefghijklmnoprstuvwxyz","ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")),
    "stroked":lambda s, d: s.translate(str.maketrans("ABCDEFGHJKMNPRSTVXYZ","ȺɃȻĐɆƑǤĦɈꝀƜƝⱣɌꞨŦƲẊɎƵ")),
    "devanagari digits":lambda s, d: s.translate(str.maketrans("0123456789","०१२३४५६७८९")),
    "fullwidth dash groups small":lambda s, d: "－".join("".join(chr(ord(c)+0xFEE0) for c in x.lower()) for x in g(s)),
    "base32hex":lambda s, d: base64.b32hexencode(s.encode()).decode(),
    "base85 in quotes":lambda s, d: repr(base64.b85encode(("x"+s).encode()).decode()),
    "base32 crockford":lambda s, d: base(s,"0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    "base62 groups":lambda s, d: " ".join(g(base(s,B62),6)),
    "xor hex":lambda s, d: bytes(ord(c)^0x2a for c in s).hex(),
    "caesar 3":lambda s, d: "".join(chr((ord(c)-65+3)%26+65) if c.isalpha() else c for c in s),
    "atbash groups":lambda s, d: "-".join(g("".join(chr(155-ord(c)) if c.isalpha() else c for c in s))),
    "bz2 base64":lambda s, d: base64.b64encode(bz2.compress(s.encode())).decode(),
    "xz base64":lambda s, d: base64.b64encode(lzma.compress(s.encode())).decode(),
    "raw deflate base64":lambda s, d: base64.b64encode(zlib.compress(s.encode())[2:-4]).decode(),
    "base64 utf-16 groups (EncodedCommand)":lambda s, d: base64.b64encode(("$id='"+"-".join(g(s))+"'").encode("utf-16-le")).decode(),
    "base64 lower-cased":lambda s, d: base64.b64encode(s.encode()).decode().lower(),
    "base64 with spaces":lambda s, d: " ".join(g(base64.b64encode(s.encode()).decode(),4)),
    "hex with 0x each space":lambda s, d: " ".join(f"0x{ord(c):02x}" for c in s),
    "hex with colon":lambda s, d: ":".join(f"{ord(c):02X}" for c in s),
    "hex in lines of eight":lambda s, d: "\n".join(g("".join(f"{ord(c):02x}" for c in s),8)),
    "hex reversed bytes":lambda s, d: s.encode()[::-1].hex(),
    "decimal semicolons":lambda s, d: ";".join(str(ord(c)) for c in s),
    "decimal 3 digits glued":lambda s, d: "".join(f"{ord(c):03d}" for c in s),
    "chr()":lambda s, d: " & ".join(f"Chr({ord(c)})" for c in s),
    "U+":lambda s, d: " ".join(f"U+{ord(c):04X}" for c in s),
    "\\u{}":lambda s, d: "".join(f"`u{{{ord(c):x}}}" for c in s),
    "octal 0o":lambda s, d: " ".join(f"0o{ord(c):o}" for c in s),
    "bits glued":lambda s, d: "".join(f"{ord(c):08b}" for c in s),
    "quoted-printable part":lambda s, d: "".join(f"={ord(c):02X}" if i%3 else c for i,c in enumerate(s)),
    "url part":lambda s, d: "".join(f"%{ord(c):02x}" if i%2 else c for i,c in enumerate(s)),
    "entities named digits":lambda s, d: "".join(f"&#{ord(c)};" if c.isdigit() else c for c in s),
    "utf-16 bytes as latin":lambda s, d: "\u0000".join(s),
    "leet words between letters":lambda s, d: "".join(c+"zq" for c in s),
    "every second in another line":lambda s, d: s[::2]+"\n"+s[1::2],
    "braille":lambda s, d: "".join(chr(0x2800+(ord(c)*7)%256) for c in s),
    "semaphore arrows":lambda s, d: "".join("←↑→↓"[ord(c)%4]+"↖↗↘↙"[ord(c)//4%4] for c in s),
    "morse slash":lambda s, d: "/".join(MORSE[c] for c in s).replace("-","–"),
}
# fmt: on


def secret(dice: random.Random, length: int) -> str:
    """A licence code or an identifier, drawn."""
    while True:
        made = "".join(dice.choice(ALPHA) for _ in range(length))
        if 3 < sum(c.isdigit() for c in made) < length * 0.6:
            return made


def notebook(cell: dict[str, object]) -> str:
    told = {"cells": [{"metadata": {}, **cell}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(told, ensure_ascii=False)


def stream(text: str) -> dict[str, object]:
    output = {"output_type": "stream", "name": "stdout", "text": f"Installation de {text}\nok\n"}
    return {"cell_type": "code", "source": "x", "execution_count": 1, "outputs": [output]}


#: Where it may stand: the name of the file, and its text around the writing.
PLACES: dict[str, Callable[[str], str]] = {
    "mail.txt": lambda w: f"Bonjour,\nJ’ai lu au téléphone : {w} et rien d’autre.\nCordialement\n",
    "out.json": lambda w: json.dumps({"Note": f"see {w} .", "Ok": True}, indent=1, ensure_ascii=False),
    "answers.jsonl": lambda w: json.dumps({"said": w, "n": 3}, ensure_ascii=False) + "\n",
    "page.html": lambda w: f"<html><body><p>Packs</p><pre>{w}</pre></body></html>",
    "list.csv": lambda w: f"date;note\n2024-05-01;{w};fin\n",
    "event.xml": lambda w: (
        f"<Event><System><EventID>21</EventID></System><EventData><Data>{w}</Data></EventData></Event>"
    ),
    "markdown.ipynb": lambda w: notebook({"cell_type": "markdown", "source": f"## Note\n\nLu : {w}\n"}),
    "output.ipynb": lambda w: notebook(stream(w)),
    "utf-16.txt": lambda w: f"\ufeff[10:20:31] Lecture de {w} [ok]\r\n",
    "case.yml": lambda w: "note: >-\n  Le pack vaut " + w.replace("\n", "\n  ") + "\n",
}


def placed(place: str, written: str) -> bytes:
    """The bytes of a file that holds the writing."""
    return PLACES[place](written).encode("utf-16-le" if place == "utf-16.txt" else "utf-8")


def shown(place: str, raw: bytes) -> str:
    """What a reader of that file sees."""
    text = raw.decode("utf-16-le" if place == "utf-16.txt" else "utf-8")
    if not place.endswith((".json", ".jsonl", ".ipynb")):
        return text
    data = json.loads(text)
    if place.endswith(".ipynb"):
        cell = data["cells"][0]
        return str(cell["source"]) + "".join(output["text"] for output in cell.get("outputs", []))
    return "\n".join(map(str, data.values()))
