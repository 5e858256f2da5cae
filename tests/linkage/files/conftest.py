from tests.databases import *  # noqa: F403
from tests.databases import _sqlite_template  # noqa: F401
