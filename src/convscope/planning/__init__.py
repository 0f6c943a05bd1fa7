"""Operations, memory and time of a run: forecast before it begins, compared when it has ended."""
