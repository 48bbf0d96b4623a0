class IterableDataset:
    def __init__(self, generator, gen_kwargs):
        self.generator, self.gen_kwargs = generator, gen_kwargs

    @classmethod
    def from_generator(cls, generator, gen_kwargs=None):
        return cls(generator, gen_kwargs or {})

    def __iter__(self):
        return iter(self.generator(**self.gen_kwargs))
