// Which activations are open: read from the linkage words of the value stack, innermost first.
//
// Nothing is kept up to date while a machine runs; whoever wants to know walks the stack, at the entry of an activation.

import StrataMemory

/// An open activation.
enum OpenFrame: Equatable {
  /// Compiled code, by its index in the cache.
  case code(Int)
  /// A native routine, by its number.
  case routine(Int)
}

/// Walks the value stack of one machine.
final class FrameWalk {
  /// Activations further out than this are not looked at: a sample of a deep recursion must not take longer than
  /// what it samples.
  static let mostFrames = 512

  private let cache: CodeCache
  /// Where each code begins, in rising order, and its index in the cache.
  private var starts: [(address: UInt, end: UInt, index: Int)] = []
  /// What was found last for an address, by some of its bits.
  private var found: [(address: UInt, index: Int)]

  init(_ cache: CodeCache) {
    self.cache = cache
    found = Array(repeating: (0, -1), count: 256)
  }

  /// The index of the code that holds an address, or -1.
  func code(at address: UInt) -> Int {
    let slot = Int(address >> 3 & 255)
    if found[slot].address == address { return found[slot].index }
    if starts.count != cache.codes.count {
      starts = cache.codes.enumerated().map { index, code in
        let start = UInt(bitPattern: code.pointee.start)
        return (start, start + UInt(code.pointee.wordCount * 8), index)
      }
      starts.sort { $0.address < $1.address }
    }
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    // A return address may lie just behind the last word of its code's last call.
    let index = low > 0 && address <= starts[low - 1].end ? starts[low - 1].index : -1
    found[slot] = (address, index)
    return index
  }

  /// The open activations from the one at `registers` on, which runs `code`, innermost first, and whether there are
  /// more than were looked at. `returnAddress` gives the first linkage word as it was made.
  func frames(
    in machine: NockMachine, from registers: UnsafeMutablePointer<UInt64>, running code: UnsafeMutablePointer<Code>?,
    returnAddress: (UnsafeMutablePointer<UInt64>) -> UInt64, _ visit: (OpenFrame) -> Void
  ) -> Bool {
    if let code { visit(.code(self.code(at: UInt(bitPattern: code.pointee.start)))) }
    let halt = UInt(bitPattern: machine.haltCode)
    let resume = UInt(bitPattern: machine.resumeCode)
    var registers = registers
    for _ in 0..<FrameWalk.mostFrames {
      let address = UInt(returnAddress(registers))
      if address == halt { return false }
      guard let caller = UnsafeMutablePointer<UInt64>(bitPattern: UInt(registers[-1])) else { return false }
      if address == resume {
        visit(.routine(Int(caller[1])))
      } else {
        visit(.code(self.code(at: address)))
      }
      registers = caller
    }
    return true
  }
}
