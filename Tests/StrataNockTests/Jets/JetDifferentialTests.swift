// Every jet of the kernels at hand against its own Nock: same products, same crashes, on samples of all sorts.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

/// The shapes of what a jet looks at: by axis in its core.
struct JetPlan {
  var parts: [(axis: UInt64, shape: Shape)]
  /// The arm to call in its place, for jets that are only used within one.
  var through: String?

  init(_ sample: Shape, at axis: UInt64 = 6, door: Shape? = nil, through: String? = nil) {
    parts = [(axis, sample)]
    if let door { parts.append((30, door)) }
    self.through = through
  }

  init(door: Shape) { parts = [(6, door)] }

  /// What the arms of each path are meant for; arithmetic takes two atoms, which its Nock counts through one by one.
  static let known: [String: JetPlan] = {
    var plans: [String: JetPlan] = [:]
    for name in ["dec", "cap", "mas"] { plans["one/\(name)"] = JetPlan(.count) }
    for name in ["add", "sub", "lth", "lte", "gth", "gte", "max", "min", "div", "dvr", "mod", "mul", "peg"] {
      plans["one/\(name)"] = JetPlan(.pair(.count, name == "peg" ? .axis : .count))
    }
    let two: [String: Shape] = [
      "bex": .small, "can": .pair(.small, .list(.pair(.small, .atom))), "cat": .triple(.small, .atom, .atom),
      "con": .pair(.atom, .atom), "dis": .pair(.atom, .atom), "mix": .pair(.atom, .atom),
      "cut": .triple(.small, .pair(.small, .small), .atom), "end": .pair(.bite, .atom), "lsh": .pair(.bite, .atom),
      "rsh": .pair(.bite, .atom), "met": .pair(.small, .atom), "rap": .pair(.small, .list(.atom)),
      "rep": .pair(.bite, .list(.atom)), "rev": .triple(.small, .small, .atom), "rip": .pair(.bite, .atom),
      "swp": .pair(.small, .atom), "sew": .triple(.small, .triple(.small, .small, .atom), .atom), "xeb": .atom,
      "pow": .pair(.byte, .small), "sqt": .atom, "mug": .noun, "muk": .triple(.atom, .small, .cord),
      "dor": .pair(.noun, .noun), "gor": .pair(.noun, .noun), "mor": .pair(.noun, .noun), "aor": .pair(.noun, .noun),
      "jam": .noun, "cue": .jam, "mat": .atom, "rub": .pair(.small, .atom),
      "find": .pair(.list(.bit), .list(.bit)), "flop": .list(.noun), "lent": .list(.noun),
      "weld": .pair(.list(.noun), .list(.noun)), "welp": .pair(.list(.noun), .list(.noun)),
      "zing": .list(.list(.atom)), "scag": .pair(.small, .list(.noun)), "slag": .pair(.small, .list(.noun)),
      "snag": .pair(.small, .list(.noun)), "reap": .pair(.small, .noun), "snip": .list(.noun), "need": .unit(.noun),
      "turn": .pair(.list(.noun), .gate),
      "murn": .pair(.list(.noun), .gateToUnit), "skim": .pair(.list(.noun), .test),
      "skip": .pair(.list(.noun), .test), "skid": .pair(.list(.noun), .test), "levy": .pair(.list(.noun), .test),
      "lien": .pair(.list(.noun), .test), "roll": .pair(.list(.noun), .gateOfTwo),
      "reel": .pair(.list(.noun), .gateOfTwo), "sort": .pair(.list(.noun), .testOfTwo),
    ]
    for (name, shape) in two { plans["one/two/\(name)"] = JetPlan(shape) }
    let set = Shape.set(.small)
    let map = Shape.map(.small, .small)
    let sets: [String: Shape] = [
      "bif": .small, "del": .small, "dif": set, "gas": .list(.small), "has": .small, "int": set, "put": .small,
      "all": .test, "any": .test, "uni": set, "rep": .gateOfTwo, "run": .gate,
    ]
    for (name, shape) in sets { plans["one/two/in/\(name)"] = JetPlan(shape, door: set) }
    let maps: [String: Shape] = [
      "bif": .small, "del": .small, "dif": map, "gas": .list(.pair(.small, .small)), "get": .small, "has": .small,
      "int": map, "put": .pair(.small, .small), "uni": map, "all": .test, "any": .test, "rep": .gateOfTwo,
      "run": .gate, "urn": .gateOfTwo, "jab": .pair(.small, .gate),
    ]
    for (name, shape) in maps { plans["one/two/by/\(name)"] = JetPlan(shape, door: map) }
    for name in ["apt", "tap", "wyt"] {
      plans["one/two/in/\(name)"] = JetPlan(door: .either(set, .noun))
      plans["one/two/by/\(name)"] = JetPlan(door: .either(map, .noun))
    }
    plans["one/two/by/key"] = JetPlan(door: .either(map, .noun))
    let rules: [String: (Shape, Shape?)] = [
      "plug": (.pair(.edge, .rule), nil), "pfix": (.pair(.edge, .rule), nil), "sfix": (.pair(.edge, .rule), nil),
      "pose": (.pair(.edge, .rule), nil), "bend/fun": (.pair(.edge, .rule), .gateToUnit),
      "comp/fun": (.pair(.edge, .rule), .gateOfTwo), "glue/fun": (.pair(.edge, .rule), .rule),
      "cold/fun": (.nail, .pair(.noun, .rule)), "stag/fun": (.nail, .pair(.noun, .rule)),
      "cook/fun": (.nail, .pair(.gate, .rule)), "here/fun": (.nail, .pair(.gateOfTwo, .rule)),
      "easy/fun": (.nail, .noun), "just/fun": (.nail, .byte), "mask/fun": (.nail, .tape),
      "shim/fun": (.nail, .pair(.byte, .byte)), "stir/fun": (.nail, .triple(.noun, .gateOfTwo, .rule)),
    ]
    for (name, (sample, door)) in rules { plans["one/two/tri/qua/\(name)"] = JetPlan(sample, door: door) }
    var stew = JetPlan(.nail)
    stew.parts.append((14, .map(.either(.byte, .pair(.byte, .byte)), .rule)))
    plans["one/two/tri/qua/stew/fun"] = stew
    plans["one/two/tri/qua/trip"] = JetPlan(.atom)
    for name in ["tos", "tod"] { plans["one/two/tri/qua/po/\(name)"] = JetPlan(.byte) }
    for name in ["ins", "ind"] { plans["one/two/tri/qua/po/\(name)"] = JetPlan(.atom) }
    for name in ["scot", "scow"] { plans["one/two/tri/qua/\(name)"] = JetPlan(.pair(.printed, .either(.atom, .small))) }
    plans["one/two/tri/qua/slaw"] = JetPlan(.coin)
    for name in ["fein", "fynd"] { plans["one/two/tri/ob/\(name)"] = JetPlan(.address) }
    plans["one/two/tri/qua/mink"] = JetPlan(.pair(.pair(.noun, .formula), .gateOfTwo))
    for name in ["mole", "mule", "vi/mole", "vi/mule"] { plans["one/two/tri/qua/\(name)"] = JetPlan(.trap) }
    let unit = Shape.unit(.either(.bit, .noun))
    plans["one/two/mate"] = JetPlan(.pair(unit, unit))
    let hair = Shape.pair(.either(.bit, .count), .either(.bit, .count))
    plans["one/two/tri/qua/last"] = JetPlan(.pair(hair, hair))
    let pen = "one/two/tri/qua/pen/"
    for name in ["cell", "core", "face"] { plans[pen + name] = JetPlan(.pair(.type, .type)) }
    plans[pen + "fork"] = JetPlan(.list(.type))
    for name in ["cons", "comb", "flan", "flor"] { plans[pen + name] = JetPlan(.pair(.formula, .formula)) }
    plans[pen + "flip"] = JetPlan(.formula)
    plans[pen + "fitz"] = JetPlan(.pair(.aura, .aura))
    plans[pen + "look"] = JetPlan(.pair(.small, .map(.small, .noun)))
    plans[pen + "loot"] = JetPlan(.pair(.small, .map(.small, .pair(.noun, .map(.small, .noun)))))
    let arms = pen + "ut/"
    for name in ["crop", "fuse", "redo"] { plans[arms + name] = JetPlan(.type, door: .type) }
    plans[arms + "fish"] = JetPlan(.axis, door: .type)
    plans[arms + "rest"] = JetPlan(.list(.pair(.type, .noun)), door: .type)
    plans[arms + "mint"] = JetPlan(.pair(.type, .pair(.small, .noun)), door: .type)
    plans[arms + "mull"] = JetPlan(.triple(.type, .type, .noun), door: .type)
    plans[arms + "nest/nest-in/nest-dext"] = JetPlan(.pair(.bit, .type), door: .type, through: arms + "nest")
    return plans
  }()
}

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct JetDifferentialTests {
  /// Steps that a case may take without jets; what takes more decides nothing, and is tried for less long in a usual run.
  private static let steps: UInt64 = testScale > 1 ? 40_000 : 8_000
  /// How often samples are drawn until as many cases are decided as are wanted.
  private static let triesACase = 4

  /// In two shares, one for each of two processors.
  @Test(arguments: 0..<2) func everyJetAnswersAsItsNock(share: Int) throws {
    let folder = try #require(recordedData)
    let laboratory = try JetLaboratory(kernel: "\(folder)/nock/hoonc.jam")
    var count = 0
    try check(in: laboratory) { (jet) in
      guard jet.kelvins.contains(138) else { return false }
      count += 1
      return count % 2 == share
    }
  }

  @Test(.enabled(if: !isDebug, "a second kernel takes a build with optimisation"))
  func jetsOfOlderKelvinsAnswerAsTheirNock() throws {
    let folder = try #require(recordedData)
    let laboratory = try JetLaboratory(kernel: "\(folder)/nock/hoonc.jam")
    #expect(laboratory.cores["one/two/tri/qua/vi/mule"] != nil)
    try check(in: laboratory) { !$0.kelvins.contains(138) && laboratory.sources[$0.path] != nil }
  }

  private func check(in laboratory: JetLaboratory, where isWanted: (Jet) -> Bool) throws {
    let cases = JetCases.each(debug: 20, release: 100_000)
    var seen: Set<String> = []
    for family in JetFamily.standard {
      for jet in family.jets where isWanted(jet) && !seen.contains(jet.path) {
        seen.insert(jet.path)
        guard let plan = JetPlan.known[jet.path] else { continue }
        try check(jet, plan, in: laboratory, cases: cases)
      }
    }
  }

  @Test func askingWhatIsNoGateFailsWhoeverRunsTheAsker() throws {
    let folder = try #require(recordedData)
    let laboratory = try JetLaboratory(kernel: "\(folder)/nock/hoonc.jam")
    let path = "one/two/tri/qua/mink"
    let gate = try #require(laboratory.cores[path])
    let number = try #require(laboratory.machine.jets.jets.firstIndex { $0.path == path })
    for (text, expected) in [("[[[47 91] 12 [1 1] 0 1] 3]", true), ("[[[47 91] 0 2] 3]", false)] {
      let sample = try NounText.read(Array(text.utf8), into: laboratory.nursery)
      let core = try laboratory.nursery.copyToCommons(
        laboratory.nursery.edit(gate, at: Word(direct: 6), to: sample))
      let nock = try laboratory.run(core, arm: 2, without: number, steps: 40_000)
      #expect(try laboratory.run(core, arm: 2, steps: 40_000) == nock)
      #expect((nock == .crash) == expected)
    }
  }

  private func check(_ jet: Jet, _ plan: JetPlan, in laboratory: JetLaboratory, cases: Int) throws {
    let jets = laboratory.machine.jets
    let number = try #require(jets.jets.firstIndex { $0.path == jet.path })
    let target: (core: Word, arm: UInt64)
    if let core = laboratory.cores[plan.through ?? jet.path] {
      target = (core, 2)
    } else if let caller = laboratory.callers[number] {
      target = caller
    } else {
      Issue.record("\(jet.path): the kernel has no such core")
      return
    }
    let nursery = laboratory.nursery
    let seed = UInt64(number) &* 0x1234_5678_9ABC_DEF1 &+ 1
    var maker = SampleMaker(laboratory, seed: seed)
    let answersBefore = jets.answers[number]
    var decided = 0
    var tries = 0
    while decided < cases, tries < JetDifferentialTests.triesACase * cases {
      let index = tries
      tries += 1
      try nursery.pushFrame()
      defer { nursery.bailFrame() }
      var core = target.core
      for (axis, shape) in plan.parts {
        core = try nursery.edit(core, at: Word(direct: axis), to: maker.sample(shape))
      }
      try nursery.push(core)
      let slot = nursery.state.pointee.stackTop - 1
      let expected = try laboratory.run(core, arm: target.arm, without: number, steps: JetDifferentialTests.steps)
      if expected == .undecided { continue }
      core = Word(raw: nursery.base[slot])
      let found = try laboratory.run(core, arm: target.arm, steps: JetDifferentialTests.steps)
      decided += 1
      if found != expected {
        let sample = try nursery.part(of: Word(raw: nursery.base[slot]), at: Word(direct: 6))
        let text = try NounText.string(sample, in: nursery, .brief(bytes: 400))
        Issue.record("\(jet.path), seed \(seed), case \(index): Nock \(expected), jet \(found); sample \(text)")
        return
      }
    }
    JetCases.note(jet, decided, against: laboratory.sources[jet.path] ?? "its Nock")
    #expect(decided == cases, "\(jet.path): only \(decided) of \(cases) cases were decided in \(tries) tries")
    // What the compiler cannot compile crashes whether it is remembered or not.
    let mayCrash = ["mint", "mull"].contains { jet.path.hasSuffix("/ut/\($0)") }
    #expect(mayCrash || jets.answers[number] > answersBefore, "\(jet.path): the jet never answered")
  }
}
