import asyncio
import sys

import pytest

from arriero.apps.codegen.judge.child import ToolError, told


@pytest.mark.parametrize("given", ["", "x" * 200_000])
def test_a_tool_may_end_before_it_has_read_what_it_is_given(given: str) -> None:
    uvloop = pytest.importorskip("uvloop")  # what serves; it raises for a pipe that is closed

    async def many() -> list[str]:
        ends = [sys.executable, "-ISc", "print('seen')"]
        return await asyncio.gather(*(told(ends, stdin=given, within_s=60) for _ in range(12)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(many()) == ["seen\n"] * 12


async def test_a_tool_reads_what_it_is_given() -> None:
    reads = [sys.executable, "-ISc", "import sys; print(len(sys.stdin.read()))"]
    assert await told(reads, stdin="x" * 200_000, within_s=60) == "200000\n"


async def test_the_silence_of_a_tool_that_broke_off_is_no_answer() -> None:
    with pytest.raises(ToolError, match="status 3"):
        await told([sys.executable, "-ISc", "raise SystemExit(3)"], within_s=60)
