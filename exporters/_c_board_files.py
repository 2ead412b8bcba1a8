"""The folder `boards` of an artefact: its golden vectors as a firmware for each emulated board, with a Makefile."""

from __future__ import annotations

from collections.abc import Mapping

from neurodeploy.exporters._c_boards import BOARDS, Board
from neurodeploy.exporters._c_build import SCRIPT, board_flags, model_header, runtime_file
from neurodeploy.exporters._c_execute import QUIET, SEMIHOSTING

MAKEFILE = """# `make cortex-m4` compiles the golden vectors of {name} for that processor and runs them in QEMU.
# The exit status of QEMU is that of the firmware: 0 when every spike, current and voltage is as it must be.
BOARDS = {boards}
OPTIMISE ?= -O2
TIMEOUT ?= timeout 60
SOURCES = golden.c ../{name}.c ../test_{name}.c
HEADERS = io.h model.h ../{name}.h {script}
FLAGS = $(OPTIMISE) -D{name}_DEBUG -I. -I..
QEMU = {qemu}

.PHONY: all clean $(BOARDS)
# every board; one whose memory is too small for this network is named and is no failure
all:
\t@for board in $(BOARDS); do \\
\t  if $(MAKE) -s $$board.elf 2> $$board.log; then $(MAKE) -s $$board || exit 1; \\
\t  elif grep -q "overflowed by" $$board.log; then echo "$$board: too small for this network"; \\
\t  else cat $$board.log; exit 1; fi; done
$(BOARDS): %: %.elf
\t$(TIMEOUT) $(QEMU_$*) $(QEMU) -kernel $<
\t@echo "$*: every golden value is equal"
clean:
\trm -f *.elf *.log
"""

RULE = """
QEMU_{board} = {emulator}
{board}.elf: $(SOURCES) {start} $(HEADERS)
\t{compiler} {flags} $(FLAGS) $(SOURCES) {start} -o $@ -lgcc
"""


def board_files(name: str) -> Mapping[str, bytes]:
    """Makefile, linker script, start code and the main program around test_NAME.c.

    Args:
        name: C prefix.
    """
    used = {"golden.c", "io.h", SCRIPT, *(file for board in BOARDS for file in board.start)}
    files = {f"boards/{file}": runtime_file(file) for file in sorted(used)}
    head = MAKEFILE.format(
        name=name, boards=" ".join(b.name for b in BOARDS), script=SCRIPT, qemu=" ".join((*QUIET, *SEMIHOSTING))
    )
    makefile = head + "".join(_rule(board) for board in BOARDS)
    return {**files, "boards/model.h": model_header(name), "boards/Makefile": makefile.encode()}


def _rule(board: Board) -> str:
    return RULE.format(
        board=board.name,
        emulator=" ".join(board.emulator),
        compiler=board.compiler[0],
        flags=" ".join(board_flags(board)),
        start=" ".join(board.start),
    )
