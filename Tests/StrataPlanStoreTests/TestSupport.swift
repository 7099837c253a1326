// Machines on simulated disks, and values of theirs written as text.

import StrataMemory
import StrataPlan
import StrataPlanStore
import StrataStore

/// A program that commits its successor, which counts one more, and gives its own count.
let counterText = "(#{%count 2 [[Seq [#12 [0 [Inc 1]]]] 1]} 0)"

/// Options for a small machine on `disk`.
func smallOptions(_ disk: any Disk) -> PersistentPlanOptions {
  var options = PersistentPlanOptions()
  options.disk = disk
  options.loom.reservationBytes = 1 << 28
  options.store.segmentPages = 4
  options.store.keptSegments = 2
  options.grants = [PlanGrants(.store)]
  return options
}

/// A value that is written wrongly in a test.
struct BadText: Error {
  let message: String
}

extension PlanMachine {
  func value(_ text: String) throws(PlanFailure) -> Word {
    do throws(PlanTextFailure) { return try read(text: Array(text.utf8)) } catch { throw .store(error.message) }
  }

  /// The printed form of a value, deep.
  func text(_ word: Word) -> String {
    var style = PlanPrinter.Style()
    style.depth = 40
    return String(decoding: printed(word, style: style), as: UTF8.self)
  }
}

extension PersistentPlan {
  /// Makes the value that `text` writes the committed one. Gives its printed form.
  @discardableResult
  func commit(_ text: String) throws -> String {
    machine.nursery.reset()
    let value = try machine.force(try machine.value(text))
    let printed = machine.text(value)
    _ = try keep(value, asRoot: true)
    return printed
  }
}
