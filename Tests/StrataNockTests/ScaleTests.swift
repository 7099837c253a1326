// What must hold at any size: loops in constant memory, deep recursion, and refusals of memory at any point.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataMemory
@testable import StrataNock

/// A machine that runs programs written as text, one after another.
private struct Bench {
  let machine: NockMachine
  var nursery: Nursery { machine.nursery }

  init(_ configure: (inout LoomOptions) -> Void = { _ in }) throws {
    var options = LoomOptions()
    configure(&options)
    machine = NockMachine(try Loom(options))
    machine.add(JetFamily.standard)
  }

  func run(_ text: String, budgetBytes: Int? = nil) throws -> NockOutcome {
    let pair = try NounText.read(Array(text.utf8), into: nursery)
    return machine.run(subject: nursery.head(pair), formula: nursery.tail(pair), budgetBytes: budgetBytes)
  }
}

/// Counts to `turns`, and makes two cells that live for one turn at each.
private func counting(_ turns: Int) -> String {
  "[0 8 [1 0 0] 8 [1 6 [5 [0 12] 1 \(TextNumber.dotted(turns))] [0 12] 9 2 10 [6 [4 0 12] [0 12] 0 12] 0 1] 9 2 0 1]"
}

/// Recursion that is not in tail position, `depth` deep.
private func deep(_ depth: Int) -> String {
  "[[\(TextNumber.dotted(depth)) 0] 8 [1 6 [5 [0 6] 0 7] [1 0] 4 2 [[0 2] [0 6] 4 0 7] 0 2] 2 [0 1] 0 2]"
}

private enum TextNumber {
  /// A number as nouns are written, with dots between groups of three.
  static func dotted(_ number: Int) -> String {
    var groups: [String] = []
    var rest = number
    while rest >= 1000 {
      groups.append(String(String(1000 + rest % 1000).dropFirst()))
      rest /= 1000
    }
    return ([String(rest)] + groups.reversed()).joined(separator: ".")
  }
}

@Suite struct ScaleTests {
  @Test func aLoopRunsInConstantMemory() throws {
    let turns = (isDebug ? 20_000 : 10_000_000) * testScale
    let bench = try Bench()
    guard case .product(let product) = try bench.run(counting(turns)) else {
      Issue.record("no product")
      return
    }
    #expect(product == Word(direct: UInt64(turns)))
    #expect(bench.nursery.metrics.peakUsedWords * 8 < 16 << 20)
  }

  @Test func recursionIsAsDeepAsMemory() throws {
    let depth = (isDebug ? 20_000 : 2_000_000) * testScale
    let bench = try Bench()
    guard case .product(let product) = try bench.run(deep(depth)) else {
      Issue.record("no product")
      return
    }
    #expect(product == Word(direct: UInt64(depth)))
    // With less than it needs it ends cleanly, and the next run is right.
    bench.machine.configuration.depthLimit = 512
    guard case .stopped(.depth, _) = try bench.run(deep(depth)) else {
      Issue.record("no end of the depth")
      return
    }
    bench.machine.configuration.depthLimit = nil
    guard case .stopped(.bytes, _) = try bench.run(deep(depth), budgetBytes: 1 << 17) else {
      Issue.record("no end of the bytes")
      return
    }
    guard case .product(Word(direct: 300)) = try bench.run(deep(300)) else {
      Issue.record("no product after faults")
      return
    }
  }

  @Test func everyRefusalOfMemoryIsAValue() throws {
    let wanted = (isDebug ? 60 : 10_000) * testScale
    let bench = try Bench {
      $0.reservationBytes = 1 << 30
      $0.youngWords = 1 << 9
      $0.commitWords = 1 << 9
      $0.keptWords = 0
      $0.hugeFromWords = 1 << 30
    }
    let programs = [
      // A list that grows, and is forgotten.
      ("[0 8 [1 0 0] 8 [1 6 [5 [0 12] 1 3.000] [0 12] 9 2 10 [6 [4 0 12] [0 12] 0 13] 0 1] 9 2 0 1]", UInt64(3_000)),
      (deep(2_000), 2_000), (counting(2_000), 2_000),
      // Each turn under a name on the trace, so that nothing is in tail position.
      ("[0 8 [1 0] 8 [1 11 [%mean 0 6] 6 [5 [0 6] 1 900] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]", 900),
      // A memo cache that holds nouns.
      (
        "[0 8 [1 0] 8 [1 6 [5 [0 6] 1 300] [0 6] 8 [11 [%memo 1 0] [0 6] 0 6] 7 [0 3] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]",
        300
      ),
    ]
    var random = Random(seed: 20_261)
    var refused = 0
    var finished = 0
    while refused < wanted {
      let (program, expected) = programs[random.below(programs.count)]
      let state = bench.nursery.state
      let requests = state.pointee.reservation.commitRequests
      // Every request from some point on, or every second one.
      let after = requests + random.below(120)
      state.pointee.reservation.refusal = CommitRefusal(every: 1 + random.below(2), after: after)
      var outcome: NockOutcome?
      do {
        outcome = try bench.run(program)
      } catch {
        // Refused while the text was read.
        refused += 1
      }
      state.pointee.reservation.refusal = .never
      switch outcome {
      case .product(let product)?:
        finished += 1
        #expect(product == Word(direct: expected))
      case .stopped(let fault, _)?:
        #expect(fault == .refused)
        if fault != .refused { return }
        refused += 1
      default: break
      }
      #expect(state.pointee.depth == 0)
      guard case .product(Word(direct: 40)) = try bench.run(deep(40)) else {
        Issue.record("the run after refusal \(refused) is wrong")
        return
      }
      if refused % 64 == 0 {
        #expect(bench.nursery.firstBrokenInvariant() == nil)
        bench.nursery.reset()
      }
    }
    #expect(finished > 0)
  }

  @Test func movingEverythingChangesNothing() throws {
    let bench = try Bench {
      $0.checksMoves = true
      $0.reservationBytes = 1 << 30
    }
    for (program, expected) in [(deep(200), UInt64(200)), (counting(200), 200)] {
      guard case .product(let product) = try bench.run(program) else {
        Issue.record("no product")
        return
      }
      #expect(product == Word(direct: expected))
    }
    #expect(bench.nursery.metrics.flips > 400)
  }
}
