// The parts of `strata plan` that read text: single values and the stack language.

import Glibc
import StrataMemory
import StrataPlan
import StrataText

extension PlanSession {
  func value(_ text: String, names: @escaping (String) -> Word? = { _ in nil }) throws(Failure) -> Word {
    do throws(PlanTextFailure) {
      return try machine.read(text: Array(text.utf8), names: names)
    } catch {
      throw Failure(.input, "\(error.message) (byte \(error.offset))", subject: name)
    }
  }

  func forced(_ word: Word) throws(Failure) -> Word {
    do throws(PlanFailure) {
      return try machine.force(word)
    } catch {
      throw failure(error)
    }
  }

  /// What a failed evaluation is to the command, with what was thrown.
  private func failure(_ error: PlanFailure) -> Failure {
    if error == .uncaught {
      // What is thrown is part of a message; a program that catches it may print it whole.
      var style = style
      style.bytes = min(style.bytes, 4096)
      let thrown = String(decoding: machine.printed(machine.thrown, style: style), as: UTF8.self)
      return Failure(.input, "\(error.explanation): \(thrown)", subject: name)
    }
    return PlanSession.failure(error, subject: name)
  }

  func print(_ word: Word, _ console: inout Console) {
    machine.printed(word, style: style).withUnsafeBytes { console.output.write($0) }
    console.output.write("\n")
  }

  /// Prints the normal form of the value that `text` writes.
  func evaluate(_ text: String, _ console: inout Console) throws(Failure) {
    let word = try value(text)
    do throws(Failure) { print(try forced(word), &console) } catch {
      tell(&console)
      throw error
    }
    try report(&console)
  }

  /// Writes the value of `text` as a seed.
  func save(_ text: String, to path: String, _ console: inout Console) throws(Failure) {
    let word = try forced(try value(text))
    let seed: [UInt8]
    do throws(PlanFailure) {
      seed = try machine.seed(of: word)
    } catch {
      throw failure(error)
    }
    var failed: Failure?
    seed.withUnsafeBytes { bytes in
      do throws(Failure) { try console.emit(bytes, to: path) } catch { failed = error }
    }
    if let failed { throw failed }
    try report(&console)
  }

  /// Name and value of a line `name = value`.
  static func definition(_ line: String) -> (name: String, value: String)? {
    let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let words = parts[0].split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let first = words[0].utf8.first, !(0x30...0x39).contains(first),
      words[0].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    else { return nil }
    return (String(words[0]), String(parts[1]))
  }

  /// Runs a program in the stack language; ends the process with the status that its failure has.
  func stack(_ text: [UInt8], seeds folder: String, _ console: inout Console) throws(Failure) {
    var language = StackLanguage(machine: machine, limit: style.bytes) { name in
      // A seed that cannot be read is one that is not there; the language says so with its name.
      guard let input = try? Input(folder + "/" + name, binary: true, verb: "plan") else { return nil }
      return [UInt8](input.bytes)
    }
    var stopped: StackLanguageFailure?
    do throws(StackLanguageFailure) { try language.run(text) } catch { stopped = error }
    language.takeOutput().withUnsafeBytes { console.output.write($0) }
    guard let stopped else { return try report(&console) }
    if stopped == .failed(.loop) { console.output.write("<<loop>>\n") }
    console.output.flush()
    if stopped != .failed(.loop), stopped != .failed(.uncaught) {
      console.message("strata plan: \(name): error: \(stopped.explanation)\n")
    }
    try report(&console)
    // The status is that of the program, as with `run`.
    exit(stopped.exitStatus)
  }
}

extension PlanPrinter.Style {
  /// How values are shown to people: deep.
  static var plain: PlanPrinter.Style {
    var style = PlanPrinter.Style()
    style.depth = 40
    return style
  }
}
