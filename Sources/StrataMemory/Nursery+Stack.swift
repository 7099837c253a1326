// The value stack, which is where the collector finds its roots, and scoped handles for native code.

extension Nursery {
  /// Pushes a word. Throws `.depth`, `.bytes` or `.refused` when the stack cannot grow.
  @inlinable @inline(__always)
  public func push(_ word: Word) throws(Fault) {
    let top = state.pointee.stackTop
    if top >= state.pointee.stackLimit { try reserveStack(1) }
    base[top] = word.raw
    state.pointee.stackTop = top &+ 1
  }

  /// Takes the newest word off. The caller guarantees that it pushed one.
  @inlinable @inline(__always)
  public func pop() -> Word {
    assert(state.pointee.stackTop > state.pointee.frame.pointee.stackBase)
    let top = state.pointee.stackTop &- 1
    state.pointee.stackTop = top
    return Word(raw: base[top])
  }

  /// Makes sure that `count` words can be written above the top of the stack.
  @inlinable @inline(__always)
  public func ensureStack(_ count: Int) throws(Fault) {
    if state.pointee.stackTop &+ count > state.pointee.stackLimit { try reserveStack(count) }
  }

  /// Keeps the stack from growing past `offset` (`Int.max`: no bound but memory); what lies beyond stays readable.
  public func boundStack(at offset: Int) {
    state.pointee.stackBound = offset
    state.pointee.stackLimit = min(state.pointee.stack.committed, offset)
  }

  /// Words of the stack that count as one call where depth is limited: somewhat more than calls take on average.
  public static let wordsPerCall = 16

  /// Keeps the stack from growing further than so many calls from its top, nor further than it may by now.
  public func boundStack(calls: Int?) {
    guard let calls else { return }
    let (words, overflow) = calls.multipliedReportingOverflow(by: Nursery.wordsPerCall)
    if !overflow, words < 1 << 48 { boundStack(at: min(state.pointee.stackBound, state.pointee.stackTop + words)) }
  }

  @usableFromInline @inline(never)
  func reserveStack(_ count: Int) throws(Fault) {
    guard count >= 0, count < 1 << 40 else { throw .depth }
    try state.pointee.growStack(to: state.pointee.stackTop + count)
  }

  /// Tells that stack words from `offset` on may have been written since the last collection. A machine that
  /// passes an `activeBase` to `safePoint` calls this whenever it returns to an activation below it.
  @inlinable @inline(__always)
  public func touchStack(from offset: Int) {
    if offset < state.pointee.frame.pointee.scannedStack { state.pointee.frame.pointee.scannedStack = offset }
  }

  /// Runs `body` with a handle on `word` that stays right when things move, and drops it afterwards.
  @inlinable
  public func withRoot<Result>(
    _ word: Word, _ body: (Root) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    let root = Root(nursery: self, index: state.pointee.stackTop)
    try push(word)
    defer { state.pointee.stackTop = root.index }
    return try body(root)
  }
}

/// A word on the value stack that native code holds across safe points.
@frozen
public struct Root {
  @usableFromInline let nursery: Nursery
  @usableFromInline let index: Int

  @inlinable
  init(nursery: Nursery, index: Int) {
    self.nursery = nursery
    self.index = index
  }

  /// The word as it is now; ask again after each safe point.
  @inlinable @inline(__always)
  public var word: Word {
    get { Word(raw: nursery.base[index]) }
    nonmutating set {
      nursery.base[index] = newValue.raw
      nursery.touchStack(from: index)
    }
  }
}
