"""The processors that a generated C program runs on: seven emulated boards, and the host itself.

A board is data: how to compile for it, how QEMU is told to be it, where its memories lie, and what its clock counts.
All of them run the same code, but for start-up and clock of the two families.

Source:
    QEMU 7.2 documentation, "Arm System emulator" (mps2-an385 and its sisters, mps3-an547, microbit) and the "virt"
    machine of RISC-V; tried with Debian's packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.targets import Runtime

KB, MB = 1 << 10, 1 << 20
STACK_SHARE, STACK_MOST = 8, 8 * KB
"""A part of the data memory, and the most of it, that is kept for the stack; networks buffer some events there."""


@final
@dataclass(frozen=True)
class Memory:
    """Where a memory starts, and its length in bytes."""

    origin: int
    length: int


@final
@dataclass(frozen=True)
class Board:
    """A processor with its memories.

    Args:
        name: of the processor.
        compiler: command, then the flags that choose the processor.
        emulator: command, then the flags that choose the machine; empty: programs run on this computer.
        packages: Debian packages that bring both.
        start: files of the runtime that lead from reset to main, and that give files to it.
        clock: file of the runtime that reads the clock; "" where there is none to read.
        flash, ram: memories for code and for data; None on this computer.
        clock_hz: of the clock in virtual time; 0 where it counts instructions itself.
        shift: 2**shift ns of virtual time are one instruction when they are counted.
    """

    name: str
    compiler: tuple[str, ...]
    emulator: tuple[str, ...]
    packages: str
    start: tuple[str, ...]
    clock: str = ""
    flash: Memory | None = None
    ram: Memory | None = None
    clock_hz: int = 0
    shift: int = 0

    @property
    def runtime(self) -> Runtime:
        """The board as a runtime of the target: "qemu-cortex-m4"."""
        return Runtime(f"qemu-{self.name}")

    @property
    def size_tool(self) -> str:
        """The program that tells the sizes of sections."""
        return self.compiler[0].removesuffix("gcc") + "size"


ARM_PACKAGES = "gcc-arm-none-eabi qemu-system-arm"
RISCV_PACKAGES = "gcc-riscv64-unknown-elf qemu-system-misc"


def _cortex(number: str, machine: str, flash: Memory, ram: Memory, mhz: int, *flags: str) -> Board:
    """A Cortex-M. At 2**6 ns an instruction SysTick ticks at least once in each, from 16 MHz on: none is lost."""
    return Board(
        name=f"cortex-m{number}",
        compiler=("arm-none-eabi-gcc", f"-mcpu=cortex-m{number}", "-mthumb", *flags),
        emulator=("qemu-system-arm", "-M", machine),
        packages=ARM_PACKAGES,
        start=("start_arm.c", "io_semihosting.c"),
        clock="clock_systick.c",
        flash=flash,
        ram=ram,
        clock_hz=mhz * 1_000_000,
        shift=6,
    )


_MPS2 = Memory(0, 4 * MB), Memory(0x2000_0000, 4 * MB)

BOARDS = (
    _cortex("0", "microbit", Memory(0, 256 * KB), Memory(0x2000_0000, 16 * KB), 16),
    _cortex("3", "mps2-an385", *_MPS2, 25),
    _cortex("4", "mps2-an386", *_MPS2, 25),
    _cortex("7", "mps2-an500", *_MPS2, 25),
    # boots in the secure state, which sees the memories at these addresses
    _cortex("33", "mps2-an505", Memory(0x1000_0000, 4 * MB), Memory(0x3800_0000, 4 * MB), 20),
    # hard float: without it the compiler leaves the vector unit (Helium) alone
    _cortex("55", "mps3-an547", Memory(0, 512 * KB), Memory(0x0100_0000, 2 * MB), 32, "-mfloat-abi=hard"),
    Board(
        name="rv32",
        compiler=("riscv64-unknown-elf-gcc", "-march=rv32imac_zicsr", "-mabi=ilp32"),
        emulator=("qemu-system-riscv32", "-M", "virt", "-bios", "none"),
        packages=RISCV_PACKAGES,
        start=("start_riscv.c", "io_semihosting.c"),
        clock="clock_minstret.c",
        flash=Memory(0x8000_0000, 32 * MB),
        ram=Memory(0x8200_0000, 32 * MB),
    ),
)

HOST = Board("host", ("gcc",), (), "gcc libc6-dev", ("io_stdio.c",))

RUNTIMES = tuple(board.runtime for board in BOARDS)
BY_RUNTIME = {board.runtime.name: board for board in BOARDS}
