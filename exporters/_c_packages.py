"""Files that make generated C an Arduino library and a Zephyr module; the same name gives the same bytes.

Source:
    Arduino Library specification 1.5 (a folder with library.properties and src/); Zephyr documentation, "Modules"
    (zephyr/module.yml names the folders of CMakeLists.txt and Kconfig).
"""

from __future__ import annotations

from collections.abc import Mapping

PROPERTIES = """name={name}
version=1.0.0
author=neurodeploy
maintainer=neurodeploy
sentence=The spiking network {name} in integers, with its weights.
paragraph=Plain C99 without heap, floating point or other libraries. Weights are constants, so a 32-bit processor that \
executes from flash keeps them there; an AVR would copy them to RAM.
category=Data Processing
url=
architectures=*
includes={name}.h
"""

SKETCH = """// One timestep in which the first input has an event, then the answer so far.
// Give it your sensor's events instead.
#include <{name}.h>

static {name}_t net;

void setup() {{
  Serial.begin(115200);
  {name}_reset(&net);
  {name}_index_t events[1] = {{0}};
  int spikes = {name}_step(&net, events, 1);
  Serial.print("output spikes: ");
  Serial.println(spikes);
  Serial.print("answer: ");
  Serial.println({name}_predict(&net));
}}

void loop() {{
}}
"""

MODULE = """name: {name}
build:
  cmake: zephyr
  kconfig: zephyr/Kconfig
"""

KCONFIG = """config {symbol}
\tbool "Spiking network {name}"
\thelp
\t  Adds {name}.c to the application and {name}.h to its include path.
"""

CMAKE = """if(CONFIG_{symbol})
  zephyr_library()
  zephyr_library_sources(${{CMAKE_CURRENT_LIST_DIR}}/../{name}.c)
  zephyr_include_directories(${{CMAKE_CURRENT_LIST_DIR}}/..)
endif()
"""


def arduino_files(name: str, header: bytes, source: bytes) -> Mapping[str, bytes]:
    """The folder `arduino`, to be zipped or copied into Arduino's libraries.

    Args:
        name: C prefix.
        header, source: NAME.h and NAME.c; Arduino wants them inside the library.
    """
    return {
        "arduino/library.properties": PROPERTIES.format(name=name).encode(),
        f"arduino/src/{name}.h": header,
        f"arduino/src/{name}.c": source,
        "arduino/examples/first_step/first_step.ino": SKETCH.format(name=name).encode(),
    }


def zephyr_files(name: str) -> Mapping[str, bytes]:
    """The folder `zephyr`, which makes the folder around it a Zephyr module (ZEPHYR_EXTRA_MODULES).

    Args:
        name: C prefix; the option that switches it on is CONFIG_NEURODEPLOY_NAME, in capitals.
    """
    symbol = f"NEURODEPLOY_{name.upper()}"
    return {
        "zephyr/module.yml": MODULE.format(name=name).encode(),
        "zephyr/Kconfig": KCONFIG.format(name=name, symbol=symbol).encode(),
        "zephyr/CMakeLists.txt": CMAKE.format(name=name, symbol=symbol).encode(),
    }
