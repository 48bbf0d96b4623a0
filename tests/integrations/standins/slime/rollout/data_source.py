import abc


class DataSource(abc.ABC):
    @abc.abstractmethod
    def get_samples(self, num_samples): ...

    @abc.abstractmethod
    def add_samples(self, samples): ...

    @abc.abstractmethod
    def save(self, rollout_id): ...

    @abc.abstractmethod
    def load(self, rollout_id=None): ...

    @abc.abstractmethod
    def __len__(self): ...
