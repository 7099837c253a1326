// The reference evaluator's operations, by pin and by key, each written from its line in the table.

import StrataTestSupport

@testable import StrataPlan

extension Reference {
  private func app(_ head: Term, _ arguments: [Term]) -> Term { Term(.app(head, arguments)) }
  private func truth(_ condition: Bool) -> Term { Term(condition ? 1 : 0) }

  /// The arguments of a row of exactly `count`.
  private func row(_ term: Term, _ count: Int) throws(ReferenceStop) -> [Term] {
    guard case .app(_, let arguments) = try eval(term).state, arguments.count == count else {
      throw .crash(.malformedRow)
    }
    return arguments
  }

  /// A saturated pin of a natural.
  func pinned(_ number: Model, _ item: Term, _ arguments: [Term]) throws(ReferenceStop) -> Term {
    switch number.small ?? UInt64.max {
    case 0: return try operation(0, arguments)
    case 1: return try operation(1, arguments)
    case 2: return try operation(2, arguments)
    case 3: return try operation(3, arguments)
    case 8:
      let parts = try row(arguments[0], 2)
      try force(parts[0])
      try force(parts[1])
      do throws(ReferenceStop) {
        let result = Term(.wait(parts[0], [parts[1]]))
        return app(Term(0), [try force(result)])
      } catch {
        if case .threw(let tag, let value) = error { return app(tag, [value]) }
        throw error
      }
    case 15:
      guard case .app(let head, let operands) = try eval(arguments[0]).state else { throw .crash(.malformedRow) }
      guard case .nat(let key) = plain(head).state else { throw .crash(.unknownOperation) }
      // Whether two values are one object in memory is for each implementation to say.
      if key.small == 107, operands.count == 2 { throw .tooLong }
      guard let number = Reference.key(key, operands.count) else {
        throw .crash([30, 93, 98].contains(key.small) ? .undefinedOperation : .unknownOperation)
      }
      return try operation(number, operands)
    case 4...7, 9...14, 16, 18...20:
      // Effects are tested elsewhere.
      throw .tooLong
    default:
      throw .threw(item, try force(arguments[0]))
    }
  }

  /// Keys by name; several names may mean one operation, and one name several by the number of operands.
  private static let names: [(name: String, key: Int)] = [
    ("Inc", 2), ("Seq", 5), ("IsPin", 13), ("IsLaw", 14), ("IsApp", 15), ("IsNat", 16), ("Eqz", 18), ("Nil", 18),
    ("Type", 19), ("Unpin", 20), ("Name", 21), ("Arity", 22), ("Body", 23), ("Init", 24), ("Last", 25), ("If", 26),
    ("Ifz", 27), ("Nat", 28), ("Dec", 29), ("And", 31), ("Or", 32), ("Add", 35), ("Sub", 36), ("Mul", 37),
    ("Bex", 39), ("Eq", 40), ("NatEql", 40), ("Ne", 41), ("Le", 42), ("Ge", 43), ("Lt", 44), ("Gt", 45),
    ("NatCmp", 46), ("Compare", 46), ("Div", 47), ("Mod", 48), ("DivMod", 49), ("Lsh", 50), ("Rsh", 51),
    ("Trunc", 52), ("Bits", 63), ("BitSz", 63), ("Test", 64), ("Set", 65), ("Clear", 66), ("Hd", 67), ("Sz", 68),
    ("Br", 69), ("Case", 69), ("Case3", 73), ("Coup", 78), ("Up", 79), ("Ix", 81), ("Rep", 90), ("Row", 91),
    ("Copy", 92), ("Bytes", 94), ("Load", 95), ("Store", 97), ("Load8", 99), ("Bix", 99), ("ByteIx", 99),
    ("Store8", 103), ("Store64", 106), ("Cmp", 128),
  ]

  /// How many operands each key takes.
  static let arities: [Int: Int] = {
    let lists: [(Int, [Int])] = [
      (
        1,
        [0, 2, 4] + Array(13...25) + [28, 29, 39] + Array(53...59) + [63, 67, 68] + Array(82...89) + [94]
      ),
      (
        2,
        [5, 6, 31, 32, 33, 34, 35, 36, 37, 38] + Array(40...52) + [64, 65, 66, 71, 78, 81] + Array(99...102) + [128]
      ),
      (3, [1, 7, 26, 27, 60, 61, 69, 72, 79, 80, 90, 91, 95, 96, 103, 104, 105, 106]), (4, [8, 62, 73, 97]),
      (5, [9, 74, 92, 108, 109]), (6, [3, 10, 75]), (7, [11, 76]), (8, [12, 77]),
    ]
    var result: [Int: Int] = [:]
    for (arity, keys) in lists { for key in keys { result[key] = arity } }
    return result
  }()

  /// Every name with its number of operands.
  static let jets: [(name: String, arity: Int)] = names.map { ($0.name, arities[$0.key] ?? 0) }

  private static func key(_ key: Model, _ count: Int) -> Int? {
    if let small = key.small, small < 110 { return arities[Int(small)] == count ? Int(small) : nil }
    for (name, number) in names where arities[number] == count && natural(Array(name.utf8)) == key { return number }
    return nil
  }

  // MARK: The table

  private func operation(_ key: Int, _ operands: [Term]) throws(ReferenceStop) -> Term {
    switch key {
    case 0: return Term(.pin(try force(operands[0])))
    case 1:
      let name = try natural(operands[0])
      let arity = try natural(operands[1])
      let body = try force(operands[2])
      if arity.isZero { throw .crash(.lawOfArityZero) }
      return Term(.law(name: name, arity: arity, body: body))
    case 3: return try analysed(operands)
    case 4: return try force(operands[0])
    case 5:
      _ = try eval(operands[0])
      return try eval(operands[1])
    case 6...12:
      for operand in operands[1...] { _ = try eval(operand) }
      return try apply(operands[0], Array(operands[1...]))
    case 13...25, 67, 68: return try inspected(key, try eval(operands[0]))
    case 26, 27, 31, 32, 33, 34, 69, 71...77: return try chosen(key, operands)
    case 78...92, 108: return try rows(key, operands)
    case 128: return Term(UInt64(try compared(operands[0], operands[1]) + 1))
    default: return try arithmetic(key, operands)
    }
  }

  private func analysed(_ operands: [Term]) throws(ReferenceStop) -> Term {
    switch try eval(operands[5]).state {
    case .pin(let item): return try apply(operands[0], [item])
    case .law(let name, let arity, let body): return try apply(operands[1], [Term(name), Term(arity), body])
    case .app(let head, let arguments):
      let first = arguments.count == 1 ? head : app(head, Array(arguments.dropLast()))
      return try apply(operands[2], [first, arguments[arguments.count - 1]])
    case .nat(let number):
      guard let less = number.minus(Model(1)) else { return try eval(operands[3]) }
      return try apply(operands[4], [Term(less)])
    default: throw .tooLong
    }
  }

  private func inspected(_ key: Int, _ value: Term) throws(ReferenceStop) -> Term {
    switch (key, value.state) {
    case (13, .pin), (14, .law), (15, .app), (16, .nat): return Term(1)
    case (13...16, _): return Term(0)
    case (17, .nat(let number)): return truth(!number.isZero)
    case (17, _): return Term(1)
    case (18, .nat(let number)): return truth(number.isZero)
    case (18, _): return Term(0)
    case (19, .nat): return Term(0)
    case (19, .pin): return Term(1)
    case (19, .law): return Term(2)
    case (19, _): return Term(3)
    case (20, .pin(let item)): return plain(item)
    case (21, .law(let name, _, _)): return Term(name)
    case (22, .law(_, let arity, _)): return Term(arity)
    case (23, .law(_, _, let body)): return plain(body)
    case (24, .app(let head, let arguments)):
      return arguments.count == 1 ? plain(head) : app(head, Array(arguments.dropLast()))
    case (25, .app(_, let arguments)): return try eval(arguments[arguments.count - 1])
    case (67, .app(let head, _)): return plain(head)
    case (67, _): return value
    case (68, .app(_, let arguments)): return Term(UInt64(arguments.count))
    default: return Term(0)
    }
  }

  private func isZero(_ term: Term) throws(ReferenceStop) -> Bool {
    if case .nat(let number) = try eval(term).state { return number.isZero }
    return false
  }

  private func chosen(_ key: Int, _ operands: [Term]) throws(ReferenceStop) -> Term {
    switch key {
    case 26: return try eval(operands[try isZero(operands[0]) ? 2 : 1])
    case 27: return try eval(operands[try isZero(operands[0]) ? 1 : 2])
    case 31: return try isZero(operands[0]) ? Term(0) : try eval(operands[1])
    case 32: return try isZero(operands[0]) ? try eval(operands[1]) : try eval(operands[0])
    case 33:
      if try isZero(operands[0]) { return Term(1) }
      return truth(try isZero(operands[1]))
    case 34:
      if !(try isZero(operands[0])) { return Term(0) }
      return truth(try isZero(operands[1]))
    case 69:
      let position = try natural(operands[0])
      if case .app(_, let parts) = try eval(operands[1]).state, let index = position.small, index < UInt64(parts.count)
      {
        return try eval(parts[Int(index)])
      }
      return try eval(operands[2])
    default:
      let position = try natural(operands[0])
      let last = operands.count - 1
      let index = position.small.map { $0 < UInt64(last - 1) ? Int($0) + 1 : last } ?? last
      return try eval(operands[index])
    }
  }

  // MARK: Rows

  private func parts(_ term: Term) throws(ReferenceStop) -> (head: Term, arguments: [Term])? {
    if case .app(let head, let arguments) = try eval(term).state { return (head, arguments) }
    return nil
  }

  private func rows(_ key: Int, _ operands: [Term]) throws(ReferenceStop) -> Term {
    switch key {
    case 78:
      guard let (_, arguments) = try parts(operands[1]) else { return try eval(operands[0]) }
      return try apply(operands[0], arguments)
    case 79, 80:
      let position = try natural(operands[0])
      guard let (head, arguments) = try parts(operands[2]), let index = position.small,
        index < UInt64(arguments.count)
      else { return try eval(operands[2]) }
      var changed = arguments
      changed[Int(index)] = operands[1]
      return app(head, changed)
    case 81...89:
      let position = key == 81 ? try natural(operands[0]) : Model(UInt64(key - 82))
      guard let (_, arguments) = try parts(operands[operands.count - 1]), let index = position.small,
        index < UInt64(arguments.count)
      else { return Term(0) }
      return try eval(arguments[Int(index)])
    case 90:
      let count = try natural(operands[2])
      let head = try natural(operands[0])
      if count.isZero { return Term(head) }
      guard let size = count.small, size < 2000 else { throw .tooLong }
      return app(Term(head), [Term](repeating: operands[1], count: Int(size)))
    case 91:
      let head = try natural(operands[0])
      let count = try natural(operands[1])
      if count.isZero { return Term(head) }
      guard let size = count.small, size < 2000 else { throw .tooLong }
      var result: [Term] = []
      var rest = operands[2]
      while result.count < Int(size) {
        guard let (_, cell) = try parts(rest) else { break }
        result.append(cell[0])
        rest = cell.count >= 2 ? cell[1] : Term(0)
      }
      while result.count < Int(size) { result.append(Term(0)) }
      return app(Term(head), result)
    default:
      let count = try natural(operands[0])
      let from = try natural(operands[1])
      let to = try natural(operands[2])
      let source = try parts(operands[3])?.arguments ?? []
      guard var (head, target) = try parts(operands[4]) else { return try eval(operands[4]) }
      guard !count.isZero, let start = from.small, let end = to.small, start < UInt64(source.count),
        end < UInt64(target.count)
      else { return try eval(operands[4]) }
      head = plain(head)
      let most = target.count - Int(end)
      for index in 0..<Int(min(count.small ?? UInt64.max, UInt64(most))) {
        let place = Int(start) + index
        target[Int(end) + index] = place < source.count ? source[place] : Term(0)
      }
      return app(head, target)
    }
  }

  /// -1, 0 or 1 by kind, then size, then parts from first to last.
  private func compared(_ left: Term, _ right: Term) throws(ReferenceStop) -> Int {
    let left = try eval(left)
    let right = try eval(right)
    try spend()
    if left === right { return 0 }
    switch (left.state, right.state) {
    case (.nat(let one), .nat(let other)): return one.compared(to: other)
    case (.pin(let one), .pin(let other)): return try compared(one, other)
    case (.law(let name, let arity, let body), .law(let otherName, let otherArity, let otherBody)):
      var order = name.compared(to: otherName)
      if order == 0 { order = arity.compared(to: otherArity) }
      return order == 0 ? try compared(body, otherBody) : order
    case (.app(let head, let arguments), .app(let otherHead, let others)):
      if arguments.count != others.count { return arguments.count < others.count ? -1 : 1 }
      var order = try compared(head, otherHead)
      for (one, other) in zip(arguments, others) where order == 0 { order = try compared(one, other) }
      return order
    default: return kind(left) < kind(right) ? -1 : 1
    }
  }

  private func spend() throws(ReferenceStop) {
    fuel -= 1
    if fuel < 0 { throw .tooLong }
  }

  private func kind(_ term: Term) -> Int {
    switch term.state {
    case .nat: 0
    case .pin: 1
    case .law: 2
    default: 3
    }
  }
}
