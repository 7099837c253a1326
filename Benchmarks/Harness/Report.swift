// How outcomes are shown: a table for people and JSON for machines, from the same values.

/// Turns outcomes into text.
struct Report {
  let outcomes: [Outcome]
  /// The calibration of this machine in this run, when it could be taken.
  let calibration: Calibration?

  /// The ratio of an outcome to its baseline, when both were measured. Stated for each unit of work.
  func ratio(_ outcome: Outcome) -> Double? {
    guard let name = outcome.baseline, let base = outcomes.first(where: { $0.name == name }) else { return nil }
    guard base.nanosecondsPerUnit > 0 else { return nil }
    return outcome.nanosecondsPerUnit / base.nanosecondsPerUnit
  }

  /// The ratio of an outcome to its peer's figure, carried to this machine.
  func peerRatio(_ outcome: Outcome) -> Double? {
    guard let calibration, let peer = outcome.peer else { return nil }
    return outcome.median / calibration.scaled(peer)
  }

  /// The table's heading.
  static let heading =
    columns("benchmark", "median", "min..max", "per unit", "allocations", "arena", "ratio")

  /// What a table shows of an outcome.
  struct Cells {
    let name: String
    let median: String
    let spread: String
    let perUnit: String
    let arena: String
    let ratios: String
  }

  /// An outcome's cells.
  func cells(_ outcome: Outcome) -> Cells {
    var ratios: [String] = []
    if let ratio = ratio(outcome), let name = outcome.baseline {
      ratios.append("\(Self.fixed(ratio)) x \(name.split(separator: "/").last ?? "")")
    }
    if let ratio = peerRatio(outcome), let peer = outcome.peer { ratios.append("\(Self.fixed(ratio)) x \(peer.peer)") }
    let perUnit =
      outcome.work.unit == "byte"
      ? "\(Self.fixed(1000 / max(outcome.nanosecondsPerUnit, 1e-9))) MB/s"
      : "\(Self.fixed(outcome.nanosecondsPerUnit)) ns/\(outcome.work.unit)"
    return Cells(
      name: outcome.name, median: Self.time(outcome.median),
      spread: "\(Self.time(Double(outcome.smallest)))..\(Self.time(Double(outcome.largest)))", perUnit: perUnit,
      arena: outcome.arenaBytes.map { "\(Self.fixed(Double($0) / 1e6)) MB" } ?? "",
      ratios: ratios.joined(separator: ", "))
  }

  /// One line of the table.
  func line(_ outcome: Outcome) -> String {
    let cells = cells(outcome)
    return Self.columns(
      cells.name, cells.median, cells.spread, cells.perUnit, "\(outcome.allocations)", cells.arena, cells.ratios)
  }

  /// The machine-readable form.
  var json: String {
    var lines: [String] = []
    for outcome in outcomes {
      var members = [
        "\"name\":\"\(outcome.name)\"", "\"median_ns\":\(outcome.median)", "\"min_ns\":\(outcome.smallest)",
        "\"max_ns\":\(outcome.largest)", "\"samples\":\(outcome.samples.count)", "\"work\":\(outcome.work.count)",
        "\"unit\":\"\(outcome.work.unit)\"", "\"allocations\":\(outcome.allocations)",
      ]
      if let bytes = outcome.arenaBytes { members.append("\"arena_bytes\":\(bytes)") }
      if let name = outcome.baseline { members.append("\"baseline\":\"\(name)\"") }
      if let ratio = ratio(outcome) { members.append("\"ratio\":\(ratio)") }
      if let peer = outcome.peer { members.append("\"peer\":\"\(peer.peer)\"") }
      if let ratio = peerRatio(outcome) { members.append("\"peer_ratio\":\(ratio)") }
      lines.append("    {" + members.joined(separator: ",") + "}")
    }
    var text = "{\n"
    if let calibration {
      text += "  \"calibration_ms\":{\"alu\":\(calibration.arithmetic),\"cells\":\(calibration.cells),"
      text += "\"dispatch\":\(calibration.dispatch)},\n"
    }
    return text + "  \"benchmarks\":[\n" + lines.joined(separator: ",\n") + "\n  ]\n}\n"
  }

  /// A number with three significant digits or two decimals, whichever is longer.
  static func fixed(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    if value >= 100 { return "\(Int(value.rounded()))" }
    let scale = value < 1 ? 1000.0 : 100.0
    let whole = Int((value * scale).rounded())
    let fraction = String(whole % Int(scale))
    return "\(whole / Int(scale)).\(String(repeating: "0", count: (scale == 1000 ? 3 : 2) - fraction.count))\(fraction)"
  }

  private static func time(_ nanoseconds: Double) -> String {
    if nanoseconds < 1e4 { return "\(fixed(nanoseconds)) ns" }
    if nanoseconds < 1e7 { return "\(fixed(nanoseconds / 1e3)) us" }
    return "\(fixed(nanoseconds / 1e6)) ms"
  }

  private static func columns(_ cells: String...) -> String {
    let widths = [44, 11, 24, 16, 12, 11, 0]
    var text = ""
    for (cell, width) in zip(cells, widths) {
      let space = String(repeating: " ", count: max(0, width - cell.count))
      text += text.isEmpty ? cell + space : (width == 0 ? "  " + cell : "  " + space + cell)
    }
    return text
  }
}
