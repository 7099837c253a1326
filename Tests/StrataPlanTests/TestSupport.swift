// Values written down in tests, a small generator, and where recorded data lie.

import Foundation
import StrataMemory
import StrataNatural
import StrataTestSupport
import Testing

@testable import StrataPlan

let hasPlanData = recordedData != nil

func planBytes(_ name: String) throws -> [UInt8] {
  try contents(of: (recordedData ?? "") + "/plan/" + name)
}

/// A value as it is written in a test: data, and applications to be evaluated.
indirect enum Value: Sendable {
  case nat(UInt64)
  case bytes([UInt8])
  case pin(Value)
  case law(Value, Int, Value)
  case app(Value, [Value])
  /// One of the values that are built beforehand and shared.
  case known(Int)

  static func name(_ text: String) -> Value { .bytes(Array(text.utf8)) }
}

extension PlanMachine {
  /// Builds a value. Nothing moves while it is built.
  func build(_ value: Value, _ known: [Word] = []) throws -> Word {
    switch value {
    case .nat(let number): return try nursery.natural(number)
    case .bytes(let bytes): return try nursery.natural(bytes: bytes)
    case .pin(let item): return try pinning(build(item, known))
    case .law(let name, let arity, let body):
      let (name, body) = (try build(name, known), try build(body, known))
      return try lawMaking(name: name, arity: Word(direct: UInt64(arity)), body: body) ?? .zero
    case .app(let head, let arguments):
      return try application(build(head, known), arguments.map { try build($0, known) })
    case .known(let index): return known[index]
    }
  }

  func text(_ word: Word) -> String { String(decoding: printed(word), as: UTF8.self) }

  /// The printed normal form of a value, or how it failed.
  func outcome(_ value: Value) throws -> String {
    let word = try build(value)
    do throws(PlanFailure) {
      var style = PlanPrinter.Style()
      style.depth = 50
      let result = try force(word)
      return String(decoding: printed(result, style: style), as: UTF8.self)
    } catch {
      if error == .uncaught { return "threw \(text(thrown))" }
      return "\(error)"
    }
  }
}

/// Shorthands for law bodies.
func call(_ function: Value, _ arguments: Value...) -> Value {
  var result = function
  for argument in arguments { result = .app(.nat(0), [result, argument]) }
  return result
}
func quote(_ value: Value) -> Value { .app(.nat(0), [value]) }
func binding(_ value: Value, _ rest: Value) -> Value { .app(.nat(1), [value, rest]) }
func op(_ number: UInt64) -> Value { .pin(.nat(number)) }
/// A pinned law by name and arity, whose body is the wrapper of its operation.
func jet(_ name: String, _ arity: Int) -> Value {
  var row = quote(.name(name))
  for index in 1...arity { row = .app(.nat(0), [row, .nat(UInt64(index))]) }
  return .pin(.law(.name(name), arity, call(op(15), row)))
}

extension Engine {
  /// A closure of words that are at hand.
  func makeClosureOf(_ head: Word, _ parts: [Word]) throws -> Word {
    let (word, body) = try newClosure(parts.count)
    body[0] = head.raw
    for (index, part) in parts.enumerated() { body[1 + index] = part.raw }
    return word
  }
}

extension SharedCommons {
  /// A machine that shares this commons.
  func member(
    _ options: LoomOptions = LoomOptions(), nameJets: Bool = true, jetCheckInterval: UInt64? = nil,
    front: PlanFront = .runtime
  ) throws -> PlanMachine {
    var options = options
    options.reservationBytes = 4 * region.byteCount + (1 << 28)
    let machine = try PlanMachine(
      options: options, nameJets: nameJets, jetCheckInterval: jetCheckInterval, front: front)
    try machine.join(self)
    return machine
  }

  /// A collection, while the machines of this thread rest.
  func collected(_ machines: PlanMachine...) throws -> Collected {
    for machine in machines { machine.park() }
    defer { for machine in machines { machine.unpark() } }
    return try #require(collect())
  }
}

extension SharedCommons {
  /// Runs `live` on a thread of its own for each seed, while another one collects and tells of it. Gives what was thrown.
  func whileCollecting(
    seeds: [UInt64], found: @escaping @Sendable (Collected) -> Void,
    live: @escaping @Sendable (UInt64) throws -> Void
  ) throws -> [String] {
    let failures = Guarded<[String]>([])
    let running = Guarded(seeds.count)
    let living = seeds.compactMap { seed in
      SystemThread {
        do { try live(seed) } catch { failures.withLock { $0.append("seed \(seed): \(error)") } }
        running.withLock { $0 -= 1 }
      }
    }
    let collector = SystemThread {
      while running.withLock({ $0 > 0 }) {
        if let collected = self.collect() { found(collected) }
      }
    }
    for thread in living { thread.join() }
    if living.count < seeds.count { running.withLock { $0 = 0 } }
    try #require(collector).join()
    #expect(living.count == seeds.count)
    return failures.withLock { $0 }
  }
}

extension PlanMachine {
  /// The normal form of a text, with its pins in the shared commons.
  func shared(_ text: String) throws -> Word { try share(force(read(text: Array(text.utf8)) { _ in nil })) }
}
