"""Personal data of parties and users, kept apart from the events so that it can be erased.

Events hold `digest(salt, value)` under the person's own salt, which is erased with the data. Uniqueness is
claimed by `PersonalData.claim`, under a digest keyed by a salt of the whole bank, so a claim holds no e-mail
either.
"""

from lana.core.personal_data.listing import list_by_personal
from lana.core.personal_data.person import Person, digest, new_salt
from lana.core.personal_data.store import PersonalData

__all__ = ["Person", "PersonalData", "digest", "list_by_personal", "new_salt"]
