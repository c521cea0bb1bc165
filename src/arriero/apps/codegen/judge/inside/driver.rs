//! Calls the code that it stands below and prints what each call gives: a line with the nonce, the call's number and JSON.
#![allow(warnings, unused)]
use std::any::{type_name, Any};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::Debug;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};

type Came = Result<(), String>;

/// What has a plain value.
trait Plain {
    fn arriero_put(&self, out: &mut String);
}

fn text(out: &mut String, text: &str) {
    out.push('"');
    for sign in text.chars() {
        if sign == '"' || sign == '\\' || !(' '..='~').contains(&sign) {
            for unit in sign.encode_utf16(&mut [0; 2]) {
                out.push_str(&std::format!("\\u{:04x}", unit));
            }
        } else {
            out.push(sign);
        }
    }
    out.push('"');
}

fn put<T: Plain + ?Sized>(one: &T) -> String {
    let mut out = String::new();
    one.arriero_put(&mut out);
    out
}

fn items<'a, T: Plain + 'a>(out: &mut String, all: impl Iterator<Item = &'a T>) {
    let told: Vec<String> = all.map(put).collect();
    out.push_str(&std::format!("[{}]", told.join(", ")));
}

/// Of a table of hashes, whose order is another in each run.
fn sorted<'a, T: Plain + 'a>(out: &mut String, all: impl Iterator<Item = &'a T>) {
    let mut told: Vec<String> = all.map(put).collect();
    told.sort();
    out.push_str(&std::format!("[{}]", told.join(", ")));
}

fn pairs<'a, K: Plain + 'a, V: Plain + 'a>(out: &mut String, all: impl Iterator<Item = (&'a K, &'a V)>) {
    let mut told: Vec<String> = all.map(|one| put(&one)).collect();
    told.sort();
    out.push_str(&std::format!("{{\"m\": [{}]}}", told.join(", ")));
}

macro_rules! arriero_each {
    (($($kind:ty),*), $one:ident, $out:ident, $body:expr) => {
        $(impl Plain for $kind {
            fn arriero_put(&self, $out: &mut String) {
                let $one = self;
                $body;
            }
        })*
    };
}
arriero_each!((i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, bool), one, out, out.push_str(&one.to_string()));
arriero_each!((f32, f64), one, out, out.push_str(&std::format!("{:?}", one).replace("inf", "Infinity")));
arriero_each!((str, String), one, out, text(out, one));
arriero_each!((char), one, out, text(out, one.encode_utf8(&mut [0; 4])));
arriero_each!((()), _one, out, out.push_str("null"));
arriero_each!((std::cmp::Ordering), one, out, text(out, &std::format!("{:?}", one)));

macro_rules! arriero_lists {
    ($($kind:ident),*) => {
        $(impl<T: Plain> Plain for $kind<T> {
            fn arriero_put(&self, out: &mut String) {
                items(out, self.iter());
            }
        })*
    };
}
arriero_lists!(Vec, VecDeque, LinkedList, BTreeSet, BinaryHeap);

macro_rules! arriero_behind {
    ($(($kind:ty, $($of:tt)*)),*) => {
        $(impl<$($of)*> Plain for $kind {
            fn arriero_put(&self, out: &mut String) {
                (**self).arriero_put(out);
            }
        })*
    };
}
arriero_behind!(
    (&T, T: Plain + ?Sized),
    (&mut T, T: Plain + ?Sized),
    (Box<T>, T: Plain + ?Sized),
    (std::rc::Rc<T>, T: Plain + ?Sized),
    (std::sync::Arc<T>, T: Plain + ?Sized),
    (std::borrow::Cow<'_, T>, T: Plain + ToOwned + ?Sized)
);

macro_rules! arriero_tuples {
    ($(($($name:ident $at:tt),+))*) => {
        $(impl<$($name: Plain),+> Plain for ($($name,)+) {
            fn arriero_put(&self, out: &mut String) {
                out.push('[');
                $(out.push_str(if $at > 0 { ", " } else { "" });
                self.$at.arriero_put(out);)+
                out.push(']');
            }
        })*
    };
}
arriero_tuples!((A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5));

impl<T: Plain> Plain for [T] {
    fn arriero_put(&self, out: &mut String) {
        items(out, self.iter());
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn arriero_put(&self, out: &mut String) {
        items(out, self.iter());
    }
}

impl<T: Plain, S> Plain for HashSet<T, S> {
    fn arriero_put(&self, out: &mut String) {
        sorted(out, self.iter());
    }
}

impl<K: Plain, V: Plain, S> Plain for HashMap<K, V, S> {
    fn arriero_put(&self, out: &mut String) {
        pairs(out, self.iter());
    }
}

impl<K: Plain, V: Plain> Plain for BTreeMap<K, V> {
    fn arriero_put(&self, out: &mut String) {
        pairs(out, self.iter());
    }
}

impl<T: Plain> Plain for Option<T> {
    fn arriero_put(&self, out: &mut String) {
        match self {
            Some(one) => one.arriero_put(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Plain, E> Plain for Result<T, E> {
    fn arriero_put(&self, out: &mut String) {
        match self {
            Ok(one) => one.arriero_put(out),
            Err(_) => object::<E>(out),
        }
    }
}

fn object<T: ?Sized>(out: &mut String) {
    out.push_str("{\"o\": ");
    text(out, type_name::<T>());
    out.push('}');
}

// A value whose type has no `Plain` takes one reference more to be found by its method, so that the other is found first.
struct Told<'a, T: ?Sized>(&'a T);

impl<T: Plain + ?Sized> Told<'_, T> {
    fn arriero_told(&self, out: &mut String) {
        self.0.arriero_put(out);
    }
}

trait Opaque {
    fn arriero_told(&self, out: &mut String);
}

impl<T: ?Sized> Opaque for Told<'_, T> {
    fn arriero_told(&self, out: &mut String) {
        object::<T>(out);
    }
}

struct Raised<'a, T: ?Sized>(&'a T);

impl<T: Debug + ?Sized> Raised<'_, T> {
    fn arriero_said(&self) -> String {
        std::format!("Err: {:?}", self.0)
    }
}

trait Unsaid {
    fn arriero_said(&self) -> String;
}

impl<T: ?Sized> Unsaid for Raised<'_, T> {
    fn arriero_said(&self) -> String {
        std::format!("Err: {}", type_name::<T>())
    }
}

/// One step with an object: what it gives, or what it raises.
fn step(out: &mut String, mut run: impl FnMut(&mut String) -> Came) {
    out.push_str(if out.ends_with('[') { "" } else { ", " });
    let begun = out.len();
    out.push_str("[\"value\", ");
    let came = catch_unwind(AssertUnwindSafe(|| run(out)));
    let said = match came {
        Ok(Ok(())) => None,
        Ok(Err(said)) => Some(said),
        Err(panic) => Some(panicked(&*panic)),
    };
    if let Some(said) = said {
        out.truncate(begun);
        out.push_str("[\"raised\", ");
        text(out, said.split(": ").next().unwrap_or_default());
    }
    out.push(']');
}

/// What a panic said. Those of the language itself are told apart from the code's own.
fn panicked(panic: &(dyn Any + Send)) -> String {
    let said = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(said), _) => said.to_string(),
        (_, Some(said)) => said.clone(),
        _ => String::new(),
    };
    let own = ["attempt to ", "called `Option::unwrap()`", "index out of bounds"];
    if own.iter().any(|begun| said.starts_with(begun)) {
        said
    } else {
        std::format!("panic: {}", said)
    }
}

@USES@
@CALLS@

const CALLS: &[fn(&mut String) -> Came] = &[@TABLE@];

pub fn main() {
    let words: Vec<String> = std::env::args().collect();
    let number = |at: usize, otherwise: usize| words.get(at).and_then(|one| one.parse().ok()).unwrap_or(otherwise);
    for at in number(2, 0)..number(3, CALLS.len()) {
        let mut out = String::new();
        let came = catch_unwind(AssertUnwindSafe(|| CALLS[at](&mut out)));
        let (how, said) = match came {
            Ok(Ok(())) => ("value", None),
            Ok(Err(said)) => ("raised", Some(said)),
            Err(panic) => ("raised", Some(panicked(&*panic))),
        };
        if let Some(said) = said {
            out.clear();
            text(&mut out, &said);
        }
        let mut told = std::io::stdout();
        let line = std::format!("\n{} {} {} {}\n", words.get(1).map_or("", |one| one), at, how, out);
        let _ = told.write_all(line.as_bytes()).and_then(|()| told.flush());
    }
}
