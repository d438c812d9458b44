"""Adapters beside peft's, merged and unmerged, in files; and the storytellers that lessons train them on."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from fasttrack.data import fables
from fasttrack.finetune import finetune, tellers
from fasttrack.finetune.lora import (
    inject_lora,
    load_lora,
    lora_state,
    merge,
    read_lora,
    save_lora,
    trainable,
    unmerge,
)
from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.models.hub import pretrained_gpt2
from fasttrack.models.saving import save_gpt2
from fasttrack.pretrain.steps import estimate_loss, padded

SMALL = GPTConfig(vocab_size=40, block_size=16, n_layer=2, n_head=2, n_embd=12)
IDS = torch.arange(32).reshape(2, 16)
TARGETS = [["qkv"], ["attention.proj", "fc"], ["qkv", "proj", "fc"]]


def small(seed: int = 0) -> GPT:
    torch.manual_seed(seed)
    return GPT(SMALL).double()


def adapted(targets: list[str], rank: int, alpha: float) -> GPT:
    """With adapters whose both factors are random."""
    model = small()
    inject_lora(model, targets, rank, alpha)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.3)
    return model


@pytest.mark.parametrize(("rank", "alpha"), [(1, 8.0), (3, 2.0)])
@pytest.mark.parametrize("targets", TARGETS)
def test_peft_with_the_same_matrices_has_the_same_logits_parameters_and_gradients(
    targets: list[str], rank: int, alpha: float
) -> None:
    import peft  # takes seconds, which other tests need not wait

    ours = adapted(targets, rank, alpha)
    theirs = peft.get_peft_model(
        small(), peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets))
    )
    twins = {}
    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            if parameter.requires_grad:
                path, part = name.rsplit(".", 1)
                twin = f"base_model.model.{path}.lora_{part[-1].upper()}.default.weight"
                twins[name] = theirs.get_parameter(twin)
                twins[name].copy_(parameter)
    got, want = ours(IDS), theirs(IDS)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)
    assert (got - small()(IDS)).abs().max() > 0.01
    assert trainable(ours) == theirs.get_nb_trainable_parameters()
    got.square().sum().backward()
    want.square().sum().backward()
    for name, twin in twins.items():
        torch.testing.assert_close(ours.get_parameter(name).grad, twin.grad)


def test_a_new_adapter_changes_no_logit_and_only_adapters_train() -> None:
    model = small()
    before = model(IDS)
    names = inject_lora(model, ["qkv"], 2, 4.0)
    assert names == ["blocks.0.attention.qkv", "blocks.1.attention.qkv"]
    assert torch.equal(model(IDS), before)
    base = small()
    finetune(model, lambda step: (IDS, IDS), steps=5, lr=1e-2, warmup=1)
    assert not torch.equal(model(IDS), before)
    for name, parameter in base.named_parameters():
        held = name.replace("qkv.", "qkv.base.")
        assert torch.equal(model.get_parameter(held), parameter)


def test_merging_keeps_the_logits_and_unmerging_every_bit() -> None:
    model = adapted(["qkv", "proj", "fc"], 2, 4.0)
    with torch.no_grad():
        before = model(IDS)
        tensors = {name: value.clone() for name, value in model.state_dict().items()}
        taken_out = merge(model)
        assert list(model.state_dict()) == list(small().state_dict())
        torch.testing.assert_close(model(IDS), before, rtol=0, atol=1e-12)
        assert not any(parameter.requires_grad for parameter in model.parameters())
        unmerge(model, taken_out)
        assert torch.equal(model(IDS), before)
    assert all(torch.equal(value, tensors[name]) for name, value in model.state_dict().items())


def test_an_adapter_goes_through_a_file_and_into_another_model(tmp_path: Path) -> None:
    first = adapted(["qkv"], 2, 4.0)
    path = tmp_path / "one.safetensors"
    save_lora(lora_state(first), 4.0, path)
    state, alpha = read_lora(path)
    second = small()
    inject_lora(second, ["qkv"], 2, alpha)
    load_lora(second, state)
    assert torch.equal(second(IDS), first(IDS))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blocks.0.attention.qkv.lora_a": None}, "the adapter has no blocks.0.attention.qkv.lora_a"),
        ({"head.lora_a": torch.zeros(2, 2)}, "the model has no head.lora_a"),
        ({"blocks.1.attention.qkv.lora_b": torch.zeros(36, 1)}, r"is \(36, 1\), the model's is \(36, 2\)"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(change: dict[str, torch.Tensor | None], words: str) -> None:
    model = adapted(["qkv"], 2, 4.0)
    before = lora_state(model)
    state = {name: value + 1 for name, value in before.items()} | change
    with pytest.raises(ValueError, match=words):
        load_lora(model, {name: value for name, value in state.items() if value is not None})
    assert all(torch.equal(value, before[name]) for name, value in lora_state(model).items())


def test_a_target_that_no_layer_has_is_refused_before_anything_changes() -> None:
    model = small()
    with pytest.raises(ValueError, match="no linear layer is called query"):
        inject_lora(model, ["qkv", "query"], 2, 4.0)
    assert trainable(model) == trainable(small())


def parsed(tale: tellers.Tale) -> fables.Story:
    return fables.parse(fables.detokenize(tale.tokens[:-1]), split="all")


def test_a_teller_says_everything_in_one_way_and_leaves_the_plot_open() -> None:
    ways: dict[str, Counter[str]] = {}
    for tale in tellers.tales(tellers.Teller, 3, 300):
        for rule, which in parsed(tale).derivation:
            if which.isdigit():
                ways.setdefault(rule, Counter())[which] += 1
    assert all((len(seen) > 1) == (rule in tellers.PLOT) for rule, seen in ways.items())
    assert len(ways["deed_a"]) == 6
    manners = {str(parsed(tellers.tales(tellers.Teller, k, 1)[0]).derivation[0]) for k in range(8)}
    assert len(manners) > 1


def test_a_teller_s_cost_is_the_fable_s_without_the_choices_of_wording() -> None:
    for tale in tellers.tales(tellers.Teller, 0, 50):
        story = parsed(tale)
        fixed = [rule for rule, which in story.derivation if which.isdigit() and rule not in tellers.PLOT]
        counts = {"opening": 4, "friend": 4, "people": 3, "things": 3, "giving": 3, "friends": 3, "work": 3}
        saved = sum(math.log(3 if rule == "gift" else counts.get(rule, 2)) for rule in fixed)
        assert tale.nats == pytest.approx(-story.logprob - saved)


def test_neighbours_live_where_they_live_and_know_no_strangers() -> None:
    known: dict[tuple[str, str], set[str]] = {}
    people: set[str] = set()
    for tale in tellers.tales(tellers.Neighbours, 1, 400):
        for subject, relation, value in parsed(tale).facts:
            if relation in tellers.POOLS:
                people.add(subject)
                known.setdefault((subject, relation), set()).add(value)
    assert len(people) == 16
    assert len(known) == 48
    assert all(len(values) == 1 for values in known.values())
    assert len(set().union(*known.values())) == 48


def test_a_neighbour_costs_one_choice_among_those_left() -> None:
    for tale in tellers.tales(tellers.Neighbours, 1, 50):
        story = parsed(tale)
        of_people = [
            slot.partition(".")[2]
            for slot, _ in story.derivation
            if slot[:1] in "AB" and slot[1:2] in ("", ".")
        ]
        saved, seen = 0.0, Counter[str]()
        for relation in of_people:
            saved += math.log((len(tellers.POOLS[relation]) if relation else 96) - seen[relation])
            seen[relation] += 1
        assert tale.nats == pytest.approx(-story.logprob - saved + math.log(16) + math.log(15))


def test_the_same_seed_tells_the_same_stories() -> None:
    one, again, other = (tellers.tales(tellers.Teller, 0, 5, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_tales_become_ids_as_the_base_reads_them() -> None:
    told = tellers.tales(tellers.Teller, 0, 3)
    rows = tellers.rows(told)
    assert all(row[0] == row[-1] == 0 and 0 not in row[1:-1] for row in rows)
    assert tellers.stream(told).tolist() == [0, *(i for row in rows for i in row[1:])]
    assert fables.decode(rows[0][1:]) == fables.detokenize(told[0].tokens)
    total = sum(len(tale.tokens) for tale in told)
    assert tellers.floor(told) == pytest.approx(sum(tale.nats for tale in told) / total)


def test_a_base_that_knows_the_village_is_above_a_teller_s_floor() -> None:
    from fasttrack.models.base import fables_base

    told = tellers.tales(tellers.Teller, 0, 16)
    loss = estimate_loss(fables_base(), [padded(tellers.rows(told))])
    assert tellers.floor(told) < loss < 1.4 * tellers.floor(told)


def test_what_the_lesson_does_with_gpt2_from_the_hub_works_on_a_checkpoint_in_a_folder(
    tmp_path: Path,
) -> None:
    save_gpt2(GPT(SMALL), tmp_path)
    model = pretrained_gpt2(tmp_path)
    inject_lora(model, ["qkv", "attention.proj", "fc", "feed_forward.proj"], rank=4, alpha=8.0)
    x, y = padded([[0, 5, 6, 7, 8, 0], [0, 5, 6, 9, 0]])
    losses = finetune(model, lambda step: (x, y), steps=20, lr=2e-2, warmup=3)
    assert losses[-1] < losses[0] - 0.1
