// What the verbs over nouns share: the options that say how to read one, a loom to hold it, and where jams are written.

import Glibc
import StrataMemory
import StrataNoun
import StrataText

extension Option {
  /// All run-time checks of memory.
  static let checks = Option("check", "move every object at every call and check the heap each time; slow")
  /// Where the result goes.
  static let output = Option("output", letter: "o", value: "FILE", "write to FILE instead of standard output")
}

/// A loom for one run of a verb, with the noun that the verb works on.
struct NounSession: ~Copyable {
  let loom: Loom
  /// How messages name the input.
  let name: String

  var nursery: Nursery { loom.nursery }

  /// An empty loom within the budget that the invocation names.
  init(_ invocation: Invocation, name: String) throws(Failure) {
    self.name = name
    var options = try Limits(invocation).loom
    options.checksMoves = invocation.has(.checks)
    do {
      loom = try Loom(options)
    } catch {
      throw .fault(error, subject: nil)
    }
  }

  /// Reads a jam, and tells of bytes after it that a jam does not have. What is `fixed` stays where it is as long as the
  /// loom, which suits code.
  func cue(
    _ input: borrowing Input, _ console: borrowing Console, fixed: Bool = false
  ) throws(Failure) -> Cued {
    try cue(input.bytes, name: input.name, console, fixed: fixed)
  }

  /// The same for bytes that messages call `name`.
  func cue(
    _ bytes: UnsafeRawBufferPointer, name: String, _ console: borrowing Console, fixed: Bool = false
  ) throws(Failure) -> Cued {
    do throws(CueError) {
      let nursery = self.nursery
      let cued =
        try fixed
        ? nursery.allocatingFixed { () throws(CueError) in try nursery.cue(bytes) } : nursery.cue(bytes)
      let rest = bytes[((cued.bitCount + 7) / 8)...]
      if let extra = rest.firstIndex(where: { $0 != 0 }) {
        console.message("strata: \(name): note: the noun ends before byte \(extra); what follows is not looked at\n")
      }
      return cued
    } catch {
      throw .cue(error, subject: name)
    }
  }

  /// Reads a noun's text; a mistake in it is shown where it is.
  func parse(_ input: borrowing Input, _ console: borrowing Console) throws(Failure) -> Word {
    do throws(NounTextError) {
      return try NounText.read(input.bytes.bindMemory(to: UInt8.self), into: nursery)
    } catch {
      if case .fault(let fault) = error.reason { throw .fault(fault, subject: name) }
      let source = SourceText(name: name, bytes: Array(input.bytes))
      let place = source.location(at: error.range.lowerBound)
      let excerpt = DiagnosticRenderer(colour: console.errorIsColoured).render(error.diagnostic, in: source)
      // The renderer's first line repeats the message; the place is part of ours.
      let lines = excerpt.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast()
      throw Failure(
        .input, error.diagnostic.message, subject: "\(name):\(place)", excerpt: lines.joined(separator: "\n"))
    }
  }

  /// Writes the noun's text to a file, or to standard output, followed by a line feed. `broken` breaks long lines.
  func writeText(
    of noun: Word, to path: String?, _ options: NounText.Options, broken: Bool, _ console: inout Console
  ) throws(Failure) {
    let file = path == "-" ? nil : path
    console.output.flush()
    let descriptor: Int32
    do throws(SystemError) {
      descriptor = try file.map { (path) throws(SystemError) in try Syscalls.openForWriting(path) } ?? STDOUT_FILENO
    } catch {
      throw .system("cannot create", errno: error.errno, subject: file)
    }
    do throws(NounText.WriteError) {
      var sink = try TextSink(descriptor: descriptor)
      if broken {
        try NounText.show(noun, in: nursery, options, to: &sink)
      } else {
        try NounText.write(noun, in: nursery, options, to: &sink)
      }
      try sink.append("\n")
      try sink.finish()
    } catch {
      if file != nil { try? Syscalls.close(descriptor) }
      switch error {
      // The reader has seen enough.
      case .system(EPIPE): return
      case .system(let code): throw .system("cannot write", errno: code, subject: file ?? "standard output")
      case .fault(let fault): throw .fault(fault, subject: name)
      case .tooLong: throw Failure(.budget, error.message, subject: name, advice: "strata show \(name)")
      case .notNoun: throw Failure(.input, error.message, subject: name)
      }
    }
    if file != nil {
      do {
        try Syscalls.close(descriptor)
      } catch {
        throw .system("cannot write", errno: error.errno, subject: file)
      }
    }
  }

  /// Runs a part of the work whose faults are about the input.
  func attempt<Result>(_ work: (Nursery) throws(Fault) -> Result) throws(Failure) -> Result {
    do {
      return try work(nursery)
    } catch {
      throw .fault(error, subject: name)
    }
  }

  /// Writes the noun's jam to the invocation's output.
  func writeJam(of noun: Word, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    let path = invocation.value(.output)
    if path == nil && console.outputIsTerminal {
      throw .usage("a jam is not for a terminal; redirect it or name a file with --output", verb: invocation.verb)
    }
    try writeJam(of: noun, to: path, &console)
  }

  /// Writes the noun's jam to a file, or to standard output when no path is given.
  func writeJam(of noun: Word, to path: String?, _ console: inout Console) throws(Failure) {
    var failure: Failure?
    do throws(Fault) {
      var writer = try nursery.jam(noun)
      try writer.finish { (limbs, bitCount) throws(Fault) in
        let bytes = UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8)
        do throws(Failure) {
          try console.emit(bytes, to: path)
        } catch {
          failure = error
        }
      }
    } catch {
      throw .fault(error, subject: name)
    }
    if let failure { throw failure }
  }
}
