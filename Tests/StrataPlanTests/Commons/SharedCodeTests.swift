// Code of laws that machines share: the second machine compiles nothing, what it is given is what it would have compiled, it
// goes with its pin and not before, and it takes no more room than it may.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct SharedCodeTests {
  private static let fold = "#{%fold 3 [[[If 2] [[[0 1] [Dec 2]] [[1 2] 3]]] 3]}"

  private func run(_ machine: PlanMachine, _ function: Word, _ arguments: Word...) throws -> Word {
    try machine.evaluate(machine.application(function, arguments))
  }

  /// The second machine finds code, wrappers and operations by name, and compiles nothing.
  @Test func theSecondMachineCompilesNothing() throws {
    let commons = try SharedCommons(byteCount: 1 << 26)
    let one = try commons.member()
    let other = try commons.member()
    // A closure of constants, a natural in memory, a law that calls others, one that builds thunks, and operations.
    let text =
      "[#{%outer 1 [[#{%inner 2 [[Add 1] [[Mul 2] [0x123456789abcdef0123456789]]]} 1] [[#{%third 3 [[[[0] 1] 2] 3]} [7]] [8]]]} "
      + "\(SharedCodeTests.fold) #{%Add 2 [0]} #{%lazy 2 [[If 1] [2 1]]}]"
    func results(_ machine: PlanMachine) throws -> [String] {
      let row = try machine.shared(text)
      try machine.nursery.push(row)
      var result: [String] = []
      let calls: [(Int, [UInt64])] = [(0, [5]), (1, []), (2, [20, 22])]
      for (place, arguments) in calls {
        let row = Word(raw: machine.nursery.base[machine.nursery.state.pointee.stackTop - 1])
        let function = Word(raw: machine.nursery.base[row.offset + 2 + place])
        var words = arguments.map { Word(direct: $0) }
        if place == 1 {
          words = [Word(raw: machine.nursery.base[row.offset + 4]), Word(direct: 100), .zero]
        }
        result.append(try machine.plainText(machine.force(machine.application(function, words))))
      }
      machine.nursery.reset()
      return result
    }
    let first = try results(one)
    #expect(first[1] == "5050" && first[2] == "42")
    #expect(one.lawsCompiled >= 2 && one.bindingsTakenUp == 0)
    #expect(commons.codeCount == one.lawsCompiled && commons.codeBytes >= 512 * commons.codeCount)
    #expect(commons.usedBytes > commons.codeBytes)
    #expect(try results(other) == first)
    #expect(other.lawsCompiled == 0 && other.bindingsTakenUp > one.lawsCompiled)
    #expect(commons.codeCount == one.lawsCompiled)
    // What one machine knows it does not ask for again.
    let asked = other.bindingsTakenUp
    #expect(try results(other) == first && other.bindingsTakenUp == asked)
    // A machine that shares no code gives the same.
    let apart = try SharedCommons(byteCount: 1 << 26, codeByteCount: 0).member()
    #expect(try results(apart) == first)
    #expect(apart.lawsCompiled == one.lawsCompiled && apart.bindingsTakenUp == 0)
  }

  /// Machines that run laws by their names, that do not, and that check them, in one commons, in any order.
  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
  func dialectsDoNotMix(order: [Int]) throws {
    let commons = try SharedCommons(byteCount: 1 << 26)
    // By its name the sum, by its body the product.
    let text = "#{%calls 2 [[#{%Add 2 [[Mul 1] 2]} 1] 2]}"
    for number in order + order {
      let machine =
        switch number {
        case 0: try commons.member()
        case 1: try commons.member(nameJets: false)
        default: try commons.member(jetCheckInterval: 1)
        }
      let result = try run(machine, machine.shared(text), Word(direct: 6), Word(direct: 7))
      #expect(result == Word(direct: number == 1 ? 42 : 13))
      #expect(machine.jetMismatchCount == (number == 2 ? 1 : 0))
    }
    // `calls` three times, and the body of `Add` where it runs.
    #expect(commons.codeCount == 5)
    #expect(throws: PlanFailure.fault(.refused)) { _ = try commons.member(front: .specification) }
  }

  @Test func theSpecificationSharesCodeToo() throws {
    let commons = try SharedCommons(byteCount: 1 << 26)
    let one = try commons.member(front: .specification)
    let other = try commons.member(front: .specification)
    // By its name an operation, which means nothing here.
    for machine in [one, other] {
      #expect(try run(machine, machine.shared("#{%Add 2 1}"), Word(direct: 6), Word(direct: 7)) == Word(direct: 6))
    }
    #expect(one.lawsCompiled == 1 && other.lawsCompiled == 0 && commons.codeCount == 1)
    #expect(throws: PlanFailure.fault(.refused)) { _ = try commons.member() }
  }

  /// A profile of code that another machine has compiled names and counts what a profile of one's own code does.
  @Test func sharedCodeIsProfiledLikeOwnCode() throws {
    let commons = try SharedCommons(byteCount: 1 << 26)
    var counts: [[String]] = []
    for machine in [try commons.member(), try commons.member()] {
      let profiler = PlanProfiler(.counting)
      machine.profiler = profiler
      let law = try machine.shared("#{%outer 1 [#{%inner 1 [[[If 1] [0 [Dec 1]]] 1]} 1]}")
      #expect(try run(machine, law, Word(direct: 20)) == .zero)
      counts.append(profiler.counts.map { "\($0.name) \($0.entries)" })
      #expect(machine.lawsCompiled == (counts.count == 1 ? 2 : 0))
    }
    #expect(counts[0] == counts[1] && counts[0].contains("inner 21") && counts[0].contains("outer 1"))
  }

  /// Code that only a thunk names stays, with its law's pin; then both go in one collection.
  @Test func codeLivesAsLongAsItsPin() throws {
    let commons = try SharedCommons(byteCount: 1 << 26)
    let one = try commons.member()
    let other = try commons.member()
    for round in 0..<20 {
      // A row with an unevaluated application of its first argument: the thunk has the code, but not the law.
      let text = "#{%later\(round) 2 [[[0] [1 2]] [\(round)]]}"
      let more = "#{%more\(round) 1 [[Add 1] [\(round)]]}"
      _ = try one.force(run(one, one.shared(text), one.shared(more), Word(direct: 100)))
      one.nursery.reset()
      let row = try run(other, other.shared(text), other.shared(more), Word(direct: 100))
      #expect(row.isClosure && Word(raw: other.nursery.base[row.offset + 2]).isThunk)
      try other.nursery.push(row)
      try other.nursery.flip()
      #expect(other.lawsCompiled == 0 && commons.codeCount == 2)
      for _ in 0..<3 { _ = try commons.collected(one, other) }
      #expect(commons.codeCount == 2)
      // What was given back would be used again by now.
      for number in 0..<20 { _ = try one.shared("#{%other\(number) 1 [\(number)]}") }
      one.nursery.reset()
      let held = Word(raw: other.nursery.base[other.nursery.state.pointee.stackTop - 1])
      #expect(try other.plainText(other.force(held)) == "(0 \(100 + round) \(round))")
      other.nursery.reset()
      _ = try commons.collected(one, other)
      #expect(commons.pinCount == 0 && commons.codeCount == 0 && commons.codeBytes == 0)
    }
    #expect(one.lawsCompiled == 40 && other.lawsCompiled == 0)
    _ = try commons.collected(one, other)
    #expect(commons.usedBytes == 512)
  }

  /// Code takes no more room than it may; machines keep what goes beyond.
  @Test func codeIsBounded() throws {
    let commons = try SharedCommons(byteCount: 1 << 22, codeByteCount: 10 * 512)
    let one = try commons.member()
    let other = try commons.member()
    for machine in [one, other] {
      for number in 0..<30 {
        let law = try machine.shared("#{%law\(number) 1 [[Add 1] [\(number)]]}")
        #expect(try run(machine, law, Word(direct: 1)) == Word(direct: UInt64(number + 1)))
      }
      #expect(commons.codeCount == 10 && commons.codeBytes == 10 * 512)
    }
    #expect(one.lawsCompiled == 30 && other.lawsCompiled == 20)
    // When pins go their code makes room.
    for machine in [one, other] { machine.nursery.reset() }
    _ = try commons.collected(one, other)
    #expect(commons.codeBytes == 0)
    let law = try other.shared("#{%law7 1 [[Add 1] [7]]}")
    #expect(try run(other, law, Word(direct: 1)) == Word(direct: 8))
    #expect(commons.codeCount == 1 && other.lawsCompiled == 21)
  }

  /// Generated programs whose laws lie in pins: a machine with the code of another gives what the other gives and what the
  /// rules give, while both collect at every safe point and the commons is collected between programs.
  @Test(.disabled(if: getenv("TSAN_OPTIONS") != nil, "deeper than the thread sanitizer can follow"))
  func generatedProgramsAgree() throws {
    let start = DifferentialTests.firstSeed &+ 7_000_000_000
    let count = (isDebug ? 200 : 2000) * testScale
    let (compared, taken, compiled, difference) = try onStack(bytes: referenceStack) {
      try SharedCodeTests.compare(count: count, from: start)
    }
    print(
      "shared code from seed \(start): \(compared) of \(count) compared, \(taken) taken up, \(compiled) compiled twice")
    #expect(difference == nil)
    #expect(compared > count / 2 && taken > compared)
  }

  private static func compare(count: Int, from start: UInt64) throws -> (Int, Int, Int, String?) {
    let commons = try SharedCommons(byteCount: 1 << 26)
    let machines = try (0..<2).map { _ in try commons.member(DifferentialTests.small) }
    for machine in machines { machine.collectsAtEverySafePoint = true }
    var compared = 0
    var compiledTwice = 0
    for index in 0..<count {
      let seed = start &+ UInt64(index)
      var program = ProgramMaker.program(seed: seed)
      program.definitions = program.definitions.map {
        if case .law = $0 { return .pin($0) }
        return $0
      }
      guard let expected = Reference.result(of: program) else { continue }
      for machine in machines {
        let before = machine.lawsCompiled
        let found = try machine.sharedResult(of: program)
        machine.nursery.reset()
        guard let found else { break }
        if machine === machines[0] { compared += 1 }
        if found != expected {
          let name = machine === machines[0] ? "first" : "second"
          return (compared, 0, 0, "seed \(seed): the \(name) machine gives \(found), the reference \(expected)")
        }
        if machine === machines[1] { compiledTwice += machine.lawsCompiled - before }
      }
      if index % 50 == 0 {
        _ = try commons.collected(machines[0], machines[1])
      }
    }
    return (compared, machines[1].bindingsTakenUp, compiledTwice, nil)
  }

  /// Two machines run laws that come and go, and evaluate what they left unevaluated much later, while a third thread collects.
  @Test func machinesRunSharedCodeWhileCollectionsRun() throws {
    let commons = try SharedCommons(byteCount: 1 << 26, codeByteCount: 60 * 512)
    let end = Clock.now() + UInt64(testScale) * 1_000_000_000
    let latest = end + 120_000_000_000
    let wrong = Guarded<[String]>([])
    let collections = Guarded((count: 0, dropped: 0))
    let turns = Guarded((done: 0, taken: 0, compiled: 0))

    @Sendable func isOver() -> Bool {
      let now = Clock.now()
      guard now >= end, now < latest else { return now >= latest }
      return collections.withLock { $0.count > 3 && $0.dropped > 50 } && turns.withLock { $0.taken > 50 }
    }

    @Sendable func live(_ seed: UInt64) throws {
      let machine = try commons.member()
      var random = Random(seed: seed)
      let bottom = machine.nursery.state.pointee.stackTop
      // Rows with thunks, and what each thunk is to give.
      var held: [UInt64] = []
      while !isOver() {
        let number = UInt64(random.below(60))
        let argument = UInt64(random.below(1000))
        let before = (taken: machine.bindingsTakenUp, compiled: machine.lawsCompiled)
        // A row of a thunk that names code and holds nothing but the argument, and a loop.
        let loop = "#{%turn\(number) 2 [[[If 1] [[0 [Dec 1]] [[Add 2] [\(number)]]]] 2]}"
        let law = try machine.shared("#{%later\(number) 1 [[0] [#{%id\(number) 1 1} [[\(loop) [10]] 1]]]}")
        let row = try machine.evaluate(machine.application(law, [Word(direct: argument)]))
        let place = random.below(32)
        if place < held.count {
          machine.nursery.base[bottom + place] = row.raw
          held[place] = argument + 10 * number
        } else {
          try machine.nursery.push(row)
          held.append(argument + 10 * number)
        }
        machine.nursery.touchStack(from: bottom)
        let looked = random.below(held.count)
        if random.chance(50) {
          let row = Word(raw: machine.nursery.base[bottom + looked])
          let value = try machine.evaluate(Word(raw: machine.nursery.base[row.offset + 2]))
          if value != Word(direct: held[looked]) {
            wrong.withLock { $0.append("seed \(seed): \(machine.text(value)) for \(held[looked])") }
            return
          }
        }
        if random.chance(5) { try machine.nursery.flip() }
        turns.withLock {
          $0.done += 1
          $0.taken += machine.bindingsTakenUp - before.taken
          $0.compiled += machine.lawsCompiled - before.compiled
        }
      }
    }

    let failures = try commons.whileCollecting(seeds: [1, 2]) { found in
      collections.withLock { $0 = ($0.count + 1, $0.dropped + found.dropped) }
    } live: {
      try live($0)
    }
    #expect(wrong.withLock { $0 } + failures == [])
    let (count, dropped) = collections.withLock { $0 }
    let (done, taken, compiled) = turns.withLock { $0 }
    #expect(count > 3 && dropped > 50 && taken > 50 && compiled > 0)
    #expect(commons.codeBytes <= 60 * 512)
    print(
      "shared code: \(done) turns, \(count) collections, \(dropped) pins dropped, \(taken) taken up, \(compiled) compiled"
    )
    // Nobody holds anything any more.
    _ = commons.collect()
    #expect(commons.pinCount == 0 && commons.codeCount == 0 && commons.codeBytes == 0)
  }
}

extension PlanMachine {
  /// What forcing a program gives whose definitions lie in the shared commons; nil where one has no normal form, which leaves
  /// behind what a second attempt would take for a loop.
  fileprivate func sharedResult(of program: Program) throws -> String? {
    let bottom = nursery.state.pointee.stackTop
    for (number, definition) in program.definitions.enumerated() {
      let known = (0..<number).map { Word(raw: nursery.base[bottom + $0]) }
      guard let forced = try? force(build(definition, known)) else { return nil }
      try nursery.push(share(forced))
    }
    return try result(
      main: build(program.main, program.definitions.indices.map { Word(raw: nursery.base[bottom + $0]) }))
  }
}
