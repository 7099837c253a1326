// A trace of calls: what each activation was entered with and what it gave, on lines of limited length.
//
//     > k139/one/dec on [[8 [1 0] ...] 5 ...]     an activation; what it calls is indented
//       > 2f1a06be [6 [5 [1 0] 0 6] ...] on ...
//         = k139/one/lth on ...                   the same activation goes on with a tail call
//         ! jet k139/one/dec on ... gives 4       a jet answered at once
//       < 4                                       the product
//     < 4
//
// The machine is made to stop at every entry by setting the poll word again; to see a product, the return address of an
// activation is exchanged for that of an instruction of the tracer's own. Nothing of this costs anything while it is off.

import StrataMemory

/// Writes down the calls of one machine. Attach it as `NockMachine.tracer` before the machine has compiled anything.
public final class CallTracer {
  /// How much is shown.
  public struct Options: Sendable {
    /// Calls that are nested deeper than this are left out.
    public var mostDepth = 20
    /// Bytes of the text of one noun.
    public var nounBytes = 60
    /// Beyond this many lines nothing more is said, but that it is so.
    public var mostLines = Int.max

    public init() {}
  }

  private struct Open {
    var registers: Registers
    var returnAddress: UInt64
  }

  public let options: Options
  private let write: (String) -> Void
  private var open: [Open] = []
  private var lineCount = 0
  private var names: CodeNames?
  private var walk: FrameWalk?
  /// Where traced activations return to.
  let returnCode: UnsafeMutablePointer<UInt64>

  /// A tracer that hands each line, without an end of line, to `write`.
  public init(_ options: Options = Options(), write: @escaping (String) -> Void) {
    self.options = options
    self.write = write
    returnCode = .allocate(capacity: 1)
    returnCode.initialize(to: Instruction(.traced).raw)
  }

  deinit { returnCode.deallocate() }

  func begin(_ machine: NockMachine) {
    if names == nil {
      names = CodeNames(machine)
      walk = FrameWalk(machine.cache)
    }
  }

  private func say(_ mark: String, _ text: String, depth: Int) {
    lineCount += 1
    if lineCount < options.mostLines {
      write(String(repeating: "  ", count: min(depth, 40)) + mark + " " + text)
    } else if lineCount == options.mostLines {
      write("... and so on")
    }
  }

  private func text(_ noun: Word, _ machine: NockMachine) -> String {
    TankText(machine.nursery).noun(noun, bytes: options.nounBytes)
  }

  /// An activation at `registers` is about to run `code`; its subject is in register 0.
  func entered(_ machine: NockMachine, _ registers: Registers, _ code: UnsafeMutablePointer<Code>) {
    while let last = open.last, last.registers > registers { open.removeLast() }
    let name = names?.name(walk?.code(at: UInt(bitPattern: code.pointee.start)) ?? -1) ?? ""
    let line = "\(name) on \(text(Word(raw: registers[0]), machine))"
    let address = UInt64(UInt(bitPattern: returnCode))
    if let last = open.last, last.registers == registers {
      if registers[-2] == address {
        say("=", line, depth: open.count - 1)
        return
      }
      open.removeLast()
    }
    guard open.count < options.mostDepth else { return }
    say(">", line, depth: open.count)
    open.append(Open(registers: registers, returnAddress: registers[-2]))
    registers[-2] = address
  }

  /// A traced activation has returned, and left its product in its first linkage word. Returns where to go on.
  func left(_ machine: NockMachine, to caller: Registers) -> UnsafeMutablePointer<UInt64>? {
    guard let last = open.popLast() else { return nil }
    machine.nursery.state.pointee.stackTop = last.registers - 1 - machine.nursery.base
    say("<", text(Word(raw: last.registers[-2]), machine), depth: open.count)
    return UnsafeMutablePointer(bitPattern: UInt(last.returnAddress))
  }

  /// A jet has answered for a core.
  func answered(_ machine: NockMachine, by jet: Int, on core: Word, with product: Word) {
    guard open.count < options.mostDepth else { return }
    let name = names?.jetName(jet) ?? "jet"
    say("!", "\(name) on \(text(core, machine)) gives \(text(product, machine))", depth: open.count)
  }

  /// A crash has ended all activations above `registers`; nil: all.
  func crashed(above registers: Registers?, _ fault: Fault) {
    while let last = open.last, registers.map({ last.registers > $0 }) ?? true {
      open.removeLast()
      say("<", "\(fault)", depth: open.count)
    }
  }

  /// The return address that an activation was entered with.
  func returnAddress(of registers: Registers) -> UInt64 {
    if registers[-2] != UInt64(UInt(bitPattern: returnCode)) { return registers[-2] }
    return open.last { $0.registers == registers }?.returnAddress ?? registers[-2]
  }
}
