def default_compute_score(data_source, solution_str, ground_truth, extra_info=None, **others):
    return ("verl's own", data_source)
