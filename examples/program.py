def f(x):
    total = 0
    for v in x:
        total += v
    return total
