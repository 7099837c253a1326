// Any bytes at all through the reader of nouns: either an error inside the text, or a noun that each writer writes in a
// form that is read back as equal, and cuts to any limit.

import StrataMemory
import StrataNoun
import StrataText

extension FuzzTarget {
  /// The text of a noun, or what claims to be one.
  static let text = FuzzTarget(name: "text") { input in
    FuzzLoom.with { nursery in
      do {
        let noun = try NounText.read(input, into: nursery)
        // A byte of a tape becomes a cell; everything else takes less.
        let allowed = input.count * 24 + (1 << 20)
        require(nursery.usedBytes <= allowed * 2, "\(nursery.usedBytes) bytes for \(input.count) bytes of text")
        try checkWriters(noun, limit: 3 + input.reduce(0) { $0 + Int($1) } % 400, nursery)
      } catch let error as NounTextError {
        require(error.range.lowerBound >= 0 && error.range.upperBound <= input.count, "an error outside the text")
        if case .fault(let fault) = error.reason { require(false, "a fault instead of an error: \(fault)") }
        let shown = DiagnosticRenderer().render(error.diagnostic, in: SourceText(name: "input", bytes: Array(input)))
        require(!shown.isEmpty, "an error that does not show")
      } catch {
        require(false, "a fault instead of an error: \(error)")
      }
    }
  }

  private static func checkWriters(_ noun: Word, limit: Int, _ nursery: Nursery) throws {
    let complete = NounText.Options.complete()
    var guessed = complete
    guessed.atoms = .guessed
    guessed.hexadecimalAboveBits = limit
    guessed.width = limit
    var sink = try TextSink()
    try NounText.write(noun, in: nursery, complete, to: &sink)
    try checkReading(sink.bytes, noun, nursery)
    for options in [complete, guessed] {
      sink = try TextSink()
      try NounText.show(noun, in: nursery, options, to: &sink)
      try checkReading(sink.bytes, noun, nursery)
    }
    var brief = NounText.Options.brief(bytes: limit)
    brief.width = limit
    brief.atomBytes = limit / 2
    brief.depth = limit % 7
    brief.elements = limit % 11
    sink = try TextSink()
    try NounText.write(noun, in: nursery, brief, to: &sink)
    require(sink.total <= limit, "a text longer than its limit")
    sink = try TextSink()
    try NounText.show(noun, in: nursery, brief, to: &sink)
    require(sink.total <= limit, "a text longer than its limit")
  }

  private static func checkReading(_ text: UnsafeBufferPointer<UInt8>, _ noun: Word, _ nursery: Nursery) throws {
    let again = try NounText.read(text, into: nursery)
    require(try nursery.equal(again, noun), "the noun changed in a round trip")
  }
}
