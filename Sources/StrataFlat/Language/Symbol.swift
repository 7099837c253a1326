// Names as small numbers.
//
// Guarantees: equal spellings have equal symbols, symbols are given out in the order of first appearance, and
// the table never iterates a hash, so everything made from symbols is the same from run to run.

/// An interned name.
struct Symbol: Hashable, Sendable {
  /// Its index in the table that made it.
  let index: UInt32
}

/// The names of one compilation.
final class SymbolTable {
  private var spellings: [String] = []
  private var hashes: [UInt32] = []
  /// Open addressing: 0 is free, otherwise the index of a symbol plus 1. The size is a power of two.
  private var slots = [UInt32](repeating: 0, count: 1024)

  /// A table that holds the keywords first, each at its own raw value.
  init() {
    for keyword in Keyword.allCases {
      _ = intern(keyword.spelling)
    }
  }

  /// The symbol of `text`.
  func intern(_ text: String) -> Symbol {
    var text = text
    return text.withUTF8 { intern($0) }
  }

  /// The symbol of the name spelled by `bytes`.
  func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> Symbol {
    var hash: UInt32 = 2_166_136_261
    for byte in bytes {
      hash = (hash ^ UInt32(byte)) &* 16_777_619
    }
    let mask = UInt32(slots.count - 1)
    var slot = hash & mask
    while slots[Int(slot)] != 0 {
      let index = slots[Int(slot)] - 1
      if hashes[Int(index)] == hash, spellings[Int(index)].utf8.elementsEqual(bytes) { return Symbol(index: index) }
      slot = (slot + 1) & mask
    }
    let index = UInt32(spellings.count)
    spellings.append(String(decoding: bytes, as: UTF8.self))
    hashes.append(hash)
    slots[Int(slot)] = index + 1
    if spellings.count * 2 > slots.count { grow() }
    return Symbol(index: index)
  }

  /// The spelling of a symbol; empty for one that this table did not give out, such as that of a nameless parameter.
  func spelling(_ symbol: Symbol) -> String {
    Int(symbol.index) < spellings.count ? spellings[Int(symbol.index)] : ""
  }

  private func grow() {
    let mask = UInt32(slots.count * 2 - 1)
    var larger = [UInt32](repeating: 0, count: slots.count * 2)
    for (index, hash) in hashes.enumerated() {
      var slot = hash & mask
      while larger[Int(slot)] != 0 { slot = (slot + 1) & mask }
      larger[Int(slot)] = UInt32(index) + 1
    }
    slots = larger
  }
}
