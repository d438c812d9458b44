"""The package's GPT against transformers' GPT-2, and the parameter counts of the papers."""

from __future__ import annotations

import pytest
import torch

from fasttrack.models.gpt import GPT, GPT2, GPTConfig, count_parameters, load_gpt2_weights

SHAPES = [(65, 64, 4, 4, 128), (11, 7, 1, 1, 4), (50, 33, 3, 2, 10)]


@pytest.fixture(params=SHAPES, ids=str)
def pair(request: pytest.FixtureRequest) -> tuple[GPT, torch.nn.Module]:
    """Ours, and transformers' with weights large enough to matter."""
    import transformers  # takes seconds, which tests of other things need not wait

    vocab_size, block_size, n_layer, n_head, n_embd = request.param
    shape = {"n_positions": block_size, "n_layer": n_layer, "n_head": n_head, "n_embd": n_embd}
    config = transformers.GPT2Config(vocab_size=vocab_size, bos_token_id=0, eos_token_id=0, **shape)
    torch.manual_seed(0)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return GPT(GPTConfig(*request.param)), theirs


def test_logits_equal_those_of_transformers(pair: tuple[GPT, torch.nn.Module]) -> None:
    ours, theirs = pair
    load_gpt2_weights(ours, theirs.state_dict())
    for batch, time in ((1, 1), (3, ours.config.block_size)):
        ids = torch.randint(ours.config.vocab_size, (batch, time))
        torch.testing.assert_close(ours(ids), theirs(ids).logits, atol=1e-5, rtol=1e-5)


def test_the_hub_s_names_without_prefix_are_read_too(pair: tuple[GPT, torch.nn.Module]) -> None:
    ours, theirs = pair
    state = {name.removeprefix("transformer."): value for name, value in theirs.state_dict().items()}
    load_gpt2_weights(ours, state)
    torch.testing.assert_close(ours.blocks[0].feed_forward.fc.weight, state["h.0.mlp.c_fc.weight"].T)


def test_a_checkpoint_that_does_not_fit_changes_nothing(pair: tuple[GPT, torch.nn.Module]) -> None:
    ours, theirs = pair
    state = dict(theirs.state_dict())
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    missing = {name: value for name, value in state.items() if not name.endswith("ln_f.bias")}
    with pytest.raises(ValueError, match=r"the checkpoint has no transformer\.ln_f\.bias"):
        load_gpt2_weights(ours, missing)
    cut = state | {"transformer.wpe.weight": state["transformer.wpe.weight"][1:]}
    with pytest.raises(ValueError, match=r"transformer\.wpe\.weight is .*, the model's positions\.weight is"):
        load_gpt2_weights(ours, cut)
    assert all(torch.equal(value, before[name]) for name, value in ours.state_dict().items())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_count_parameters_counts_the_model(shape: tuple[int, ...]) -> None:
    config = GPTConfig(*shape)
    assert count_parameters(config) == sum(parameter.numel() for parameter in GPT(config).parameters())


def test_the_four_sizes_of_gpt2() -> None:
    counts = {name: count_parameters(config) for name, config in GPT2.items()}
    assert list(counts.values()) == [124_439_808, 354_823_168, 774_030_080, 1_557_611_200]


def test_a_position_sees_nothing_after_it() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(20, 8, 2, 2, 8))
    ids = torch.randint(20, (2, 8))
    changed = torch.cat([ids[:, :5], (ids[:, 5:] + 1) % 20], 1)
    torch.testing.assert_close(model(ids)[:, :5], model(changed)[:, :5])


def test_it_starts_near_the_uniform_distribution_and_shares_its_matrix() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(65, 64, 4, 4, 128))
    ids = torch.randint(65, (8, 64))
    loss = torch.nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert abs(loss.item() - torch.tensor(65.0).log().item()) < 0.1
    assert model.blocks[0].attention.proj.weight.std().item() == pytest.approx(0.02 / 8**0.5, rel=0.05)
    assert model.blocks[0].attention.qkv.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_bad_shapes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="n_embd 10 does not divide into 3 heads"):
        GPTConfig(5, 5, 1, 3, 10)
    with pytest.raises(ValueError, match="n_layer is 0"):
        GPTConfig(5, 5, 0, 1, 4)
    with pytest.raises(ValueError, match="9 positions, but block_size is 8"):
        GPT(GPTConfig(20, 8, 1, 1, 4))(torch.zeros(1, 9, dtype=torch.int64))


def test_texts_in_one_row_read_as_each_by_itself() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(23, 6, n_layer=2, n_head=2, n_embd=8)).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    texts = [torch.randint(23, (length,)) for length in (4, 1, 6, 3)]
    documents = torch.cat([torch.full_like(ids, number) for number, ids in enumerate(texts)])[None]
    mask = (documents[:, :, None] == documents[:, None]).tril()
    positions = torch.cat([torch.arange(len(ids)) for ids in texts])[None]
    together = model(torch.cat(texts)[None], mask, positions)  # 14 tokens, where block_size is 6
    alone = torch.cat([model(ids[None]) for ids in texts], 1)
    torch.testing.assert_close(together, alone)


def test_a_mask_and_positions_that_say_the_usual_change_nothing() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(23, 8, n_layer=2, n_head=2, n_embd=8))
    ids, mask = torch.randint(23, (3, 8)), torch.ones(3, 8, 8, dtype=torch.bool).tril()
    torch.testing.assert_close(model(ids, mask, torch.arange(8).expand(3, 8)), model(ids))
    with pytest.raises(ValueError, match="9 positions, but block_size is 8"):
        model(ids, None, torch.arange(1, 9).expand(3, 8))
