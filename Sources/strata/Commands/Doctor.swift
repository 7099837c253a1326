// `strata doctor`: what is wrong with the machine or a pier, and what to do about it.

import StrataPier

/// What came of a check.
typealias Finding = PierDoctor.Finding

extension Command {
  /// The verb `doctor`.
  static let doctor = Command(
    verb: "doctor",
    summary: "check the machine, and a pier, and name the remedies",
    operands: "[PIER]",
    operandCount: 0...1,
    details: """
      Checks the processor, addresses, memory, limits, the clock, the temporary folder and the disk below the current folder, or \
      below the pier. Of a pier it checks all records of the store and all logged events, unless the pier runs: strata pier \
      scrub does that then. Changes nothing. Ends with exit code 4 when anything is bad; notes do not count.
      """,
    options: [.json],
    examples: [
      Example("strata doctor", "is this machine fit for piers?"),
      Example("strata doctor counter", "what is wrong with this pier, if anything"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands.first
    var findings = MachineDoctor.examine(folder: directory.flatMap { Syscalls.isDirectory($0) ? $0 : nil } ?? ".")
    if let directory { findings += PierDoctor.examine(directory) }
    for finding in findings {
      guard invocation.has(.json) else {
        let name = finding.check + String(repeating: " ", count: max(0, 10 - finding.check.utf8.count))
        let result = finding.result == .bad ? "bad " : finding.result.rawValue
        console.print("\(result)  \(name)  \(finding.text)")
        if let remedy = finding.remedy { console.print("      try: \(remedy)") }
        continue
      }
      var json = JSONText()
      json.begin()
      json.member("check", finding.check)
      json.member("result", finding.result.rawValue)
      json.member("finding", finding.text)
      if let remedy = finding.remedy { json.member("remedy", remedy) }
      json.end()
      console.print(json.text)
    }
    let wrong = findings.count { $0.result == .bad }
    if wrong > 0 { throw Failure(.system, "\(wrong) of \(findings.count) checks are bad", subject: directory) }
  }
}
