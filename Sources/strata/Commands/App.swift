// `strata app`: builds Hoon with the compiler's kernel, which works as any application does: in a pier, through drivers.

import Glibc
import StrataPier

extension Option {
  fileprivate static let build = Option("build", value: "FILE", "compile FILE")
  fileprivate static let root = Option("root", value: "DIR", "what FILE may import: the files below DIR")
  fileprivate static let out = Option("out", value: "FILE", "write the built jam to FILE")
  fileprivate static let boot = Option(
    "boot", value: "FILE", "compile the standard library in FILE first, unless the kernel has one")
  fileprivate static let ready = Option(
    "state", value: "FILE", "give the kernel the state in FILE first, with the library compiled")
  fileprivate static let kept = Option(
    "pier", value: "PIER",
    "keep the compiler in PIER, so that the next build finds the library and what has not changed")
  fileprivate static let name = Option(
    "as", value: "PATH", "call DIR so in traces of what is built; by default a slash and its name")
  fileprivate static let arbitrary = Option("arbitrary", "build a product of any kind instead of a kernel")
}

extension Command {
  /// The verb `app`.
  static let app = Command(
    verb: "app",
    summary: "compile Hoon with the compiler's kernel",
    operands: "JAM",
    operandCount: 1...1,
    details: """
      JAM is the compiler as a NockApp kernel (hoonc.jam). It takes its standard library from a state that somebody has \
      prepared, or compiles it from its text, which takes minutes; with --pier this is done once. The jam in the end is a \
      trap that gives the kernel's core. It is the same wherever DIR lies, since the compiler is told DIR's name alone. \
      \(Limits.ofEvents)
      """,
    options: [.build, .root, .out, .ready, .boot, .kept, .name, .arbitrary] + Option.eventOptions + [.json],
    examples: [
      Example(
        "strata app hoonc.jam --build src/app.hoon --root src --out app.jam --pier compiler --boot hoon-138.hoon",
        "compile a kernel; the next time the library is there"),
      Example(
        "strata app hoonc.jam --build one.hoon --root . --out one.jam --state hoonc-prewarm.jam --arbitrary",
        "build with a prepared compiler, in a pier that is gone afterwards"),
    ]
  ) { (invocation, console) throws(Failure) in
    try AppVerb(invocation).run(&console)
  }
}

/// One invocation of `app`.
private struct AppVerb {
  let invocation: Invocation
  let kernel: String
  let target: String
  let entry: String
  let root: String

  init(_ invocation: Invocation) throws(Failure) {
    self.invocation = invocation
    kernel = invocation.operands[0]
    func needed(_ option: Option) throws(Failure) -> String {
      guard let value = invocation.value(option) else {
        throw .usage("--\(option.name) is missing", verb: invocation.verb)
      }
      return value
    }
    entry = try needed(.build)
    root = try needed(.root)
    target = try needed(.out)
  }

  func run(_ console: inout Console) throws(Failure) {
    let sources = try atPier(entry) { () throws(PierFailure) in
      try HoonSources(root: root, entry: entry, as: invocation.value(.name))
    }
    if let directory = invocation.value(.kept) { return try build(sources, in: directory, &console) }
    try Temporary.withFolder { (directory) throws(Failure) in try build(sources, in: directory, &console) }
  }

  private func build(_ sources: HoonSources, in directory: String, _ console: inout Console) throws(Failure) {
    let (folder, name) = AppVerb.parts(of: target)
    guard let name else { throw .usage("--out wants the name of a file, not '\(target)'", verb: invocation.verb) }
    let hub = DriverHub(
      [FileDriver(root: folder), ExitDriver()], notice: { PierSession.tell("strata app: note: " + $0) })
    var options = try PierSession.options(invocation)
    options.effects = { number, effects in hub.take(number, effects) }
    let pier = try open(directory, options)
    hub.attach(pier)
    try atPier(directory) { () throws(PierFailure) in try hub.start() }
    let outcome: Result<PokeResult, Failure> = Signals.stopping(pier.interruptHandle) {
      do throws(Failure) {
        try prepare(pier, directory)
        let result = try atPier(entry) { () throws(PierFailure) in
          try HoonCompiler(pier).build(sources, isArbitrary: invocation.has(.arbitrary), target: "/" + name)
        }
        hub.drain()
        return .success(result)
      } catch { return .failure(error) }
    }
    hub.stop()
    try atPier(directory) { () throws(PierFailure) in try pier.close() }
    let result = try outcome.get()
    try AppVerb.check(result, "the build", entry)
    guard hub.exitCode == 0 else {
      throw Failure(
        .input, hub.exitCode == nil ? "the compiler has written nothing" : "the compiler has refused it", subject: entry
      )
    }
    var status = stat()
    guard stat(target, &status) == 0 else { throw .system("cannot look at", errno: errno, subject: target) }
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("out", target)
      json.member("bytes", Int(status.st_size))
      json.member("entry", sources.entryPath)
      json.member("files", sources.files.count)
      json.end()
      return console.print(json.text)
    }
    console.print("\(target) is written: \(status.st_size) bytes from \(sources.entryPath)")
  }

  /// The pier that was kept, or a new one.
  private func open(_ directory: String, _ options: PierOptions) throws(Failure) -> Pier {
    do throws(PierFailure) { return try Pier.open(directory, options) } catch {
      guard case .notAPier = error else { throw .pier(error, subject: directory) }
    }
    let jam = try PierSession.jam(ofFile: kernel, invocation)
    return try atPier(directory) { () throws(PierFailure) in
      try Pier.create(directory, .nockapp, kernel: jam, options)
    }
  }

  /// Sees to it that the compiler has its library.
  private func prepare(_ pier: Pier, _ directory: String) throws(Failure) {
    let compiler = HoonCompiler(pier)
    if try atPier(kernel, { () throws(PierFailure) in try compiler.isBooted() }) { return }
    if let file = invocation.value(.ready) {
      let input = try Input(file, binary: true, verb: invocation.verb)
      let result = try atPier(file) { () throws(PierFailure) in
        try pier.load(state: Array(input.bytes[try KernelStateFile.jamStart(in: input.bytes)...]))
      }
      try AppVerb.check(result, "loading the state", file)
      if try atPier(kernel, { () throws(PierFailure) in try compiler.isBooted() }) { return }
    }
    guard let file = invocation.value(.boot) else {
      throw Failure(
        .usage, "the compiler has no standard library yet", subject: kernel,
        advice: "give it one with --boot FILE or --state FILE")
    }
    let input = try Input(file, binary: false, verb: invocation.verb)
    let result = try atPier(file) { () throws(PierFailure) in try compiler.boot(library: Array(input.bytes)) }
    try AppVerb.check(result, "compiling the library", file)
  }

  /// Throws when the kernel did not take an event, or took the report of its failure.
  private static func check(_ result: PokeResult, _ action: String, _ subject: String) throws(Failure) {
    guard let failure = result.failure else { return }
    let lines = failure.split(separator: "\n").prefix(20).map { "  \($0)" }
    throw Failure(
      PierSession.code(ofFailure: failure), "\(action) failed", subject: subject, excerpt: lines.joined(separator: "\n")
    )
  }

  /// A path's folder and the name in it.
  private static func parts(of path: String) -> (folder: String, name: String?) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path.isEmpty ? nil : path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    let name = String(path[path.index(after: slash)...])
    return (folder, name.isEmpty || name == "." || name == ".." ? nil : name)
  }
}
