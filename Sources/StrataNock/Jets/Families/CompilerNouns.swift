// The Hoon compiler's small helpers: types and formulas put together, and names looked up in a core's battery.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `cell` to `loot`.
  public static let compilerNouns = JetFamily(
    "compiler nouns",
    [
      Jet(pen + "cell", kelvins: checked) { (call) throws(Fault) in
        guard let (head, tail) = try call.parts() else { return nil }
        return try head == void || tail == void ? void : call.nursery.cell(term("cell"), call.nursery.cell(head, tail))
      },
      Jet(pen + "core", kelvins: checked) { (call) throws(Fault) in
        guard let (payload, coil) = try call.parts() else { return nil }
        return try payload == void ? void : call.nursery.cell(term("core"), call.nursery.cell(payload, coil))
      },
      Jet(pen + "face", kelvins: checked) { (call) throws(Fault) in
        guard let (name, type) = try call.parts() else { return nil }
        return try type == void ? void : call.nursery.cell(term("face"), call.nursery.cell(name, type))
      },
      Jet(pen + "fork", kelvins: checked) { (call) throws(Fault) in try fork(call) },
      Jet(pen + "cons", kelvins: checked) { (call) throws(Fault) in
        guard let (head, tail) = try call.parts() else { return nil }
        let nursery = call.nursery
        guard let first = argument(head, of: 1, nursery), let second = argument(tail, of: 1, nursery) else {
          return try nursery.cell(head, tail)
        }
        return try nursery.cell(.one, nursery.cell(first, second))
      },
      Jet(pen + "comb", kelvins: checked) { (call) throws(Fault) in try comb(call) },
      Jet(pen + "flan", kelvins: checked) { (call) throws(Fault) in try joined(call, neutral: .zero) },
      Jet(pen + "flor", kelvins: checked) { (call) throws(Fault) in try joined(call, neutral: .one) },
      Jet(pen + "flip", kelvins: checked) { (call) throws(Fault) in
        let nursery = call.nursery
        let formula = try call.sample()
        if isPair(formula, 1, 0, nursery) { return try nursery.cell(.one, .one) }
        if isPair(formula, 1, 1, nursery) { return try nursery.cell(.one, .zero) }
        if isPair(formula, 0, 0, nursery) { return formula }
        let branches = try nursery.cell(nursery.cell(.one, .one), nursery.cell(.one, .zero))
        return try nursery.cell(Word(direct: 6), nursery.cell(formula, branches))
      },
      Jet(pen + "fitz", kelvins: checked) { (call) throws(Fault) in try fitz(call) },
      Jet(pen + "look", kelvins: checked) { (call) throws(Fault) in
        guard let (name, arms) = try call.parts() else { return nil }
        return try look(name, arms, call.nursery).map { (found) throws(Fault) in try unit(found, call.nursery) }
      },
      Jet(pen + "loot", kelvins: checked) { (call) throws(Fault) in
        guard let (name, chapters) = try call.parts() else { return nil }
        return try loot(name, chapters, 1, call.nursery, depth: 0)
          .map { (found) throws(Fault) in try unit(found, call.nursery) }
      },
    ])

  private static let pen = "one/two/tri/qua/pen/"
  /// The version of the library that these have been held against.
  private static let checked = 138...138
  private static let void = term("void")

  private static func term(_ text: StaticString) -> Word { Word(direct: cord(text)) }

  /// What follows the operation in a formula, if it is this one.
  private static func argument(_ formula: Word, of operation: UInt64, _ nursery: Nursery) -> Word? {
    formula.isCell && nursery.head(formula).raw == operation ? nursery.tail(formula) : nil
  }

  private static func isPair(_ noun: Word, _ head: UInt64, _ tail: UInt64, _ nursery: Nursery) -> Bool {
    noun.isCell && nursery.head(noun).raw == head && nursery.tail(noun).raw == tail
  }

  private static func fork(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    let types = Treaps(nursery, isMap: false)
    var rest = try call.sample()
    guard try nursery.listCount(rest) != nil else { return nil }
    var set = Word.zero
    while rest.isCell {
      let type = nursery.head(rest)
      rest = nursery.tail(rest)
      if type == void { continue }
      let next: Word?
      if type.isCell, nursery.head(type) == term("fork") {
        next = try nursery.equal(set, nursery.tail(type)) ? set : types.union(set, nursery.tail(type))
      } else {
        next = try types.inserted(type, key: type, in: set)
      }
      guard let next else { return nil }
      set = next
    }
    if set == .zero { return void }
    guard let top = types.node(set) else { return nil }
    return top.left == .zero && top.right == .zero ? top.node : try nursery.cell(term("fork"), set)
  }

  /// The axis of the part at b of the part at a; nil if either is no such axis, or the result is long.
  private static func pegged(_ a: Word, _ b: Word) -> Word? {
    guard a.isDirect, b.isDirect, a != .zero, b != .zero else { return nil }
    let steps = UInt64(63 - b.raw.leadingZeroBitCount)
    guard Int(steps) + 64 - a.raw.leadingZeroBitCount <= 62 else { return nil }
    return Word(direct: a.raw << steps | b.raw & ((1 << steps) - 1))
  }

  /// One formula after another.
  private static func comb(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (first, second) = try call.parts() else { return nil }
    if let axis = argument(first, of: 0, nursery), axis != .zero {
      if let inner = argument(second, of: 0, nursery), inner != .zero {
        return try pegged(axis, inner).map { (axis) throws(Fault) in try nursery.cell(.zero, axis) }
      }
      if let call = argument(second, of: 2, nursery), call.isCell,
        let subject = argument(nursery.head(call), of: 0, nursery),
        let formula = argument(nursery.tail(call), of: 0, nursery)
      {
        guard let subject = pegged(axis, subject), let formula = pegged(axis, formula) else { return nil }
        return try nursery.cell(
          Word(direct: 2), nursery.cell(nursery.cell(.zero, subject), nursery.cell(.zero, formula)))
      }
    } else if first.isCell, nursery.head(first).isCell, isPair(nursery.tail(first), 0, 1, nursery) {
      return try nursery.cell(Word(direct: 8), nursery.cell(nursery.head(first), second))
    } else if isPair(second, 0, 1, nursery) {
      return first
    }
    return try nursery.cell(Word(direct: 7), nursery.cell(first, second))
  }

  /// Both conditions, or either: the neutral one of the two answers is what the other formula decides after.
  private static func joined(_ call: JetCall, neutral: Word) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (first, second) = try call.parts() else { return nil }
    let other: UInt64 = 1 - neutral.raw
    if isPair(first, 1, other, nursery) || isPair(second, 1, neutral.raw, nursery) || isPair(first, 0, 0, nursery) {
      return first
    }
    if try nursery.equal(first, second) { return first }
    if isPair(first, 1, neutral.raw, nursery) || isPair(second, 1, other, nursery) || isPair(second, 0, 0, nursery) {
      return second
    }
    let answer = try nursery.cell(.one, Word(direct: other))
    let branches = try neutral == .zero ? nursery.cell(second, answer) : nursery.cell(answer, second)
    return try nursery.cell(Word(direct: 6), nursery.cell(first, branches))
  }

  /// Whether one aura may stand for another: a common beginning, and a size at the end that is not larger.
  private static func fitz(_ call: JetCall) throws(Fault) -> Word? {
    guard let (a, b) = try call.atoms() else { return nil }
    func parts(_ aura: Word) throws(Fault) -> (size: UInt8, name: [UInt8]) {
      let bytes = try call.nursery.bytes(of: aura)
      guard let last = bytes.last, last >= 0x41, last <= 0x5A else { return (0, bytes) }
      var name = Array(bytes.dropLast())
      while name.last == 0 { name.removeLast() }
      return (last - 64, name)
    }
    let first = try parts(a)
    let second = try parts(b)
    guard first.size == 0 || second.size == 0 || second.size <= first.size else { return .one }
    return Nursery.loobean(zip(first.name, second.name).allSatisfy { $0 == $1 })
  }

  /// Where a name was found: the axis, nil when it was not found at all.
  private typealias Found = (axis: Word, value: Word)?

  private static func unit(_ found: Found, _ nursery: Nursery) throws(Fault) -> Word {
    guard let found else { return .zero }
    return try nursery.unit(nursery.cell(found.axis, found.value))
  }

  /// The arm with this name in a map of arms that is laid out as a battery: `.some(nil)` when there is none.
  private static func look(_ name: Word, _ arms: Word, _ nursery: Nursery) throws(Fault) -> Found? {
    let maps = Treaps(nursery, isMap: true)
    var axis = Word.one
    var tree = arms
    while tree != .zero {
      guard let node = maps.node(tree) else { return nil }
      let hasLeft = node.left != .zero
      let hasRight = node.right != .zero
      if try nursery.equal(name, node.key) {
        guard let place = hasLeft || hasRight ? pegged(axis, Word(direct: 2)) : axis else { return nil }
        return .some((place, nursery.tail(node.node)))
      }
      if !hasLeft && !hasRight { return .some(nil) }
      let isLeft = try nursery.isLeft(name, of: node.key)
      if isLeft ? !hasLeft : !hasRight { return .some(nil) }
      let step: UInt64 = hasLeft && hasRight ? (isLeft ? 6 : 7) : 3
      guard let next = pegged(axis, Word(direct: step)) else { return nil }
      axis = next
      tree = isLeft ? node.left : node.right
    }
    return .some(nil)
  }

  /// The arm with this name in any of a core's chapters.
  private static func loot(
    _ name: Word, _ chapters: Word, _ axis: UInt64, _ nursery: Nursery, depth: Int
  ) throws(Fault) -> Found? {
    if chapters == .zero { return .some(nil) }
    guard depth < 50, let node = Treaps(nursery, isMap: true).node(chapters), nursery.tail(node.node).isCell,
      let found = try look(name, nursery.tail(nursery.tail(node.node)), nursery)
    else { return nil }
    let hasLeft = node.left != .zero
    let hasRight = node.right != .zero
    if let found {
      let above = hasLeft || hasRight ? pegged(Word(direct: axis), Word(direct: 2)) : Word(direct: axis)
      guard let above, let place = pegged(above, found.axis) else { return nil }
      return .some((place, found.value))
    }
    for (side, step) in [(node.left, hasRight ? 6 : 3), (node.right, hasLeft ? 7 : 3)] where side != .zero {
      guard let next = pegged(Word(direct: axis), Word(direct: UInt64(step))) else { return nil }
      guard let inner = try loot(name, side, next.raw, nursery, depth: depth + 1) else { return nil }
      if inner != nil { return inner }
    }
    return .some(nil)
  }
}
