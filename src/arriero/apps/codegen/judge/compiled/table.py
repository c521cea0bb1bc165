"""The languages whose examples are called, by the name that the judge has for them."""

from __future__ import annotations

from collections.abc import Mapping

from arriero.apps.codegen.judge.compiled.dialect import Dialect
from arriero.apps.codegen.judge.compiled.family_c import CPP, C
from arriero.apps.codegen.judge.compiled.go import GO
from arriero.apps.codegen.judge.compiled.java import JAVA
from arriero.apps.codegen.judge.compiled.php import PHP
from arriero.apps.codegen.judge.compiled.ruby import RUBY
from arriero.apps.codegen.judge.compiled.rust import RUST

DIALECTS: Mapping[str, Dialect] = {one.language: one for one in (CPP, C, JAVA, GO, RUST, PHP, RUBY)}
