// The writer of nouns on one line: cells from left to right, pending tails on the nursery's value stack.
//
// The tail of the innermost open bracket is in a register, those of the enclosing ones on the stack; so a list of
// any length needs no stack, and a noun that is deep to the left needs a word or two a level.
//
// When text may be left out, the writer keeps the invariant that after each element there is room for ` ...` and for
// all closing brackets; so a text that was cut is still balanced and never longer than its limit.

import StrataMemory

/// Writes one noun after the other by the same options.
struct FlatWriter {
  let nursery: Nursery
  let atoms: NounText.Options.Atoms
  let hexadecimalAboveBits: Int
  let largestDepth: Int
  let largestElements: Int
  let largestAtom: Int
  /// What `sink.total` must not pass before somebody looks closer: `hardLimit`, or less.
  private(set) var limit: Int
  /// What `sink.total` must not pass.
  private let hardLimit: Int
  /// Where the text begins.
  private let start: Int
  /// Whether to leave text out rather than to throw.
  private(set) var elides: Bool
  /// The number of brackets that are open in the text.
  var depth = 0
  /// The noun of which it is not known yet that its text is not far too long.
  private var whole: Word?

  /// A writer of text that begins where `sink` ends.
  init(nursery: Nursery, options: NounText.Options, sink: borrowing TextSink) {
    self.nursery = nursery
    atoms = options.atoms
    hexadecimalAboveBits = options.hexadecimalAboveBits ?? Int.max
    largestDepth = options.depth ?? Int.max
    largestElements = max(1, options.elements ?? Int.max)
    largestAtom = max(9, options.atomBytes ?? Int.max)
    elides = options.elides
    start = sink.total
    let (end, overflow) = sink.total.addingReportingOverflow(max(0, options.bytes))
    hardLimit = overflow ? Int.max : end
    limit = hardLimit
  }

  /// The same writer for one line of at most `count` bytes, which throws when that is not enough.
  func probe(_ count: Int) -> FlatWriter {
    var probe = self
    // What is open outside is no part of the line, but the room to close it is asked for.
    probe.limit = max(0, count) + depth
    probe.elides = false
    probe.whole = nil
    return probe
  }

  /// Announces that the whole text is going to be that of `noun`: text that is longer than `hardLimit` is then refused
  /// once the first block is full, before any of it is in a file.
  mutating func announce(_ noun: Word) {
    if elides || largestDepth != Int.max || largestElements != Int.max { return }
    whole = noun
    limit = min(hardLimit, start + TextSink.blockBytes - 64)
  }

  /// Writes `noun`. Returns false when text was left out because of `limit`; then the brackets that are open are
  /// closed, those that were open before included. The value stack is as before, whether it returns or throws.
  mutating func write(_ noun: Word, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    let stack = nursery.state.pointee.stackTop
    let outerDepth = depth
    defer { nursery.state.pointee.stackTop = stack }
    if try writeElements(noun, outerDepth, &sink) {
      depth = outerDepth
      return true
    }
    try elide(&sink)
    depth = outerDepth
    return false
  }

  /// Writes the mark of what is left out and closes all brackets.
  func elide(_ sink: inout TextSink) throws(NounText.WriteError) {
    try sink.append("...")
    try sink.append(UInt8(ascii: "]"), count: depth)
  }

  private mutating func writeElements(
    _ noun: Word, _ outerDepth: Int, _ sink: inout TextSink
  ) throws(NounText.WriteError) -> Bool {
    let countsElements = largestElements != Int.max
    var current = noun
    // The rest of the innermost bracket and the number of its elements that are written.
    var rest = Word.zero
    var index = 0
    while true {
      if current.isCell {
        if depth < largestDepth {
          // One more for the bracket that closes it.
          guard try admits(2, &sink) else { return false }
          try sink.append(UInt8(ascii: "["))
          do {
            try nursery.push(rest)
            if countsElements { try nursery.push(Word(direct: UInt64(index))) }
          } catch {
            throw .fault(error)
          }
          depth &+= 1
          index = 0
          rest = nursery.tail(current)
          current = nursery.head(current)
          continue
        }
        guard try admits(3, &sink) else { return false }
        try sink.append("...")
      } else {
        guard try writeAtom(current, to: &sink) else { return false }
      }
      // An element is written: go on in its bracket, or in the nearest that has something left.
      while true {
        if depth == outerDepth { return true }
        index &+= 1
        // Admitted: the reserve holds a space beside the mark.
        try sink.append(UInt8(ascii: " "))
        if index < largestElements {
          if rest.isCell {
            current = nursery.head(rest)
            rest = nursery.tail(rest)
            break
          }
          guard try writeAtom(rest, to: &sink) else { return false }
        } else {
          guard try admits(3, &sink) else { return false }
          try sink.append("...")
        }
        try sink.append(UInt8(ascii: "]"))
        depth &-= 1
        if countsElements { index = Int(nursery.pop().raw) }
        rest = nursery.pop()
      }
    }
  }

  /// Whether `count` more bytes may be written, so that the reserve is still there afterwards. Throws instead of
  /// returning false when nothing may be left out.
  @inline(__always)
  mutating func admits(_ count: Int, _ sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    // What is open must be closed; and before the next element there may be a space and the mark.
    let reserve = elides ? depth &+ 4 : depth
    if count <= limit &- sink.total &- reserve { return true }
    return try admitsAtLimit(count, sink.total &+ reserve)
  }

  @inline(never)
  private mutating func admitsAtLimit(_ count: Int, _ total: Int) throws(NounText.WriteError) -> Bool {
    while let whole, limit < hardLimit {
      // The table takes memory like that of the text that is written by now, or like that of the nursery.
      let cells = limit - start < 1 << 20 ? 1 << 20 : Int.max
      let least: UInt64?
      do {
        least = try nursery.leastTextLength(of: whole, largestAtom: largestAtom, cells: cells)
      } catch {
        throw .fault(error)
      }
      if let least {
        if least > UInt64(hardLimit - start) { throw .tooLong }
        limit = hardLimit
      } else {
        limit = min(hardLimit, start + 4 * nursery.usedBytes + 1 << 20)
      }
      if count <= limit - total { return true }
    }
    if elides { return false }
    throw .tooLong
  }
}
