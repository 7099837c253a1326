// Pins in the commons: equal pins are one, different pins are not, and programs run over them as before.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct SharedPinsTests {
  private func shared(_ value: Value, _ machine: PlanMachine) throws -> Word {
    try machine.share(try machine.force(try machine.build(value)))
  }

  @Test func equalPinsAreOne() throws {
    let machine = try PlanMachine()
    let inner = Value.pin(.law(.name("inner"), 2, call(op(2), .nat(1))))
    let row = Value.app(.nat(0), [inner, .bytes([UInt8](repeating: 7, count: 40)), inner])
    let first = try shared(.pin(row), machine)
    #expect(machine.nursery.isFixed(first))
    #expect(machine.sharedPinCount == 3, "the row's pin, the law's, and that of the operation in it")
    machine.nursery.reset()
    #expect(try shared(.pin(row), machine) == first)
    #expect(machine.sharedPinCount == 3)
    let other = try shared(.pin(.app(.nat(0), [inner, .bytes([UInt8](repeating: 8, count: 40)), inner])), machine)
    #expect(other != first && machine.sharedPinCount == 4)
    #expect(machine.contentHash(ofShared: other) != machine.contentHash(ofShared: first))
    // What is no pin stays where it is, with shared pins in it.
    let holder = try shared(.app(.nat(1), [inner, .nat(2)]), machine)
    #expect(!machine.nursery.isFixed(holder) && machine.sharedPinCount == 4)
  }

  /// Compiling what is fixed happens while a program runs, and must not push its stack outwards law by law.
  @Test func codeOfSharedLawsTakesNoStack() throws {
    let machine = try PlanMachine()
    let limit = machine.nursery.state.pointee.stackLimit
    for number in 0..<2000 {
      let law = try shared(.pin(.law(.nat(UInt64(number)), 1, quote(.nat(UInt64(number))))), machine)
      #expect(try machine.evaluate(machine.application(law, [.one])) == Word(direct: UInt64(number)))
      machine.nursery.reset()
    }
    #expect(machine.lawsCompiled == 2000)
    #expect(machine.nursery.state.pointee.stackLimit <= limit + 1 << 14)
  }

  @Test func hashesDependOnContentAlone() throws {
    let values = (0..<20).map { Value.pin(.app(.nat(0), [.nat($0), .pin(.nat($0 / 2))])) }
    let forward = try PlanMachine()
    let backward = try PlanMachine()
    let there = try values.map { try #require(forward.contentHash(ofShared: shared($0, forward))) }
    let back = try values.reversed().map { try #require(backward.contentHash(ofShared: shared($0, backward))) }
    #expect(there == back.reversed())
    #expect(Set(there).count == values.count)
  }

  @Test func whatSharesMuchIsSharedInLinearTime() throws {
    // A tower of rows that each hold the one below twice: 2^60 leaves.
    let machine = try PlanMachine()
    func tower() throws -> Word {
      var word = Word(direct: 1)
      for _ in 0..<60 { word = try machine.engine.makeClosureOf(.zero, [word, word]) }
      return try machine.force(try machine.application(try machine.engine.makePin(.zero), [word]))
    }
    let first = try machine.share(tower())
    #expect(try machine.share(tower()) == first)
  }

  @Test func programsRunOverSharedPins() throws {
    let machine = try DifferentialTests.restless()
    var compared = 0
    for seed in 0..<UInt64((isDebug ? 200 : 2000) * testScale) {
      let program = ProgramMaker.program(seed: seed)
      guard let expected = try onStack(bytes: referenceStack, { Reference.result(of: program) }) else { continue }
      machine.nursery.reset()
      // Definitions are forced one by one and kept on the stack, because each evaluation moves the others.
      let bottom = machine.nursery.state.pointee.stackTop
      defer { machine.nursery.state.pointee.stackTop = bottom }
      func known() -> [Word] {
        (bottom..<machine.nursery.state.pointee.stackTop).map { Word(raw: machine.nursery.base[$0]) }
      }
      do throws(PlanFailure) {
        for definition in program.definitions {
          guard let built = try? machine.build(definition, known()) else { continue }
          let word = try machine.share(try machine.force(built))
          do throws(Fault) { try machine.nursery.push(word) } catch { throw .fault(error) }
        }
      } catch {
        continue
      }
      let found = try machine.result(main: machine.build(program.main, known()))
      compared += 1
      #expect(found == expected, "seed \(seed)")
    }
    #expect(compared > 50)
    #expect(machine.sharedPinCount > 50)
  }
}
