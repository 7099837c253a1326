// What `%fast` has taught, as a noun: so that a kernel whose cores were built long ago is still matched with its jets
// when it comes back from a store.
//
//     [[name path parent axis hooks battery] ...]    parent: the place of the parent in the list, counted from 1, or 0
//                                                    hooks: [[name axis] ...], what the core calls its arms

import StrataMemory

extension JetRegistry {
  /// How many cores are known.
  public var learnedCount: Int { locations.count }

  /// Everything that is known, as a noun. What is fixed in it is not copied.
  public func learnedCores() throws(Fault) -> Word {
    var list = Word.zero
    for known in locations.reversed() {
      let place = try nursery.cell(
        Word(direct: UInt64(known.parent + 1)),
        nursery.cell(Word(direct: known.parentAxis), nursery.cell(hooks(known), known.battery)))
      let entry = try nursery.cell(cord(known.name), nursery.cell(cord(known.path), place))
      list = try nursery.cell(entry, list)
    }
    return list
  }

  /// Learns what `learnedCores` told. Entries that make no sense end the reading; what came before them is kept.
  public func learn(_ list: Word) throws(Fault) {
    var rest = list
    while rest.isCell {
      let entry = nursery.head(rest)
      rest = nursery.tail(rest)
      guard entry.isCell, let name = text(nursery.head(entry)), nursery.tail(entry).isCell,
        let path = text(nursery.head(nursery.tail(entry)), allowsSlash: true)
      else { return }
      let place = nursery.tail(nursery.tail(entry))
      guard place.isCell, nursery.tail(place).isCell else { return }
      let parent = nursery.head(place)
      let axis = nursery.head(nursery.tail(place))
      let rest = nursery.tail(nursery.tail(place))
      guard rest.isCell, parent.isDirect, parent.raw <= UInt64(locations.count), axis.isDirect else { return }
      try learn(
        name, path: path, parent: Int(parent.raw) - 1, axis: axis.raw, battery: nursery.tail(rest),
        hooks: names(nursery.head(rest)))
    }
  }

  private func hooks(_ known: Location) throws(Fault) -> Word {
    var list = Word.zero
    for hook in known.hooks.reversed() {
      list = try nursery.cell(nursery.cell(cord(hook.name), Word(direct: hook.axis)), list)
    }
    return list
  }

  private func names(_ list: Word) -> [(name: String, axis: UInt64)] {
    var names: [(name: String, axis: UInt64)] = []
    var rest = list
    while rest.isCell, names.count < 256 {
      let entry = nursery.head(rest)
      rest = nursery.tail(rest)
      guard entry.isCell, let name = text(nursery.head(entry)), nursery.tail(entry).isDirect else { continue }
      names.append((name, nursery.tail(entry).raw))
    }
    return names
  }

  private func cord(_ text: String) throws(Fault) -> Word {
    let bytes = Array(text.utf8)
    if bytes.count < 8 || bytes.count == 8 && bytes[7] < 0x80 {
      return Word(direct: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    let size = (bytes.count + 7) / 8
    let offset = try nursery.allocate(.natural, size: size)
    for limb in 0..<size {
      let part = bytes[limb * 8..<min(bytes.count, limb * 8 + 8)]
      nursery.base[offset + 1 + limb] = part.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    return Word(tag: .natural, offset: offset)
  }
}
