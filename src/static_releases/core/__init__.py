"""The product without Django: model, store and protocol."""
