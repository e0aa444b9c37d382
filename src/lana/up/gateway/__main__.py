"""`make gateway`: writes the generated files that are checked in."""

from lana.up.gateway.table import CHECKOUT
from lana.up.gateway.write import checked_in, write

for path, text in checked_in().items():
    write(path.parent, {path.name: text})
    print(path.relative_to(CHECKOUT))
