// Sire, a language whose whole implementation is one recorded seed, reading generated sources from its input.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

/// A host whose input is given and whose output is kept.
final class MemoryHost: PlanHost {
  private var input: [UInt8]
  private var position = 0
  var output: [UInt8] = []
  var traces: [String] = []
  /// The most bytes that one read gives.
  var mostRead = Int.max

  init(input: String = "") { self.input = Array(input.utf8) }

  func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int {
    output += bytes
    return bytes.count
  }

  func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(bytes.count, input.count - position, mostRead)
    input[position..<position + count].withUnsafeBytes { bytes.copyMemory(from: $0) }
    position += count
    return count
  }

  func trace(_ line: [UInt8]) { traces.append(String(decoding: line, as: UTF8.self)) }
}

@Suite(.enabled(if: hasPlanData, "needs the recorded seeds"))
struct SireTests {
  /// What Sire prints for a source, the status with which it ends, and the most memory that it had in use.
  private func run(
    _ source: String, youngWords: Int? = nil, mostRead: Int = .max, nameJets: Bool = true,
    checking: Bool = false
  ) throws -> (output: String, status: Int, peakBytes: Int) {
    let host = MemoryHost(input: "#### all\n\n" + source + "\n\n")
    host.mostRead = mostRead
    var options = LoomOptions()
    if let youngWords { options.youngWords = youngWords }
    let machine = try PlanMachine(
      options: options, grants: .terminal, host: host, nameJets: nameJets, jetCheckInterval: checking ? 1 : nil)
    let main = try machine.load(seed: planBytes("sire.seed"))
    var status = 0
    do throws(PlanFailure) {
      status = Int(try machine.runProgram(main, arguments: []))
    } catch {
      status = Int(error.exitStatus)
    }
    if checking {
      print("Sire, each call checked: \(machine.jetChecks) compared, \(machine.undecidedJetChecks) undecided")
      #expect(machine.jetChecks > 500)
      for mismatch in machine.jetMismatches { expectKnown(mismatch) }
    }
    return (
      String(decoding: host.output, as: UTF8.self), status, machine.nursery.metrics.peakUsedWords * 8
    )
  }

  /// The seed's own law of division gives one too little where nothing is left over. No other law of it differs from its
  /// operation.
  private func expectKnown(_ mismatch: PlanJetMismatch) {
    let numbers = mismatch.arguments.compactMap { UInt64($0) }
    guard mismatch.name == "Div", numbers.count == 2, numbers[1] > 0 else {
      Issue.record("\(mismatch)")
      return
    }
    let quotient = numbers[0] / numbers[1]
    #expect(numbers[0] % numbers[1] == 0 && quotient > 0, "\(mismatch)")
    #expect("\(mismatch.operation)" == "\(quotient)" && "\(mismatch.law)" == "\(quotient - 1)", "\(mismatch)")
  }

  @Test func definitionsArePrinted() throws {
    let (output, status, _) = try run("= x 3\n\n= y (0 x 4)\n\n= (id z) z\n")
    #expect(output == "= \"x\"\n3\n= \"y\"\n(0 3 4)\n= \"id\"\n<{id 1 1}>\n")
    #expect(status == 0)
  }

  @Test func assertionsAreChecked() throws {
    let held = try run("= x 3\n\n=?= 3 x\n")
    #expect(held.status == 0)
    let broken = try run("= x 3\n\n=?= 4 x\n\n= y 5\n")
    #expect(broken.status == 9)
    #expect(broken.output.hasSuffix("# what =?= 4 x\n# where all:5\n# why \"assertion failed\"\n"))
  }

  @Test func errorsEndWithStatusNine() throws {
    let unknown = try run("= y (Add 2 3)\n")
    #expect(unknown.status == 9)
    #expect(unknown.output == "# block \n# what Add\n# where all:3\n# why \"undefined reference\"\n")
    let thrown = try run("= y (##Oops 7)\n\n=?= 7 y\n")
    #expect(thrown.status == 9)
    #expect(thrown.output.hasPrefix("ERROR: Oops\nPARAM:\n7\n"))
  }

  @Test func functionsRun() throws {
    let source =
      SireSource.prelude + """
        = (fib n)
        | If (Lt n 2) n
        | Add (fib (Sub n 1)) (fib (Sub n 2))

        =?= 610 | fib 15

        = (sum n acc)
        @ less (Sub n 1)
        @ more (Add acc n)
        | If n (sum less more) acc

        =?= 500500 (sum 1000 0)

        """
    #expect(try run(source).status == 0)
    #expect(try run(source, mostRead: 1).status == 0)
    #expect(try run(source, youngWords: 512).output == run(source).output)
  }

  @Test func itsLawsAgreeWithTheirOperations() throws {
    let source = SireSource.library(blocks: (isDebug ? 4 : 12) * testScale)
    #expect(try run(source, checking: true).output == run(source).output)
  }

  @Test func aLargeSourceLoads() throws {
    let blocks = (isDebug ? 40 : 400) * testScale
    let source = SireSource.library(blocks: blocks)
    let (output, status, peak) = try run(source)
    #expect(status == 0)
    #expect(output.split(separator: "\n").filter { $0.hasPrefix("=?=") }.count == blocks)
    if testScale == 1 { #expect(peak < 64 << 20) }
  }
}
