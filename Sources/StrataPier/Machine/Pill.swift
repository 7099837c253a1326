// A whole pill: a kernel of shape arvo together with the events that make it a computer.
//
//     [%pill name formulas modules userspace]
//
// The formulas are what the lifecycle function runs, as those of an ivory pill; modules and userspace are lists of `[wire card]`, with
// which the kernel is then poked in their order. Before each list belong events that only who boots knows: whose computer it is, what
// entropy it begins with, which versions the runtime has. They are given, never made up.

import StrataMemory
import StrataNoun

/// A whole pill, taken apart.
struct Pill {
  /// The jam of the list that the lifecycle function runs.
  var formulas: [UInt8]
  /// The events after it.
  var events: [Poke] = []

  /// Takes `jam` apart; nil when it is no whole pill. `own` is the jam of `[modules userspace]`, lists of what goes before those of the
  /// pill.
  init?(_ jam: [UInt8], own: [UInt8]?, loomBytes: Int) throws(PierFailure) {
    var options = LoomOptions()
    options.reservationBytes = loomBytes
    let loom = try inMachine("opening a loom") { () throws(Fault) in try Loom(options) }
    let nursery = loom.nursery
    let pill = try Pill.cue(jam, "kernel", nursery)
    guard let parts = Pill.parts(of: pill, in: nursery), parts[0] == Word(direct: 0x6c6c_6970) else { return nil }
    guard let own else {
      throw .badInput(
        what: "kernel",
        reason: "a whole pill boots with events of who boots it, such as who that is (--boot FILE names a noun "
          + "[modules userspace] of them); an ivory pill boots by itself")
    }
    let given = try Pill.cue(own, "list of boot events", nursery)
    guard given.isCell else {
      throw .badInput(what: "list of boot events", reason: "it is not [modules userspace], two lists of [wire card]")
    }
    formulas = try inMachine("reading the pill") { () throws(Fault) in try nursery.jammed(parts[2]) }
    for (list, what) in [
      (nursery.head(given), "list of boot events"), (parts[3], "kernel"), (nursery.tail(given), "list of boot events"),
      (parts[4], "kernel"),
    ] {
      try add(list, what, nursery)
    }
    withExtendedLifetime(loom) {}
  }

  private static func cue(_ jam: [UInt8], _ what: String, _ nursery: Nursery) throws(PierFailure) -> Word {
    do throws(CueError) { return try nursery.cued(jam) } catch {
      if case .stopped(let fault) = error.reason { throw .machine(fault, doing: "reading the \(what)") }
      throw .badInput(what: what, reason: error.explanation)
    }
  }

  /// The five parts of a whole pill.
  private static func parts(of noun: Word, in nursery: Nursery) -> [Word]? {
    var parts: [Word] = []
    var rest = noun
    while parts.count < 4, rest.isCell {
      parts.append(nursery.head(rest))
      rest = nursery.tail(rest)
    }
    return parts.count == 4 ? parts + [rest] : nil
  }

  /// Appends the events of a list.
  private mutating func add(_ list: Word, _ what: String, _ nursery: Nursery) throws(PierFailure) {
    var rest = list
    while rest.isCell {
      let event = nursery.head(rest)
      guard event.isCell else {
        throw .badInput(what: what, reason: "boot event \(events.count + 1) is no [wire card]")
      }
      events.append(
        try inMachine("reading the pill") { () throws(Fault) in
          Poke(try nursery.jammed(nursery.tail(event)), wire: try nursery.jammed(nursery.head(event)))
        })
      rest = nursery.tail(rest)
    }
    if rest != .zero { throw .badInput(what: what, reason: "its boot events do not end in 0") }
  }
}
