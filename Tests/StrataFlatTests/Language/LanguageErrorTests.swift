import StrataText
import Testing

@testable import StrataFlat

/// A program that is wrong, and the first thing said about it with its place.
struct ErrorCase: CustomTestStringConvertible, Sendable {
  let text: String
  let expected: String

  init(_ text: String, _ expected: String) {
    self.text = text
    self.expected = expected
  }

  var testDescription: String { text }
}

@Suite struct LanguageErrorTests {
  /// All diagnostics in short form: place and message.
  func found(_ text: String) -> String {
    let program = compile(text)
    return program.diagnostics.map {
      "\(program.sources[$0.source].location(at: $0.range.lowerBound)) \($0.message)"
    }.joined(separator: "\n")
  }

  @Test(arguments: cases) func reportsTheErrorAtItsPlace(_ one: ErrorCase) {
    #expect(found(one.text) == one.expected)
  }

  /// What needs itself again deep within an expression ends before the stack does.
  @Test(arguments: [("-(", ")"), ("if true then ", " else 1"), ("g(", ")"), ("{ ", " }")])
  func deepExpressionsThatNeedThemselvesAreRefused(opening: String, closing: String) {
    for depth in [5, 20, 60] {
      let inner = String(repeating: opening, count: depth) + "f()" + String(repeating: closing, count: depth)
      let text = found("g :: (a: i64) -> i64 => a; f :: (x: i64 = \(inner)) -> i64 => x; R :: f();")
      #expect(text.contains("this is nested more than") || text.contains("declarations that need each other"))
    }
    for depth in [10, 60, 180] {
      let pointers = String(repeating: "*", count: depth)
      let boxes = String(repeating: "G(", count: depth / 2) + "Box()" + String(repeating: ")", count: depth / 2)
      let text = found(
        "G :: struct ($T: Type) { v: T; } Box :: struct ($T: Type = \(pointers)\(boxes)) { v: T; } R : Box();")
      #expect(text.contains("this is nested more than") || text.contains("declarations that need each other"))
    }
  }

  @Test func errorsAreShownWithLineCaretNotesAndHelp() {
    let program = compile("f :: (a: i64, b: i64) -> i64 => a;\nmain :: () {\n  x := f(1);\n}\n", name: "demo.sx")
    #expect(
      program.renderDiagnostics() == """
        demo.sx:3:8: error: 'f' needs an argument for 'b'
            x := f(1);
                 ^~~~
        demo.sx:1:6: note: it is declared here
          f :: (a: i64, b: i64) -> i64 => a;
               ^

        """)
    let other = compile("P :: struct { x, y: i64; }\nmain :: () { p := P.{ z = 1 }; }\n", name: "demo.sx")
    #expect(
      other.renderDiagnostics() == """
        demo.sx:2:23: error: 'P' has no field 'z'
          main :: () { p := P.{ z = 1 }; }
                                ^
        help: its fields are 'x', 'y'

        """)
  }

  @Test func namesOfTheLibraryAreToldWhereToFind() {
    for (name, path) in [("print", "modules/std.sx"), ("List", "modules/std.sx"), ("make_enum", "modules/std/meta.sx")]
    {
      let program = compile("main :: () { \(name)(1); }")
      #expect(program.diagnostics.map(\.message) == ["unknown name '\(name)'"])
      #expect(program.diagnostics.first?.help == "it is in the library: #import \"\(path)\";")
    }
    #expect(compile("main :: () { nowhere(1); }").diagnostics.first?.help == nil)
  }

  /// A place that calls itself is told of once, however often.
  @Test(arguments: [(3, "in 'f', 3 times"), (1000, "in 'f', many times")]) func repeatedCallsAreCounted(
    _ depth: Int, _ note: String
  ) {
    let program = compile(
      "f :: (n: i64) -> i64 { if n == 0 { return 1 / n; } return f(n - 1) + 1; } N :: [f(\(depth))]u8; x : N;")
    #expect(program.diagnostics.first?.notes.map(\.message) == ["in 'f'", note, "in 'N'"])
  }

  @Test func aFailedEvaluationShowsItsCalls() {
    let program = compile("f :: (n: i64) -> i64 {\n  return 10 / n;\n}\nN :: [f(0)]u8;\n", name: "demo.sx")
    #expect(
      program.renderDiagnostics() == """
        demo.sx:4:7: error: this could not be evaluated: division by zero
          N :: [f(0)]u8;
                ^~~~
        demo.sx:2:13: note: in 'f'
            return 10 / n;
                      ^
        demo.sx:4:7: note: in 'N'
          N :: [f(0)]u8;
                ^~~~

        """)
  }

  @Test func evaluationWithoutEndIsCut() {
    let budget = Budget(steps: 10_000, bytes: 1 << 20, depth: 100)
    let text =
      "f :: () -> i64 { while true { } }\nN :: [f()]u8;\ng :: (n: i64) -> i64 => g(n + 1) + 1;\nM :: [g(0)]u8;\n"
    let program = FlatProgram.load(SourceText(name: "t", text: text), budget: budget)
    #expect(!program.isValid)
    #expect(program.diagnostics[0].message.contains("steps"))
  }

  static let cases: [ErrorCase] = [
    ErrorCase(
      "E :: error { A }; f :: (e: E) -> i64 { if e == { case .B: return 1; } return 2; }", "1:56 'E' has no error 'B'"),
    ErrorCase(
      "E :: error { A }; f :: (e: E) -> i64 { if e == { case error.B: return 1; } return 2; }",
      "1:61 'E' has no error 'B'"),
    ErrorCase("main :: () { x := y; }", "1:19 unknown name 'y'"),
    ErrorCase("main :: () { x : i64 = \"a\"; }", "1:24 expected 'i64', but this is 'string'"),
    ErrorCase("main :: () { x : u8 = 300; }", "1:23 300 does not fit 'u8'"),
    ErrorCase("main :: () { x : u8 = 1; y : i8 = x; }", "1:35 expected 'i8', but this is 'u8'"),
    ErrorCase("main :: () { x := 1 + true; }", "1:21 '+' cannot combine 'i64' and 'bool'"),
    ErrorCase("main :: () { if 1 { } }", "1:17 a condition is 'bool', not 'i64'"),
    ErrorCase("main :: () { x := 1; x(); }", "1:22 'i64' cannot be called"),
    ErrorCase("f :: (a: i64) { } main :: () { f(1, 2); }", "1:37 'f' takes 1 argument, not 2"),
    ErrorCase("f :: (a: i64) { } main :: () { f(b = 2); }", "1:34 'f' has no parameter 'b'"),
    ErrorCase("f :: () -> i64 { } ", "1:18 'f' can end without returning 'i64'"),
    ErrorCase("f :: () -> i64 { return true; }", "1:25 expected 'i64', but this is 'bool'"),
    ErrorCase("f :: () { return 1; }", "1:18 'f' returns nothing"),
    ErrorCase("f :: () -> (i64, i64) { return 1; }", "1:32 'f' returns 2 values, not 1"),
    ErrorCase("a :: 1; a :: 2;", "1:9 'a' is declared twice"),
    ErrorCase("a :: b; b :: a;", "1:14 'a' depends on itself"),
    ErrorCase("S :: struct { s: S; }", "1:6 the type 'S' contains itself"),
    ErrorCase("S :: struct { a: i64; a: bool; }", "1:23 the field 'a' is declared twice"),
    ErrorCase("E :: enum { a; b; a; }", "1:19 the variant 'a' is declared twice"),
    ErrorCase("E :: enum { a; b; } f :: () -> E => .c;", "1:38 'E' has no variant 'c'"),
    ErrorCase(
      "E :: enum { a; b; } f :: (e: E) -> i64 => if e == { case .a: 1; };", "1:43 this match does not handle '.b'"),
    ErrorCase(
      "E :: enum { a; b; } f :: (e: E) { if e == { case .a: f(e); case .a: f(e); } }", "1:65 '.a' is handled twice"),
    ErrorCase("f :: (n: ?i64) -> i64 => n;", "1:26 expected 'i64', but this is '?i64'"),
    ErrorCase(
      "f :: () -> (i64, !) { return 1; } g :: () -> i64 => f();", "1:53 expected 'i64', but this is '(i64, !)'"),
    ErrorCase("f :: () -> ! { } g :: () { f(); }", "1:28 the error this may raise is not handled"),
    ErrorCase("f :: () -> ! { } g :: () { try f(); }", "1:28 'g' does not declare that it may raise"),
    ErrorCase("f :: () { raise error.X; }", "1:11 'f' does not declare that it may raise"),
    ErrorCase("E :: error { A }; f :: () -> !E { raise error.B; }", "1:47 'E' has no error 'B'"),
    ErrorCase("f :: () { break; }", "1:11 'break' stands outside any loop"),
    ErrorCase("f :: () { 1 = 2; }", "1:11 this is not a place that can be assigned to"),
    ErrorCase("f :: () { for 0..3 (i) { i = 1; } }", "1:26 this is not a place that can be assigned to"),
    ErrorCase("K : [2]i64 : .[1, 2]; f :: () { K[0] = 3; }", "1:33 a constant cannot be assigned to"),
    ErrorCase("f :: (*i64) -> void { }", "1:7 a parameter needs a name"),
    ErrorCase("f :: () { x := null; }", "1:16 the type of this variable is not known"),
    ErrorCase(
      "Box :: struct ($T: *Box($T)) { v: T; } R : Box(i64);",
      "1:20 this is reached by more than 100 declarations that need each other"),
    ErrorCase(
      "Box :: struct ($T: Type = Box()) { v: T; } R : Box();",
      "1:20 this is reached by more than 100 declarations that need each other"),
    ErrorCase(
      "f :: (x: i64 = f() + f()) -> i64 => x; R :: f();",
      "1:16 this is reached by more than 100 declarations that need each other"),
    ErrorCase(
      "S :: struct { x: i64 = S.{}.x + S.{}.x; } R :: S.{};",
      "1:24 this is reached by more than 100 declarations that need each other"),
    ErrorCase(
      "f :: (x: f(1)) -> i64 => 1; R :: f(1);",
      "1:10 this is reached by more than 100 declarations that need each other"),
    ErrorCase(
      "s :: \"#insert s;\"; #insert s;", "1:1 compiling this takes more than 2000000 expressions"),
    ErrorCase(
      "f :: () { inline for 0..9000 (i) { inline for 0..9000 (j) { } } } #run f();",
      "1:43 compiling this takes more than 2000000 expressions"),
    ErrorCase("R :: ---;", "1:6 the type of '---' is not known here"),
    ErrorCase("R := ---;", "1:6 the type of '---' is not known here"),
    ErrorCase("f :: () => ---; #run f();", "1:12 the type of '---' is not known here"),
    ErrorCase("#run ---;", "1:6 the type of '---' is not known here"),
    ErrorCase("R :: .{ --- };", "1:9 the type of '---' is not known here"),
    ErrorCase("f :: () { x : i64 = null; }", "1:21 'i64' cannot be null"),
    ErrorCase("f :: () { a : [2]i64 = .[1, 2, 3]; }", "1:24 expected 2 elements, not 3"),
    ErrorCase("f :: () { x := .{ 1, a = 2 }; }", "1:16 the type of this literal is not known"),
    ErrorCase("f :: () { x := .a; }", "1:16 the type of '.a' is not known here"),
    ErrorCase("f :: (a: $T, b: T) -> T => a; g :: () { f(1, true); }", "1:46 expected 'i64', but this is 'bool'"),
    ErrorCase("f :: (a: []$T) { } g :: () { f(1); }", "1:32 'i64' does not fit '[]$T'"),
    ErrorCase("f :: ($T: Type) -> T { x : T; return x; } g :: () { f(); }", "1:53 'f' needs an argument for 'T'"),
    ErrorCase("B :: struct ($T: Type) { v: T; } f :: () { x : B; }", "1:48 'B' needs arguments to be a type"),
    ErrorCase(
      "B :: struct ($T: Type) { v: *B(*T); } f :: () { x : B(i64); }",
      "1:6 the type 'B' needs more and more types made from itself"),
    ErrorCase(
      "f :: (x: $T) { y := x; f(*y); } g :: () { f(1); }",
      "1:24 'f' is used with more than 500 different sets of generic arguments"),
    ErrorCase(
      "f :: () { x := 1; a : [x]u8; }",
      "1:24 'x' only has a value when the program runs, but one is needed while compiling"),
    ErrorCase(
      "f :: (n: i64) { inline if n == 1 { } }",
      "1:27 'n' only has a value when the program runs, but one is needed while compiling"),
    ErrorCase("f :: () { #insert \"x := ;\"; }", "1:6 expected an expression, but found ';'"),
    ErrorCase("#error(\"not today\");", "1:1 not today"),
    ErrorCase("#import \"nowhere.sx\";", "1:1 there is no file 'nowhere.sx'"),
    ErrorCase("f :: (p: *void) { x := p.*; }", "1:24 a pointer to 'void' has nothing to read"),
    ErrorCase("f :: (p: *i64) { p.x = 1; }", "1:20 'i64' has no member 'x'"),
    ErrorCase("f :: (s: string) { s[0] = 1; }", "1:20 this is not a place that can be assigned to"),
    ErrorCase("f :: (s: string) -> bool => s < s;", "1:31 'string' has no order"),
    ErrorCase("f :: () { defer return; }", "1:17 what is deferred cannot return"),
    ErrorCase("f :: (a: i64, b: i64) { f(1, c, d); }", "1:33 'f' takes 2 arguments, not 3"),
    ErrorCase("main :: () { x := 0x8000000000000000 * 4; }", "1:19 36893488147419103232 does not fit 'u64'"),
    ErrorCase("X :: 5; f :: () { X.y(); }", "1:21 'i64' has no member 'y'"),
    ErrorCase("f :: () { 5; }", "1:11 this does nothing"),
    ErrorCase(
      "f :: (x: i64) -> i64 { if x == { case 1: return 2; else: return 3; } } g :: () { f(); }",
      "1:82 'f' needs an argument for 'x'"),
    ErrorCase("T :: 3; f :: (x: T) { }", "1:18 this is not a type"),
    ErrorCase("f :: () -> i64 => g(1); g :: (x: bool) -> i64 => 1;", "1:21 expected 'bool', but this is 'i64'"),
    ErrorCase("a : i64 = b; b : i64 = a;", "1:24 'a' depends on itself"),
    ErrorCase("f :: (x: f64) -> i64 => x & 1;", "1:27 '&' cannot be applied to 'f64'"),
  ]
}
