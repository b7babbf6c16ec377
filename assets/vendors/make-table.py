#!/usr/bin/env python3
"""Make vendors.txt.zst from the CSV lists of the IEEE Registration Authority.

    make-table.py DIRECTORY DATE

DIRECTORY holds oui.csv (MA-L), mam.csv (MA-M), oui36.csv (MA-S) and iab.csv (IAB, the older form
of MA-S), from https://standards-oui.ieee.org, from Debian's package ieee-data, or from the crate
oui-data (where oui28.csv is mam.csv); DATE is the day or month of the lists, like 2026-10. Writes beside this script; needs the command zstd.
"""
import csv
import pathlib
import re
import subprocess
import sys

LEGAL_FORM = re.compile(
    r"[\s,.(]+(co|company|corp|corporation|inc|incorporated|ltd|ltda|limited|llc|l\.l\.c|gmbh|gmbh & co|kg|ag|"
    r"sa|s\.a|sas|s\.a\.s|srl|s\.r\.l|spa|s\.p\.a|b\.v|bv|nv|n\.v|oy|ab|a/s|as|aps|plc|pte|pty|pvt|kk|k\.k|"
    r"sp\. z o\.?o|s\.l|sl|s\.r\.o|d\.o\.o|kft|bhd|sdn)[.,)]*$",
    re.IGNORECASE,
)


def short(name):
    """The organisation without address, legal form and stray spaces."""
    name = " ".join(name.split())
    while True:
        shorter = LEGAL_FORM.sub("", name).rstrip(" ,.")
        if shorter == name or len(shorter) < 2:
            return name
        name = shorter


def main():
    directory, date = pathlib.Path(sys.argv[1]), sys.argv[2]
    table = {}
    for file in ["iab.csv", "oui.csv", "mam.csv", "oui36.csv"]:
        with open(directory / file, newline="", encoding="utf-8", errors="replace") as rows:
            for row in csv.DictReader(rows):
                name = row["Organization Name"].strip()
                # Blocks that are divided further, and those whose owner is not public.
                if name and name not in ("IEEE Registration Authority", "Private"):
                    table.setdefault(row["Assignment"].strip().upper(), short(name))
    text = f"date {date}\n" + "".join(f"{prefix}\t{name}\n" for prefix, name in sorted(table.items()))
    target = pathlib.Path(__file__).with_name("vendors.txt.zst")
    subprocess.run(["zstd", "-19", "-q", "-f", "-o", target], input=text.encode(), check=True)
    print(len(table), "assignments,", target.stat().st_size, "bytes")


main()
