// The Hoon compiler as an application: a NockApp kernel in a pier that is given sources and asks for a file to be written.
//
//     [%boot text]                                       compiles the standard library, unless that is done
//     [%build entry text ([path text] ...) how target]   gives [%file %write target jam], or [%exit 1]
//
// `how` is 0 for a product of any kind, 1 for a kernel. The written file is reported back as the file driver does, to which
// the compiler answers with [%exit 0].

import StrataMemory
import StrataNoun

/// Says to a pier with the compiler's kernel what there is to do.
public struct HoonCompiler {
  private let pier: Pier

  public init(_ pier: Pier) { self.pier = pier }

  /// Whether the standard library is compiled.
  public func isBooted() throws(PierFailure) -> Bool {
    let query = try make { (nursery) throws(Fault) in try nursery.list([try nursery.cord("booted")]) }
    let answer = try pier.peek(query, notBefore: pier.last).answer
    // [0 0 0]: an answer, and it is yes.
    let yes = try make { (nursery) throws(Fault) in try nursery.tuple([.zero, .zero, .zero]) }
    return answer == yes
  }

  /// Compiles the standard library from its text. This takes minutes; a pier remembers it.
  public func boot(library: [UInt8]) throws(PierFailure) -> PokeResult {
    try poke { (nursery) throws(Fault) in try nursery.tuple([try nursery.cord("boot"), try nursery.atom(library)]) }
  }

  /// Compiles the sources' entry. The effects say that `target` is to be written. A kernel's trap gives its core; with
  /// `isArbitrary` the trap gives the entry's product, whatever it is.
  public func build(_ sources: HoonSources, isArbitrary: Bool, target: String) throws(PierFailure) -> PokeResult {
    try poke { (nursery) throws(Fault) in
      var directory = Word.zero
      for (path, text) in sources.files.reversed() {
        let file = try nursery.cell(nursery.cord(path), nursery.atom(text))
        directory = try nursery.cell(file, directory)
      }
      return try nursery.tuple([
        try nursery.cord("build"), try nursery.cord(sources.entryPath), try nursery.atom(sources.entry), directory,
        isArbitrary ? .zero : .one, try nursery.cord(target),
      ])
    }
  }

  private func poke(_ cause: (Nursery) throws(Fault) -> Word) throws(PierFailure) -> PokeResult {
    let wire = try make { (nursery) throws(Fault) in
      try nursery.list([try nursery.cord("poke"), try nursery.cord("one-punch"), .one])
    }
    return try pier.poke(Poke(try make(cause), wire: wire))
  }

  /// The jam of a noun that `body` makes. Nothing moves meanwhile: nothing runs.
  private func make(_ body: (Nursery) throws(Fault) -> Word) throws(PierFailure) -> [UInt8] {
    var options = LoomOptions()
    options.reservationBytes = 16 << 30
    return try inMachine("writing an event") { () throws(Fault) in
      let loom = try Loom(options)
      return try loom.nursery.jammed(try body(loom.nursery))
    }
  }
}

/// A state of a NockApp kernel in a file: a jam, or what other runtimes export, which has a header before the jam.
public enum KernelStateFile {
  /// "EXPJAM" as a number, in the writers' encoding of numbers: a byte that says eight follow.
  private static let magic: [UInt8] = [253] + Array("EXPJAM".utf8) + [0, 0]

  /// Where the jam in `bytes` begins. Throws when a header begins but does not go on as it should.
  public static func jamStart(in bytes: UnsafeRawBufferPointer) throws(PierFailure) -> Int {
    guard bytes.starts(with: magic) else { return 0 }
    var reader = Reader(bytes: bytes, at: magic.count)
    guard reader.number() == 0 else { throw .badInput(what: "exported state", reason: "its version is not 0") }
    // The hash of the kernel that the state comes from, which need not be this one.
    reader.at += 32
    guard reader.number() != nil, let count = reader.number(), count == UInt64(max(0, bytes.count - reader.at)) else {
      throw .badInput(what: "exported state", reason: "its header does not fit its length")
    }
    return reader.at
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var at: Int

    /// A number: itself in a byte, or a byte that says how many follow, least significant first.
    mutating func number() -> UInt64? {
      guard at < bytes.count else { return nil }
      let first = bytes[at]
      at += 1
      let size: Int
      switch first {
      case 0...250: return UInt64(first)
      case 251: size = 2
      case 252: size = 4
      case 253: size = 8
      default: return nil
      }
      guard bytes.count - at >= size else { return nil }
      defer { at += size }
      return bytes[at..<at + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
