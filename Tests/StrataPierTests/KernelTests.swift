// Kernels of the other shapes: a NockApp written by hand, and recorded ones.

import Foundation
import StrataMemory
import StrataNock
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataPier

/// A core with arms load, wish, peek and poke: `%inc` counts, everything else crashes, reports of crashes are taken.
private let application = {
  func gate(_ formula: String) -> String { "[8 [1 0] [1 \(formula)] 0 1]" }
  let load = gate("[10 [6 0 6] 0 7]")
  let peek = gate("[[1 0] [1 0] 0 30]")
  let count = "[[[[1 %state] 4 0 30] 1 0] 10 [6 4 0 30] 0 7]"
  let crud = "[[1 [%crud 0] 0] 0 7]"
  let poke = gate("[6 [5 [1 0 %arvo 0] 0 26] \(crud) 6 [5 [1 %inc] 0 223] \(count) 0 0]")
  return "[[1 [\(load) [0 0] \(peek) \(poke)] 0 0] 0]"
}()

@Suite struct KernelTests {
  @Test func anApplicationCountsAcrossStarts() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .nockapp, kernel: jam(application), testOptions())
    let increment = Poke(try jam("%inc"))
    #expect(try pier.poke(increment).effects == jam("[[%state 1] 0]"))
    #expect(try pier.poke(increment).effects == jam("[[%state 2] 0]"))
    // What it does not understand crashes it; it takes the report instead, and its state stays.
    let nonsense = try pier.poke(Poke(jam("[1 2 3]")))
    #expect(nonsense.failure?.hasPrefix("exit") == true)
    #expect(nonsense.isDone)
    #expect(try nonsense.effects == jam("[[%crud 0] 0]"))
    #expect(nonsense.number == 4)
    try pier.close()
    let again = try Pier.open(scratch.pier, testOptions())
    #expect(try again.poke(increment).effects == jam("[[%state 3] 0]"))
    #expect(try text(again.peek(jam("[%state 0]")).answer) == "[0 0 3]")
    #expect(try again.upgrade(kernel: jam(application)).isDone)
    #expect(try text(again.peek(jam("[%state 0]")).answer) == "[0 0 3]")
  }

  /// A machine and its loom refer to each other until the machine is closed, also where making it was refused halfway.
  @Test func aMachineThatIsRefusedHalfwayIsGone() throws {
    var refused = 0
    for after in 0..<64 {
      var options = LoomOptions()
      options.reservationBytes = 1 << 28
      options.refusal = CommitRefusal(every: 1, after: after)
      weak var remains: Loom?
      do {
        guard let loom = try? Loom(options) else { continue }
        remains = loom
        _ = try KernelMachine(loom, NockConfiguration(), families: JetFamily.standard, learned: .zero)
      } catch { refused += 1 }
      #expect(remains == nil, "after \(after) requests")
    }
    #expect(refused > 0)
  }

  @Test func datesAreThoseOfHoon() throws {
    let loom = try Loom()
    // ~1970.1.1 and half a second after it.
    let first = try loom.nursery.date(milliseconds: 0)
    #expect(try loom.nursery.jammed(first) == jam("170141184475152167957503069145530368000"))
    let later = try loom.nursery.date(milliseconds: 500)
    #expect(try loom.nursery.jammed(later) == jam("170141184475152167966726441182385143808"))
  }
}
