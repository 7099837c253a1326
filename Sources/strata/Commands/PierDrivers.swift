// The drivers of `strata pier run`, by their names on the command line.

import Glibc
import StrataMemory
import StrataNoun
import StrataPier
import StrataText

enum PierDrivers {
  /// The drivers that options such as `log`, `exit`, `file=FOLDER` and `timer=SECONDS:EVENT` name.
  static func make(_ texts: [String], verb: String) throws(Failure) -> [any Driver] {
    var drivers: [any Driver] = []
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map { String($0) }
      switch (parts.first, parts.count) {
      case ("log", 1): drivers.append(LogDriver { PierSession.tell($0) })
      case ("exit", 1): drivers.append(ExitDriver())
      case ("file", 2): drivers.append(FileDriver(root: parts[1]))
      case ("timer", 2):
        let times = parts[1].split(separator: ":", maxSplits: 1).map { String($0) }
        guard times.count == 2, let period = NockOptions.nanoseconds(times[0]) else {
          throw .usage("--driver timer=SECONDS:EVENT, such as timer=60:%tick, not '\(text)'", verb: verb)
        }
        drivers.append(TimerDriver(period: period, event: try jam(times[1], verb)))
      default:
        throw .usage("no such driver: '\(text)'; there are log, exit, file=FOLDER and timer=SECONDS:EVENT", verb: verb)
      }
    }
    return drivers
  }

  private static func jam(_ text: String, _ verb: String) throws(Failure) -> [UInt8] {
    let loom: Loom
    do throws(Fault) { loom = try Loom() } catch { throw .fault(error, subject: nil) }
    let noun = try NockOptions.read(SourceText(name: "--driver", text: text), loom.nursery)
    do throws(Fault) {
      var writer = try loom.nursery.jam(noun)
      return try writer.finish { (limbs, bitCount) throws(Fault) in
        Array(UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
      }
    } catch { throw .fault(error, subject: nil) }
  }
}
