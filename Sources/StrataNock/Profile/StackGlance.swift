// A look at a running machine from another thread: which activations are open, and what its memory holds.
//
// The asker sets a flag and the poll word; the machine sees the poll word at its next entry or turn of a loop, writes down
// its stack and goes on. Nothing is kept up to date while nobody asks, so it costs nothing then.

import CPlatform
import StrataMemory

/// Where a machine leaves what another thread wants to see. Attach it as `NockMachine.glance`.
public final class StackGlance: @unchecked Sendable {
  /// What was seen.
  public struct View: Equatable, Sendable {
    /// The names of the open activations, innermost first. Equal ones that follow each other are one line with their
    /// number behind it.
    public var stack: [String]
    /// Whether there are more of them further out.
    public var isDeeper: Bool
    /// What the machine's memory held.
    public var usage: NurseryUsage
    /// When it was, by `Clock.now`.
    public var time: UInt64
  }

  /// Lines of a stack that are shown.
  static let mostLines = 64
  private static let mostNameBytes = 200

  /// Not zero while somebody waits for a look.
  private let wanted: UnsafeMutablePointer<UInt64>
  private let lock = Lock()
  /// Guarded by the lock.
  private var looks = 0
  private var latest: View?

  /// A glance that nobody has asked for.
  public init() {
    wanted = .allocate(capacity: 1)
    wanted.initialize(to: 0)
  }

  deinit { wanted.deallocate() }

  /// What was seen last, if anything.
  public var last: View? { lock.withLock { latest } }

  /// Asks the machine behind `handle` and waits for its answer, `nanoseconds` at most: native code that works for longer
  /// answers when it is done, and a machine that does not run does not answer. The loom must be alive meanwhile.
  public func ask(_ handle: InterruptHandle, within nanoseconds: UInt64) -> View? {
    let deadline = Clock.now() &+ nanoseconds
    lock.lock()
    defer { lock.unlock() }
    let before = looks
    platform_store(wanted, 1)
    handle.wake()
    while looks == before {
      guard Clock.now() < deadline else {
        platform_store(wanted, 0)
        return nil
      }
      lock.wait(until: deadline)
    }
    return latest
  }

  /// The activation at `registers` begins to run `code`.
  @inline(__always)
  func entered(_ machine: NockMachine, _ registers: Registers, _ code: UnsafeMutablePointer<Code>) {
    if platform_load_relaxed(wanted) != 0 { look(machine, registers, code) }
  }

  /// The activation at `registers` begins another turn of the loop at `address`.
  func turned(_ machine: NockMachine, _ registers: Registers, at address: UnsafeMutablePointer<UInt64>) {
    guard platform_load_relaxed(wanted) != 0 else { return }
    let index = FrameWalk(machine.cache).code(at: UInt(bitPattern: address))
    look(machine, registers, index >= 0 ? machine.cache.codes[index] : nil)
  }

  @inline(never)
  private func look(_ machine: NockMachine, _ registers: Registers, _ code: UnsafeMutablePointer<Code>?) {
    var lines: [(name: String, count: Int)] = []
    var isDeeper = false
    var previous: OpenFrame?
    // Made anew for each look: what they remember belongs to the machine and would keep it alive.
    let names = CodeNames(machine)
    let isCut = FrameWalk(machine.cache).frames(
      in: machine, from: registers, running: code, returnAddress: { machine.returnAddress(of: $0) },
      { frame in
        if frame == previous {
          lines[lines.count - 1].count += 1
        } else if lines.count < StackGlance.mostLines {
          lines.append((names.name(frame), 1))
          previous = frame
        } else {
          isDeeper = true
        }
      })
    let view = View(
      stack: lines.map { line in
        let name = String(decoding: line.name.utf8.prefix(StackGlance.mostNameBytes), as: UTF8.self)
        return line.count > 1 ? "\(name) (\(line.count) times)" : name
      }, isDeeper: isDeeper || isCut, usage: machine.nursery.usage, time: Clock.now())
    platform_store(wanted, 0)
    lock.withLock {
      latest = view
      looks += 1
      lock.wakeAll()
    }
  }
}
