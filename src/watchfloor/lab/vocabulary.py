"""The backbone's own words: WordPiece learned on security text, every common Chinese character among them.

The vectors of new words begin as the mean of the pieces the teacher splits them into.
"""

from collections.abc import Iterable
from typing import Any, Final

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

PADDING, UNKNOWN, FIRST, LAST, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS: Final = 16_384
#: The first level of GB 2312 by its code points: the 3,755 characters of ordinary Chinese.
_LEVEL_ONE: Final = (0xB0A1, 0xD7F9)


def chinese() -> list[str]:
    """The characters of GB 2312, level one."""
    found = []
    for high in range(_LEVEL_ONE[0] >> 8, (_LEVEL_ONE[1] >> 8) + 1):
        for low in range(0xA1, 0xFF):
            if (high << 8 | low) <= _LEVEL_ONE[1]:
                found += [bytes((high, low)).decode("gb2312")]
    return found


def learn(texts: Iterable[str], words: int = WORDS) -> Tokenizer:
    """A tokenizer in lower case whose text form is one JSON file."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.BertNormalizer(lowercase=True, strip_accents=True)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=words, special_tokens=list(SPECIAL), initial_alphabet=chinese(), limit_alphabet=4_300,
        min_frequency=3, show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def first_vectors(ours: Tokenizer, theirs: Tokenizer, vectors: Tensor) -> Tensor:
    """Vectors ``(our words, width)`` from the teacher's ``(their words, width)``."""
    centre, spread = vectors.mean(0), vectors.std(0)
    generator = torch.Generator().manual_seed(0)
    found = torch.empty(ours.get_vocab_size(), vectors.shape[1])
    unknown = theirs.get_vocab()[UNKNOWN]
    for word, number in ours.get_vocab().items():
        pieces = _pieces(word, theirs, unknown)
        if pieces:
            found[number] = vectors[pieces].mean(0)
        else:
            found[number] = centre + 0.5 * spread * torch.randn(vectors.shape[1], generator=generator)
    return found


def _pieces(word: str, theirs: Tokenizer, unknown: int) -> list[int]:
    whole = theirs.token_to_id(word)
    if whole is not None:
        return [whole]
    inside = word.startswith("##")
    pieces: list[int] = theirs.encode(word.removeprefix("##"), add_special_tokens=False).ids
    if inside and pieces:
        first: Any = theirs.token_to_id("##" + str(theirs.id_to_token(pieces[0])))
        pieces = [pieces[0] if first is None else int(first), *pieces[1:]]
    return [piece for piece in pieces if piece != unknown]
