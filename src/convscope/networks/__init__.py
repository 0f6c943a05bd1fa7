"""The architectures: one file per paper, listed in the catalog.

`convscope.networks` is this room and also, called, the list of what is in it: Python puts a
package's folder under its name in the parent, where `convscope.networks()` is to be found, too.
"""

import sys
import types


class _CallableModule(types.ModuleType):
    def __call__(self) -> list[str]:
        from convscope.networks.catalog import networks

        return networks()


sys.modules[__name__].__class__ = _CallableModule
