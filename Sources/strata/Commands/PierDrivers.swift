// The drivers of `strata pier run`, by their names on the command line.

import Glibc
import StrataHTTP
import StrataMemory
import StrataNoun
import StrataPier
import StrataText

enum PierDrivers {
  /// How drivers are named on the command line.
  static let forms = [
    "log", "exit", "file=FOLDER", "timer=SECONDS:EVENT", "one-punch=EVENT", "http=[ADDRESS:]PORT", "fetch[=HOST,...]",
  ]

  /// The drivers that `texts` name, in the forms above.
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
        guard times.count == 2, let period = Quantity.nanoseconds(times[0]) else {
          throw .usage("--driver timer=SECONDS:EVENT, such as timer=60:%tick, not '\(text)'", verb: verb)
        }
        drivers.append(TimerDriver(period: period, event: try jam(times[1], verb)))
      case ("one-punch", 2): drivers.append(OnePunchDriver(event: try jam(parts[1], verb), notice: note))
      case ("http", 2): drivers.append(HTTPServerDriver(try server(parts[1], verb)))
      case ("fetch", 1): drivers.append(HTTPClientDriver())
      case ("fetch", 2):
        var options = HTTPClientDriver.Options()
        options.hosts = Set(parts[1].split(separator: ",").map { $0.lowercased() })
        drivers.append(HTTPClientDriver(options))
      default:
        throw .usage("no such driver: '\(text)'; there are \(forms.joined(separator: ", "))", verb: verb)
      }
    }
    return drivers
  }

  /// Tells the operator what a driver has to say.
  static let note: @Sendable (String) -> Void = { PierSession.tell("strata pier: note: " + $0) }

  /// `[ADDRESS:]PORT` and what may follow it: `,timeout=SECONDS` and `,body=SIZE`.
  private static func server(_ text: String, _ verb: String) throws(Failure) -> HTTPServerDriver.Options {
    let wanted = "--driver http=[ADDRESS:]PORT[,timeout=SECONDS][,body=SIZE], such as http=8080, not 'http=\(text)'"
    var options = HTTPServerDriver.Options()
    var parts = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    let place = parts.removeFirst()
    let colon = place.lastIndex(of: ":")
    guard let port = UInt16(colon.map { place[place.index(after: $0)...] } ?? place[...]) else {
      throw .usage(wanted, verb: verb)
    }
    options.port = port
    if let colon {
      let address = place[..<colon]
      // An address of version 6 stands in brackets.
      options.address = String(
        address.hasPrefix("[") && address.hasSuffix("]") ? address.dropFirst().dropLast() : address)
    }
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1).map { String($0) }
      switch (pair.first, pair.count) {
      case ("timeout", 2):
        guard let patience = Quantity.nanoseconds(pair[1]) else { throw .usage(wanted, verb: verb) }
        options.patience = patience
      case ("body", 2):
        guard let bytes = Quantity.bytes(pair[1]) else { throw .usage(wanted, verb: verb) }
        options.bodyBytes = bytes
      default: throw .usage(wanted, verb: verb)
      }
    }
    return options
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
