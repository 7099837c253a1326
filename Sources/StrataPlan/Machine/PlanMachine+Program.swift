// Running a value as a program: applied to its arguments, with a number as the result.

import StrataMemory
import StrataNatural

extension PlanMachine {
  /// Forces `main` (under the newer specification: evaluates it), applies it to a row of the arguments (or to 0 without any)
  /// and returns the natural that it gives; anything but a natural below 2^63 gives its low bits or 0. `main` may be
  /// unevaluated.
  public func runProgram(_ main: Word, arguments: [[UInt8]]) throws(PlanFailure) -> UInt64 {
    // Where pins and laws are lazy a program may hold what has no end.
    let function = try front == .runtime ? force(main) : evaluate(main)
    var argument = Word.zero
    if !arguments.isEmpty {
      let (row, body) = try engine.newClosure(arguments.count)
      body[0] = 0
      for (index, bytes) in arguments.enumerated() {
        do throws(Fault) {
          body[1 + index] = try nursery.natural(bytes: bytes).raw
        } catch {
          throw .fault(error)
        }
      }
      argument = row
    }
    let result = try evaluate(try application(function, [argument]))
    if result.isDirect { return result.raw }
    return result.isNatural ? nursery.base[result.offset + 1] : 0
  }
}
