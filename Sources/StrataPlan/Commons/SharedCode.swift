// What laws of the shared commons run as: code that one machine has compiled, or an operation that one has recognised, for all
// machines that follow the same rules.
//
// Code names places in itself by their distance and operations by their number, so it means the same in every machine. Its
// constants are parts of the law's body, which lies in the commons, and closures of those, which are copied along. A block of code:
//
//     words of objects   first unit of its pin   code object ...closures...
//
// A machine asks when it first enters a law, under the lock, and remembers the answer in a table of its own. What the commons has no
// room for stays with the machine.

import StrataMemory

/// Which machines of a commons, all of which follow the same rules, compile a law alike. What depends on anything else is decided
/// when code runs.
enum CodeDialect: UInt64 {
  /// Laws run their own bodies, whatever their names.
  case nameless
  case named
  /// Laws that are operations by name are compared with them.
  case checked
}

/// What a law or pin runs as.
enum SharedBinding: Equatable {
  /// The code object at this offset.
  case compiled(Int)
  case operation(Operation)
}

/// The tables of a commons: nothing in them is older than the pins it belongs to.
struct SharedCode {
  /// By the slot for code in the law or pin, and by dialect.
  fileprivate var bindings: [UInt64: SharedBinding] = [:]
  /// The keys of the bindings of what lies in a pin, by the first unit of its block.
  fileprivate var keys: [Int: [UInt64]] = [:]
  fileprivate(set) var objectCount = 0
  fileprivate(set) var bytes = 0

  fileprivate static func key(_ slot: Int, _ dialect: CodeDialect) -> UInt64 { UInt64(slot) << 2 | dialect.rawValue }
}

extension SharedCommons.State {
  /// The first unit of the pin to which a block of code belongs.
  func owner(ofCode unit: Int) -> Int { Int(words[unit * BuddyBlocks.unitWords + 1]) }

  fileprivate mutating func bind(_ key: UInt64, to binding: SharedBinding, unit: Int) {
    if code.bindings.updateValue(binding, forKey: key) == nil { code.keys[unit, default: []].append(key) }
  }

  /// A pin was found dead: so is all that was known of the laws in it.
  mutating func dropCode(of pin: Int) {
    for key in code.keys.removeValue(forKey: pin) ?? [] {
      guard case .compiled(let offset) = code.bindings.removeValue(forKey: key) else { continue }
      let unit = offset / BuddyBlocks.unitWords
      // Safe: a block of code keeps its words until the next collection, so this is right also when its pin went first.
      guard marks[unit] == SharedCommons.codeMark, owner(ofCode: unit) == pin else { continue }
      marks[unit] = 0
      dead.append(unit)
      code.objectCount -= 1
      code.bytes -= 8 * BuddyBlocks.unitWords << blocks.order(ofUsed: unit)
    }
  }
}

extension SharedCommons {
  /// How many code objects machines have put here, and the bytes of their blocks.
  public var codeCount: Int { locked { $0.code.objectCount } }
  public var codeBytes: Int { locked { $0.code.bytes } }

  /// What the law or pin with this slot for code runs as, if any machine has found out.
  func binding(of slot: Int, _ dialect: CodeDialect) -> SharedBinding? {
    locked { $0.code.bindings[SharedCode.key(slot, dialect)] }
  }

  /// Lets others know what a law or pin here runs as. Code must be that of a law in the same
  /// pin or in one that this pin holds.
  func bind(_ slot: Int, _ dialect: CodeDialect, to binding: SharedBinding) {
    locked { state in
      guard let unit = state.blocks.block(holding: slot / BuddyBlocks.unitWords) else { return }
      state.bind(SharedCode.key(slot, dialect), to: binding, unit: unit)
    }
  }

  /// Room for a block of code of so many words, its first; nil where there is none. Nobody finds the block before `publishCode`.
  func reserveCode(words: Int) -> Int? {
    let bytes = 8 * BuddyBlocks.wordsTaken(for: words)
    return locked { state in
      guard state.code.bytes + bytes <= mostCodeBytes, let unit = state.blocks.take(words: words) else { return nil }
      // Marked as it is made.
      state.marks[unit] = state.epoch
      state.code.bytes += bytes
      return unit * BuddyBlocks.unitWords
    }
  }

  /// Makes the code in a reserved block that of the law with this slot, unless somebody was faster. Gives the code object.
  func publishCode(_ start: Int, _ slot: Int, _ dialect: CodeDialect) -> Int? {
    locked { state in
      let unit = start / BuddyBlocks.unitWords
      let key = SharedCode.key(slot, dialect)
      guard state.code.bindings[key] == nil, let owner = state.blocks.block(holding: slot / BuddyBlocks.unitWords)
      else {
        state.code.bytes -= 8 * BuddyBlocks.unitWords << state.blocks.order(ofUsed: unit)
        state.blocks.free(unit)
        guard case .compiled(let known) = state.code.bindings[key] else { return nil }
        return known
      }
      region.base[start + 1] = UInt64(owner)
      state.marks[unit] = SharedCommons.codeMark
      state.code.objectCount += 1
      let object = start + SharedCommons.headerWords
      state.bind(key, to: .compiled(object), unit: owner)
      return object
    }
  }
}

extension PlanMachine {
  private var dialect: CodeDialect {
    !hasNameJets ? .nameless : jetCheckInterval == nil ? .named : .checked
  }

  /// The commons in which a slot for code lies, if the machine shares that.
  private func commons(of slot: Int) -> SharedCommons? {
    guard let commons = membership?.commons, slot < commons.region.byteCount / 8 else { return nil }
    return commons.mostCodeBytes > 0 ? commons : nil
  }

  /// The code that machines of this kind have found for a law or pin of the shared commons, by its slot for code.
  func sharedCode(in slot: Int) -> Word? {
    guard let binding = commons(of: slot)?.binding(of: slot, dialect) else { return nil }
    bindingsTakenUp += 1
    switch binding {
    case .compiled(let offset): return Word(tag: .vector, offset: offset)
    case .operation(let operation): return operationCode(operation)
    }
  }

  /// Lets others know that a pin of the shared commons is an operation.
  func offer(_ operation: Operation, for slot: Int) {
    commons(of: slot)?.bind(slot, dialect, to: .operation(operation))
  }

  /// Lets others know that a pin runs as this code, which is that of the law in it.
  func offer(codeOfItem code: Word, for slot: Int) {
    // Safe: the pin's block or one in the list of its block's pins holds the law.
    guard let commons = commons(of: slot), code.offset < commons.region.byteCount / 8 else { return }
    commons.bind(slot, dialect, to: .compiled(code.offset))
  }

  /// Whether the shared commons may take the code of a law, because the law lies there and there is some room.
  func hasRoomForCode(in slot: Int) -> Bool {
    guard let commons = commons(of: slot) else { return false }
    return commons.codeBytes < commons.mostCodeBytes
  }

  /// The code of a law of the shared commons, which was compiled just now, put there; nil where there is not enough room.
  func offered(_ code: Word, for slot: Int) -> Word? {
    guard let commons = commons(of: slot) else { return nil }
    let content = BlockContent(code, nursery.base, end: commons.region.byteCount / 8)
    // Nothing but closures of what lies in the commons.
    guard content.objects.dropFirst().allSatisfy({ Header(raw: nursery.base[$0]).kind == .closure }),
      let start = commons.reserveCode(words: content.size)
    else { return nil }
    content.write(to: commons.region.base, at: start, from: nursery.base)
    return commons.publishCode(start, slot, dialect).map { Word(tag: .vector, offset: $0) }
  }
}
