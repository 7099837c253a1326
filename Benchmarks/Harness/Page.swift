// The published form of a run: a page with a table for each suite, and a chart of its ratios as SVG. Guarantees that
// nothing on the page is typed by hand: names, figures and charts come from the outcomes.

import StrataText

/// Writes a page and its charts.
struct Page {
  let report: Report

  /// Outcomes of one suite: those whose names begin alike.
  private var suites: [(name: String, outcomes: [Outcome])] {
    var result: [(name: String, outcomes: [Outcome])] = []
    for outcome in report.outcomes {
      let name = String(outcome.name.prefix { $0 != "/" })
      if let index = result.firstIndex(where: { $0.name == name }) {
        result[index].outcomes.append(outcome)
      } else {
        result.append((name, [outcome]))
      }
    }
    return result
  }

  /// Writes `benchmarks.md` and the charts into `folder`, which must exist.
  func write(to folder: String) throws {
    var text = """
      # Benchmarks

      Written by `make bench-page`, which measures everything anew; `make bench ONLY=name` repeats a part. Times are CPU time, medians of
      several samples in one process after a warm-up. A ratio below 1 means that Strata takes less than what it is compared with:
      `x u3` and the like are recorded times of other runtimes carried to this machine by the calibration program, other names are
      measurements in the same table.


      """
    if let calibration = report.calibration {
      text += "Calibration of this run (ms): alu \(Report.fixed(calibration.arithmetic)), "
      text += "cells \(Report.fixed(calibration.cells)), dispatch \(Report.fixed(calibration.dispatch)).\n\n"
    }
    for suite in suites {
      text += "## \(suite.name)\n\n"
      if let chart = chart(suite.outcomes) {
        try Files.write("\(folder)/\(suite.name).svg", chart)
        text += "![ratios of \(suite.name)](\(suite.name).svg)\n\n"
      }
      text += "| benchmark | median | smallest to largest | per unit | arena | ratio |\n|---|---|---|---|---|---|\n"
      for outcome in suite.outcomes {
        let cells = report.cells(outcome)
        text +=
          "| \(cells.name) | \(cells.median) | \(cells.spread) | \(cells.perUnit) | \(cells.arena) | \(cells.ratios) |\n"
      }
      text += "\n"
    }
    try Files.write("\(folder)/benchmarks.md", text)
  }

  /// Horizontal bars of the ratios that are known, with a line at 1; nil when none is.
  private func chart(_ outcomes: [Outcome]) -> String? {
    let rows = outcomes.compactMap { outcome in
      (report.peerRatio(outcome) ?? report.ratio(outcome)).map { (name: outcome.name, ratio: $0) }
    }
    guard let largest = rows.map(\.ratio).max(), largest > 0 else { return nil }
    let left = 260.0
    let scale = 420 / max(1.25, min(largest, 4))
    let height = 26 * rows.count + 40
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="760" height="\(height)" font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="#ffffff"/>

      """
    for (index, row) in rows.enumerated() {
      let top = 26 * index + 12
      // A bar that would leave the picture ends at its edge; its figure stands beside it all the same.
      let width = min(row.ratio, 4) * scale
      text += """
        <text x="\(Int(left) - 8)" y="\(top + 13)" text-anchor="end">\(Quoting.markup(row.name))</text>
        <rect x="\(Int(left))" y="\(top)" width="\(Int(width))" height="18" fill="\(row.ratio <= 1 ? "#3b7d5c" : "#b5533c")"/>
        <text x="\(Int(left + width) + 6)" y="\(top + 13)">\(Report.fixed(row.ratio))</text>

        """
    }
    let one = Int(left + scale)
    text +=
      "<line x1=\"\(one)\" y1=\"4\" x2=\"\(one)\" y2=\"\(height - 22)\" stroke=\"#444444\" stroke-dasharray=\"3 3\"/>\n"
    return text
      + "<text x=\"\(one)\" y=\"\(height - 8)\" text-anchor=\"middle\">1 = as fast as the other</text>\n</svg>\n"
  }
}
