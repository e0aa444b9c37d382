"""`make gateway`: writes the generated files that are checked in.

For an installation of one's own:
    python -m lana.up.gateway --domain bank.example --into DIRECTORY     Oathkeeper's files and the realms
    python -m lana.up.gateway --signing-keys FILE                        Oathkeeper's private key, once
"""

import argparse
from pathlib import Path

from lana.up.gateway.table import CHECKOUT, read_table
from lana.up.gateway.write import checked_in, container_site, installation, write
from lana.up.signing_keys import write_signing_keys

parser = argparse.ArgumentParser(
    prog="python -m lana.up.gateway",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
)
_ = parser.add_argument("--domain", help="the installation's domain; hosts are admin., app. and login. of it")
_ = parser.add_argument("--into", type=Path, help="where its files go")
_ = parser.add_argument("--signing-keys", type=Path, help="write a new private key set, unless it is there")
given = parser.parse_args()

if given.signing_keys:
    write_signing_keys(given.signing_keys)
elif given.domain:
    for folder, files in installation(read_table(), container_site(given.domain)).items():
        write((given.into or Path.cwd()) / folder, files)
else:
    for path, text in checked_in().items():
        write(path.parent, {path.name: text})
        print(path.relative_to(CHECKOUT))
