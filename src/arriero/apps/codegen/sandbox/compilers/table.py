"""The languages that are built or started in boxes, in the order in which `doctor` names them."""

from __future__ import annotations

from arriero.apps.codegen.sandbox.compilers.base import Language
from arriero.apps.codegen.sandbox.compilers.gnu import CPP, C
from arriero.apps.codegen.sandbox.compilers.go import GO
from arriero.apps.codegen.sandbox.compilers.java import JAVA
from arriero.apps.codegen.sandbox.compilers.php import PHP
from arriero.apps.codegen.sandbox.compilers.ruby import RUBY
from arriero.apps.codegen.sandbox.compilers.rust import RUST

LANGUAGES: tuple[Language, ...] = (CPP, C, JAVA, GO, RUST, PHP, RUBY)
