"""Headers and imports of the standard library that code uses and does not name: put in by rule, no model asked.

A function is often written as if its file had them. Names that the code declares itself are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from arriero.apps.codegen.judge import grammars

_CPP = """
algorithm all_of any_of binary_search copy copy_if count count_if equal fill find find_if for_each is_sorted lower_bound max max_element merge min min_element minmax_element next_permutation none_of partition remove remove_if replace reverse rotate set_difference set_intersection set_union sort stable_sort swap transform unique upper_bound
array array
bitset bitset
cassert assert
cctype isalnum isalpha isdigit islower ispunct isspace isupper tolower toupper
chrono chrono
climits INT_MAX INT_MIN LLONG_MAX LLONG_MIN LONG_MAX LONG_MIN UINT_MAX
cmath abs ceil cos exp fabs floor fmod hypot log log10 log2 pow round sin sqrt tan trunc
cstdint int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t
cstdio fgets printf scanf snprintf sprintf
cstdlib atoi exit rand srand
cstring memcpy memset strcmp strcpy strlen strncpy
ctime time_t mktime
deque deque
fstream fstream ifstream ofstream
functional bind function greater hash
iomanip setfill setprecision setw put_time get_time
iostream cerr cin cout endl
iterator back_inserter istream_iterator ostream_iterator
limits numeric_limits
list list
map map multimap
memory make_shared make_unique shared_ptr unique_ptr weak_ptr
numeric accumulate gcd inner_product iota lcm partial_sum
optional nullopt optional
queue priority_queue queue
random mt19937 random_device uniform_int_distribution
regex regex regex_match regex_replace regex_search smatch
set multiset set
sstream istringstream ostringstream stringstream
stack stack
stdexcept domain_error invalid_argument length_error logic_error out_of_range overflow_error runtime_error underflow_error
string getline stod stoi stol string to_string
string_view string_view
tuple get make_tuple tie tuple
unordered_map unordered_map
unordered_set unordered_set
utility make_pair move pair
variant variant
vector vector
"""
_C = """
assert.h assert
ctype.h isalnum isalpha isdigit islower ispunct isspace isupper tolower toupper
limits.h INT_MAX INT_MIN LONG_MAX LONG_MIN LLONG_MAX UINT_MAX
math.h ceil exp fabs floor fmod hypot log pow round sqrt
stdbool.h bool false true
stddef.h NULL size_t
stdint.h int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t
stdio.h FILE fclose fgets fopen fprintf fputs getchar printf putchar puts scanf snprintf sprintf stderr stdin stdout
stdlib.h EXIT_FAILURE EXIT_SUCCESS abs atof atoi calloc exit free malloc qsort rand realloc srand strtol
string.h memcpy memmove memset strcat strchr strcmp strcpy strdup strlen strncmp strncpy strstr strtok
time.h mktime time time_t
"""
_JAVA = """
java.io BufferedReader File FileReader IOException InputStreamReader UncheckedIOException
java.math BigDecimal BigInteger RoundingMode
java.nio.file Files Path Paths
java.time Duration Instant LocalDate LocalDateTime
java.time.temporal ChronoUnit
java.util ArrayDeque ArrayList Arrays Collection Collections Comparator Deque EmptyStackException HashMap HashSet Iterator LinkedHashMap LinkedHashSet LinkedList List Locale Map NoSuchElementException Objects Optional PriorityQueue Queue Random Scanner Set Stack StringJoiner TreeMap TreeSet
java.util.function BiFunction Consumer Function Predicate Supplier UnaryOperator
java.util.regex Matcher Pattern
java.util.stream Collectors IntStream Stream
"""
# Packages by the name that they are used with; where there are two of a name, the one that is meant nearly always.
_GO = """
bufio bufio
bytes bytes
container/heap heap
container/list list
context context
crypto/md5 md5
crypto/sha256 sha256
encoding/base64 base64
encoding/csv csv
encoding/hex hex
encoding/json json
errors errors
flag flag
fmt fmt
io io
log log
math math
math/big big
math/bits bits
math/rand rand
net/http http
net/url url
os os
path/filepath filepath
reflect reflect
regexp regexp
runtime runtime
sort sort
strconv strconv
strings strings
sync sync
sync/atomic atomic
testing testing
text/template template
time time
unicode unicode
unicode/utf8 utf8
"""
_RUBY = """
bigdecimal BigDecimal
csv CSV
date Date DateTime
delegate DelegateClass SimpleDelegator
digest Digest
erb ERB
fileutils FileUtils
forwardable Forwardable
json JSON
logger Logger
matrix Matrix
observer Observable
optparse OptionParser
ostruct OpenStruct
pathname Pathname
prime Prime
securerandom SecureRandom
set Set SortedSet
shellwords Shellwords
singleton Singleton
stringio StringIO
strscan StringScanner
tempfile Tempfile
timeout Timeout
tsort TSort
uri URI
yaml YAML
"""
# A module by its own name is meant where something of it is named: `fmt::Display`.
_RUST = """
std cmp collections env error fmt fs io iter mem process rc sync thread time
std::borrow Cow
std::cell Cell RefCell
std::cmp Ordering Reverse max min
std::collections BTreeMap BTreeSet BinaryHeap HashMap HashSet LinkedList VecDeque
std::error Error
std::f64::consts PI
std::fmt Debug Display Formatter
std::fs File
std::hash Hash Hasher
std::io BufRead BufReader BufWriter Read Write stdin stdout
std::iter Peekable Sum
std::marker PhantomData
std::mem swap
std::num ParseFloatError ParseIntError
std::ops Add AddAssign Deref DerefMut Div Index IndexMut Mul Neg Not Rem Sub SubAssign
std::path Path PathBuf
std::process exit
std::rc Rc Weak
std::str Chars FromStr
std::sync Arc Mutex RwLock mpsc
std::thread spawn
std::time Duration Instant SystemTime
"""
# Traits that are not named where their methods are called.
_CALLED = {
    "std::io::BufRead": r"\.lock\(\)\s*\.(?:lines|read_line)\(|\bBufReader\b",
    "std::io::Read": r"\.read_to_(?:string|end)\(\s*&mut\b",
    "std::io::Write": r"\bstdout\(\)(?:\.lock\(\))?\s*\.(?:flush|write_all)\(",
}
# What is often written without `std::`; one of these says that the names of the standard library are meant.
_BARE = frozenset("cout cin cerr deque endl map pair priority_queue queue set stack string unordered_map unordered_set vector".split())  # fmt: skip
_NAMES = frozenset({"constant", "identifier", "namespace_identifier", "primitive_type", "type_identifier", "true", "false", "null"})  # fmt: skip


def included(code: str, language: str) -> str:
    """The code with the headers or imports that it lacks; as it is in any other language."""
    match language:
        case "cpp":
            return _with_headers(code, _table(_CPP), language)
        case "c":
            return _with_headers(code, _table(_C), language)
        case "java":
            return _with_imports(code, _table(_JAVA))
        case "go":
            return _with_packages(code, _table(_GO))
        case "php":
            return f"<?php\n\n{code}" if code and grammars.is_bare(code) else code
        case "ruby":
            return _with_required(code, _table(_RUBY))
        case "rust":
            return _with_uses(code, _table(_RUST))
    return code


def _table(text: str) -> Mapping[str, str]:
    """Name -> where it comes from."""
    rows = (line.split() for line in text.strip().splitlines())
    return {name: where for where, *names in rows for name in names}


def _with_headers(code: str, table: Mapping[str, str], language: str) -> str:
    there = set(re.findall(r"^\s*#\s*include\s*<([^>]+)>", code, re.MULTILINE))
    if "bits/stdc++.h" in there:
        table = {}
    own, used = _declared(code, language), set(_used(code, language))
    needed = sorted({table[name] for name in used - own if name in table} - there)
    lines = [f"#include <{name}>" for name in needed]
    if language == "cpp" and not re.search(r"\busing\s+namespace\s+std\b", code):
        written = set(re.findall(r"\b(?:std\s*::|using\s+std::)\s*(\w+)", code))
        if (used & _BARE) - own - written:
            lines.append("using namespace std;")
    if not lines:
        return code
    heads = [found.end() for found in re.finditer(r"^[ \t]*#\s*include\b.*\n?", code, re.MULTILINE)]
    at = heads[-1] if heads else 0
    before = code[:at] if not at or code[:at].endswith("\n") else f"{code[:at]}\n"
    between = "" if code[at:].startswith("\n") else "\n"
    return f"{before}{chr(10).join(lines)}\n{between}{code[at:]}"


def _with_imports(code: str, table: Mapping[str, str]) -> str:
    there = set(re.findall(r"^\s*import\s+([\w.*]+)\s*;", code, re.MULTILINE))
    own = _declared(code, "java")
    needed = sorted(
        f"{table[name]}.{name}"
        for name in set(_used(code, "java")) - own
        if name in table and not {f"{table[name]}.{name}", f"{table[name]}.*"} & there
        and not re.search(rf"[\w.]\.{name}\b", code)
    )  # fmt: skip
    if not needed:
        return code
    lines = "".join(f"import {name};\n" for name in needed)
    heads = [found.end() for found in re.finditer(r"^[ \t]*(?:package|import)\b.*\n?", code, re.MULTILINE)]  # fmt: skip
    at = heads[-1] if heads else 0
    return f"{code[:at]}{lines}{'' if at else chr(10)}{code[at:]}"


def _with_packages(code: str, table: Mapping[str, str]) -> str:
    """Go with the packages that it uses, and without those that it does not, which Go refuses. Other imports stay."""
    root = grammars.tree(code, "go")
    every = list(grammars.nodes(root))
    own = _declared(code, "go") | {
        grammars.text(name)
        for one in every
        if one.type in {"short_var_declaration", "range_clause"} and one.child_by_field_name("left")
        for name in one.child_by_field_name("left").named_children
    }
    used = {
        grammars.text(one.child_by_field_name(field))
        for one in every
        for kind, field in (("selector_expression", "operand"), ("qualified_type", "package"))
        if one.type == kind
    }
    specs = [one for one in every if one.type == "import_spec"]
    idle = [one for one in specs if _package(one) not in {*used, "_", "."} and _standard(one)]
    there = {_package(one) for one in specs}
    needed = sorted(table[name] for name in used - own - there if name in table)
    data = code.encode(errors="replace")
    for one in reversed(idle):
        alone = one.parent.type == "import_declaration"
        data = _without_line(data, one.parent if alone else one)
    code = data.decode()
    if not needed:
        return code
    lines = "".join(f'import "{name}"\n' for name in needed)
    head = re.search(r"^[ \t]*package\s+\w+[^\n]*\n?", code, re.MULTILINE)
    before, behind = (code[: head.end()], code[head.end() :]) if head else ("package main\n", code)
    return f"{before}\n{lines}{'' if behind.startswith(chr(10)) else chr(10)}{behind}"


def _standard(spec: Any) -> bool:
    """Whether it comes with Go; the name of another's package need not be the end of its path."""
    first = grammars.text(spec.child_by_field_name("path")).strip('"`').partition("/")[0]
    return "." not in first


def _package(spec: Any) -> str:
    """The name that a package is used with: its own, or the last part of its path that is no version."""
    name = spec.child_by_field_name("name")
    path = re.sub(r"/v\d+$", "", grammars.text(spec.child_by_field_name("path")).strip('"`'))
    return grammars.text(name) if name is not None else path.rpartition("/")[2]


def _without_line(data: bytes, node: Any) -> bytes:
    """Without the node, and without its line where nothing else stands in it."""
    begun, ended = node.start_byte, node.end_byte
    while begun > 0 and data[begun - 1 : begun] in {b" ", b"\t"}:
        begun -= 1
    if (begun == 0 or data[begun - 1 : begun] == b"\n") and data[ended : ended + 1] == b"\n":
        ended += 1
    return data[:begun] + data[ended:]


def _with_required(code: str, table: Mapping[str, str]) -> str:
    there = set(re.findall(r"^\s*require\s*\(?\s*['\"]([\w/]+)['\"]", code, re.MULTILINE))
    lacking = {table[name] for name in set(_used(code, "ruby")) - _declared(code, "ruby") if name in table}  # fmt: skip
    if re.search(r"\.to_set\b", code):
        lacking.add("set")
    if re.search(r"\.to_json\b", code):
        lacking.add("json")
    if re.search(r"\bTime\.(?:parse|strptime|iso8601)\b", code):
        lacking.add("time")
    lines = "".join(f'require "{name}"\n' for name in sorted(lacking - there))
    if not lines:
        return code
    heads = [found.end() for found in re.finditer(r"\A(?:#.*\n)+|^require(?:_relative)?\b.*\n?", code, re.MULTILINE)]  # fmt: skip
    at = heads[-1] if heads else 0
    return f"{code[:at]}{lines}{'' if at else chr(10)}{code[at:]}"


def _with_uses(code: str, table: Mapping[str, str]) -> str:
    """Rust: the uses that it lacks, and the struct that an `impl Solution` is of."""
    root = grammars.tree(code, "rust")
    own, there, used = set[str](), set[str](), set[str]()
    for node in grammars.nodes(root):
        name = node.child_by_field_name("name")
        if node.type == "use_declaration":
            there |= set(re.findall(r"\w+", grammars.text(node)))
        elif node.type == "function_item":
            # What stands in an impl is called by its object, and no function is what a module's name means.
            own |= {grammars.text(name)} if node.parent == root else set()
        elif name is not None and (node.type.endswith("_item") or node.type == "type_parameter"):
            own |= {grammars.text(name), f"{grammars.text(name)}::"}
        elif node.type in {"let_declaration", "parameter", "closure_parameters", "for_expression"}:
            pattern = node.child_by_field_name("pattern") or node
            own |= {grammars.text(one) for one in grammars.nodes(pattern) if one.type == "identifier"}  # fmt: skip
        elif node.type in {"identifier", "type_identifier"} and _stands_alone(node):
            begins = node.next_sibling is not None and node.next_sibling.type == "::"
            used.add(f"{grammars.text(node)}{'::' if begins else ''}")
    modules = {f"{name}::" for name, where in table.items() if where == "std"}
    found = {one for one in used - own if one in modules or one.removesuffix("::") not in own}
    named = {one.removesuffix("::") for one in found if one in modules or f"{one}::" not in modules}
    lacks = {f"{table[name]}::{name}" for name in named - there if name in table}
    lacks |= {path for path, called in _CALLED.items() if re.search(called, code) and path.rpartition("::")[2] not in there | own}  # fmt: skip
    lacks = {path for path in lacks if f"use {path.rpartition('::')[0]}::*" not in code}
    lines = [f"use {path};" for path in sorted(lacks)]
    if re.search(r"^impl\s+Solution\b", code, re.MULTILINE) and "Solution" not in own | there:
        lines += ["", "struct Solution;"] if lines else ["struct Solution;"]
    if not lines:
        return code
    heads = [one for one in root.children if _heads(one)]
    data, at = code.encode(errors="replace"), heads[-1].end_byte if heads else 0
    before, behind = (part.decode(errors="replace") for part in (data[:at].rstrip(), data[at:]))
    between = "" if behind.startswith("\n") else "\n"
    return f"{before}{chr(10) if before else ''}{chr(10).join(lines)}{chr(10) if not before else ''}{between}{behind}"


def _heads(node: Any) -> bool:
    """Whether it has to stand, or stands, before what is new: uses, and what is said of the whole file."""
    whole = node.type.endswith("comment") and grammars.text(node).startswith(("//!", "/*!"))
    return whole or node.type in {"use_declaration", "inner_attribute_item"}


def _stands_alone(node: Any) -> bool:
    """Whether a name says itself where it is from: it is no last part of a path, and in no attribute."""
    before, above = node.prev_sibling, node.parent
    if before is not None and before.type == "::":
        return False
    while above is not None:
        if above.type in {"attribute_item", "inner_attribute_item", "use_declaration"}:
            return False
        above = above.parent
    return True


def _used(code: str, language: str) -> Iterator[str]:
    for node in grammars.nodes(grammars.tree(code, language)):
        if node.type in _NAMES:
            yield grammars.text(node)


def _declared(code: str, language: str) -> set[str]:
    """What the code declares itself: functions, classes, variables."""
    found = set()
    for node in grammars.nodes(grammars.tree(code, language)):
        for field in ("name", "declarator"):
            held = node.child_by_field_name(field)
            if held is None or node.type in {"qualified_identifier", "template_type", "template_function", "method_invocation"}:  # fmt: skip
                continue
            while (deeper := held.child_by_field_name("declarator")) is not None:
                held = deeper
            if held.type in _NAMES:
                found.add(grammars.text(held))
    return found
