import numpy as np
import pytest
import torch

from neurodeploy.train.packed import pack

CPU = torch.device("cpu")


@pytest.mark.parametrize(("most", "bits"), [(0, 1), (1, 1), (3, 2), (4, 3), (255, 8)])
@pytest.mark.parametrize("shape", [(2, 3, 5), (16,)])
def test_frames_come_out_as_they_went_in(
    most: int, bits: int, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    frames = rng.integers(0, most + 1, (4, 6, *shape)).astype(np.uint8)
    frames.flat[0] = most
    packed = pack(frames, CPU)
    assert (len(packed), len(packed.planes)) == (6, bits)
    for time in range(6):
        assert packed[time].dtype == torch.float32
        np.testing.assert_array_equal(packed[time].numpy(), frames[:, time])


def test_a_part_of_the_timesteps_is_packed_too(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 2, (4, 6, 7)).astype(np.uint8)
    part = pack(frames, CPU)[2:5]
    assert len(part) == 3
    np.testing.assert_array_equal(part[0].numpy(), frames[:, 2])


def test_binary_frames_take_an_eighth_of_their_bytes(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 2, (4, 6, 2, 34, 34)).astype(np.uint8)
    assert pack(frames, CPU).planes.numel() == frames.size // 8
