// PLAN, line by line: an entry is a value's text, whose normal form is printed, or `name = value`.

import StrataMemory
import StrataPlan

/// A machine and the values that have names.
final class PlanConversation: Session {
  private let session: PlanSession
  private var nursery: Nursery { session.machine.nursery }
  /// Where named values lie on the machine's stack, where evaluation keeps them right.
  private var slots: [String: Int] = [:]
  private var names: [String] = []
  private let bottom: Int

  let name = "plan"
  let greeting = "An entry is a value, or NAME = a value. :help lists commands, Ctrl-D leaves."
  let commands = [SessionCommand("names", "", "list what has a name")]

  init(_ invocation: Invocation) throws(Failure) {
    session = try PlanSession(invocation, name: "entry")
    bottom = session.machine.nursery.state.pointee.stackTop
  }

  /// Brackets of any kind must be closed; what stands in quotes does not count.
  func isComplete(_ text: String) -> Bool {
    if text.drop(while: \.isWhitespace).first == ";" { return true }
    var depth = 0
    var isQuoted = false
    for letter in text {
      switch letter {
      case "\"": isQuoted.toggle()
      case "(", "[", "{": if !isQuoted { depth += 1 }
      case ")", "]", "}": if !isQuoted { depth -= 1 }
      default: break
      }
    }
    return depth <= 0 && !isQuoted
  }

  func evaluate(_ text: String, _ console: inout Console) throws(Failure) -> SessionCosts {
    if text.drop(while: \.isWhitespace).first == ";" { return SessionCosts() }
    let definition = PlanSession.definition(text)
    let before = Clock.ofProcess()
    let allocated = nursery.allocatedBytes
    let word = try session.value(definition?.value ?? text) { [self] name in
      slots[name].map { Word(raw: nursery.base[$0]) }
    }
    let outcome: Result<Word, Failure> = Signals.stopping(nursery.interruptHandle) {
      do throws(Failure) { return .success(try session.forced(word)) } catch { return .failure(error) }
    }
    let costs = SessionCosts(
      processorNanoseconds: Clock.ofProcess() &- before, allocatedBytes: nursery.allocatedBytes - allocated)
    let value = try outcome.get()
    if let definition {
      try name(value, definition.name)
    } else {
      session.print(value, &console)
    }
    return costs
  }

  private func name(_ value: Word, _ name: String) throws(Failure) {
    if let slot = slots[name] {
      nursery.base[slot] = value.raw
      nursery.touchStack(from: slot)
      return
    }
    let slot = nursery.state.pointee.stackTop
    do throws(Fault) { try nursery.push(value) } catch { throw .fault(error, subject: nil) }
    nursery.touchStack(from: slot)
    slots[name] = slot
    names.append(name)
  }

  func obey(_ command: String, _ argument: String, _ console: inout Console) throws(Failure) -> SessionCosts? {
    for name in names { console.print(name) }
    return nil
  }

  /// Writes what the invocation wants to know in the end.
  func end(_ console: inout Console) throws(Failure) { try session.report(&console) }

  /// The same where an entry has failed.
  func tell(_ console: inout Console) { session.tell(&console) }
}
