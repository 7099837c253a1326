// The Flat machine on the recorded programs, beside the recorded peer and beside other engines that run the same programs in
// the same run.
//
// Every sample of ours starts with a fresh machine: translating to machine code counts, and so does clearing what the storage's
// earlier owner wrote, or touching it for the first time.
// Other engines state the CPU time of the program alone; their loading and compiling does not count. A result that is not the
// recorded one fails the benchmark.

import CBaseline
import Glibc
import StrataFlat
import StrataText

/// Programs in the intermediate form, and what others take for them.
enum FlatBenchmarks {
  static var benchmarks: [Benchmark] { programs.flatMap(benchmarks(of:)) + frontEnd }

  /// A recorded program, what the recorded peer takes for each of its instructions, and its name and argument for others.
  private struct Program {
    let file: String
    let peerNanoseconds: Double
    var rival: (name: String, argument: Int)?
  }

  private static let programs: [Program] =
    series("loop", 13.2, [100_000, 1_000_000, 5_000_000], rival: 5_000_000)
    + series("f64", 12.0, [10_000, 100_000, 1_000_000])
    + series("fib", 32, [20, 25, 28], rival: 28)
    + series("structs", 33, [20_000, 200_000, 1_000_000])
    + series("alloc", 17.8, [10_000, 100_000, 500_000])
    + series("sieve", 13.2, [1_000, 10_000, 100_000], rival: 100_000)
    + series("matmul", 14.5, [8, 16, 32], rival: 32)
    + series("collatz", 11.3, [1_000, 10_000, 30_000], rival: 30_000)

  private static func series(_ name: String, _ peer: Double, _ sizes: [Int], rival: Int? = nil) -> [Program] {
    sizes.map { size in
      Program(
        file: "\(name)_\(size)", peerNanoseconds: peer, rival: size == rival ? (name, size) : nil)
    }
  }

  private static func benchmarks(of program: Program) -> [Benchmark] {
    let name = "flat/\(program.file)"
    guard let rival = program.rival else { return [own(program, name, baseline: nil)] }
    return [
      other("\(name)/lua5.4", rival, program.file, nil, ["lua5.4", "Benchmarks/Programs/programs.lua"]),
      own(program, name, baseline: "\(name)/lua5.4"),
      other("\(name)/luajit", rival, program.file, name, ["luajit", "Benchmarks/Programs/programs.lua"]),
      other("\(name)/wasm3", rival, program.file, name, [python, "Benchmarks/Programs/wasm.py", "wasm3"]),
      other("\(name)/wasmtime", rival, program.file, name, [python, "Benchmarks/Programs/wasm.py", "wasmtime"]),
    ]
  }

  // MARK: Ours

  private static func own(_ program: Program, _ name: String, baseline: String?) -> Benchmark {
    Benchmark(name, baseline: baseline) { _ in
      let recorded = try RecordedProgram(try Files.data("flat/own/\(program.file).json"))
      guard let one = recorded.cases.first else { throw Skip(reason: "the file records no case") }
      let state = State(recorded.module)
      // The peer's figures are for each instruction, taken when the calibration gave this much.
      let dispatch = 73.0
      let whole = program.peerNanoseconds * Double(one.steps) / 1e6
      let peer = PeerFigure(
        peer: "sx", milliseconds: whole * Peers.calibration.dispatch / dispatch, kernel: .dispatch)
      return Subject(
        work: Work(count: Int(one.steps), unit: "step"),
        run: {
          let value = try state.machine.evaluate(one.function)
          guard FlatCases.recordedForm(value).written == recordedText(one.value), state.machine.steps == one.steps
          else { throw WrongResult(text: FlatCases.recordedForm(value).written) }
          return state.machine.steps
        }, before: { state.machine = FlatMachine(module: state.module, budget: FlatCases.budget) }, peer: peer)
    }
  }

  /// A recorded value without the approximations that records carry beside exact bits.
  private static func recordedText(_ value: JSON) -> String {
    guard let bits = value["float"]?["f64bits"] else { return value.written }
    return JSON.object([.init("float", .object([.init("f64bits", bits)]))]).written
  }

  private final class State {
    let module: Module
    var machine: FlatMachine

    init(_ module: Module) {
      self.module = module
      machine = FlatMachine(module: module, budget: FlatCases.budget)
    }
  }

  private struct WrongResult: Error, CustomStringConvertible {
    let text: String
    var description: String { "the result is \(text)" }
  }

  // MARK: Others

  /// A Python that has the WebAssembly engines: the one the documentation says how to make, or the system's.
  private static let python =
    access(".build/peers/bin/python3", X_OK) == 0 ? ".build/peers/bin/python3" : "python3"

  private static func other(
    _ name: String, _ rival: (name: String, argument: Int), _ file: String, _ baseline: String?, _ words: [String]
  ) -> Benchmark {
    Benchmark(name, baseline: baseline) { _ in
      let words = words + [rival.name, String(rival.argument)]
      _ = try output(words)
      let recorded = try RecordedProgram(try Files.data("flat/own/\(file).json")).cases.first
      // Per step of the recorded program, so that ratios compare like with like.
      return Subject(work: Work(count: Int(recorded?.steps ?? 1), unit: "step")) {
        let (result, nanoseconds) = try output(words)
        guard result == recorded?.value["int"]?.integer.map(String.init) else { throw WrongResult(text: result) }
        return nanoseconds
      } nanoseconds: {
        $0
      }
    }
  }

  /// What a program of another engine prints: its result and the nanoseconds it took.
  private static func output(_ words: [String]) throws -> (result: String, nanoseconds: UInt64) {
    let path = try Files.temporaryFile()
    defer { unlink(path) }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var nanoseconds: UInt64 = 0
    var bytes: UInt64 = 0
    guard baseline_run(&arguments, path, &nanoseconds, &bytes) == 0 else {
      throw Skip(reason: "\(words[0]) is not here or cannot run the program")
    }
    let parts = String(decoding: try Files.read(path), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard parts.count == 2, let time = UInt64(parts[1]) else { throw Skip(reason: "\(words[0]) prints something else") }
    return (String(parts[0]), time)
  }

  // MARK: The front end

  /// Source text to verified module: a large program made of the library's and the recorded programs' ways of writing.
  private static var frontEnd: [Benchmark] {
    [
      Benchmark("flat/front-end") { smoke in
        let copies = smoke ? 10 : 400
        let source = SourceText(name: "large.sx", text: FrontEndText.program(copies))
        let lines = source.bytes.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        return Subject(work: Work(count: lines, unit: "line")) {
          let program = FlatProgram.load(source)
          guard program.isValid else { throw WrongResult(text: program.renderDiagnostics()) }
          return UInt64(program.module.functions.count)
        }
      },
      // Verified module to machine code, which is most of what a small evaluation takes.
      Benchmark("flat/translation") { smoke in
        let program = FlatProgram.load(
          SourceText(name: "large.sx", text: FrontEndText.program(smoke ? 2 : 40)))
        guard program.isValid else { throw WrongResult(text: program.renderDiagnostics()) }
        let functions = program.module.functions.enumerated().filter { $0.element.hasBody }
        let count = functions.reduce(0) { $0 + $1.element.instructions.count }
        return Subject(work: Work(count: count, unit: "instruction")) {
          let machine = FlatMachine(module: program.module, budget: FlatCases.budget)
          for (number, _) in functions { try machine.prepare(FunctionID(UInt32(number))) }
          return UInt64(functions.count)
        }
      },
    ]
  }
}
