// `strata info`: tells what a jam holds without printing it.

import StrataMemory
import StrataNoun

extension Command {
  /// The verb `info`.
  static let info = Command(
    verb: "info",
    summary: "describe a jammed noun: its size, shape, sharing and mug",
    operands: "[FILE]",
    operandCount: 0...1,
    details: """
      Cells are counted twice: those that exist, each once however often it is shared, and those of the tree that they
      stand for. A jam is canonical when jamming its noun again gives the same bytes.
      """,
    options: [.memory, .json],
    examples: [
      Example("strata info kernel.jam", "describe the noun in kernel.jam"),
      Example("strata info --json kernel.jam", "the same for a script"),
    ]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    let facts = try session.attempt { (nursery) throws(Fault) in
      NounFacts(
        input: input.bytes, jamBits: cued.bitCount, isCell: cued.noun.isCell, mug: try nursery.mug(cued.noun),
        census: try nursery.census(of: cued.noun), isCanonical: try isCanonical(cued, input.bytes, nursery))
    }
    invocation.has(.json)
      ? facts.print(json: &console, name: input.name) : facts.print(text: &console, name: input.name)
  }

  private static func isCanonical(
    _ cued: Cued, _ bytes: UnsafeRawBufferPointer, _ nursery: Nursery
  ) throws(Fault) -> Bool {
    var writer = try nursery.jam(cued.noun)
    return try writer.finish { (limbs, bitCount) throws(Fault) in
      let again = UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8)
      return bitCount == cued.bitCount && again.count <= bytes.count
        && again.elementsEqual(UnsafeRawBufferPointer(rebasing: bytes[..<again.count]))
    }
  }
}

/// What `info` tells.
private struct NounFacts {
  let inputBytes: Int
  let jamBits: Int
  let isCell: Bool
  let mug: UInt32
  let census: Census
  let isCanonical: Bool

  init(
    input: UnsafeRawBufferPointer, jamBits: Int, isCell: Bool, mug: UInt32, census: Census, isCanonical: Bool
  ) {
    inputBytes = input.count
    self.jamBits = jamBits
    self.isCell = isCell
    self.mug = mug
    self.census = census
    self.isCanonical = isCanonical
  }

  func print(text console: inout Console, name: String) {
    let tree = (census.isSaturated ? "at least " : "") + String(census.treeCells)
    let rows = [
      ("input", "\(name), \(inputBytes) bytes"),
      ("kind", isCell ? "cell" : "atom"),
      ("mug", String(mug, radix: 16)),
      ("jam", "\(jamBits) bits, \(isCanonical ? "canonical" : "not canonical")"),
      ("cells", "\(census.distinctCells), standing for \(tree)"),
      ("large atoms", "\(census.largeAtoms)"),
      ("largest atom", "\(census.largestAtomBits) bits"),
      ("depth", "\(census.depth)"),
      ("memory", "\(census.bytes) bytes"),
    ]
    for (label, value) in rows {
      console.print(label + String(repeating: " ", count: 14 - label.count) + value)
    }
  }

  func print(json console: inout Console, name: String) {
    var json = JSONText()
    json.begin()
    json.member("file", name)
    json.member("bytes", inputBytes)
    json.member("kind", isCell ? "cell" : "atom")
    json.member("mug", String(mug, radix: 16))
    json.member("jam_bits", jamBits)
    json.member("canonical", isCanonical)
    json.member("distinct_cells", census.distinctCells)
    // May pass what a reader's numbers hold.
    json.member("tree_cells", String(census.treeCells))
    json.member("tree_cells_is_lower_bound", census.isSaturated)
    json.member("large_atoms", census.largeAtoms)
    json.member("largest_atom_bits", census.largestAtomBits)
    json.member("depth", census.depth)
    json.member("memory_bytes", census.bytes)
    json.end()
    console.print(json.text)
  }
}
