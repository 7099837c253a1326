// PLAN programs: the micro programs of the recorded figures, loops in constant memory, deep recursion, long lists, and
// Sire reading a generated source.

import StrataMemory
import StrataPlan
import StrataTestSupport

/// PLAN programs, evaluated from text, and Sire from its seed.
enum PlanBenchmarks {
  static var benchmarks: [Benchmark] {
    [
      program("plan/fib-25", calls: 242_785, "(#{%fib 1 \(fibonacci)} 25)", smoke: "(#{%fib 1 \(fibonacci)} 10)", 130),
      program("plan/sum-1m", calls: 1_000_000, "(#{%sum 2 \(sum)} 0 1000000)", smoke: "(#{%sum 2 \(sum)} 0 100)", 300),
      program("plan/factorial-5000", calls: 5000, "(Bits (\(factorial) 5000))", smoke: "(Bits (\(factorial) 50))", 60),
      program(
        "plan/big-product", calls: 20, "(Bits (\(squares) 3 20))", smoke: "(Bits (\(squares) 3 5))", 130),
      program("plan/loop-10m", calls: 10_000_000, "(#{%sum 2 \(sum)} 0 10000000)", smoke: "(#{%sum 2 \(sum)} 0 100)"),
      program("plan/deep-1m", calls: 1_000_000, "(\(count) 1000000)", smoke: "(\(count) 100)"),
      program("plan/list-1m", calls: 1_000_000, list(1_000_000), smoke: list(100)),
      program("plan/list-10m", calls: 10_000_000, list(10_000_000), smoke: list(100)),
      sire, takenUp(sharesCode: true), takenUp(sharesCode: false),
    ]
  }

  // MARK: Programs

  private static let fibonacci = "[[[If [[Lt 1] [2]]] 1] [[Add [0 [[Sub 1] [1]]]] [0 [[Sub 1] [2]]]]]"
  private static let sum = "[[[If 2] [[0 [[Add 1] 2]] [[Sub 2] [1]]]] 1]"
  private static let factorial = "#{%fact 1 [[[If 1] [[Mul 1] [0 [Dec 1]]]] [1]]}"
  private static let squares = "#{%squares 2 [[[If 2] [[0 [[Mul 1] 1]] [Dec 2]]] 1]}"
  private static let count = "#{%count 1 [[[If 1] [#2 [0 [Dec 1]]]] [0]]}"

  /// The sum of the list of the numbers from 1 to `length`, which is built, forced, and then folded.
  private static func list(_ length: Int) -> String {
    let upTo = "#{%upTo 2 [[[If 2] [[0 [[[0] 2] 1]] [Dec 2]]] 1]}"
    let fold = "#{%fold 2 [[[If 2] [[0 [[Add 1] [[Ix [0]] 2]]] [[Ix [1]] 2]]] 1]}"
    let force = "#{%force 1 [#15 [[4] 1]]}"
    return "(\(fold) 0 (\(force) (\(upTo) 0 \(length))))"
  }

  /// Forces a value written as text. The peer's figures are those of whole processes, of which 70 ms or less went into
  /// loading.
  private static func program(
    _ name: String, calls: Int, _ text: String, smoke smokeText: String, _ peer: Double? = nil
  ) -> Benchmark {
    Benchmark(name) { smoke in
      let machine = try PlanMachine()
      let bytes = Array((smoke ? smokeText : text).utf8)
      return Subject(
        work: Work(count: calls, unit: "call"),
        run: {
          defer { machine.nursery.reset() }
          return try machine.force(try machine.read(text: bytes)).raw
        },
        arenaBytes: { machine.nursery.metrics.peakUsedWords * 8 },
        peer: peer.map { PeerFigure(peer: "plan-amd64", milliseconds: $0, kernel: .dispatch) })
    }
  }

  // MARK: Sire

  private final class Host: PlanHost {
    let input: [UInt8]
    var position = 0
    var written: UInt64 = 0

    init(_ input: String) { self.input = Array(input.utf8) }

    func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int {
      for byte in bytes { written = written &* 31 &+ UInt64(byte) }
      return bytes.count
    }

    func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
      let count = min(bytes.count, input.count - position)
      input[position..<position + count].withUnsafeBytes { bytes.copyMemory(from: $0) }
      position += count
      return count
    }

    func trace(_ line: [UInt8]) {}
  }

  /// A new machine that takes up Sire out of a commons, in which another has run it, and reads a few lines.
  private static func takenUp(sharesCode: Bool) -> Benchmark {
    Benchmark("plan/sire-taken-up" + (sharesCode ? "" : "-code-apart")) { smoke in
      let commons = try SharedCommons(byteCount: 1 << 28, codeByteCount: sharesCode ? nil : 0)
      let text = "#### all\n\n" + SireSource.library(blocks: 3, kinds: 1) + "\n"
      func member() throws -> PlanMachine {
        let machine = try PlanMachine(grants: .terminal, host: Host(text))
        try machine.join(commons)
        return machine
      }
      let first = try member()
      let main = try first.share(try first.force(try first.load(seed: try Files.data("plan/sire.seed"))))
      let pin = try first.share(first.isPin(main) ? main : try first.pin(of: main))
      let handle = commons.retain(pin)
      _ = try first.runProgram(first.item(of: pin), arguments: [])
      return Subject(
        work: Work(count: text.utf8.count, unit: "byte"),
        run: {
          guard let handle else { return 0 }
          let machine = try member()
          return try machine.runProgram(machine.item(of: machine.word(of: handle)), arguments: [])
        },
        arenaBytes: { commons.usedBytes })
    }
  }

  /// Sire reading 2,700 lines of definitions and assertions: the size of the recorded job, not the same text.
  private static var sire: Benchmark {
    Benchmark("plan/sire-2700-lines") { smoke in
      let seed = try Files.data("plan/sire.seed")
      let text = "#### all\n\n" + SireSource.library(blocks: smoke ? 3 : 300, kinds: 1) + "\n"
      let machine = try PlanMachine(grants: .terminal)
      return Subject(
        work: Work(count: text.utf8.count, unit: "byte"),
        run: {
          let host = Host(text)
          machine.host = host
          defer { machine.nursery.reset() }
          let status = try machine.runProgram(try machine.load(seed: seed), arguments: [])
          return host.written &+ status
        },
        arenaBytes: { machine.nursery.metrics.peakUsedWords * 8 },
        peer: PeerFigure(peer: "plan-amd64", milliseconds: 9200, kernel: .dispatch))
    }
  }
}
