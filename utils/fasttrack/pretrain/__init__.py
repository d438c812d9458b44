"""Pretraining a GPT, from a batch to a resumable run on one or several devices: `python -m fasttrack.pretrain --help`.

Built in lesson 07/02. Left out: sharding a model that does not fit on one device.
"""
