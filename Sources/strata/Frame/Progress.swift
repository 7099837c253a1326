// Tells a person how far a long job has come. Guarantees silence unless standard error is a terminal and the job has
// taken more than a second, and leaves a clean line behind.

import Glibc
import StrataMemory

/// A line on the terminal that shows how much is done, how fast it goes and how long it will take.
struct Progress: ~Copyable {
  private let label: String
  private let unit: String
  private let total: UInt64?
  private let enabled: Bool
  private let started: UInt64
  private var lastShown: UInt64
  private var visible = false

  /// Nanoseconds before the line appears.
  private static let patience: UInt64 = 1_000_000_000
  /// Nanoseconds between two refreshes.
  private static let interval: UInt64 = 200_000_000

  /// Starts the clock; nothing is printed yet. `total` is in the same `unit` as `update` counts.
  init(_ label: String, unit: String, total: UInt64? = nil, enabled: Bool = Syscalls.isTerminal(STDERR_FILENO)) {
    self.label = label
    self.unit = unit
    self.total = total
    self.enabled = enabled
    started = enabled ? Clock.now() : 0
    lastShown = started
  }

  /// Refreshes the line when it is time to. Cheap enough to call often, but not from an inner loop.
  mutating func update(_ done: UInt64) {
    if !enabled { return }
    let now = Clock.now()
    if now &- started < Self.patience || now &- lastShown < Self.interval { return }
    lastShown = now
    visible = true
    show("\r\u{1B}[K" + Self.line(label, unit: unit, done: done, total: total, nanoseconds: now &- started))
  }

  deinit {
    if visible { show("\r\u{1B}[K") }
  }

  /// The text of the line.
  static func line(_ label: String, unit: String, done: UInt64, total: UInt64?, nanoseconds: UInt64) -> String {
    let seconds = max(Double(nanoseconds) / 1e9, 1e-9)
    let rate = Double(done) / seconds
    var text = "\(label): \(scaled(Double(done)))\(unit), \(scaled(rate))\(unit)/s"
    if let total, total > 0, done > 0 {
      let left = Double(total > done ? total - done : 0) / rate
      text += ", \(min(100, done * 100 / total)) %, \(duration(left)) left"
    }
    return text
  }

  /// A number with at most four digits and a decimal prefix.
  static func scaled(_ value: Double) -> String {
    let prefixes = ["", "k", "M", "G", "T"]
    var value = value
    var index = 0
    while value >= 10_000 && index < prefixes.count - 1 {
      value /= 1000
      index += 1
    }
    return "\(UInt64(min(max(value, 0), 1e18))) \(prefixes[index])"
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  private func show(_ text: String) {
    var text = text
    text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }
}
