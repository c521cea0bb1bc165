"""What a compiler refuses for form alone is put right by its own words, without another call of the writer."""

from __future__ import annotations

from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.javascript import ByLanguage
from tests.apps.codegen.conftest import Opens
from tests.conftest import absent

ASK = "Write a Rust function `tally(words)`. For example `tally(['a', 'b', 'a'])` gives `{'a': 2, 'b': 1}`."
# No use, no `mut`, and a number of another type: each is refused only when the one before it is put right.
DRAFT = """fn tally(words: &[&str]) -> HashMap<String, i32> {
    let counts = HashMap::new();
    for word in words {
        let n: i32 = word.len();
        if n > 0 {
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    counts
}
"""


async def test_a_draft_of_rust_is_mended_until_it_compiles(desk: Opens, sandbox: Sandbox) -> None:
    assert isinstance(sandbox, Bubblewrap)
    compiled = Compiled.open(sandbox)
    if "rust" not in compiled.compilers:
        raise absent("REQUIRE_SERVICES", "there is no Rust compiler; as root: apt-get install rustc")  # fmt: skip
    house = await desk(DRAFT, box=ByLanguage(compiled, sandbox, (".rs",)))
    outcome = (await house.ask(ASK)).outcome
    made = outcome.answer
    assert (made.language, made.executed, made.decision) == ("rust", True, "ship")
    assert made.code.startswith("use std::collections::HashMap;\n")
    assert "let mut counts" in made.code
    assert "word.len().try_into().unwrap()" in made.code
    assert (outcome.origin, len(house.asked)) == ("fixed", 1)


async def test_a_script_that_crashes_is_written_again(desk: Opens) -> None:
    crashes = "print(undefined_name)\n"
    house = await desk(crashes, "print('hello')\n")
    made = (await house.ask("Write a Python script that prints hello.")).outcome.answer
    assert (made.executed, made.code.strip()) == (True, "print('hello')")
    assert len(house.asked) > 1


async def test_a_script_that_lacks_a_file_or_the_network_is_not_written_again(desk: Opens) -> None:
    house = await desk("with open('shop.toml') as file:\n    print(file.read())\n")
    made = (await house.ask("Write a Python script that prints the file shop.toml.")).outcome.answer
    assert "open('shop.toml')" in made.code
    assert len(house.asked) == 1
    assert any("FileNotFoundError" in one for one in made.warnings), made.warnings


async def test_a_script_that_goes_on_crashing_is_never_shipped_without_a_word(desk: Opens) -> None:
    house = await desk("print(undefined_name)\n")
    made = (await house.ask("Write a Python script that prints hello.")).outcome.answer
    assert made.decision == "ship with warnings"
    assert any("NameError" in one for one in made.warnings), made.warnings
