// What the verbs over piers share: a pier that runs in another process is asked over its socket, any other is opened for
// as long as the verb takes.

import Glibc
import StrataMemory
import StrataNoun
import StrataPier
import StrataText

extension Option {
  static let newest = Option("at-least", value: "EVENT", "wait until the state is that after EVENT or newer")

  /// How events are computed, for the verbs that open piers.
  static let eventOptions: [Option] = limits + [noJets]
}

extension Failure {
  /// A pier's refusal.
  static func pier(_ failure: PierFailure, subject: String) -> Failure {
    let code: ExitCode =
      switch failure {
      case .badInput, .crashed(_, .exit, _), .diverged, .failsNow, .unsupported: .input
      case .notAPier, .exists, .unreachable: .input
      case .crashed, .machine: .budget
      case .remote: .input
      default: .system
      }
    return Failure(code, "\(failure)", subject: subject)
  }
}

/// Runs `work` on a pier and says its failure in the command line's terms.
func atPier<Value>(
  _ subject: String, _ work: () throws(PierFailure) -> Value
) throws(Failure) -> Value {
  do throws(PierFailure) { return try work() } catch { throw .pier(error, subject: subject) }
}

/// A way to a pier.
enum PierSession {
  case running(PierClient)
  case own(Pier)

  /// Options for opening a pier, from the command line.
  static func options(_ invocation: Invocation) throws(Failure) -> PierOptions {
    var options = PierOptions()
    options.usesJets = !invocation.has(.noJets)
    try Limits(invocation).apply(to: &options)
    options.output = { message in PierSession.tell(message.text) }
    options.notice = { text in PierSession.tell("strata pier: note: " + text) }
    return options
  }

  /// How a verb ends when an event failed: by a limit, or by what the event is.
  static func code(ofFailure text: String) -> ExitCode {
    let limits: [Fault] = [.bytes, .depth, .steps, .time, .interrupted]
    return limits.contains { text.hasPrefix(NockOptions.mote($0) + ":") } ? .budget : .input
  }

  /// Writes a line to standard error.
  static func tell(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }

  /// Connects to the pier where it runs, or opens it.
  init(_ directory: String, _ invocation: Invocation) throws(Failure) {
    let options = try PierSession.options(invocation)
    self = try atPier(directory) { () throws(PierFailure) in
      if let client = try? PierClient.connect(directory) { return .running(client) }
      return .own(try Pier.open(directory, options))
    }
  }

  func ask(_ request: PierRequest, _ directory: String) throws(Failure) -> PierReply {
    try atPier(directory) { () throws(PierFailure) in
      switch self {
      case .running(let client): return try client.ask(request)
      case .own(let pier):
        let reply = pier.answer(request)
        if case .refused(let text) = reply { throw .remote(text) }
        return reply
      }
    }
  }

  /// Ends the session; a pier that was opened for it is closed.
  func close(_ directory: String) throws(Failure) {
    guard case .own(let pier) = self else { return }
    try atPier(directory) { () throws(PierFailure) in try pier.close() }
  }

  /// The jam of an operand: a noun's text, or `@FILE` with a text or a jam.
  static func jam(
    _ operand: String, _ invocation: Invocation, _ what: String
  ) throws(Failure) -> [UInt8] {
    if operand.hasPrefix("@") { return try jam(ofFile: String(operand.dropFirst()), invocation) }
    let session = try NounSession(invocation, name: what)
    let noun = try NockOptions.read(SourceText(name: what, text: operand), session.nursery)
    return try bytes(noun, session)
  }

  /// The jam of a file's noun, which is there as a text or as a jam.
  static func jam(ofFile path: String, _ invocation: Invocation) throws(Failure) -> [UInt8] {
    let input = try Input(path, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    if NockOptions.isJam(input.bytes) {
      // Kept as it is, so that a large kernel is not rewritten.
      _ = try NockOptions.read(input.bytes, name: input.name, session: session)
      return Array(input.bytes)
    }
    return try bytes(try NockOptions.read(input.bytes, name: input.name, session: session), session)
  }

  private static func bytes(_ noun: Word, _ session: borrowing NounSession) throws(Failure) -> [UInt8] {
    try session.attempt { (nursery) throws(Fault) in
      var writer = try nursery.jam(noun)
      return try writer.finish { (limbs, bitCount) throws(Fault) in
        Array(UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
      }
    }
  }

  /// Writes bytes to a file, or to standard output for `-`.
  static func emit(_ bytes: [UInt8], to path: String, _ console: inout Console) throws(Failure) {
    let failure: Failure? = bytes.withUnsafeBytes { bytes in
      do throws(Failure) { try console.emit(bytes, to: path) } catch { return error }
      return nil
    }
    if let failure { throw failure }
  }

  /// A jam's noun as text, shortened where it is very long; nothing for no bytes.
  static func text(_ jam: [UInt8], _ invocation: Invocation) throws(Failure) -> String {
    // Programs read numbers; people read words where the atoms may be words.
    let atoms = invocation.has(.json) ? NounText.Options.Atoms.numbers : .guessed
    if jam.isEmpty { return "" }
    let session = try NounSession(invocation, name: "answer")
    let result: Result<Word, CueError> = jam.withUnsafeBytes { bytes in
      do throws(CueError) { return .success(try session.nursery.cue(bytes).noun) } catch { return .failure(error) }
    }
    switch result {
    case .failure(let error): throw .cue(error, subject: "answer")
    case .success(let noun):
      var options = NounText.Options.complete(bytes: 1 << 20)
      options.atoms = atoms
      if let text = try? NounText.string(noun, in: session.nursery, options) { return text }
      return (try? NounText.string(noun, in: session.nursery, .brief())) ?? "..."
    }
  }
}
