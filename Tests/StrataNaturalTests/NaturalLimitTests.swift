// Limits: absurd results are errors at once, budgets hold, refused memory harms nothing, and requests to stop are seen.

import Glibc
import StrataTestSupport
import Testing

@testable import StrataMemory
@testable import StrataNatural

@Suite struct NaturalLimitTests {
  @Test func absurdResultsAreErrorsAtOnce() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    let value = try bench.word(.powerOfTwo(100))
    let large = try nursery.increment(try nursery.shiftLeft(.one, by: Word(direct: 1 << 26)))
    let start = threadSeconds()
    let limit = UInt64(Nursery.largestBitLength)
    #expect(throws: Fault.size) { try nursery.shiftLeft(.one, by: Word(direct: limit)) }
    #expect(throws: Fault.size) { try nursery.shiftLeft(value, by: Word(direct: limit - 100)) }
    #expect(throws: Fault.size) { try nursery.power(Word(direct: 3), Word(direct: limit)) }
    #expect(throws: Fault.size) { try nursery.power(Word(direct: 2), Word(direct: limit)) }
    #expect(throws: Fault.size) { try nursery.power(Word(direct: 10), Word(direct: 1 << 61)) }
    #expect(throws: Fault.size) { try nursery.power(value, value) }
    #expect(throws: Fault.size) { try nursery.power(large, Word(direct: 128)) }
    #expect(throws: Fault.size) { try nursery.complement(.zero, width: Word(direct: limit + 1)) }
    // Whoever computed one of them would need hours or all memory.
    #expect(threadSeconds() - start < 5)
  }

  @Test func resultsOverTheBudgetAreErrorsAtOnce() throws {
    let bench = try Bench(budgetBytes: 8 << 20)
    let nursery = bench.nursery
    let value = try bench.word(.powerOfTwo(1 << 20))
    let used = nursery.usedBytes
    let start = threadSeconds()
    #expect(throws: Fault.bytes) { try nursery.shiftLeft(.one, by: Word(direct: 1 << 27)) }
    #expect(throws: Fault.bytes) { try nursery.power(Word(direct: 3), Word(direct: 1 << 27)) }
    #expect(throws: Fault.bytes) { try nursery.power(Word(direct: 2), Word(direct: 1 << 27)) }
    #expect(throws: Fault.bytes) { try nursery.power(value, Word(direct: 100)) }
    #expect(throws: Fault.bytes) { try nursery.complement(.zero, width: Word(direct: 1 << 27)) }
    #expect(throws: Fault.bytes) { try nursery.naturalBuilder(bitCount: 1 << 27) }
    // Whoever computed one of them would need hours or all memory.
    #expect(threadSeconds() - start < 5)
    #expect(nursery.usedBytes == used)
  }

  private typealias Operation = @Sendable (Nursery, Word, Word) throws -> Word

  /// The lengths of texts stand for the texts.
  @Sendable private static func textLength(_ nursery: Nursery, _ word: Word, _ base: NaturalBase) throws -> Word {
    try nursery.natural(UInt64(try nursery.digits(of: word, base: base).count))
  }

  @Sendable private static func fromText(_ nursery: Nursery, _ base: NaturalBase) throws -> Word {
    try nursery.natural(digits: [UInt8](repeating: 0x37, count: 100_000), base: base)
  }

  private static func makeOperations() -> [(String, Operation)] {
    var list: [(String, Operation)] = []
    list.append(("multiply", { nursery, x, y in try nursery.multiply(x, y) }))
    list.append(("square", { nursery, x, _ in try nursery.multiply(x, x) }))
    list.append(("divide", { nursery, x, y in try nursery.divide(x, by: y).quotient }))
    list.append(("remainder", { nursery, x, y in try nursery.remainder(x, by: y) }))
    list.append(("power", { nursery, _, y in try nursery.power(y, Word(direct: 5)) }))
    list.append(
      ("modular power", { nursery, x, y in try nursery.modularPower(x, Word(direct: 17), modulus: y) }))
    list.append(("root", { nursery, x, _ in try nursery.squareRoot(x) }))
    list.append(("common divisor", { nursery, x, y in try nursery.greatestCommonDivisor(x, y) }))
    list.append(("decimal", { nursery, x, _ in try textLength(nursery, x, .decimal) }))
    list.append(("from decimal", { nursery, _, _ in try fromText(nursery, .decimal) }))
    list.append(("base 64", { nursery, x, _ in try textLength(nursery, x, .base64) }))
    list.append(("from base 64", { nursery, _, _ in try fromText(nursery, .base64) }))
    list.append(("add", { nursery, x, y in try nursery.add(x, y) }))
    list.append(("shift", { nursery, x, _ in try nursery.shiftLeft(x, by: Word(direct: 777)) }))
    list.append(("cut", { nursery, x, _ in try nursery.bits(of: x, from: 77, count: 100_000) }))
    list.append(("or", { nursery, x, y in try nursery.or(x, y) }))
    list.append(("concatenate", { nursery, x, y in try nursery.concatenate(x, y, bloq: .zero) }))
    return list
  }

  @Test func everyBudgetEndsInAnErrorOrTheSameResult() throws {
    var random = Random(seed: 0xB0D6_0001)
    let first = random.natural(bits: 64 * 6000)
    let second = random.natural(bits: 64 * 2700 - 9)
    let roomy = try Bench()
    let expected = try NaturalLimitTests.makeOperations().map { label, operation in
      roomy.model(try operation(roomy.nursery, try roomy.word(first), try roomy.word(second)))
    }
    var failures = 0
    var successes = 0
    for kilobytes in [80, 90, 120, 160, 200, 280, 400, 560, 800, 1200, 2000] {
      let bench = try Bench(budgetBytes: kilobytes << 10)
      let nursery = bench.nursery
      for (index, (label, operation)) in NaturalLimitTests.makeOperations().enumerated() {
        nursery.reset()
        let x = try bench.word(first)
        let y = try bench.word(second)
        let used = nursery.usedBytes
        do {
          let result = try operation(nursery, x, y)
          #expect(bench.model(result) == expected[index], "\(label), \(kilobytes) KB")
          successes += 1
        } catch let fault as Fault {
          #expect(fault == .bytes, "\(label), \(kilobytes) KB")
          // A failed operation may leave dead space behind, but never more than the budget.
          #expect(nursery.usedBytes <= kilobytes << 10)
          failures += 1
        }
        #expect(bench.model(x) == first && bench.model(y) == second, "\(label), \(kilobytes) KB")
        #expect(nursery.usedBytes >= used)
        try nursery.collectYoung()
      }
    }
    #expect(failures > 20 && successes > 20)
  }

  @Test(arguments: [1, 3, 10])
  func refusedMemoryIsAnOrdinaryError(every: Int) throws {
    var random = Random(seed: 0xB0D6_0002)
    let first = random.natural(bits: 64 * 5000)
    let second = random.natural(bits: 64 * 2600 - 9)
    var failures = 0
    for passed in [0, 1, 2, 5] {
      for (label, operation) in NaturalLimitTests.makeOperations() {
        // A small nursery, so that nearly every large allocation asks for pages.
        let bench = try Bench(youngWords: 512)
        let nursery = bench.nursery
        let x = try bench.word(first)
        let y = try bench.word(second)
        let made = nursery.state.pointee.reservation.commitRequests
        nursery.state.pointee.reservation.refusal = CommitRefusal(every: every, after: made + passed)
        for _ in 0..<4 {
          do {
            _ = try operation(nursery, x, y)
          } catch let fault as Fault {
            #expect(fault == .refused, "\(label)")
            failures += 1
          }
          #expect(bench.model(x) == first && bench.model(y) == second, "\(label)")
        }
      }
    }
    #expect(failures > 0)
  }

  @Test func requestsToStopAreSeenSoon() throws {
    // The request is there before the operation begins: it must end in it, and nearly at once.
    var random = Random(seed: 0xB0D6_0003)
    let first = random.natural(bits: 64 * 300_000)
    let second = random.natural(bits: 64 * 150_000)
    let digits = [UInt8](repeating: 0x37, count: 1_000_000)
    let operations: [(String, Operation)] = [
      ("multiply", { nursery, x, y in try nursery.multiply(x, y) }),
      ("divide", { nursery, x, y in try nursery.divide(x, by: y).quotient }),
      ("divide by a limb", { nursery, x, _ in try nursery.divide(x, by: Word(direct: 1 << 62)).quotient }),
      ("power", { nursery, _, y in try nursery.power(y, Word(direct: 5)) }),
      ("modular power", { nursery, x, y in try nursery.modularPower(x, y, modulus: y) }),
      ("root", { nursery, x, _ in try nursery.squareRoot(x) }),
      ("common divisor", { nursery, x, y in try nursery.greatestCommonDivisor(x, y) }),
      ("decimal", { nursery, x, _ in try NaturalLimitTests.textLength(nursery, x, .decimal) }),
      ("from decimal", { nursery, _, _ in try nursery.natural(digits: digits, base: .decimal) }),
    ]
    for (label, operation) in operations {
      let bench = try Bench()
      let nursery = bench.nursery
      let x = try bench.word(first)
      let y = try bench.word(second)
      bench.loom.interrupt(with: .time)
      let start = threadSeconds()
      #expect(throws: Fault.time, "\(label)") { try operation(nursery, x, y) }
      #expect(threadSeconds() - start < 0.1, "\(label)")
      #expect(throws: Fault.time, "the request is still there for the safe point") { try nursery.safePoint() }
      try nursery.safePoint()
    }
  }

  @Test func smallHostStacksSuffice() throws {
    // What `ulimit -s 256` gives, less what is in use before the machine starts.
    let bench = try Bench()
    let nursery = bench.nursery
    var random = Random(seed: 0xB0D6_0004)
    let first = random.natural(bits: 64 * 40_000)
    let second = random.natural(bits: 64 * 11_000)
    let x = try bench.word(first)
    let y = try bench.word(second)
    let operations = NaturalLimitTests.makeOperations()
    var direct: [Model?] = []
    for (_, operation) in operations { direct.append(bench.model(try operation(nursery, x, y))) }
    let results = try onStack(bytes: 192 << 10) {
      operations.map { label, operation in try? operation(nursery, x, y) }
    }
    for (index, (label, _)) in operations.enumerated() {
      #expect(results[index].flatMap { bench.model($0) } == direct[index], "\(label)")
    }
  }

  @Test func requestsDuringAnOperationAreSeenSoon() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    var random = Random(seed: 0xB0D6_0005)
    let first = random.natural(bits: 64 * 500_000)
    let second = random.natural(bits: 64 * 240_000)
    let long = ["multiply", "divide", "root", "modular power", "common divisor", "decimal", "power"]
    for (label, operation) in NaturalLimitTests.makeOperations() where long.contains(label) {
      nursery.reset()
      let x = try bench.word(first)
      let y = try bench.word(second)
      let handle = nursery.interruptHandle
      let raised = Guarded<UInt64>(0)
      let work = WorkClock()
      let waker = try #require(
        SystemThread {
          work.waitUntilWorked(milliseconds: 10)
          raised.withLock { $0 = Clock.now() }
          handle.raise(.interrupted)
        })
      #expect(throws: Fault.interrupted, "\(label)") { try operation(nursery, x, y) }
      let end = Clock.now()
      waker.join()
      let delay = Double(end - raised.withLock { $0 }) / 1e9
      // Other tests share the processors, so the bound is loose; alone it is below ten milliseconds.
      #expect(delay < 0.5, "\(label) took \(delay) s to stop")
      if getenv("STRATA_TEST_VERBOSE") != nil { print("\(label): stopped after \(delay * 1000) ms") }
      #expect(throws: Fault.interrupted) { try nursery.safePoint() }
    }
  }
}
