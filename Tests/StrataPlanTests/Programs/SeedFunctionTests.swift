// The recorded seeds that are functions, applied to generated arguments, against the same functions written in Swift:
// with the machine's own operations in the place of laws of their names, and without, where every law runs its own body.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

extension Value {
  fileprivate static func truth(_ condition: Bool) -> Value { .nat(condition ? 1 : 0) }
  /// A row, which is 0 when it has no elements.
  fileprivate static func row(_ parts: [Value]) -> Value { parts.isEmpty ? .nat(0) : .app(.nat(0), parts) }
  /// A list of cells.
  fileprivate static func list(_ parts: [Value]) -> Value {
    parts.reversed().reduce(.nat(0)) { .app(.nat(0), [$1, $0]) }
  }
  fileprivate static func text(_ bytes: [UInt8]) -> Value {
    bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }.asValue
  }

  fileprivate var number: UInt64 { if case .nat(let number) = self { number } else { 0 } }
  fileprivate var parts: [Value] { if case .app(_, let parts) = self { parts } else { [] } }
  fileprivate var isApp: Bool { !parts.isEmpty }
  fileprivate var isZero: Bool { if case .nat(0) = self { true } else { false } }
  fileprivate var textBytes: [UInt8] {
    var bytes: [UInt8] = []
    var rest = number
    while rest > 0 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return bytes
  }

  /// The value in the notation in which machine and reference print.
  fileprivate var plainText: String {
    switch self {
    case .nat(let number): "\(number)"
    case .bytes(let bytes): Reference.text(Reference.natural(bytes))
    case .pin(let item): "<\(item.plainText)>"
    case .law(let name, let arity, let body): "{\(name.plainText) \(arity) \(body.plainText)}"
    case .app(let head, let parts): "(\(([head] + parts).map(\.plainText).joined(separator: " ")))"
    case .known(let index): "known \(index)"
    }
  }

  /// 0, 1 or 2: kinds first, naturals below pins below laws below applications; an application without its last part
  /// before that part, so that the shorter of two comes first only when what it shares does not decide.
  fileprivate func compared(to other: Value) -> UInt64 {
    func order(_ left: UInt64, _ right: UInt64) -> UInt64 { left < right ? 0 : left == right ? 1 : 2 }
    switch (self, other) {
    case (.nat(let one), .nat(let two)): return order(one, two)
    case (.pin(let one), .pin(let two)): return one.compared(to: two)
    case (.law(let name, let arity, let body), .law(let otherName, let otherArity, let otherBody)):
      let names = name.compared(to: otherName)
      if names != 1 { return names }
      let arities = order(UInt64(arity), UInt64(otherArity))
      return arities != 1 ? arities : body.compared(to: otherBody)
    case (.app(let head, let parts), .app(let otherHead, let others)):
      if parts.count != others.count { return order(UInt64(parts.count), UInt64(others.count)) }
      for (one, two) in zip([head] + parts, [otherHead] + others) {
        let result = one.compared(to: two)
        if result != 1 { return result }
      }
      return 1
    default: return order(kind, other.kind)
    }
  }

  private var kind: UInt64 {
    switch self {
    case .pin: 1
    case .law: 2
    case .app: 3
    default: 0
    }
  }
}

extension UInt64 {
  fileprivate var asValue: Value { .nat(self) }
}

/// What arguments are made of.
private struct Arguments {
  var random: Random
  /// Whether numbers are so small that counting to them is quick.
  let isSmall: Bool

  mutating func number(_ below: Int = 1 << 20) -> Value { .nat(UInt64(random.below(isSmall ? min(below, 24) : below))) }

  mutating func value(_ depth: Int = 2) -> Value {
    switch random.below(depth == 0 ? 3 : 8) {
    case 0...3: number(40)
    case 4: .pin(value(depth - 1))
    case 5: .law(number(9), 1 + random.below(3), value(depth - 1))
    default: .app(number(3), values(1 + random.below(3), depth - 1))
    }
  }

  mutating func values(_ count: Int, _ depth: Int = 1) -> [Value] {
    var result: [Value] = []
    for _ in 0..<count { result.append(value(depth)) }
    return result
  }

  mutating func row(_ most: Int = 6) -> Value { .row(values(random.below(most + 1))) }

  mutating func text() -> Value {
    .text((0..<random.below(isSmall ? 2 : 4)).map { _ in UInt8(1 + random.below(isSmall ? 20 : 255)) })
  }

  /// Keys and values, by key, each once.
  mutating func pairs(_ most: Int = 8) -> [(key: Value, value: Value)] {
    var keys: Set<UInt64> = []
    for _ in 0..<random.below(most + 1) { keys.insert(UInt64(random.below(20))) }
    var result: [(key: Value, value: Value)] = []
    for key in keys.sorted() { result.append((.nat(key), number(100))) }
    return result
  }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in elements.indices.reversed() { elements.swapAt(index, random.below(index + 1)) }
    return elements
  }
}

/// One application: a seed, or several that are applied to one another, and what comes out.
private struct Application {
  /// Seeds by their place in `main`.
  let seeds: [String]
  let main: Value
  let expected: Value
  /// Where the operation of the seed's name differs from its body, or the body takes too long: not without operations.
  var needsJets = false
}

/// Makes an application of the seed, which is `.known(0)`, to arguments.
private typealias Maker = (inout Arguments) -> Application

private func function(
  _ seed: String, needsJets: Bool = false, _ arguments: @escaping (inout Arguments) -> [Value],
  _ result: @escaping ([Value]) -> Value
) -> (String, Maker) {
  (
    seed,
    { maker in
      let operands = arguments(&maker)
      return Application(
        seeds: [seed], main: .app(.known(0), operands), expected: result(operands), needsJets: needsJets)
    }
  )
}

private func binary(
  _ seed: String, _ below: Int = 1 << 20, from: UInt64 = 0, needsJets: Bool = false,
  _ result: @escaping (UInt64, UInt64) -> UInt64
) -> (String, Maker) {
  function(
    seed, needsJets: needsJets, { [$0.number(below), .nat($0.number(below).number + from)] },
    { .nat(result($0[0].number, $0[1].number)) })
}

/// A tree with these pairs, put in one after the other: seeds 0 and 1 are in use, 2 is `bstPut`.
private func tree(_ pairs: [(key: Value, value: Value)]) -> Value {
  pairs.reduce(.nat(0)) { .app(.known(2), [$0, $1.key, $1.value]) }
}

/// A function over a tree and further arguments, and what it gives for the tree's pairs.
private func treeFunction(
  _ seed: String, _ make: @escaping (inout Arguments, [(key: Value, value: Value)]) -> (main: (Value) -> Value, Value)
) -> (String, Maker) {
  (
    seed,
    { maker in
      let pairs = maker.pairs()
      let (main, expected) = make(&maker, pairs)
      return Application(
        seeds: [seed, "bstSave", "bstPut"], main: main(tree(maker.shuffled(pairs))), expected: expected)
    }
  )
}

private func saved(_ pairs: [(key: Value, value: Value)]) -> Value { .row(pairs.flatMap { [$0.key, $0.value] }) }

/// What is known of each seed, by its name.
private func allMakers() -> [(String, Maker)] {
  ["Add", "add"].map { binary($0) { $0 + $1 } }
    + [
      binary("Sub") { $0 < $1 ? 0 : $0 - $1 },
      binary("Div", from: 1) { $0 / $1 },
      binary("Mod", from: 1) { $0 % $1 },
      binary("natCmp") { $0 < $1 ? 0 : $0 == $1 ? 1 : 2 },
      binary("natLte") { $0 <= $1 ? 1 : 0 },
      function("DivMod", { [$0.number(), .nat($0.number().number + 1)] }) {
        .row([.nat($0[0].number / $0[1].number), .nat($0[0].number % $0[1].number)])
      },
      function("Trunc", { [.nat(UInt64($0.random.below(6))), $0.number()] }) {
        .nat($0[1].number & (1 << $0[0].number - 1))
      },
      function("Bex", { [.nat(UInt64($0.random.below($0.isSmall ? 8 : 62)))] }) { .nat(1 << $0[0].number) },
      function("BitSz", { [$0.number()] }) { .nat(UInt64(64 - $0[0].number.leadingZeroBitCount)) },
      function("Dec", { [$0.number()] }) { .nat($0[0].number == 0 ? 0 : $0[0].number - 1) },
      function("ByteIx", needsJets: true, { [$0.number(5), $0.text()] }) {
        let bytes = $0[1].textBytes
        return .nat(Int($0[0].number) < bytes.count ? UInt64(bytes[Int($0[0].number)]) : 0)
      },
      // What there is in a value.
      function("Eqz", { [$0.value()] }) { .truth($0[0].isZero) },
      function("IsApp", { [$0.value()] }) { .truth($0[0].isApp) },
      function("Null", { [$0.value()] }) { .truth(!$0[0].isApp) },
      function("IsNat", { [$0.value()] }) { if case .nat = $0[0] { .nat(1) } else { .nat(0) } },
      function("IsPin", { [$0.value()] }) { if case .pin = $0[0] { .nat(1) } else { .nat(0) } },
      function("IsLaw", { [$0.value()] }) { if case .law = $0[0] { .nat(1) } else { .nat(0) } },
      function("Arity", { [.law($0.number(9), 1 + $0.random.below(9), $0.value())] }) {
        if case .law(_, let arity, _) = $0[0] { .nat(UInt64(arity)) } else { .nat(0) }
      },
      function("Hd", { [$0.value()] }) { if case .app(let head, _) = $0[0] { head } else { $0[0] } },
      function("Last", { [$0.value()] }) { $0[0].parts.last ?? .nat(0) },
      function("Sz", { [$0.value()] }) { .nat(UInt64($0[0].parts.count)) },
      // Both go by the kind first; without operations applications are compared as pairs, not by size.
      function("Cmp", needsJets: true, { [$0.value(), $0.value()] }) { .nat($0[0].compared(to: $0[1])) },
      function(
        "Eql",
        {
          let value = $0.value()
          return [value, $0.random.chance(50) ? value : $0.value()]
        }
      ) { .truth($0[0].compared(to: $0[1]) == 1) },
      // Choices.
      function("If", { [$0.number(3), $0.value(), $0.value()] }) { $0[0].isZero ? $0[2] : $0[1] },
      function("Ifz", { [$0.number(3), $0.value(), $0.value()] }) { $0[0].isZero ? $0[1] : $0[2] },
      function("Ix", { [$0.number(8), $0.row()] }) {
        Int($0[0].number) < $0[1].parts.count ? $0[1].parts[Int($0[0].number)] : .nat(0)
      },
      function("Br", { [$0.number(8), $0.row(), $0.value()] }) {
        Int($0[0].number) < $0[1].parts.count ? $0[1].parts[Int($0[0].number)] : $0[2]
      },
      // From the last on.
      function("bruh", { [$0.row(), $0.number(8)] }) {
        Int($0[1].number) < $0[0].parts.count ? $0[0].parts.reversed()[Int($0[1].number)] : .nat(0)
      },
      // Rows.
      function("Up", { [$0.number(8), $0.value(), $0.row()] }) {
        var parts = $0[2].parts
        if Int($0[0].number) < parts.count { parts[Int($0[0].number)] = $0[1] }
        return .row(parts)
      },
      function(
        "opp",
        {
          let row = Value.row($0.values(1 + $0.random.below(5)))
          return [$0.value(), row, .nat(UInt64($0.random.below(row.parts.count)))]
        }
      ) {
        var parts = $0[1].parts
        parts[parts.count - 1 - Int($0[2].number)] = $0[0]
        return .row(parts)
      },
      function("Weld", { [$0.row(), $0.row()] }) { .row($0[0].parts + $0[1].parts) },
      function("Cat", { maker in [.row((0..<maker.random.below(4)).map { _ in maker.row() })] }) {
        .row($0[0].parts.flatMap(\.parts))
      },
      function("Drop", { [$0.number(8), $0.row()] }) { .row(Array($0[1].parts.dropFirst(Int($0[0].number)))) },
      function("Take", { [$0.number(8), $0.row()] }) { .row(Array($0[1].parts.prefix(Int($0[0].number)))) },
      function("Gen", { [$0.number(20), .pin(.nat(2))] }) { .row((0..<$0[0].number).map { .nat($0 + 1) }) },
      function("FillR", { [$0.number(5), .list($0.row().parts)] }, filled),
      function("Fill", { [$0.number(5), .list($0.row().parts)] }, filled),
      // Text.
      function("StrFoldr", needsJets: true, { [jet("Add", 2), $0.number(), $0.text()] }) {
        .nat($0[2].textBytes.reduce($0[1].number) { $0 + UInt64($1) })
      },
      function("StrHas", needsJets: true, { [.nat(UInt64($0.random.below(256))), $0.text()] }) {
        .truth($0[1].textBytes.contains(UInt8($0[0].number)))
      },
      function("strWeld", needsJets: true, { [$0.text(), $0.text()] }) { .text($0[0].textBytes + $0[1].textBytes) },
      // Searching sorted rows: twice the place, and one more where the key is.
      function("searchSet", { [.nat(UInt64($0.random.below(20))), .row($0.pairs().map(\.key))] }) {
        searched($0[0], $0[1].parts)
      },
      function("searchTab", { [.nat(UInt64($0.random.below(20))), saved($0.pairs())] }) { operands in
        searched(operands[0], operands[1].parts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), step: 2)
      },
      // Trees.
      function("bstSing", { [$0.number(20), $0.value()] }) { .row($0 + [.nat(0), .nat(0)]) },
      treeFunction("bstSave") { _, pairs in ({ .app(.known(0), [$0]) }, saved(pairs)) },
      treeFunction("bstPut") { maker, pairs in
        let (key, value) = (maker.number(20), maker.number(100))
        return ({ .app(.known(1), [.app(.known(0), [$0, key, value])]) }, saved(replacing(pairs, key, value)))
      },
      treeFunction("bstIns") { maker, pairs in
        let (key, value) = (maker.number(20), maker.number(100))
        return ({ .app(.known(1), [.app(.known(0), [key, value, $0])]) }, saved(replacing(pairs, key, value)))
      },
      treeFunction("bstAlter") { maker, pairs in
        // A constant law: takes the key out, or puts another value in.
        let key = maker.number(20)
        let value: Value? = maker.random.chance(50) ? nil : maker.number(100)
        let change = Value.law(.nat(0), 1, quote(value.map { .row([$0]) } ?? .nat(0)))
        return ({ .app(.known(1), [.app(.known(0), [key, change, $0])]) }, saved(replacing(pairs, key, value)))
      },
      treeFunction("bstIdx") { maker, pairs in
        let key = maker.number(20)
        return ({ .app(.known(0), [key, $0]) }, pairs.first { $0.key.number == key.number }?.value ?? .nat(0))
      },
      treeFunction("bstHas") { maker, pairs in
        let key = maker.number(20)
        return ({ .app(.known(0), [key, $0]) }, .truth(pairs.contains { $0.key.number == key.number }))
      },
      treeFunction("bstSearch") { maker, pairs in
        let key = maker.number(20)
        let found = pairs.first { $0.key.number == key.number }
        return ({ .app(.known(0), [key, $0]) }, .row(found.map { [$0.value] } ?? []))
      },
      treeFunction("bstLoad") { maker, pairs in
        ({ .app(.known(1), [.app(.known(0), [.app(.known(1), [$0])])]) }, saved(pairs))
      },
      treeFunction("bstWalk") { maker, pairs in
        // The nodes in order: as many as there are pairs.
        (
          { .app(jet("Sz", 1), [.app(jet("Row", 3), [.nat(0), .nat(UInt64(pairs.count)), .app(.known(0), [$0])])]) },
          .nat(UInt64(pairs.count))
        )
      },
      treeFunction("bstUnion") { maker, pairs in
        let others = maker.pairs()
        // Where both have a key, the first tree's value stays.
        let all = pairs.reduce(others) { replacing($0, $1.key, $1.value) }
        let second = tree(maker.shuffled(others))
        return ({ .app(.known(1), [.app(.known(0), [$0, second])]) }, saved(all))
      },
      (
        "bstFromPairsList",
        { maker in
          let pairs = maker.pairs()
          let list = Value.list(maker.shuffled(pairs).map { .row([$0.key, $0.value]) })
          return Application(
            seeds: ["bstFromPairsList", "bstSave"], main: .app(.known(1), [.app(.known(0), [list])]),
            expected: saved(pairs))
        }
      ),
    ]
}

/// The elements of a list, from the last to the first, applied to a head.
private func filled(_ operands: [Value]) -> Value {
  var parts: [Value] = []
  var rest = operands[1]
  while rest.isApp {
    parts.append(rest.parts[0])
    rest = rest.parts[1]
  }
  return parts.isEmpty ? operands[0] : .app(operands[0], parts.reversed())
}

private func searched(_ key: Value, _ keys: [Value], step: UInt64 = 1) -> Value {
  let place = UInt64(keys.filter { $0.number < key.number }.count)
  let isThere = keys.contains { $0.number == key.number }
  return .nat(2 * step * place + (isThere ? 1 : 0))
}

/// Pairs with the key's value replaced, put in or, for nil, taken out.
private func replacing(
  _ pairs: [(key: Value, value: Value)], _ key: Value, _ value: Value?
) -> [(key: Value, value: Value)] {
  let others = pairs.filter { $0.key.number != key.number }
  return (others + (value.map { [(key, $0)] } ?? [])).sorted { $0.key.number < $1.key.number }
}

@Suite(.enabled(if: hasPlanData, "needs the recorded seeds"))
struct SeedFunctionTests {
  /// Every function with jets, and without them those whose own laws answer too.
  private static let ways: [(String, Bool)] = allMakers().flatMap { name, maker in
    var arguments = Arguments(random: Random(seed: 0), isSmall: true)
    return maker(&arguments).needsJets ? [(name, true)] : [(name, true), (name, false)]
  }

  @Test(arguments: ways)
  func seedsAgreeWithSwift(name: String, nameJets: Bool) throws {
    let maker = try #require(allMakers().first { $0.0 == name }?.1)
    let machine = try PlanMachine(nameJets: nameJets)
    for seed in 0..<UInt64((isDebug ? 15 : 60) * testScale) {
      var arguments = Arguments(random: Random(seed: seed), isSmall: !nameJets)
      let application = maker(&arguments)
      let known = try application.seeds.map { try machine.load(seed: planBytes("seeds/\($0)")) }
      let found = try machine.result(main: machine.build(application.main, known))
      try #require(
        found == application.expected.plainText, "seed \(seed): \(name) in \(application.main.plainText)")
      machine.nursery.reset()
    }
  }

  /// Laws of the seeds whose operation does not say on everything what they say.
  private static let different: Set<String> = ["Cmp"]

  /// What laws with the names of operations give, called in all the ways in which the seeds call them.
  @Test func lawsAgreeWithTheirOperations() throws {
    var counts = (compared: 0, undecided: 0)
    var found: Set<String> = []
    for (name, maker) in allMakers() {
      let machine = try PlanMachine(jetCheckInterval: 1)
      for seed in 0..<UInt64((isDebug ? 6 : 60) * testScale) {
        var arguments = Arguments(random: Random(seed: seed), isSmall: true)
        let application = maker(&arguments)
        let known = try application.seeds.map { try machine.load(seed: planBytes("seeds/\($0)")) }
        let result = try machine.result(main: machine.build(application.main, known))
        #expect(result == application.expected.plainText, "seed \(seed): \(name) in \(application.main.plainText)")
        machine.nursery.reset()
      }
      counts.compared += machine.jetChecks
      counts.undecided += machine.undecidedJetChecks
      for wrong in machine.jetMismatches {
        found.insert(wrong.name)
        if !SeedFunctionTests.different.contains(wrong.name) { Issue.record("\(name): \(wrong)") }
      }
    }
    print(
      "laws of seeds against their operations: \(counts.compared) compared, \(counts.undecided) undecided, \(found) differ"
    )
    #expect(counts.compared > 1000)
  }

  /// Every seed that is a function of a few arguments is in the table.
  @Test func everyFunctionIsThere() {
    // Programs, tests and a conversation: not functions of a few values.
    let others = ["SaveSeed", "Search", "bootenv", "lexerTest", "rexTrial", "sire", "siresave", "wire"]
    let names = SeedTests.names.compactMap { $0.split(separator: "/").last.map(String.init) }
    let missing = names.filter { name in !name.hasPrefix("test") && name != "sire.seed" && !others.contains(name) }
    #expect(Set(missing).subtracting(allMakers().map(\.0)) == [])
  }
}
