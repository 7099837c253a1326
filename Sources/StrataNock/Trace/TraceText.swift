// A run's trace for people: what each entry says, where in which source file, and the file's line with a caret.
//
//     /gen/add/hoon:<[3 5].[3 12]>      %spot [path [line column] line column]
//     gen/add.hoon:3:5                  the same, as editors and terminals know places
//     anything                          %mean: a cord, a tank, or a trap that gives one when it is run
//
// Nothing is allocated in the nursery but by traps, which run within a small budget of their own: the trace of a run that has used
// up its memory can be shown.

import StrataMemory
import StrataNoun
import StrataText

/// One entry of a trace.
public struct TraceEntry: Sendable, Equatable {
  /// The hint that made the entry, such as `spot`.
  public var tag: String
  /// What it says; at least one line.
  public var lines: [String]
  /// The path of the source file, without a slash before it, and the range that is meant, for a `%spot`.
  public var place: TracePlace?
}

/// A range in a source file. Lines and columns count from 1.
public struct TracePlace: Sendable, Equatable {
  public var path: [String]
  public var start: SourceLocation
  public var end: SourceLocation

  /// The path as a file's: what stands last is its suffix.
  public var file: String {
    path.count < 2 ? path.joined() : path.dropLast().joined(separator: "/") + "." + (path.last ?? "")
  }

  /// The path and range as Hoon's own runtimes write them.
  public var text: String {
    "/" + path.joined(separator: "/") + ":<[\(start.line) \(start.column)].[\(end.line) \(end.column)]>"
  }
}

/// How much of a trace is shown, and how.
public struct TraceOptions: Sendable {
  /// Entries beyond this number are counted only.
  public var mostEntries = 20
  /// Whether traps in `%mean` entries are run.
  public var runsTraps = true
  /// Limits of one trap.
  public var trapBytes = 16 << 20
  public var trapSteps: UInt64 = 1_000_000
  /// Finds the text of a source file by its name.
  public var source: (@Sendable (String) -> SourceText?)?

  public init() {}
}

extension NockMachine {
  /// The newest entries of `trace`, and how many more there are. Call between runs: traps make runs of their own, which
  /// move everything that lies outside the stack.
  public func entries(of trace: Word, _ options: TraceOptions = TraceOptions()) -> (entries: [TraceEntry], more: Int) {
    let stackTop = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = stackTop }
    var entries: [TraceEntry] = []
    var more = 0
    do {
      try nursery.push(trace)
    } catch {
      // Not even a word of stack is left; nothing will move then.
      return TraceReader(nursery).entries(of: trace, most: options.mostEntries)
    }
    while true {
      let rest = Word(raw: nursery.base[stackTop])
      guard rest.isCell else { break }
      if entries.count >= options.mostEntries {
        more = TraceReader(nursery).count(rest)
        break
      }
      let item = nursery.head(rest)
      var entry = TraceReader(nursery).entry(item)
      if options.runsTraps, entry.tag == "mean", item.isCell, nursery.tail(item).isCell {
        entry.lines = trapLines(nursery.tail(item), options)
      }
      entries.append(entry)
      // The trap may have moved the list.
      nursery.base[stackTop] = nursery.tail(Word(raw: nursery.base[stackTop])).raw
    }
    return (entries, more)
  }

  /// The trace as text for people: at most one line for an entry besides excerpts from sources that are at hand.
  public func text(ofTrace trace: Word, _ options: TraceOptions = TraceOptions()) -> [String] {
    let (entries, more) = entries(of: trace, options)
    var lines: [String] = []
    for entry in entries {
      lines += entry.lines
      guard let place = entry.place, let source = options.source?(place.file) else { continue }
      lines += place.excerpt(from: source)
    }
    if more > 0 { lines.append("... and \(more) older \(more == 1 ? "entry" : "entries")") }
    return lines
  }

  /// The lines of the tank that a trap gives.
  private func trapLines(_ trap: Word, _ options: TraceOptions) -> [String] {
    guard nursery.head(trap).isCell else { return TankText(nursery).lines(of: trap) }
    let kept = configuration
    defer { configuration = kept }
    configuration.stepLimit = options.trapSteps
    configuration.timeLimit = 1_000_000_000
    configuration.output = nil
    if case .product(let tank) = run(
      subject: trap, formula: nursery.head(trap), budgetBytes: options.trapBytes)
    {
      return TankText(nursery).lines(of: tank)
    }
    return ["####"]
  }

  /// The trace of the run that is going on, or of it and all around it; traps are not run.
  func runningTrace(ofAllRuns: Bool) -> [String] {
    var traces = [roots.pointee.trace]
    if ofAllRuns {
      // A virtual run keeps its caller's trace in its first own register.
      for boundary in boundaries.reversed() where boundary.kind == .run {
        traces.append(Word(raw: boundary.registers[3]))
      }
    }
    var lines: [String] = []
    for trace in traces {
      let (entries, more) = TraceReader(nursery).entries(of: trace, most: 20)
      for entry in entries { lines += entry.lines }
      if more > 0 { lines.append("... and \(more) older") }
    }
    return lines
  }
}

/// Takes traces apart without allocating in the nursery.
struct TraceReader {
  private let nursery: Nursery

  init(_ nursery: Nursery) { self.nursery = nursery }

  func entries(of trace: Word, most: Int) -> (entries: [TraceEntry], more: Int) {
    var entries: [TraceEntry] = []
    var rest = trace
    while rest.isCell, entries.count < most {
      entries.append(entry(nursery.head(rest)))
      rest = nursery.tail(rest)
    }
    return (entries, count(rest))
  }

  /// The length of a list.
  func count(_ list: Word) -> Int {
    var rest = list
    var count = 0
    while rest.isCell {
      count += 1
      rest = nursery.tail(rest)
    }
    return count
  }

  /// What an entry says, but for traps.
  func entry(_ item: Word) -> TraceEntry {
    let text = TankText(nursery)
    guard item.isCell else { return TraceEntry(tag: "", lines: [text.brief(item)]) }
    let tag = text.brief(nursery.head(item))
    let clue = nursery.tail(item)
    switch tag {
    case "spot":
      guard let place = place(clue) else { return TraceEntry(tag: tag, lines: ["spot: \(text.brief(clue))"]) }
      return TraceEntry(tag: tag, lines: ["\(place.file):\(place.start): \(place.text)"], place: place)
    case "mean":
      if clue.isCell, nursery.head(clue).isCell { return TraceEntry(tag: tag, lines: ["mean: a trap"]) }
      return TraceEntry(tag: tag, lines: text.lines(of: clue))
    case "hunk":
      return TraceEntry(
        tag: tag, lines: ["nothing at " + (path(clue).map { "/" + $0.joined(separator: "/") } ?? text.brief(clue))])
    default:
      return TraceEntry(tag: tag, lines: ["\(tag): \(text.brief(clue))"])
    }
  }

  /// A `%spot` clue: `[path [line column] line column]`.
  func place(_ clue: Word) -> TracePlace? {
    guard clue.isCell, let path = path(nursery.head(clue)) else { return nil }
    let range = nursery.tail(clue)
    guard range.isCell, let start = location(nursery.head(range)), let end = location(nursery.tail(range))
    else { return nil }
    return TracePlace(path: path, start: start, end: end)
  }

  private func location(_ pair: Word) -> SourceLocation? {
    guard pair.isCell else { return nil }
    let (line, column) = (nursery.head(pair), nursery.tail(pair))
    guard line.isDirect, column.isDirect, line.raw < 1 << 32, column.raw < 1 << 32 else { return nil }
    return SourceLocation(line: Int(line.raw), column: Int(column.raw))
  }

  /// A list of cords, of at most 64 parts.
  func path(_ list: Word) -> [String]? {
    var parts: [String] = []
    var rest = list
    while rest.isCell, parts.count < 64 {
      guard nursery.head(rest).isNatural, let part = TankText(nursery).text(ofCord: nursery.head(rest)) else {
        return nil
      }
      parts.append(part)
      rest = nursery.tail(rest)
    }
    return rest == .zero ? parts : nil
  }
}

extension TracePlace {
  /// The source line, and a mark under what is meant.
  func excerpt(from source: SourceText) -> [String] {
    guard start.line >= 1, start.line <= source.lineCount else { return [] }
    let range = source.lineRange(start.line)
    let first = min(range.upperBound, range.lowerBound + max(0, start.column - 1))
    let last = end.line == start.line ? range.lowerBound + max(start.column, end.column - 1) : range.upperBound
    let meant = first..<max(first, min(last, range.upperBound))
    let rendered = DiagnosticRenderer().render(
      Diagnostic("", at: meant), in: source
    ).split(separator: "\n")
    // The title is the entry's own line.
    return rendered.dropFirst().map(String.init)
  }
}
