import Testing

@testable import StrataFlat

/// A small program and the value of its constant `R`.
struct FeatureCase: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  let expected: String

  init(_ name: String, _ text: String, _ expected: String) {
    self.name = name
    self.text = text
    self.expected = expected
  }

  var testDescription: String { name }
}

@Suite struct LanguageFeatureTests {
  @Test(arguments: cases) func givesTheValue(_ one: FeatureCase) {
    #expect(evaluate(one.text) == one.expected, "\(one.name)")
  }

  /// The target's pointers do not show, but in the sizes that a program asks for.
  @Test(arguments: cases.filter { !$0.text.contains("size_of") }) func givesTheValueWithNarrowPointers(
    _ one: FeatureCase
  ) {
    #expect(evaluate(one.text, target: .pointers32) == one.expected, "\(one.name)")
  }

  static let cases: [FeatureCase] = [
    FeatureCase("constant folding", "R :: #run f(); f :: () -> i64 => 2 + 3 * 4 - 10 / 3 % 2;", "13"),
    FeatureCase("arrow without result", "f :: (a: i64) => a + 1; R :: #run f(41);", "42"),
    FeatureCase(
      "default and named arguments",
      "f :: (a: i64, b: i64 = 2, c: i64 = 3) -> i64 => a * 100 + b * 10 + c; R :: #run f(1, c = 9);", "129"),
    FeatureCase("block value", "f :: (x: i64) -> i64 { y := { z := x * 2; z + 1 }; y * 10 } R :: #run f(3);", "70"),
    FeatureCase(
      "order independence", "R :: #run a(); a :: () -> i64 => b() + C; C :: D + 1; D :: 4; b :: () -> i64 => 10;", "15"),
    FeatureCase(
      "local functions, types and constants",
      "f :: () -> i64 { P :: struct { x: i64; } N :: 5; g :: (p: P) -> i64 => p.x * N; return g(P.{ x = 3 }) + h(); h :: () -> i64 => 1; } R :: #run f();",
      "16"),
    FeatureCase(
      "variadic parameters",
      "sum :: (xs: ..i64) -> i64 { s := 0; for xs (x) { s += x; } return s; } f :: () -> i64 { a : [2]i64 = .[10, 20]; return sum(1, 2, 3) + sum() + sum(..a[..]); } R :: #run f();",
      "36"),
    FeatureCase(
      "tuple results",
      "f :: () -> (i64, bool) => .{ 7, true }; g :: () -> i64 { a, b := f(); if b { return a; } return 0; } R :: #run g();",
      "7"),
    FeatureCase(
      "swap in a list",
      "f :: () -> i64 { a : [3]i64 = .[1, 2, 3]; a[0], a[2] = a[2], a[0]; return a[0] * 100 + a[1] * 10 + a[2]; } R :: #run f();",
      "321"),
    FeatureCase(
      "compound assignment",
      "f :: () -> i64 { x := 7; x += 3; x *= 4; x -= 1; x /= 2; x %= 10; x <<= 2; x |= 1; x ^= 3; x &= 14; return x; } R :: #run f();",
      "6"),
    FeatureCase(
      "chained comparison",
      "f :: (x: i64) -> bool => 0 <= x <= 9; R :: #run g(); g :: () -> i64 { n := 0; for -2..13 (i) { if f(i) { n += 1; } } return n; }",
      "10"),
    FeatureCase(
      "and, or and not",
      "t :: (p: *i64) -> bool { p.* += 1; return true; } f :: () -> i64 { n := 0; if false and t(*n) { } if true or t(*n) { } if !(n == 0) { return 99; } b := n == 1 and t(*n) or n == 0; if b { return n; } return 77; } R :: #run f();",
      "0"),
    FeatureCase(
      "closed range at the limit",
      "f :: () -> i64 { n := 0; lo : u8 = 250; hi : u8 = 255; for lo..=hi (i) { n += i; } return n; } R :: #run f();",
      "1515"),
    FeatureCase(
      "labelled by nothing: break in nested loops",
      "f :: () -> i64 { n := 0; for 0..5 (i) { for 0..5 (j) { if j > i { break; } if j == 1 { continue; } n += 1; } } return n; } R :: #run f();",
      "11"),
    FeatureCase(
      "for by address",
      "f :: () -> i64 { a : [3]i64 = .[1, 2, 3]; for a (*p) { p.* *= 10; } s := 0; for a[1..] (x) { s += x; } return s; } R :: #run f();",
      "50"),
    FeatureCase(
      "for over text", "f :: () -> i64 { s := 0; for \"abc\", 1.. (c, i) { s += c * i; } return s; } R :: #run f();",
      "590"),
    FeatureCase(
      "defer order",
      "f :: () -> i64 { n := 0; { defer n = n * 10 + 1; defer { n = n * 10 + 2; } n = 3; } return n; } R :: #run f();",
      "321"),
    FeatureCase(
      "defer after the value of return",
      "g : i64 = 5; f :: () -> i64 { defer g = 9; return g; } h :: () -> i64 { a := f(); return a * 10 + g; } R :: #run h();",
      "59"),
    FeatureCase(
      "onfail runs only on failure",
      "g : i64 = 0; f :: (x: bool) -> (i64, !) { onfail g += 10; defer g += 1; if x { raise error.No; } return 5; } h :: () -> i64 { a := f(true) or 7; b := f(false) or 7; return a * 1000 + b * 100 + g; } R :: #run h();",
      "7512"),
    FeatureCase(
      "struct defaults",
      "P :: struct { x: i64 = 4; y, z: i64; } f :: () -> i64 { p : P; q := P.{ y = 2 }; return p.x * 100 + q.x * 10 + q.y + p.z; } R :: #run f();",
      "442"),
    FeatureCase(
      "methods by value and by address",
      "C :: struct { n: i64; inc :: (self: *C) { self.n += 1; } twice :: (self: C) -> i64 => self.n * 2; make :: () -> C => C.{ n = 20 }; } f :: () -> i64 { c := C.make(); c.inc(); p := *c; p.inc(); return c.twice() + p.twice(); } R :: #run f();",
      "88"),
    FeatureCase(
      "functions as methods",
      "P :: struct { x: i64; } double :: (p: P) -> i64 => p.x * 2; f :: () -> i64 { p := P.{ x = 4 }; return p.double(); } R :: #run f();",
      "8"),
    FeatureCase(
      "enumeration with values",
      "K :: enum u8 { a :: 3; b; c :: 9; } f :: () -> i64 { k := K.c; s : i64 = xx k; if k == .c { s += 100; } if k != .a { s += 1000; } return s; } R :: #run f();",
      "1109"),
    FeatureCase(
      "payloads",
      "S :: enum { circle: f64; rect: struct { w, h: i64; }; none; } area :: (s: S) -> f64 { return if s == { case .circle: (r) r * r; case .rect: (q) { (q.w * q.h).(f64) } case .none: 0.5; }; } R :: #run f(); f :: () -> f64 => area(.circle(3.0)) + area(.rect(w = 2, h = 5)) + area(.none);",
      "19.5"),
    FeatureCase(
      "payload value of match",
      "S :: enum { a: i64; b; } f :: (s: S) -> i64 { if s == { case .a: (v) { return v; } case .b: { return -1; } } } R :: #run g(); g :: () -> i64 => f(.a(5)) * 10 + f(.b);",
      "49"),
    FeatureCase(
      "match on numbers and ranges",
      "f :: (n: i64) -> i64 { return if n == { case 0: 1; case 1, 2: 2; case 3..10: 3; case 10..=12: 4; else: 5; }; } g :: () -> i64 { s := 0; for 0..14 (i) { s = s * 2 + f(i); } return s; } R :: #run g();",
      "26637"),
    FeatureCase(
      "match on text",
      "f :: (s: string) -> i64 { return if s == { case \"one\": 1; case \"two\": 2; else: 0; }; } R :: #run g(); g :: () -> i64 => f(\"two\") * 100 + f(\"one\") * 10 + f(\"x\");",
      "210"),
    FeatureCase(
      "optionals",
      "f :: (n: i64) -> ?i64 { if n > 0 { return n; } return null; } g :: () -> i64 { a := f(5)!; b := f(-1) ?? 7; c := 0; if v := f(3) { c = v; } else { c = 100; } x := f(9); if x != null { c += x; } return a * 1000 + b * 100 + c; } R :: #run g();",
      "5712"),
    FeatureCase(
      "narrowing after an early return",
      "f :: (n: ?i64) -> i64 { if n == null { return -1; } return n + 1; } R :: #run g(); g :: () -> i64 => f(4) * 10 + f(null);",
      "49"),
    FeatureCase(
      "optional members",
      "P :: struct { x: i64; } f :: (p: ?P) -> i64 => p?.x ?? 9; R :: #run g(); g :: () -> i64 => f(P.{ x = 4 }) * 10 + f(null);",
      "49"),
    FeatureCase(
      "while with a binding",
      "N :: struct { v: i64; next: ?*N; } f :: () -> i64 { a := N.{ v = 1 }; b := N.{ v = 2, next = *a }; s := 0; p : ?*N = *b; while q := p { s = s * 10 + q.v; p = q.next; } return s; } R :: #run f();",
      "21"),
    FeatureCase(
      "narrowing in a loop that moves on",
      "N :: struct { v: i64; next: ?*N; } f :: () -> i64 { a := N.{ v = 1 }; b := N.{ v = 2, next = *a }; s := 0; p : ?*N = *b; while p != null { s = s * 10 + p.v; p = p.next; } return s; } R :: #run f();",
      "21"),
    FeatureCase(
      "errors with a set",
      "E :: error { Low, High }; f :: (n: i64) -> (i64, !E) { if n < 0 { raise error.Low; } if n > 9 { raise E.High; } return n; } g :: (n: i64) -> (i64, !) { v := try f(n); return v * 2; } h :: (n: i64) -> i64 { return g(n) catch (e) { return if e == error.Low then 100 else 200; }; } R :: #run k(); k :: () -> i64 => h(-1) + h(10) + h(4);",
      "308"),
    FeatureCase(
      "match on an error",
      "E :: error { A, B }; f :: (n: i64) -> !E { if n == 1 { raise error.A; } if n == 2 { raise error.B; } } g :: (n: i64) -> i64 { f(n) catch (e) { if e == { case error.A: return 10; case error.B: return 20; } }; return 1; } R :: #run h(); h :: () -> i64 => g(0) + g(1) + g(2);",
      "31"),
    FeatureCase(
      "errors by the context",
      "E :: error { A, B }; f :: (n: i64) -> !E { if n == 1 { raise .A; } if n == 2 { raise .B; } } g :: (n: i64) -> i64 { f(n) catch (e) { if e == .B { return 3; } if e == { case .A: return 10; case .B: return 20; } }; return 1; } R :: #run h(); h :: () -> i64 => g(0) + g(1) + g(2);",
      "14"),
    FeatureCase(
      "generic function",
      "max :: (a: $T, b: T) -> T => if a > b then a else b; R :: #run f(); f :: () -> f64 => max(1.5, 2.5) + max(3, 4).(f64);",
      "6.5"),
    FeatureCase(
      "generic over slices and sizes",
      "len_of :: (a: [$N]$T) -> i64 => N * size_of(T); first :: (xs: []$T) -> T => xs[0]; f :: () -> i64 { a : [5]i32 = .[7, 1, 1, 1, 1]; return len_of(a) + first(a[..]); } R :: #run f();",
      "27"),
    FeatureCase(
      "generic struct and methods",
      "Pair :: struct ($A: Type, $B: Type) { a: A; b: B; swap :: (self: Pair(A, B)) -> Pair(B, A) => .{ self.b, self.a }; } f :: () -> i64 { p := Pair(i64, bool).{ 5, true }; q := p.swap(); if q.a { return q.b; } return 0; } R :: #run f();",
      "5"),
    FeatureCase(
      "explicit generic argument",
      "zero :: ($T: Type) -> T { x : T; return x; } f :: () -> i64 => zero(i64) + zero(i32) + size_of(type_of(zero(u8))); R :: #run f();",
      "1"),
    FeatureCase(
      "generic value",
      "Grid :: struct ($W: i64, $H: i64) { cells: [W * H]u8; area :: () -> i64 => W * H; } R :: #run f(); f :: () -> i64 => Grid(3, 4).area() + size_of(Grid(2, 2));",
      "16"),
    FeatureCase(
      "generic struct as parameter",
      "Box :: struct ($T: Type) { v: T; } get :: (b: Box($T)) -> T => b.v; set :: (b: *Box($T), v: T) { b.v = v; } f :: () -> i64 { b := Box(i64).{ 1 }; set(*b, 8); b.set(9); return get(b); } R :: #run f();",
      "9"),
    FeatureCase(
      "type function",
      "Arr :: ($T: Type, $N: i64) -> Type => [N]T; f :: () -> i64 { a : Arr(i32, 3) = .[1, 2, 3]; return size_of(Arr(u8, 7)) + a[2]; } R :: #run f();",
      "10"),
    FeatureCase(
      "type function with a struct",
      "Vec :: ($T: Type) -> Type { return struct { x, y: T; }; } f :: () -> i64 { v : Vec(i64) = .{ 3, 4 }; return v.x * v.y; } R :: #run f();",
      "12"),
    FeatureCase(
      "function values",
      "add :: (a: i64, b: i64) -> i64 => a + b; apply :: (f: (i64, i64) -> i64, a: i64) -> i64 => f(a, a); f :: () -> i64 { g := add; return apply(g, 4) + apply((a, b) => a * b, 5); } R :: #run f();",
      "33"),
    FeatureCase(
      "closures capture by value",
      "make :: (n: i64) -> Closure(i64) -> i64 { k := n * 2; return (x: i64) => x + k; } f :: () -> i64 { a := make(5); b := make(50); return a(1) * 1000 + b(1); } R :: #run f();",
      "11101"),
    FeatureCase(
      "closures with a block",
      "each :: (xs: []i64, f: Closure(i64) -> void) { for xs (x) { f(x); } } f :: () -> i64 { total := 0; p := *total; a : [3]i64 = .[1, 2, 3]; each(a[..], (x: i64) { p.* += x; }); return total; } R :: #run f();",
      "6"),
    FeatureCase(
      "function as a closure",
      "twice :: (x: i64) -> i64 => x * 2; call :: (c: Closure(i64) -> i64) -> i64 => c(21); f :: () -> i64 { w := twice; return call(twice) + call(w); } R :: #run f();",
      "84"),
    FeatureCase(
      "run inside a body",
      "sq :: (n: i64) -> i64 => n * n; f :: () -> i64 { x := #run sq(9); return x + #run sq(2); } R :: #run f();", "85"),
    FeatureCase(
      "a run as an array length",
      "n :: () -> i64 => 3 + 1; N :: #run n(); M :: n(); f :: () -> i64 { a : [n()]u8 = ---; return a.len + N + M; } R :: #run f();",
      "12"),
    FeatureCase(
      "insert",
      "gen :: (n: i64) -> string { return if n == 2 then \"total += 2; extra := 5;\" else \"total += 1;\"; } f :: () -> i64 { total := 0; #insert gen(1); #insert gen(2); return total * 10 + extra; } R :: #run f();",
      "35"),
    FeatureCase("insert as a value", "f :: () -> i64 => #insert \"40 + 2\"; R :: #run f();", "42"),
    FeatureCase(
      "insert at the top",
      "gen :: () -> string => \"made :: (x: i64) -> i64 => x * 3;\"; #insert gen(); R :: #run made(5);", "15"),
    FeatureCase(
      "inline if",
      "f :: (x: $T) -> i64 { inline if T == i64 { return x + 1; } else if T == bool { return 7; } else { return x.missing; } } g :: () -> i64 => f(1) * 10 + f(true); R :: #run g();",
      "27"),
    FeatureCase(
      "inline if at the top",
      "DEBUG :: false; inline if DEBUG { K :: 1; } else { K :: 2; } R :: #run f(); f :: () -> i64 => K;", "2"),
    FeatureCase(
      "inline for",
      "f :: () -> i64 { s := 0; inline for 0..4 (i) { a : [i + 1]u8 = ---; s = s * 10 + size_of(type_of(a)); } t : Tuple(i64, bool, u8) = .{ 5, true, 6 }; inline for t (x) { s += size_of(type_of(x)); } return s; } R :: #run f();",
      "1244"),
    FeatureCase(
      "match on types",
      "f :: ($T: Type) -> i64 { if T == { case i64: { return 1; } case string: { return 2; } else: { return 3; } } } R :: #run g(); g :: () -> i64 => f(i64) * 100 + f(string) * 10 + f(u8);",
      "123"),
    FeatureCase(
      "types at run time",
      "pick :: (n: i64) -> Type => if n == 0 then i64 else bool; f :: () -> string { t := pick(1); return type_name(t); } R :: #run f();",
      "bool"),
    FeatureCase(
      "reflection on fields",
      "P :: struct { id: i64; name: string; ok: bool; } f :: () -> string { best := \"\"; inline for 0..struct_field_count(P) (i) { if struct_field_type(P, i) == string { best = struct_field_name(P, i); } } return best; } R :: #run f();",
      "name"),
    FeatureCase(
      "type_info",
      "P :: struct { x, y: i64; } f :: () -> i64 { info := type_info(P); if info == { case .struct: (s) { return s.fields.len * 10 + s.fields[1].offset; } else: { return 0; } } } R :: #run f();",
      "28"),
    FeatureCase(
      "any",
      "f :: (v: any) -> i64 { if v.type == i64 { return v.(i64); } if v.type == string { return v.(string).len; } return -1; } R :: #run g(); g :: () -> i64 => f(5) * 100 + f(\"abc\") * 10 + f(true);",
      "529"),
    FeatureCase(
      "untagged union",
      "U :: union { f: f32; i: u32; } f :: () -> u32 { u := U.{ f = 1.0 }; return u.i; } R :: #run f();", "1065353216"),
    FeatureCase(
      "integers of any width",
      "f :: () -> i64 { x : i12 = 2047; x = x + 1; y : u3 = 7; y = y + 2; return x.(i64) * 10 + y; } R :: #run f();",
      "-20479"),
    FeatureCase(
      "conversions",
      "f :: () -> i64 { a := 300; b := a.(u8); c : f32 = xx a; d := -1.5.(i64); e := true.(i64); return b + c.(i64) * 100 + d + e; } R :: #run f();",
      "30044"),
    FeatureCase(
      "pointer arithmetic by index",
      "f :: () -> i64 { a : [4]i64 = .[1, 2, 3, 4]; p : [*]i64 = xx *a[0]; p[2] = 30; return a[2] + p[1..3].len; } R :: #run f();",
      "32"),
    FeatureCase(
      "nested aggregates",
      "P :: struct { x, y: i64; } Q :: struct { p: [2]P; t: Tuple(i64, P); } f :: () -> i64 { q : Q; q.p[1].y = 4; q.t.1.x = 5; r := q; r.p[1].y = 9; return q.p[1].y * 100 + q.t.1.x * 10 + r.p[1].y; } R :: #run f();",
      "459"),
    FeatureCase(
      "equality of aggregates",
      "S :: enum { a: i64; b; } P :: struct { s: string; o: ?i64; v: [2]S; } mk :: (n: i64) -> P => P.{ s = \"x\", o = n, v = .[.a(n), .b] }; f :: () -> i64 { n := 0; if mk(1) == mk(1) { n += 1; } if mk(1) != mk(2) { n += 2; } return n; } R :: #run f();",
      "3"),
    FeatureCase(
      "vectors",
      "f :: () -> f32 { a : Vector(4, f32) = .[1.0, 2.0, 3.0, 4.0]; b := a * a + a; return b[3] + b.x; } R :: #run f();",
      "22.0"),
    FeatureCase(
      "lanes of vectors are places",
      "V :: Vector(3, i64); P :: struct { v: V; } f :: () -> i64 { p : P; p.v = .[1, 2, 3]; p.v[1] = 7; p.v.z += 1; q := p.v; for q (*lane) { lane.* *= 10; } s := 0; for q (lane) { s += lane; } inline for q (lane) { s += lane; } return s * 1000 + p.v.x * 100 + p.v.y * 10 + p.v.z; } R :: #run f();",
      "240174"),
    FeatureCase(
      "operators on vectors",
      "f :: () -> i64 { a : Vector(3, i64) = .[1, 2, 3]; b := -a; b += a * 3; c := (~a & 7) ^ (b << 1); c -= 10 - a; return c[0] * 10000 + c[1] * 100 + c[2]; } R :: #run f();",
      "-69499"),
    FeatureCase(
      "push",
      "context : i64 = 1; f :: () -> i64 => context; g :: () -> i64 { a := f(); b := 0; push 7 { b = f(); } return a * 100 + b * 10 + f(); } R :: #run g();",
      "171"),
    FeatureCase(
      "raw strings and escapes",
      "T :: #string END\nline \"one\"\nEND;\nf :: () -> i64 => T.len * 100 + \"\\x41\\n\"[0]; R :: #run f();", "1165"),
    FeatureCase(
      "global variables",
      "counter : i64 = 10; next :: () -> i64 { counter += 1; return counter; } f :: () -> i64 { next(); next(); return counter; } R :: #run f();",
      "12"),
    FeatureCase(
      "recursive types",
      "T :: enum { leaf: i64; node: struct { l, r: *T; }; } sum :: (t: *T) -> i64 { if t == { case .leaf: (v) { return v; } case .node: (n) { return sum(n.l) + sum(n.r); } } } f :: () -> i64 { a := T.leaf(3); b := T.leaf(4); c := T.node(l = *a, r = *b); return sum(*c); } R :: #run f();",
      "7"),
    FeatureCase(
      "blocks that are run need no semicolon",
      "n : i64 = 1; #run { n += 1; } C :: #run { s := 0; for 0..4 (i) { s += i; } s } f :: () -> i64 { x := #run { 5 } return x + C + n; } R :: #run f();",
      "12"),
    FeatureCase("comptime flag", "R :: #run is_comptime();", "true"),
    FeatureCase(
      "static list of a slice", "f :: () -> i64 { xs : []i64 = .[1, 2, 3]; return xs.len + xs[2]; } R :: #run f();", "6"
    ),
    FeatureCase(
      "if as a value with else if",
      "f :: (n: i64) -> i64 => if n < 0 then -1 else if n == 0 then 0 else 1; R :: #run g(); g :: () -> i64 => f(-5) * 100 + f(0) * 10 + f(3);",
      "-99"),
    FeatureCase("backtick names", "f :: () -> i64 { `if` := 3; return `if` + 1; } R :: #run f();", "4"),
    FeatureCase(
      "make_enum and define",
      "#import \"modules/std/meta.sx\"; C :: make_enum(\"C\", .[EnumVariant.{ name = \"red\", payload = void }, EnumVariant.{ name = \"rgb\", payload = i64 }]); f :: () -> i64 { c : C = .rgb(7); if c == { case .red: { return 1; } case .rgb: (v) { return v; } } } R :: #run f();",
      "7"),
    FeatureCase(
      "a type that refers to itself by name",
      "#import \"modules/std/meta.sx\"; build :: () -> Type { h := declare(\"Chain\"); return define(h, .struct(.{ fields = .[StructField.{ name = \"v\", type = i64 }, StructField.{ name = \"next\", type = raw_pointer_to(h) }] })); } raw_pointer_to :: (t: Type) -> Type intrinsic; Chain :: build(); f :: () -> i64 { a := Chain.{ v = 1 }; b := Chain.{ v = 2, next = *a }; return b.next.v * 10 + b.v; } R :: #run f();",
      "12"),
  ]
}
