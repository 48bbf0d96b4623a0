import copy


class RLHFDataset:
    """The calls that verl's class makes of its own methods, and the row that it makes of a dataframe's."""

    def __init__(self, data_files, tokenizer, config, processor=None, max_samples=-1):
        data_files = data_files if isinstance(data_files, list) else [data_files]
        self.data_files = copy.deepcopy(data_files)
        self.original_data_files = copy.deepcopy(data_files)
        self.config = config
        self._download()
        self._read_files_and_tokenize()

    def _download(self, use_origin_parquet=False):
        self.downloaded = True

    def _read_files_and_tokenize(self):
        self.dataframe = [{"data_source": "other", "prompt": [], "extra_info": None}]

    def __len__(self):
        return len(self.dataframe)

    def __getitem__(self, item):
        row = self.dataframe[item]
        row["raw_prompt"] = row[self.config.get("prompt_key", "prompt")]
        if row.get("extra_info") is None:
            row["extra_info"] = {}
        row["index"] = row["extra_info"].get("index", 0)
        return row
