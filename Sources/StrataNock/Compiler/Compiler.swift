// From a formula to instructions.
//
// The compiler walks the formula once. It tracks what is known of every noun (`Value`): constants are folded, cells
// of known parts are taken apart without having been built, an axis is read once. A part of the formula that is
// wrong becomes a `crash` at its place, so that what comes before it is still evaluated. Parts nested deeper than
// the compiler is willing to recurse become calls of code of their own.

import StrataMemory
import StrataNoun

/// The compilation of one formula.
struct Compiler {
  let nursery: Nursery
  let cache: CodeCache
  var words: [UInt64] = []
  /// The next free register, and the largest that ever was.
  var next = 1
  var registerCount = 1
  /// Facts learned about values, newest last, so that they can be forgotten when their registers are freed.
  var learned: [(value: Value, register: Int)] = []
  /// How many parts of the formula were looked at, in this version and in all.
  var visits = 0
  private var visitsBefore = 0
  /// Words that are in no version any more.
  private var wordsBefore = 0
  /// What compiling took: parts looked at and words written.
  var work: Int { visits + visitsBefore + words.count + wordsBefore }

  /// The formula, and its subject as it is known in the version that is being compiled.
  var own = Word.zero
  var root = Value(register: 0)
  /// The loop that the first pass has found, and the one that is being compiled.
  var found: Loop?
  var loop: Loop?
  /// Where the loop's turn begins, once that is being compiled.
  var turnStart: Int?

  /// How deeply formulas may nest before the rest is compiled as code of its own: keeps the host stack small.
  static let deepestNesting = 96
  /// The largest number of registers; an instruction has 16 bits for one, a little is left for temporaries.
  static let mostRegisters = 1 << 12
  /// The size at which the parts that are left become code of their own, so that a formula which shares its
  /// parts takes no more time to compile than it has distinct cells.
  static let mostWords = 1 << 13
  /// How many parts are looked at before the rest becomes code of its own: parts that emit nothing, and share what
  /// they are made of, would else be looked at as often as they occur in the tree.
  static let mostVisits = 1 << 15
  /// From how many steps on a part is worth looking for where it was found last.
  static let farSteps = 11
  /// A cell of more known parts than this is built.
  static let mostParts = 24

  init(nursery: Nursery, cache: CodeCache) {
    self.nursery = nursery
    self.cache = cache
  }

  /// The instructions of `formula`, which is fixed, and the number of registers they use.
  mutating func compile(_ formula: Word) throws(Fault) -> (words: [UInt64], registerCount: Int) {
    own = formula
    let siteCount = cache.sites.count
    // A tail position leaves no value behind: it has returned.
    _ = try evaluate(formula, root, isTail: true, nesting: 0)
    if let found, case .cell = found.shape {
      cache.dropSites(from: siteCount)
      try compileLoop(found)
    }
    // A call writes its callee's linkage and subject behind its own register before anybody looks for room.
    return (words, registerCount + 2)
  }

  /// Compiles a formula that goes on with itself: again as code of its own, and as a loop behind it.
  private mutating func compileLoop(_ found: Loop) throws(Fault) {
    visitsBefore = visits
    wordsBefore = words.count
    visits = 0
    words = []
    learned = []
    next = 1
    registerCount = 1
    root = Value(register: 0)
    loop = found
    _ = try evaluate(own, root, isTail: true, nesting: 0)
    let start = words.count
    turnStart = start
    free(to: 0)
    root = loopSubject(found.shape, axis: 1, found)
    _ = try evaluate(own, root, isTail: true, nesting: 0)
    for entry in loop?.entries ?? [] {
      let distance = UInt64(UInt32(bitPattern: Int32(start - entry)))
      words[entry] |= distance | UInt64(registerCount + 2) << 48
    }
  }

  // MARK: Emitting

  mutating func emit(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0) {
    words.append(Instruction(operation, a: a, b: b, c: c).raw)
  }

  mutating func emit(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0, word: UInt64) {
    emit(operation, a: a, b: b, c: c)
    words.append(word)
  }

  /// Makes the branch whose target word is at `index` go to what is emitted next. Targets count from the word itself.
  mutating func land(_ index: Int) {
    words[index] = UInt64(words.count - index)
  }

  mutating func newRegister() -> Int {
    let register = next
    next += 1
    registerCount = max(registerCount, next)
    return register
  }

  /// Frees the registers from `mark` on, and forgets what was learned about nouns in them.
  mutating func free(to mark: Int) {
    next = mark
    while let last = learned.last, last.register >= mark { forgetNewest(from: mark) }
  }

  /// Frees the registers from `mark` on, and forgets everything but the first `count` facts: what was learned in a branch
  /// is not known beside it, in whatever register it is.
  private mutating func free(to mark: Int, forgettingAfter count: Int) {
    next = mark
    while learned.count > count { forgetNewest(from: 0) }
  }

  private mutating func forgetNewest(from mark: Int) {
    guard let last = learned.popLast() else { return }
    if last.value.register == last.register {
      last.value.register = -1
    } else {
      last.value.known.removeAll { $0.value.register >= max(mark, last.register) }
    }
  }

  /// A register that holds the whole noun.
  mutating func register(of value: Value) -> Int {
    if value.register >= 0 { return value.register }
    if let constant = value.constant {
      let register = newRegister()
      emit(.constant, a: register, word: constant.raw)
      value.register = register
      learned.append((value, register))
      return register
    }
    guard let parts = value.parts else { return 0 }
    let head = self.register(of: parts.head)
    let tail = self.register(of: parts.tail)
    let register = newRegister()
    emit(.cons, a: register, b: head, c: tail)
    value.register = register
    learned.append((value, register))
    return register
  }

  /// The noun in exactly this register, which is the first free one, as after a call; frees all others above it.
  private mutating func settle(_ value: Value, in target: Int) -> Value {
    if value.register == target {
      free(to: target)
      next = target + 1
      registerCount = max(registerCount, next)
      return Value(register: target)
    }
    let source = register(of: value)
    if source != target { emit(.move, a: target, b: source) }
    free(to: target)
    next = target + 1
    registerCount = max(registerCount, next)
    return Value(register: target)
  }

  private mutating func finish(_ value: Value, isTail: Bool) -> Value? {
    if isTail {
      emit(.result, a: register(of: value))
      return nil
    }
    return value
  }

  private mutating func crash() -> Value? {
    emit(.crash)
    return nil
  }

  // MARK: Axes

  /// What lies at `axis`, or nil if it is certain that nothing does.
  private mutating func part(_ value: Value, at axis: Word) throws(Fault) -> Value? {
    if axis == .zero { return nil }
    guard axis.isDirect else { return try longPart(value, at: axis) }
    var value = value
    var steps = 63 - axis.raw.leadingZeroBitCount
    while steps > 0 {
      if let constant = value.constant {
        let rest = axis.raw & ((1 &<< UInt64(steps)) &- 1) | 1 &<< UInt64(steps)
        do throws(Fault) {
          return Value(constant: try nursery.part(of: constant, at: Word(direct: rest)))
        } catch {
          if error == .exit { return nil }
          throw error
        }
      }
      guard let parts = value.parts else { break }
      steps -= 1
      value = axis.raw >> UInt64(steps) & 1 == 1 ? parts.tail : parts.head
    }
    if steps == 0 { return value }
    let rest = axis.raw & ((1 &<< UInt64(steps)) &- 1) | 1 &<< UInt64(steps)
    if let known = value.known.first(where: { $0.axis == rest }) { return known.value }
    // The nearest part above that has been read already saves the way to it.
    var source = value.register
    var path = rest
    var depth = steps - 1
    while depth > 0 {
      let above = rest >> UInt64(steps - depth)
      if let known = value.known.first(where: { $0.axis == above }) {
        source = register(of: known.value)
        path = rest & ((1 &<< UInt64(steps - depth)) &- 1) | 1 &<< UInt64(steps - depth)
        break
      }
      depth -= 1
    }
    let register = newRegister()
    switch path {
    case 2: emit(.head, a: register, b: source)
    case 3: emit(.tail, a: register, b: source)
    case 4: emit(.axis4, a: register, b: source)
    case 5: emit(.axis5, a: register, b: source)
    case 6: emit(.axis6, a: register, b: source)
    case 7: emit(.axis7, a: register, b: source)
    case 8..<16: emit(.threeSteps, a: register, b: source, c: Int(path & 7))
    case 16..<32: emit(.fourSteps, a: register, b: source, c: Int(path & 15))
    case 32..<1 << UInt64(Compiler.farSteps): emit(.axis, a: register, b: source, word: path)
    default:
      emit(.farAxis, a: register, b: source, c: Compiler.farSteps / 2, word: path)
      words += [0, 0, 0]
    }
    let result = Value(register: register)
    learn(rest, of: value, result)
    return result
  }

  /// Keeps what was read or computed from a value in mind, as long as its register is not freed.
  private mutating func learn(_ axis: UInt64, of value: Value, _ result: Value) {
    guard value.known.count < 32 else { return }
    value.known.append((axis, result))
    learned.append((value, result.register))
  }

  private mutating func longPart(_ value: Value, at axis: Word) throws(Fault) -> Value? {
    guard axis.isIndirect else { return nil }
    let source = register(of: value)
    let register = newRegister()
    emit(.longAxis, a: register, b: source, word: axis.raw)
    return Value(register: register)
  }

  /// `value` with `replacement` at `axis`, or nil if it is certain that nothing lies there.
  private mutating func edited(_ value: Value, at axis: Word, to replacement: Value) throws(Fault) -> Value? {
    if axis == .zero { return nil }
    if axis == .one { return replacement }
    guard axis.isDirect, axis.raw < 64 || value.parts != nil else {
      return editedInMemory(value, at: axis, to: replacement)
    }
    // Only the way down is taken apart; what lies beside it stays as it is.
    let steps = 63 - axis.raw.leadingZeroBitCount
    guard steps <= 12 else { return editedInMemory(value, at: axis, to: replacement) }
    var siblings: [(value: Value, isHead: Bool)] = []
    var above: UInt64 = 1
    for step in stride(from: steps - 1, through: 0, by: -1) {
      let goesRight = axis.raw >> UInt64(step) & 1 == 1
      guard let sibling = try part(value, at: Word(direct: above << 1 | (goesRight ? 0 : 1))) else { return nil }
      siblings.append((sibling, goesRight))
      above = above << 1 | (goesRight ? 1 : 0)
    }
    return siblings.reversed().reduce(replacement) { inner, sibling in
      sibling.isHead ? Value(sibling.value, inner) : Value(inner, sibling.value)
    }
  }

  private mutating func editedInMemory(_ value: Value, at axis: Word, to replacement: Value) -> Value? {
    guard axis.isNatural else { return nil }
    let noun = register(of: value)
    let new = register(of: replacement)
    let register = newRegister()
    emit(.edit, a: register, b: noun, c: new, word: axis.raw)
    return Value(register: register)
  }

  // MARK: Formulas

  private func pair(_ noun: Word) -> (Word, Word)? {
    noun.isCell ? (nursery.head(noun), nursery.tail(noun)) : nil
  }

  /// Emits what computes `formula` on `subject`. The value is nil when control does not come out at the
  /// end: in a tail position, or after a certain crash. With `keep` the caller guarantees that afterwards it uses only
  /// the value, what is made of it, and registers below `keep`, so that a last call may overwrite the others.
  private mutating func evaluate(
    _ formula: Word, _ subject: Value, isTail: Bool, nesting: Int, keep: Int? = nil
  ) throws(Fault) -> Value? {
    guard let (operation, argument) = pair(formula) else { return crash() }
    visits += 1
    if nesting > Compiler.deepestNesting || next > Compiler.mostRegisters || words.count > Compiler.mostWords
      || visits > Compiler.mostVisits
    {
      return try call(subject, Value(constant: formula), isTail: isTail, arm: 0, keep: keep)
    }
    let inner = nesting + 1
    let floor = isTail ? 0 : keep
    if operation.isCell {
      guard let head = try evaluate(operation, subject, isTail: false, nesting: inner) else { return nil }
      // A cell that is returned at once needs its head in one register; of another cell the parts may be asked for.
      let above = isTail ? register(of: head) + 1 : nil
      guard let tail = try evaluate(argument, subject, isTail: false, nesting: inner, keep: above) else { return nil }
      return finish(joined(head, tail), isTail: isTail)
    }
    guard operation.isDirect else { return crash() }
    switch operation.raw {
    case 0:
      guard argument.isNatural, let value = try part(subject, at: argument) else { return crash() }
      return finish(value, isTail: isTail)
    case 1:
      return finish(Value(constant: argument), isTail: isTail)
    case 2:
      guard let (newSubject, newFormula) = pair(argument) else { return crash() }
      guard let noun = try evaluate(newSubject, subject, isTail: false, nesting: inner) else { return nil }
      guard let code = try evaluate(newFormula, subject, isTail: false, nesting: inner) else { return nil }
      return try call(noun, code, isTail: isTail, arm: 0, keep: keep)
    case 3:
      guard let value = try evaluate(argument, subject, isTail: false, nesting: inner, keep: floor) else { return nil }
      return finish(isCell(value), isTail: isTail)
    case 4:
      guard let value = try evaluate(argument, subject, isTail: false, nesting: inner, keep: floor) else { return nil }
      guard let sum = incremented(value) else { return crash() }
      return finish(sum, isTail: isTail)
    case 5:
      guard let (first, second) = pair(argument) else { return crash() }
      guard let a = try evaluate(first, subject, isTail: false, nesting: inner) else { return nil }
      guard let b = try evaluate(second, subject, isTail: false, nesting: inner) else { return nil }
      return finish(try equal(a, b), isTail: isTail)
    case 6:
      return try conditional(argument, subject, isTail: isTail, nesting: inner, keep: keep)
    case 7:
      guard let (first, second) = pair(argument) else { return crash() }
      guard let value = try evaluate(first, subject, isTail: false, nesting: inner, keep: floor) else { return nil }
      return try evaluate(second, value, isTail: isTail, nesting: inner, keep: keep)
    case 8:
      guard let (first, second) = pair(argument) else { return crash() }
      guard let value = try evaluate(first, subject, isTail: false, nesting: inner) else { return nil }
      return try evaluate(second, joined(value, subject), isTail: isTail, nesting: inner, keep: keep)
    case 9:
      guard let (axis, coreFormula) = pair(argument), axis.isNatural, axis != .zero else { return crash() }
      guard let core = try evaluate(coreFormula, subject, isTail: false, nesting: inner, keep: floor) else {
        return nil
      }
      guard let arm = try part(core, at: axis) else { return crash() }
      if isTail, goesOn(with: core, arm: arm, at: axis) { return nil }
      return try call(core, arm, isTail: isTail, arm: isInHead(axis) && axis.isDirect ? axis.raw : 0, keep: keep)
    case 10:
      guard let (target, nounFormula) = pair(argument), let (axis, valueFormula) = pair(target), axis.isNatural
      else { return crash() }
      guard let noun = try evaluate(nounFormula, subject, isTail: false, nesting: inner) else { return nil }
      guard let value = try evaluate(valueFormula, subject, isTail: false, nesting: inner) else { return nil }
      guard let result = try edited(noun, at: axis, to: value) else { return crash() }
      return finish(result, isTail: isTail)
    case 11:
      return try hinted(argument, subject, isTail: isTail, nesting: inner)
    case 12:
      guard let (first, second) = pair(argument) else { return crash() }
      guard let reference = try evaluate(first, subject, isTail: false, nesting: inner) else { return nil }
      guard let path = try evaluate(second, subject, isTail: false, nesting: inner) else { return nil }
      let b = register(of: reference)
      let c = register(of: path)
      let register = newRegister()
      emit(.scry, a: register, b: b, c: c)
      return finish(Value(register: register), isTail: isTail)
    default:
      return crash()
    }
  }

  /// Whether an axis lies in the head of a noun.
  private func isInHead(_ axis: Word) -> Bool {
    if axis.isDirect {
      return axis.raw > 1 && axis.raw >> UInt64(62 - axis.raw.leadingZeroBitCount) == 2
    }
    guard var path = AxisPath(axis, in: nursery), path.remaining > 0 else { return false }
    return !path.next()
  }

  /// A cell of two values, built only when it has become too large to keep in mind.
  private mutating func joined(_ head: Value, _ tail: Value) -> Value {
    let value = Value(head, tail)
    if value.leafCount(limit: Compiler.mostParts) >= Compiler.mostParts { _ = register(of: value) }
    return value
  }

  private mutating func isCell(_ value: Value) -> Value {
    if let constant = value.constant { return Value(constant: constant.isCell ? .zero : .one) }
    if value.parts != nil { return Value(constant: .zero) }
    let source = register(of: value)
    let register = newRegister()
    emit(.isCell, a: register, b: source)
    return Value(register: register)
  }

  private mutating func incremented(_ value: Value) -> Value? {
    if value.parts != nil { return nil }
    if let constant = value.constant {
      if constant.isCell { return nil }
      if constant.isDirect, constant.raw < Word.largestDirect { return Value(constant: Word(direct: constant.raw + 1)) }
    }
    if let known = value.known.first(where: { $0.axis == Value.successor }) { return known.value }
    let source = register(of: value)
    let register = newRegister()
    emit(.increment, a: register, b: source)
    let result = Value(register: register)
    learn(Value.successor, of: value, result)
    return result
  }

  private mutating func equal(_ a: Value, _ b: Value) throws(Fault) -> Value {
    if let first = a.constant, let second = b.constant {
      return Value(constant: try nursery.equal(first, second) ? .zero : .one)
    }
    let (value, other) = b.constant.map { $0.isDirect ? (a, b) : (b, a) } ?? (b, a)
    if let constant = other.constant, constant.isDirect {
      if value.parts != nil { return Value(constant: .one) }
      let source = register(of: value)
      let register = newRegister()
      emit(.equalDirect, a: register, b: source, word: constant.raw)
      return Value(register: register)
    }
    let first = register(of: a)
    let second = register(of: b)
    let register = newRegister()
    emit(.equal, a: register, b: first, c: second)
    return Value(register: register)
  }

  private mutating func call(
    _ subject: Value, _ formula: Value, isTail: Bool, arm: UInt64, keep: Int?
  ) throws(Fault) -> Value? {
    let isArm = arm != 0
    let b = register(of: subject)
    let c = register(of: formula)
    let site = try UInt64(UInt(bitPattern: cache.makeSite(arm: arm)))
    if isTail {
      emit(isArm ? .tailCallArm : .tailCall, a: next, b: b, c: c, word: site)
      return nil
    }
    // The callee's activation begins behind what is still of use.
    if let keep { next = min(next, keep) }
    let register = newRegister()
    emit(isArm ? .callArm : .call, a: register, b: b, c: c, word: site)
    return Value(register: register)
  }

  // MARK: Conditionals

  private mutating func conditional(
    _ argument: Word, _ subject: Value, isTail: Bool, nesting: Int, keep: Int?
  ) throws(Fault) -> Value? {
    guard let (test, branches) = pair(argument), let (yes, no) = pair(branches) else { return crash() }
    guard let patch = try branch(unless: test, subject, nesting: nesting) else { return nil }
    if case .always(let answer) = patch {
      return try evaluate(answer ? yes : no, subject, isTail: isTail, nesting: nesting, keep: keep)
    }
    guard case .at(let target) = patch else { return nil }
    let mark = next
    let facts = learned.count
    let first = try evaluate(yes, subject, isTail: isTail, nesting: nesting, keep: keep)
    var end: Int?
    if let first {
      _ = settle(first, in: mark)
      emit(.jump, word: 0)
      end = words.count - 1
    }
    free(to: mark, forgettingAfter: facts)
    land(target)
    let second = try evaluate(no, subject, isTail: isTail, nesting: nesting, keep: keep)
    if let second { _ = settle(second, in: mark) }
    free(to: mark, forgettingAfter: facts)
    if let end { land(end) }
    guard end != nil || second != nil else { return nil }
    next = mark + 1
    registerCount = max(registerCount, next)
    return Value(register: mark)
  }

  private enum Branch {
    /// The answer is known.
    case always(Bool)
    /// The word at this index is the target to fill in.
    case at(Int)
  }

  /// Emits a jump that is taken unless `test` is yes; nil when the test certainly crashes.
  private mutating func branch(unless test: Word, _ subject: Value, nesting: Int) throws(Fault) -> Branch? {
    if let (operation, argument) = pair(test), operation == Word(direct: 5), let (first, second) = pair(argument) {
      guard let a = try evaluate(first, subject, isTail: false, nesting: nesting + 1) else { return nil }
      guard let b = try evaluate(second, subject, isTail: false, nesting: nesting + 1) else { return nil }
      return try branchUnlessEqual(a, b)
    }
    if let (operation, argument) = pair(test), operation == Word(direct: 3) {
      guard let value = try evaluate(argument, subject, isTail: false, nesting: nesting + 1) else { return nil }
      if let constant = value.constant { return .always(constant.isCell) }
      if value.parts != nil { return .always(true) }
      emit(.unlessCell, b: register(of: value), word: 0)
      return .at(words.count - 1)
    }
    guard let value = try evaluate(test, subject, isTail: false, nesting: nesting + 1) else { return nil }
    if let constant = value.constant {
      if constant == .zero { return .always(true) }
      if constant == .one { return .always(false) }
      _ = crash()
      return nil
    }
    if value.parts != nil {
      _ = crash()
      return nil
    }
    emit(.unlessYes, b: register(of: value), word: 0)
    return .at(words.count - 1)
  }

  private mutating func branchUnlessEqual(_ a: Value, _ b: Value) throws(Fault) -> Branch {
    if let first = a.constant, let second = b.constant { return .always(try nursery.equal(first, second)) }
    let (value, other) = b.constant.map { $0.isDirect ? (a, b) : (b, a) } ?? (b, a)
    if let constant = other.constant, constant.isDirect {
      if value.parts != nil { return .always(false) }
      emit(.unlessDirect, b: register(of: value), word: constant.raw)
      words.append(0)
      return .at(words.count - 1)
    }
    let first = register(of: a)
    let second = register(of: b)
    emit(.unlessEqual, a: next, b: first, c: second, word: 0)
    return .at(words.count - 1)
  }

  // MARK: Hints

  private mutating func hinted(
    _ argument: Word, _ subject: Value, isTail: Bool, nesting: Int
  ) throws(Fault) -> Value? {
    guard let (hint, body) = pair(argument) else { return crash() }
    let tag = hint.isCell ? nursery.head(hint) : hint
    var clue: Value?
    if hint.isCell {
      guard let value = try evaluate(nursery.tail(hint), subject, isTail: false, nesting: nesting) else { return nil }
      clue = value
    }
    // A cell where the tag should be: the clue has been computed and is dropped.
    guard tag.isDirect, let kind = Hint(tag: tag.raw), kind.accepts(hasClue: clue != nil) else {
      return try evaluate(body, subject, isTail: isTail, nesting: nesting)
    }
    switch kind {
    case .fast:
      guard let clue else { return nil }
      let clueRegister = register(of: clue)
      guard let core = try evaluate(body, subject, isTail: false, nesting: nesting) else { return nil }
      let coreRegister = register(of: core)
      let site = UInt64(UInt(bitPattern: cache.registry.makeSite()))
      emit(.register, a: next, b: coreRegister, c: clueRegister, word: site)
      return finish(Value(register: coreRegister), isTail: isTail)
    case .memo:
      return try memoised(body, clue, subject, isTail: isTail, nesting: nesting)
    case .mean, .spot, .hunk, .lose, .hand:
      guard let clue else { return nil }
      let clueRegister = register(of: clue)
      let saved = newRegister()
      emit(.pushTrace, a: saved, b: clueRegister, word: tag.raw)
      guard let value = try evaluate(body, subject, isTail: false, nesting: nesting) else { return nil }
      let result = register(of: value)
      emit(.popTrace, a: saved)
      return finish(Value(register: result), isTail: isTail)
    default:
      return try hooked(kind, tag, body, clue, subject, isTail: isTail, nesting: nesting)
    }
  }

  private mutating func memoised(
    _ body: Word, _ clue: Value?, _ subject: Value, isTail: Bool, nesting: Int
  ) throws(Fault) -> Value? {
    let kind = Int(MemoKind(clue: clue?.constant).rawValue)
    let key = register(of: subject)
    let target = newRegister()
    emit(.recall, a: target, b: key, c: kind, word: body.raw)
    words.append(0)
    let patch = words.count - 1
    let mark = next
    if let value = try evaluate(body, subject, isTail: false, nesting: nesting) {
      let result = register(of: value)
      emit(.move, a: target, b: result)
      emit(.remember, a: next, b: key, c: target << 2 | kind, word: body.raw)
    }
    free(to: mark)
    land(patch)
    return finish(Value(register: target), isTail: isTail)
  }

  private mutating func hooked(
    _ kind: Hint, _ tag: Word, _ body: Word, _ clue: Value?, _ subject: Value, isTail: Bool, nesting: Int
  ) throws(Fault) -> Value? {
    let clueRegister = clue.map { register(of: $0) } ?? 0
    let context = kind.looksAtBody ? register(of: Value(subject, Value(constant: body))) : 0
    let flags = context << 1 | (clue == nil ? 0 : 1)
    emit(.hintBefore, a: next, b: clueRegister, c: flags, word: tag.raw)
    if !kind.hasAfter { return try evaluate(body, subject, isTail: isTail, nesting: nesting) }
    guard let value = try evaluate(body, subject, isTail: false, nesting: nesting) else { return nil }
    let result = register(of: value)
    emit(.hintAfter, a: next, b: clueRegister, c: flags, word: tag.raw)
    return finish(Value(register: result), isTail: isTail)
  }
}
