"""Operations, memory and time of a run: forecast before it begins, and judged when it has ended."""
