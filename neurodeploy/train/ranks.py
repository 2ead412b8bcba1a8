"""Several processes that train one network, each on its part of every batch; with one process everything here is idle.

Every process runs the same program with the same randomness and has its own copy of network and optimizer; state of
neurons is local to a forward pass. Batch statistics are those of the whole batch and gradients are added up, so the
weights stay equal in all processes and are, but for the order of sums, those that one process would have reached. Rank
0 writes files.

Gradients are added up here, in one message a step, and not by DistributedDataParallel: it takes the mean over
processes, which is wrong where their parts of a batch differ in size, sends buffers of rank 0 over those of the others,
and expects one backward pass through its own wrapper. What it gains, sending while gradients are still computed, is
little for networks of 10^4 to 10^7 weights.

What is no mean over recordings is that of each process's part: a penalty on activity above a target, the alignment of
images and recordings, the gradient of a learned step size where another limit holds it, the quantile that the
activation of an artificial network watches. All processes see the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from neurodeploy.errors import ConfigError, ProcessError
from neurodeploy.train.launch import Launch, launch

T = TypeVar("T")

TIMEOUT = timedelta(hours=2)
"""How long a process waits for the others: one of them may be computing the frames of a large data set."""


def size() -> int:
    """Processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if size() > 1 else 0


def is_first() -> bool:
    """Whether this process writes files and speaks."""
    return rank() == 0


@contextmanager
def together() -> Iterator[None]:
    """Train with the other processes that torchrun started, if it did.

    The first process that fails raises its error; it is enough that one speaks, so the others end in SystemExit. Then
    the group is not taken down in order, which would wait for processes that do not answer, but by the end of each.

    Raises:
        ConfigError: the environment is none of torchrun's.
        ProcessError: another process ended without a word.
    """
    here = launch()
    if here.size == 1 or size() > 1:
        yield
        return
    store = _join(here)
    try:
        yield
        wait()
    except BaseException as error:
        if _is_first_to_fail(store):
            raise
        raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)) from None
    dist.destroy_process_group()


def _join(here: Launch) -> Any:  # torch does not export the type of its stores
    """Meet the others; CPU tensors travel through gloo, CUDA tensors through nccl."""
    both = torch.cuda.is_available() and dist.is_nccl_available()
    try:
        store, _, _ = next(iter(rendezvous("env://")))
        backend = "cpu:gloo,cuda:nccl" if both else "gloo"
        dist.init_process_group(backend, store=store, rank=here.rank, world_size=here.size, timeout=TIMEOUT)
    except (ValueError, RuntimeError) as error:
        raise ProcessError(rank=here.rank, size=here.size, reason=f"it does not meet the others ({error})") from error
    return store


def _is_first_to_fail(store: Any) -> bool:  # as above
    """Whether no other process has said so before; torchrun keeps the store alive until all have ended."""
    try:
        return bool(store.add("neurodeploy/failed", 1) == 1)
    except RuntimeError:
        return True


@contextmanager
def _talking() -> Iterator[None]:
    """Name what happened where the others do not answer."""
    try:
        yield
    except RuntimeError as error:
        said = str(error).splitlines()[0].partition(". ")[0]
        reason = f"it lost the others: one of them ended, or the connection broke ({said})"
        raise ProcessError(rank=rank(), size=size(), reason=reason) from error


def wait() -> None:
    """Go on when every process has come this far."""
    if size() > 1:
        add_up_(torch.zeros(1))


def add_up_(value: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if size() > 1:
        with _talking():
            dist.all_reduce(value)
    return value


def from_first(value: T) -> T:
    """What rank 0 gives, in every process."""
    if size() == 1:
        return value
    box: list[Any] = [value]
    with _talking():
        dist.broadcast_object_list(box, src=0)
    answer: T = box[0]
    return answer


def of_all(value: T) -> list[T]:
    """What every process gives, by rank."""
    if size() == 1:
        return [value]
    found: list[Any] = [None] * size()
    with _talking():
        dist.all_gather_object(found, value)
    return found


def one_ahead(compute: Callable[[], T]) -> T:
    """`compute()`, first in one process of each machine: the others find in a cache what it wrote."""
    is_ahead = launch().local == 0
    if is_ahead:
        value = compute()
    wait()
    return value if is_ahead else compute()


def part(count: int) -> slice:
    """The places in a batch of `count` recordings that this process learns; parts differ by one at most.

    Raises:
        ConfigError: there are not enough for all processes.
    """
    here, processes = rank(), size()
    if count < processes:
        allowed = f"batches of at least {processes} recordings, one for each process"
        hint = "Use larger batches, more recordings or fewer processes."
        raise ConfigError(key="train.batch_size", found=f"a batch of {count}", allowed=allowed, hint=hint)
    return slice(count * here // processes, count * (here + 1) // processes)


class _Sum(torch.autograd.Function):
    """The sum over processes of a value on which the losses of all of them depend, so gradients are added up too."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return add_up_(value.clone())

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return add_up_(grads[0].clone())


def moments(
    total: Float[Tensor, "samples channels *map"],
) -> tuple[Float[Tensor, " channels"], Float[Tensor, " channels"], Tensor | float]:
    """Mean and variance of each channel over the samples of all processes, and n / (n - 1) of their number n.

    Sums of several processes are float64, so that the difference of two large ones is no loss.
    """
    count = total.numel() / total.shape[1]
    variance, mean = torch.var_mean(total, [axis for axis in range(total.ndim) if axis != 1], correction=0)
    if size() == 1:
        return mean, variance, count / max(count - 1, 1)
    first, second = mean.double() * count, (variance.double() + mean.double().square()) * count
    sums: Tensor = _Sum.apply(torch.cat([first, second, first.new_tensor([count])]))  # type: ignore[no-untyped-call]
    joined, squares, number = torch.split(sums, [len(mean), len(mean), 1])
    joined, squares = joined / number, squares / number
    spread, correction = (squares - joined.square()).clamp(min=0), number / (number - 1).clamp(min=1)
    return joined.to(total.dtype), spread.to(total.dtype), correction.detach().to(total.dtype)


def sum_gradients(parameters: Sequence[Tensor]) -> None:
    """Add up the gradients of all processes; a parameter without a gradient in any of them keeps none."""
    if size() == 1 or not parameters:
        return
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    given = grads[0].new_tensor([float(p.grad is not None) for p in parameters])
    flat = add_up_(torch.cat([given, *(grad.reshape(-1) for grad in grads)]))
    counts, *parts = torch.split(flat, [len(grads), *(grad.numel() for grad in grads)])
    for parameter, grad, found, count in zip(parameters, grads, parts, counts.tolist(), strict=True):
        if count:
            parameter.grad = grad.copy_(found.view(grad.shape))


def average_buffers(module: nn.Module) -> None:
    """Give float buffers in which the processes differ, for instance running statistics, their mean."""
    if size() == 1:
        return
    for buffer in module.buffers():
        if buffer.is_floating_point():
            base = buffer.clone()
            with _talking():
                dist.broadcast(base, src=0)
            # The mean of differences leaves what is equal everywhere as it is, to the last bit.
            buffer.copy_(base + add_up_(buffer - base) / size())


def copy_from_first(module: nn.Module) -> None:
    """Give parameters and buffers the values that they have in rank 0."""
    if size() > 1:
        with _talking(), torch.no_grad():
            for value in module.state_dict().values():
                dist.broadcast(value, src=0)


def refuse_different(module: nn.Module) -> None:
    """Compare parameters and buffers of all processes.

    Raises:
        ProcessError: they differ, so this is no training of one network any more.
    """
    if size() == 1:
        return
    digest = hashlib.sha256()
    for value in module.state_dict().values():
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    found = of_all(digest.digest())
    strange = [place for place, other in enumerate(found) if other != found[0]]
    if strange:
        reason = "its weights are not those of process 0: something random or local took part in a step"
        raise ProcessError(rank=strange[0], size=size(), reason=reason)
