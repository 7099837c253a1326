// A Nock machine and the formulas through which a kernel of each shape is called. Knows nothing of logs and stores.
//
// A kernel's *root* is the one noun that a pier keeps: for a gate `[gate state]`, for the others their core.

import StrataMemory
import StrataNock
import StrataNoun

/// Why a kernel did not give what it was asked for.
public struct KernelFault: Error, Equatable, Sendable {
  public var fault: Fault
  /// The newest lines of the trace, and what was wrong where Nock itself has no words for it.
  public var trace: [String]

  init(_ fault: Fault, _ trace: [String] = []) {
    self.fault = fault
    self.trace = trace
  }

  /// The short name by which runtimes know the fault.
  public var mote: String {
    switch fault {
    case .exit: "exit"
    case .fail, .size: "fail"
    case .bytes, .refused: "meme"
    case .depth: "over"
    case .time, .steps: "alrm"
    case .interrupted: "intr"
    }
  }

  /// The trace as one text, its first line the reason.
  public var text: String { ([mote + ": " + fault.explanation] + trace).joined(separator: "\n") }
}

/// A machine that calls kernels. Belongs to one loom, and is dropped as a whole when references into bedrock move.
final class KernelMachine {
  let machine: NockMachine
  private let gateCall: Word
  private let peekCall: Word
  private let pokeCall: Word
  private let loadCall: Word
  private let wishCall: Word
  private let kickCall: Word
  private let lifecycleCall: Word
  var nursery: Nursery { machine.nursery }

  /// Makes a machine in an empty commons.
  init(_ loom: Loom, _ configuration: NockConfiguration, families: [JetFamily], learned: Word) throws(Fault) {
    let machine = NockMachine(loom, configuration)
    self.machine = machine
    machine.add(families)
    let nursery = loom.nursery
    func fixed(_ parts: [Word]) throws(Fault) -> Word { try nursery.copyToCommons(try nursery.tuple(parts)) }
    func number(_ value: UInt64) -> Word { Word(direct: value) }
    func slam(_ axis: UInt64) throws(Fault) -> Word {
      let arm = try nursery.tuple([number(9), number(axis), number(0), number(2)])
      let sample = try nursery.tuple([number(6), number(0), number(7)])
      return try fixed([number(8), arm, number(9), number(2), number(10), sample, number(0), number(2)])
    }
    // [9 2 10 [6 0 3] 0 2]: the gate at the head, called with the tail.
    let sample = try nursery.tuple([number(6), number(0), number(3)])
    gateCall = try fixed([number(9), number(2), number(10), sample, number(0), number(2)])
    peekCall = try slam(22)
    pokeCall = try slam(23)
    loadCall = try slam(4)
    wishCall = try slam(10)
    kickCall = try fixed([number(9), number(2), number(0), number(1)])
    let rest = try nursery.tuple([number(0), number(3)])
    lifecycleCall = try fixed([number(2), rest, number(0), number(2)])
    try machine.jets.learn(learned)
  }

  /// Ends the machine's part in collections, which makes it useless.
  func close() { machine.close() }

  /// A kernel's root from its noun. Words held elsewhere than on the stack are stale afterwards.
  func boot(_ shape: KernelShape, _ kernel: Word) throws(KernelFault) -> Word {
    switch shape {
    case .gate:
      guard kernel.isCell, nursery.tail(kernel).isCell else {
        throw KernelFault(.exit, ["the kernel is not a gate: it has no sample"])
      }
      let sample = nursery.head(nursery.tail(kernel))
      let state = sample.isCell ? nursery.tail(sample) : .zero
      return try kernelWork { () throws(Fault) in try nursery.cell(kernel, state) }
    case .nockapp:
      let core = try product(kernel, kickCall)
      guard core.isCell else { throw KernelFault(.exit, ["the kernel's trap gives no core"]) }
      return core
    case .arvo:
      let result = try product(try bootEvents(kernel), lifecycleCall)
      guard result.isCell, nursery.tail(result).isCell, nursery.tail(nursery.tail(result)).isCell else {
        throw KernelFault(.exit, ["the boot events give no gate with a core at axis 7"])
      }
      return nursery.tail(nursery.tail(result))
    }
  }

  /// The events that a kernel's lifecycle function runs: those of an ivory pill, or the noun itself.
  private func bootEvents(_ kernel: Word) throws(KernelFault) -> Word {
    guard kernel.isCell, nursery.head(kernel).isDirect else { return kernel }
    switch nursery.head(kernel).raw {
    // The cords %ivory and %pill.
    case 0x79_726f_7669: return nursery.tail(kernel)
    case 0x6c6c_6970:
      throw KernelFault(
        .exit,
        ["a whole pill is more than a kernel: its events follow the kernel's making, and only a new pier takes them"])
    default: return kernel
    }
  }

  /// What the kernel's wish arm makes of a text.
  func wish(_ root: Word, _ text: Word) throws(KernelFault) -> Word {
    guard root.isCell else { throw KernelFault(.exit, ["the stored root is no kernel"]) }
    let subject = try kernelWork { () throws(Fault) in try nursery.cell(root, text) }
    return try product(subject, wishCall)
  }

  /// What the kernel makes of an event: its effects and the next root. The sample is that of the poke arm; for a gate
  /// the event alone.
  func poke(_ shape: KernelShape, _ root: Word, _ sample: Word) throws(KernelFault) -> (effects: Word, root: Word) {
    guard root.isCell else { throw KernelFault(.exit, ["the stored root is no kernel"]) }
    if shape != .gate {
      let subject = try kernelWork { () throws(Fault) in try nursery.cell(root, sample) }
      let result = try product(subject, pokeCall)
      guard result.isCell, nursery.tail(result).isCell else {
        throw KernelFault(.exit, ["the poke gives no [effects core]"])
      }
      return (nursery.head(result), nursery.tail(result))
    }
    // The gate has to be at hand after the run, in which things move.
    let keep = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = keep }
    let subject = try kernelWork { () throws(Fault) in
      try nursery.push(root)
      return try nursery.cell(nursery.head(root), nursery.cell(sample, nursery.tail(root)))
    }
    let result = try product(subject, gateCall)
    guard result.isCell else { throw KernelFault(.exit, ["the gate gives no [effects state]"]) }
    let gate = nursery.head(Word(raw: nursery.base[keep]))
    return try kernelWork { () throws(Fault) in
      (nursery.head(result), try nursery.cell(gate, nursery.tail(result)))
    }
  }

  /// The root that another kernel makes of this one's state.
  func upgrade(_ shape: KernelShape, _ root: Word, _ kernel: Word) throws(KernelFault) -> Word {
    switch shape {
    case .gate:
      guard root.isCell, kernel.isCell, nursery.tail(kernel).isCell else {
        throw KernelFault(.exit, ["the kernel is not a gate: it has no sample"])
      }
      return try kernelWork { () throws(Fault) in try nursery.cell(kernel, nursery.tail(root)) }
    case .nockapp:
      guard root.isCell, nursery.tail(root).isCell else { throw KernelFault(.exit, ["the stored root is no core"]) }
      let keep = nursery.state.pointee.stackTop
      defer { nursery.state.pointee.stackTop = keep }
      try kernelWork { () throws(Fault) in try nursery.push(nursery.head(nursery.tail(root))) }
      let core = try product(kernel, kickCall)
      return try load(shape, core, Word(raw: nursery.base[keep]))
    case .arvo: throw KernelFault(.exit, ["a kernel of this shape upgrades itself by an event"])
    }
  }

  /// The root with a state from elsewhere, which a NockApp's load arm takes as it takes that of an older kernel.
  func load(_ shape: KernelShape, _ root: Word, _ state: Word) throws(KernelFault) -> Word {
    switch shape {
    case .gate:
      guard root.isCell else { throw KernelFault(.exit, ["the stored root is no kernel"]) }
      return try kernelWork { () throws(Fault) in try nursery.cell(nursery.head(root), state) }
    case .nockapp:
      let subject = try kernelWork { () throws(Fault) in try nursery.cell(root, state) }
      let loaded = try product(subject, loadCall)
      guard loaded.isCell else { throw KernelFault(.exit, ["the load arm gives no core"]) }
      return loaded
    case .arvo: throw KernelFault(.exit, ["a kernel of this shape takes no state: its state is what its events made"])
    }
  }

  /// An answer to a question about the state: for a gate the product of the query, a formula, on the state; else what
  /// the peek arm gives.
  func peek(_ shape: KernelShape, _ root: Word, _ query: Word) throws(KernelFault) -> Word {
    guard root.isCell else { throw KernelFault(.exit, ["the stored root is no kernel"]) }
    if shape == .gate { return try product(nursery.tail(root), query) }
    let subject = try kernelWork { () throws(Fault) in try nursery.cell(root, query) }
    return try product(subject, peekCall)
  }

  /// The part of a root that its owner thinks of as the state.
  func state(_ shape: KernelShape, _ root: Word) -> Word {
    guard root.isCell else { return root }
    if shape == .gate { return nursery.tail(root) }
    return nursery.tail(root).isCell ? nursery.head(nursery.tail(root)) : root
  }

  /// The noun whose mug is logged: the state of a gate, the core of another kernel.
  func witness(_ shape: KernelShape, _ root: Word) -> Word { shape == .gate ? state(shape, root) : root }

  private func product(_ subject: Word, _ formula: Word) throws(KernelFault) -> Word {
    switch machine.run(subject: subject, formula: formula, budgetBytes: budgetBytes) {
    case .product(let product): return product
    case .blocked: throw KernelFault(.exit, ["it asks for something from outside, which nobody answers"])
    case .stopped(let fault, let trace):
      var options = TraceOptions()
      options.trapBytes = 4 << 20
      options.trapSteps = 100_000
      throw KernelFault(fault, Array(machine.text(ofTrace: trace, options).prefix(100)))
    }
  }

  /// What a run may use, in bytes; nil leaves it to the loom.
  var budgetBytes: Int?
}

extension Nursery {
  /// `[a b c ...]`, at least one part.
  package func tuple(_ parts: [Word]) throws(Fault) -> Word {
    guard var result = parts.last else { return .zero }
    for part in parts.dropLast().reversed() { result = try cell(part, result) }
    return result
  }

  /// The null-terminated list of `parts`.
  package func list(_ parts: [Word]) throws(Fault) -> Word { try tuple(parts + [.zero]) }

  /// A text as an atom.
  package func cord(_ text: String) throws(Fault) -> Word { try atom(Array(text.utf8)) }

  /// The natural whose bytes these are, least significant first.
  package func atom(_ bytes: [UInt8]) throws(Fault) -> Word {
    let count = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
    if count < 8 || count == 8 && bytes[7] < 0x80 {
      return Word(direct: bytes.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    let size = (count + 7) / 8
    let offset = try allocate(.natural, size: size)
    base[offset + size] = 0
    bytes.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: base + offset + 1, count: size * 8)
        .copyBytes(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
    }
    return Word(tag: .natural, offset: offset)
  }

  /// The bytes of a natural, least significant first, without zeros at the end; nil for a cell.
  package func octets(of atom: Word) -> [UInt8]? {
    var bytes: [UInt8] = []
    if atom.isDirect {
      withUnsafeBytes(of: atom.raw.littleEndian) { bytes = Array($0) }
    } else if atom.isIndirect {
      bytes = Array(UnsafeRawBufferPointer(start: base + atom.offset + 1, count: header(atom).size * 8))
    } else {
      return nil
    }
    bytes.removeLast(bytes.count - 1 - (bytes.lastIndex { $0 != 0 } ?? -1))
    return bytes
  }

  /// The noun's jam as bytes.
  package func jammed(_ noun: Word) throws(Fault) -> [UInt8] {
    var writer = try jam(noun)
    return try writer.finish { (limbs, bitCount) throws(Fault) in
      Array(UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
    }
  }

  /// The noun whose jam begins `bytes`.
  package func cued(_ bytes: [UInt8]) throws(CueError) -> Word {
    let result: Result<Word, CueError> = bytes.withUnsafeBytes { bytes in
      do throws(CueError) { return .success(try cue(bytes).noun) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
