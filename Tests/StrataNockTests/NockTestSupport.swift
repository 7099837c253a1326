// Runs formulas written as text.

import StrataMemory
import StrataNoun
import Testing

@testable import StrataNock

/// What hints print during a run.
final class Messages: @unchecked Sendable {
  var lines: [String] = []
  var priorities: [Int] = []
}

/// One run of `[subject formula]`, written as text.
struct TextRun {
  let machine: NockMachine
  let outcome: NockOutcome
  let messages: Messages

  init(_ text: String, _ configure: (inout NockConfiguration) -> Void = { _ in }, budgetBytes: Int? = nil) throws {
    let loom = try Loom()
    let pair = try NounText.read(Array(text.utf8), into: loom.nursery)
    let messages = Messages()
    var configuration = NockConfiguration()
    configuration.output = {
      messages.lines.append($0.text)
      messages.priorities.append($0.priority)
    }
    configure(&configuration)
    machine = NockMachine(loom, configuration)
    self.messages = messages
    try loom.nursery.push(pair)
    outcome = machine.run(
      subject: loom.nursery.head(pair), formula: loom.nursery.tail(pair), budgetBytes: budgetBytes)
  }

  /// The product as text, or nil.
  var product: String? {
    guard case .product(let noun) = outcome else { return nil }
    return try? NounText.string(noun, in: machine.nursery)
  }

  var fault: Fault? {
    guard case .stopped(let fault, _) = outcome else { return nil }
    return fault
  }

  var trace: Word {
    guard case .stopped(_, let trace) = outcome else { return .zero }
    return trace
  }
}
