import pytest

import convscope as cs
from convscope.planning.machines import MachineList, find_machine, machines


def test_every_machine_has_a_source_and_sane_figures():
    assert len(machines()) > 8
    for machine in machines().values():
        assert machine.source
        assert 5 < machine.float32 / machine.bandwidth < 120  # operations a byte
        assert (machine.bfloat16 or 1e15) >= (machine.tf32 or 0) >= 0


def test_names():
    assert find_machine("V100").name.startswith("NVIDIA Tesla V100")
    with pytest.raises(cs.UsageError, match="Unknown machine 'v10'. Did you mean 'v100'"):
        find_machine("v10")
    with pytest.raises(cs.UsageError, match="There are: a100, h100"):
        find_machine("abacus")


def test_the_list_names_every_machine():
    known = MachineList(machines())
    _, *rows = str(known).split("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == [*machines()]
    (v100,) = (row for row in rows if row.startswith("v100"))
    assert v100.split()[-6:] == ["16GB", "15.7", "900", "GB/s", "16", "GB"]
    assert known.as_dict()["v100"]["float32"] == 15.7e12
