// How the verbs that run Nock and PLAN let it be watched: profiles, exact counts and traces of calls.

import Glibc
import StrataNock
import StrataPlan
import StrataProfile

extension Option {
  static let profile = Option("profile", value: "FILE", "write where the time goes to FILE.svg, .folded or .json")
  static let count = Option(
    "count", "list how often each formula or law was entered; a profile is then of calls, not of time")
  static let trace = Option("trace", "tell of every call on standard error: formula, subject and product")
  static let traceDepth = Option("trace-depth", value: "COUNT", "leave out calls that nest deeper than COUNT (20)")
  static let traceSize = Option("trace-size", value: "BYTES", "show at most BYTES of each noun (60)")
}

/// What an invocation wants to see of a run.
struct Watching {
  /// The forms of a profile, by the file's suffix.
  private static let forms = ["svg", "folded", "json"]
  /// Nanoseconds between two samples.
  private static let period: UInt64 = 1_000_000

  private let profiler: NockProfiler?
  private let path: String?
  private let counts: Bool

  /// Attaches to the machine what the invocation asks for. Nothing has been compiled yet.
  init(_ invocation: Invocation, _ machine: NockMachine, title: String) throws(Failure) {
    path = try Watching.profilePath(invocation)
    counts = invocation.has(.count)
    profiler =
      path != nil || counts
      ? NockProfiler(Watching.mode(invocation), title: title, keepsStacks: path != nil) : nil
    machine.profiler = profiler
    var options = CallTracer.Options()
    if let depth = try invocation.number(.traceDepth, minimum: 1) { options.mostDepth = depth }
    if let bytes = try invocation.number(.traceSize, minimum: 8) { options.nounBytes = bytes }
    if invocation.has(.trace) { machine.tracer = Watching.tracer(options) }
  }

  private static func mode(_ invocation: Invocation) -> ProfilingMode {
    invocation.has(.count) ? .counting : .sampling(every: period)
  }

  /// Where the invocation wants a profile, if anywhere. Its suffix is one of the known forms.
  static func profilePath(_ invocation: Invocation) throws(Failure) -> String? {
    guard let path = invocation.value(.profile) else { return nil }
    guard forms.contains(form(path)) else {
      throw .usage(
        "--profile wants a file that ends in .svg, .folded or .json, not '\(path)'", verb: invocation.verb)
    }
    return path
  }

  /// A tracer that writes to standard error.
  static func tracer(_ options: CallTracer.Options = CallTracer.Options()) -> CallTracer {
    CallTracer(options) { line in
      var text = line + "\n"
      text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
    }
  }

  /// Makes sure that a file's suffix names a form.
  static func check(_ path: String) throws(Failure) {
    guard forms.contains(form(path)) else {
      throw .usage("a profile wants a file that ends in .svg, .folded or .json, not '\(path)'", verb: "nock")
    }
  }

  private static func form(_ path: String) -> String {
    path.split(separator: ".").last.map { String($0) } ?? ""
  }

  /// Writes what was seen: the profile to its file, the counts to standard error.
  func report(_ machine: NockMachine, _ console: inout Console) throws(Failure) {
    guard let profiler else { return }
    if let path { try Watching.write(profiler.profile(of: machine), to: path, &console) }
    if counts { Watching.write(profiler.counts(of: machine), console) }
  }

  /// Attaches to a PLAN machine what the invocation asks for.
  static func attach(_ invocation: Invocation, to machine: PlanMachine, title: String) throws(Failure) {
    let path = try profilePath(invocation)
    guard path != nil || invocation.has(.count) else { return }
    machine.profiler = PlanProfiler(mode(invocation), title: title, keepsStacks: path != nil)
  }

  /// Writes what was seen of a PLAN machine.
  static func report(_ invocation: Invocation, _ machine: PlanMachine, _ console: inout Console) throws(Failure) {
    guard let profiler = machine.profiler else { return }
    if let path = try profilePath(invocation) { try write(profiler.profile, to: path, &console) }
    if invocation.has(.count) { write(profiler.counts, console) }
  }

  /// Lists counts on standard error.
  private static func write(_ counts: [EntryCount], _ console: borrowing Console) {
    var text = ""
    for count in counts {
      let digits = String(count.entries)
      text += String(repeating: " ", count: max(0, 12 - digits.utf8.count)) + digits + "  " + count.name + "\n"
    }
    console.message(text)
  }

  /// Writes a profile in the form that the file's suffix names.
  static func write(_ profile: Profile, to path: String, _ console: inout Console) throws(Failure) {
    var text: String
    switch form(path) {
    case "svg": text = profile.flameGraph
    case "json": text = profile.chromeTrace
    default: text = profile.foldedStacks
    }
    var failure: Failure?
    text.withUTF8 { bytes in
      do throws(Failure) {
        try console.emit(UnsafeRawBufferPointer(bytes), to: path)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
