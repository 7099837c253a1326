// Runs the built `strata` as a process of its own, as a user would. Guarantees that what a test sees is the real
// command line: exit code, standard output and standard error.

import Foundation
import StrataTestSupport

/// One finished run of the command.
struct StrataProcess {
  let code: Int32
  let output: Data
  let error: String

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }

  /// The directory that holds the package.
  static let packageRoot = URL(fileURLWithPath: StrataTestSupport.packageRoot)

  /// The command that this test run built: it lies beside the test runner.
  static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("strata")

  /// Runs the command to its end, in an empty folder as `init(shell:)` does.
  init(_ arguments: [String], input: Data = Data(), environment: [String: String] = [:]) throws {
    try self.init(executable: Self.executable, arguments, input: input, environment: environment)
  }

  /// Runs a shell script that finds the command as `$STRATA` and as `strata`, in an empty folder that is removed afterwards.
  /// A variable that was never set ends it. `wait_for 'COMMAND'` returns as soon as the command succeeds, however slow the
  /// machine is, and ends the script after two minutes.
  init(shell script: String, input: Data = Data(), environment: [String: String] = [:]) throws {
    var environment = environment
    environment["STRATA"] = Self.executable.path
    let start = """
      set -u
      strata() { "$STRATA" "$@"; }
      wait_for() {
        for ((turn = 0; turn < 2400; turn++)); do eval "$1" && return; sleep 0.05; done
        echo "waited in vain for: $1" >&2; exit 1
      }

      """
    try self.init(
      executable: URL(fileURLWithPath: "/bin/bash"), ["-c", start + script], input: input, environment: environment)
  }

  private init(executable: URL, _ arguments: [String], input: Data, environment: [String: String]) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("strata-\(UUID().uuidString)")
    let folder = scratch.appendingPathComponent("folder")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    process.currentDirectoryURL = folder
    // Files rather than pipes: no reader or writer can block another, however much is said.
    let files = ["input", "output", "error"].map { scratch.appendingPathComponent($0) }
    try input.write(to: files[0])
    try Data().write(to: files[1])
    try Data().write(to: files[2])
    let inputHandle = try FileHandle(forReadingFrom: files[0])
    let outputHandle = try FileHandle(forWritingTo: files[1])
    let errorHandle = try FileHandle(forWritingTo: files[2])
    process.standardInput = inputHandle
    process.standardOutput = outputHandle
    process.standardError = errorHandle
    try process.run()
    process.waitUntilExit()
    code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    output = try Data(contentsOf: files[1])
    error = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
  }
}
