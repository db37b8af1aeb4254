"""For code that was written for ``cryptography``: change the import, nothing else.

::

    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

becomes

::

    from corekey.compat import AESGCM, InvalidTag

What differs: keys of 192 bits and nonces that are not 12 bytes long raise
``ValueError``. ``InvalidTag`` is CoreKey's own class, whether or not
``cryptography`` is installed, so every module that catches it needs the changed
import; what is not caught stops the program, and is not taken for authentic.
"""

from corekey._native import AESGCM
from corekey.errors import InvalidTag

__all__ = ["AESGCM", "InvalidTag"]
