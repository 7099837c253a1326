// Drivers: what effects do to the world, and what comes back as events. Each is switched on by name; an effect that no
// driver knows does nothing.
//
// Effects reach drivers in the order of their events, after these are durable, on one thread of the hub. An effect is
// released at most once: what was not released when the process died is not released again.

import Glibc
import StrataMemory
import StrataNoun
import StrataStore

/// Where a driver works: a loom for the nouns of one effect, and a way to poke.
public struct DriverContext {
  public let nursery: Nursery
  /// Pokes the pier with a cause of a driver: the noun, and the wire, whose shape is `[%poke source 1 tags]`. Gives what
  /// became of it; nil when it was refused, of which the operator is told.
  let poke: (_ cause: Word, _ wire: Word) -> PokeResult?
  /// Asks for the end of the process with a code.
  let exit: (UInt64) -> Void

  /// `[%poke source 1 tag 0]`, or without a tag.
  func wire(_ source: String, _ tag: String? = nil) throws(Fault) -> Word { try nursery.wire(source, tag) }
}

extension Nursery {
  /// `[%poke source 1 tag 0]`, or without a tag: where a driver's events come from.
  package func wire(_ source: String, _ tag: String? = nil) throws(Fault) -> Word {
    var parts = [try cord("poke"), try cord(source), Word.one]
    if let tag { parts.append(try cord(tag)) }
    return try list(parts)
  }
}

/// How a driver with threads of its own reaches the pier.
public struct DriverLink: Sendable {
  /// Pokes the pier with the jams of a cause and of its wire, and waits until the event is durable.
  public let poke: @Sendable (_ cause: [UInt8], _ wire: [UInt8]) throws(PierFailure) -> PokeResult
  /// Tells the operator.
  public let notice: @Sendable (String) -> Void
}

/// Acts on effects.
public protocol Driver: Sendable {
  /// Does what `effect` says when it is one of the driver's own.
  func act(on effect: Word, _ context: DriverContext) throws(Fault)
  /// Events of the driver's own: how long to wait before the first, and between two; nil for none.
  var period: UInt64? { get }
  /// Makes such an event.
  func tick(_ context: DriverContext) throws(Fault)
  /// Called once before anything else, when the pier is open.
  func start(_ link: DriverLink) throws(PierFailure)
  /// Called once in the end, when no more effects come. No event may be made afterwards.
  func stop()
}

extension Driver {
  public var period: UInt64? { nil }
  public func tick(_ context: DriverContext) throws(Fault) {}
  public func start(_ link: DriverLink) throws(PierFailure) {}
  public func stop() {}
}

/// `[%exit code]`: ends the process in order.
public struct ExitDriver: Driver {
  public init() {}

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {
    let nursery = context.nursery
    guard effect.isCell, nursery.octets(of: nursery.head(effect)) == Array("exit".utf8) else { return }
    let code = nursery.tail(effect)
    context.exit(code.isDirect ? code.raw : 1)
  }
}

/// Prints effects as text, whatever they are.
public struct LogDriver: Driver {
  private let print: @Sendable (String) -> Void

  public init(_ print: @escaping @Sendable (String) -> Void) { self.print = print }

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {
    let nursery = context.nursery
    // A text in the usual wrapping is shown as it is.
    if effect.isCell, nursery.octets(of: nursery.head(effect)) == Array("markdown".utf8),
      let text = nursery.octets(of: nursery.tail(effect))
    {
      return print(String(decoding: text, as: UTF8.self))
    }
    print("effect " + ((try? NounText.string(effect, in: nursery, .brief(bytes: 4096))) ?? "(too long to show)"))
  }
}

/// Sends one event now and then.
public struct TimerDriver: Driver {
  public let period: UInt64?
  private let event: [UInt8]

  /// `event` is the jam of what is sent every `period` nanoseconds.
  public init(period: UInt64, event: [UInt8]) {
    self.period = max(1_000_000, period)
    self.event = event
  }

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {}

  public func tick(_ context: DriverContext) throws(Fault) {
    let noun: Word
    do throws(CueError) { noun = try context.nursery.cued(event) } catch { throw error.fault }
    _ = context.poke(noun, try context.wire("timer"))
  }
}

/// Sends one event when the pier is open, and waits for an effect. Ends the process with code 1 when the event fails or
/// nothing comes of it.
public final class OnePunchDriver: Driver, @unchecked Sendable {
  public let period: UInt64?
  private let event: [UInt8]
  private let notice: @Sendable (String) -> Void
  /// Used on the hub's thread only.
  private var isSent = false
  private var isAnswered = false

  /// `event` is the jam of what is sent; an effect must come within `patience` nanoseconds.
  public init(
    event: [UInt8], patience: UInt64 = 600_000_000_000, notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.event = event
    self.notice = notice
    period = max(1_000_000, patience)
  }

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) { isAnswered = true }

  public func tick(_ context: DriverContext) throws(Fault) {
    if isAnswered { return }
    if isSent {
      notice("no effect has come of the one event")
      return context.exit(1)
    }
    isSent = true
    let noun: Word
    do throws(CueError) { noun = try context.nursery.cued(event) } catch { throw error.fault }
    if context.poke(noun, try context.wire("one-punch"))?.isDone != true {
      notice("the one event has failed")
      context.exit(1)
    }
  }
}

/// Hands effects to drivers on a thread of its own, and their events to the pier.
public final class DriverHub: @unchecked Sendable {
  private let drivers: [any Driver]
  private let lock = Lock()
  /// Guarded by the lock.
  private var queue: [(number: UInt64, effects: [UInt8])] = []
  private var isEnding = false
  private var isActing = false
  private var code: UInt64?
  private weak var pier: Pier?
  private var thread: SystemThread?
  private let notice: @Sendable (String) -> Void

  public init(_ drivers: [any Driver], notice: @escaping @Sendable (String) -> Void = { _ in }) {
    self.drivers = drivers
    self.notice = notice
  }

  /// Says whom the drivers' events go to.
  public func attach(_ pier: Pier) { lock.withLock { self.pier = pier } }

  /// Takes the effects of an event. Never waits for a driver.
  public func take(_ number: UInt64, _ effects: [UInt8]) {
    lock.withLock {
      queue.append((number, effects))
      lock.wakeAll()
    }
  }

  /// The code of an `%exit` effect, once there was one.
  public var exitCode: UInt64? { lock.withLock { code } }

  /// Waits until all effects that have come, and those of the events that drivers made of them, are acted on.
  public func drain() {
    lock.withLock { while !queue.isEmpty || isActing, !isEnding { lock.wait(until: Clock.now() &+ 1_000_000_000) } }
  }

  /// Begins to work, for the pier that was attached. Throws with nothing begun when a driver cannot do its work.
  public func start() throws(PierFailure) {
    if drivers.isEmpty { return }
    let link = DriverLink(
      poke: { [weak self] (cause, wire) throws(PierFailure) in
        guard let pier = self.flatMap({ hub in hub.lock.withLock { hub.pier } }) else { throw .closed }
        return try pier.poke(Poke(cause, wire: pier.shape == .gate ? nil : wire))
      }, notice: notice)
    for (index, driver) in drivers.enumerated() {
      do throws(PierFailure) { try driver.start(link) } catch {
        for begun in drivers[..<index] { begun.stop() }
        throw error
      }
    }
    thread = SystemThread(stackBytes: 4 << 20) { [self] in run() }
  }

  /// Lets the effects that have come be acted on, and ends.
  public func stop() {
    lock.withLock {
      isEnding = true
      lock.wakeAll()
    }
    guard let thread else { return }
    thread.join()
    self.thread = nil
    for driver in drivers { driver.stop() }
  }

  private func run() {
    var options = LoomOptions()
    options.reservationBytes = 16 << 30
    guard let loom = try? Loom(options) else { return notice("no loom for the drivers: effects are dropped") }
    let nursery = loom.nursery
    let start = Clock.now()
    var due = drivers.map { $0.period == nil ? UInt64.max : start }
    while true {
      lock.lock()
      while queue.isEmpty, !isEnding {
        let next = due.min() ?? .max
        if next <= Clock.now() { break }
        lock.wait(until: min(next, Clock.now() &+ 1_000_000_000))
      }
      let batch = queue
      queue = []
      isActing = !batch.isEmpty
      let isOver = isEnding && batch.isEmpty
      lock.unlock()
      if isOver { return }
      for (number, effects) in batch { act(on: effects, of: number, nursery) }
      lock.withLock {
        isActing = false
        lock.wakeAll()
      }
      for (index, driver) in drivers.enumerated() {
        guard let period = driver.period, due[index] <= Clock.now() else { continue }
        due[index] = Clock.now() &+ period
        do throws(Fault) { try driver.tick(context(nursery)) } catch { notice("a driver: \(error.explanation)") }
        nursery.reset()
      }
    }
  }

  private func context(_ nursery: Nursery) -> DriverContext {
    DriverContext(
      nursery: nursery,
      poke: { [weak self] cause, wire in
        guard let self, let pier = self.lock.withLock({ self.pier }) else { return nil }
        guard let event = try? nursery.jammed(cause), let wire = try? nursery.jammed(wire) else {
          self.notice("an event of a driver could not be written")
          return nil
        }
        do throws(PierFailure) { return try pier.poke(Poke(event, wire: pier.shape == .gate ? nil : wire)) } catch {
          self.notice("an event of a driver was refused: \(error)")
          return nil
        }
      },
      exit: { [weak self] code in
        guard let self else { return }
        self.lock.withLock { self.code = self.code ?? code }
      })
  }

  /// Hands each of a list of effects to each driver.
  private func act(on effects: [UInt8], of number: UInt64, _ nursery: Nursery) {
    defer { nursery.reset() }
    guard var rest = try? nursery.cued(effects) else { return }
    while rest.isCell {
      let effect = nursery.head(rest)
      rest = nursery.tail(rest)
      for driver in drivers {
        do throws(Fault) { try driver.act(on: effect, context(nursery)) } catch {
          notice("an effect of event \(number): \(error.explanation)")
        }
      }
    }
  }
}
