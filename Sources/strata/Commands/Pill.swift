// `strata pill`: runs the lifecycle formula over a boot image's events.

import Glibc
import StrataMemory
import StrataNock
import StrataNoun

extension Command {
  /// The verb `pill`.
  static let pill = Command(
    verb: "pill",
    summary: "run the boot events of a pill",
    operands: "FILE",
    operandCount: 1...1,
    details: """
      Reads [%ivory events] or [%pill name boot kernel userspace] and runs the lifecycle formula [2 [0 3] 0 2] over the \
      boot events. Prints the mug of the product and of what lies at its axis 7, which is the kernel.
      """,
    options: Option.limits + [.noJets, .checkJets, .json],
    examples: [Example("strata pill ivory.pill", "boot a kernel and print the mugs of what comes out")]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console, fixed: true)
    let nursery = session.loom.nursery
    guard let events = bootEvents(cued.noun, in: nursery) else {
      throw Failure(.input, "is neither [%ivory events] nor [%pill name boot ...]", subject: input.name)
    }
    let machine = try NockMachine(session.loom, NockOptions.limits(invocation))
    try machine.configureJets(invocation)
    let start = clock()
    let outcome = try session.attempt { (nursery) throws(Fault) -> NockOutcome in
      // What the events refer to is code for the most part: fixed, it is known by identity.
      let fixed = try nursery.copyToCommons(events)
      let second = Word(direct: 2)
      let tail = try nursery.cell(.zero, Word(direct: 3))
      let formula = try nursery.cell(second, nursery.cell(tail, nursery.cell(.zero, second)))
      return machine.run(subject: fixed, formula: formula)
    }
    let milliseconds = Int(clock() - start) / (Int(CLOCKS_PER_SEC) / 1000)
    switch outcome {
    case .product(let product):
      let mugs = try session.attempt { (nursery) throws(Fault) in
        (try nursery.mug(product), try nursery.mug(nursery.part(of: product, at: Word(direct: 7))))
      }
      if invocation.has(.json) {
        var json = JSONText()
        json.begin()
        json.member("product", mugText(mugs.0))
        json.member("axis7", mugText(mugs.1))
        json.member("cpu_ms", milliseconds)
        json.member("peak_bytes", (nursery.metrics.peakUsedWords + nursery.commonsWords) * 8)
        json.end()
        console.print(json.text)
      } else {
        console.print("product \(mugText(mugs.0)), axis 7 \(mugText(mugs.1)), \(milliseconds) ms")
      }
      try machine.reportJetChecks(invocation, &console)
    case .blocked:
      throw Failure(.input, "asks for something from outside, which a boot has not", subject: input.name)
    case .stopped(let fault, _):
      throw .fault(fault, subject: input.name)
    }
  }

  /// The list of boot events in an image, or nil if it is none.
  private static func bootEvents(_ noun: Word, in nursery: Nursery) -> Word? {
    guard noun.isCell, nursery.head(noun).isDirect else { return nil }
    let rest = nursery.tail(noun)
    switch nursery.head(noun).raw {
    // The cords %ivory and %pill.
    case 0x79_726f_7669: return rest
    case 0x6c6c_6970:
      guard rest.isCell, nursery.tail(rest).isCell else { return nil }
      return nursery.head(nursery.tail(rest))
    default: return nil
    }
  }
}
