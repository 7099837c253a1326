// The one list of operations: key, name, arity, what is evaluated in which order, and how it is carried out.
//
// Keys 0 to 109 are those that a program writes in `##15 (key ...)`; larger numbers are ours, for the operations
// that have a pin of their own or only a name. The table is the specification that the compiler and the machine share.

/// An operation of the machine.
enum Operation: UInt8, CaseIterable {
  case makePin = 0
  case makeLaw = 1
  case increment = 2
  case eat = 3
  case force = 4
  case sequence = 5
  case sap2 = 6
  case sap3 = 7
  case sap4 = 8
  case sap5 = 9
  case sap6 = 10
  case sap7 = 11
  case sap8 = 12
  case isPin = 13
  case isLaw = 14
  case isApp = 15
  case isNat = 16
  case toBit = 17
  case isZero = 18
  case type = 19
  case unpin = 20
  case name = 21
  case arity = 22
  case body = 23
  case initial = 24
  case last = 25
  case ifNonzero = 26
  case ifZero = 27
  case natural = 28
  case decrement = 29
  case and = 31
  case or = 32
  case nand = 33
  case nor = 34
  case add = 35
  case subtract = 36
  case multiply = 37
  case power = 38
  case binaryExponent = 39
  case equal = 40
  case notEqual = 41
  case lessOrEqual = 42
  case greaterOrEqual = 43
  case less = 44
  case greater = 45
  case compareNaturals = 46
  case divide = 47
  case remainder = 48
  case divideWithRemainder = 49
  case shiftLeft = 50
  case shiftRight = 51
  case truncate = 52
  case truncate1 = 53
  case truncate8 = 54
  case truncate16 = 55
  case truncate32 = 56
  case truncate64 = 57
  case truncate128 = 58
  case truncate256 = 59
  case cut = 60
  case wipe = 61
  case edit = 62
  case bitLength = 63
  case testBit = 64
  case setBit = 65
  case clearBit = 66
  case head = 67
  case size = 68
  case branch = 69
  case case0 = 70
  case case1 = 71
  case case2 = 72
  case case3 = 73
  case case4 = 74
  case case5 = 75
  case case6 = 76
  case case7 = 77
  case coup = 78
  case update = 79
  case updateUnique = 80
  case index = 81
  case index0 = 82
  case index1 = 83
  case index2 = 84
  case index3 = 85
  case index4 = 86
  case index5 = 87
  case index6 = 88
  case index7 = 89
  case repeated = 90
  case row = 91
  case copy = 92
  case byteLength = 94
  case load = 95
  case erase = 96
  case store = 97
  case load8 = 99
  case load16 = 100
  case load32 = 101
  case load64 = 102
  case store8 = 103
  case store16 = 104
  case store32 = 105
  case store64 = 106
  case sameReference = 107
  case copyUnique = 108
  case snore = 109
  // Those without a key.
  case compareStructure = 128
  case profile = 129
  case trace = 130
  case syscall = 131
  case peek = 132
  case poke = 133
  case attempt = 134
  case write = 135
  case read = 136
  case precommit = 137
  case commit = 138
  case addressOf = 139
  case makeBuffer = 140
  case primitive = 141
  case send = 142
  case raise = 143
  case collect = 144
  case setProfile = 145
  case getProfile = 146
  // Those of the newer specification: its pinned 0, and what that makes.
  case specified = 147
  case specifiedPin = 148
  case specifiedLaw = 149
}

/// How much of an operand is evaluated before the operation runs.
enum Strictness: UInt64 {
  /// To weak head normal form, and anything but a natural becomes 0.
  case natural = 1
  /// To weak head normal form.
  case value = 2
  /// To normal form.
  case forced = 3
}

/// How an operation is carried out.
enum OperationStyle: UInt8 {
  /// By one native function over evaluated operands.
  case native
  /// By jumps, when the compiler sees the call.
  case control
  /// By a code object of its own, because it evaluates or calls in the middle.
  case microcode
}

/// What the compiler and the machine know about one operation.
struct OperationDescription {
  let arity: Int
  /// Operands (counted from 1) in the order in which they are evaluated.
  let strict: [(operand: Int, strictness: Strictness)]
  /// Whether the result may be unevaluated, so that what follows must evaluate it.
  let isDeferred: Bool
  let style: OperationStyle
  /// The effect that must be granted, if any.
  let effect: PlanEffect?
  /// The name by which pinned laws of the same arity are recognised.
  let names: [String]

  /// `order` lists the operands, each as a letter (N natural, E value, F forced) and its number.
  init(
    _ arity: Int, _ order: String, deferred: Bool = false, _ style: OperationStyle = .native, effect: PlanEffect? = nil,
    names: [String] = []
  ) {
    self.arity = arity
    self.isDeferred = deferred
    self.style = style
    self.effect = effect
    self.names = names
    var strict: [(operand: Int, strictness: Strictness)] = []
    for part in order.split(separator: " ") {
      let strictness: Strictness =
        switch part.first {
        case "N": .natural
        case "F": .forced
        default: .value
        }
      strict.append((operand: Int(part.dropFirst()) ?? 1, strictness: strictness))
    }
    self.strict = strict
  }
}

extension Operation {
  /// The table. Every operation has an entry.
  var description: OperationDescription {
    typealias Entry = OperationDescription
    switch self {
    case .makePin: return Entry(1, "F1")
    case .makeLaw: return Entry(3, "N1 N2 F3")
    case .increment: return Entry(1, "N1", names: ["Inc"])
    case .eat: return Entry(6, "", .microcode)
    case .force: return Entry(1, "", .microcode)
    case .sequence: return Entry(2, "E1", deferred: true, .control, names: ["Seq"])
    case .sap2: return Entry(2, "", .microcode)
    case .sap3: return Entry(3, "", .microcode)
    case .sap4: return Entry(4, "", .microcode)
    case .sap5: return Entry(5, "", .microcode)
    case .sap6: return Entry(6, "", .microcode)
    case .sap7: return Entry(7, "", .microcode)
    case .sap8: return Entry(8, "", .microcode)
    case .isPin: return Entry(1, "E1", names: ["IsPin"])
    case .isLaw: return Entry(1, "E1", names: ["IsLaw"])
    case .isApp: return Entry(1, "E1", names: ["IsApp"])
    case .isNat: return Entry(1, "E1", names: ["IsNat"])
    case .toBit: return Entry(1, "E1")
    case .isZero: return Entry(1, "E1", names: ["Eqz", "Nil"])
    case .type: return Entry(1, "E1", names: ["Type"])
    case .unpin: return Entry(1, "E1", names: ["Unpin"])
    case .name: return Entry(1, "E1", names: ["Name"])
    case .arity: return Entry(1, "E1", names: ["Arity"])
    case .body: return Entry(1, "E1", names: ["Body"])
    case .initial: return Entry(1, "E1", names: ["Init"])
    case .last: return Entry(1, "E1", deferred: true, names: ["Last"])
    case .ifNonzero: return Entry(3, "E1", deferred: true, .control, names: ["If"])
    case .ifZero: return Entry(3, "E1", deferred: true, .control, names: ["Ifz"])
    case .natural: return Entry(1, "N1", names: ["Nat"])
    case .decrement: return Entry(1, "N1", names: ["Dec"])
    case .and: return Entry(2, "E1", deferred: true, .control, names: ["And"])
    case .or: return Entry(2, "E1", deferred: true, .control, names: ["Or"])
    case .nand: return Entry(2, "E1", .control)
    case .nor: return Entry(2, "E1", .control)
    case .add: return Entry(2, "N2 N1", names: ["Add"])
    case .subtract: return Entry(2, "N1 N2", names: ["Sub"])
    case .multiply: return Entry(2, "N1 N2", names: ["Mul"])
    case .power: return Entry(2, "N1 N2")
    case .binaryExponent: return Entry(1, "N1", names: ["Bex"])
    case .equal: return Entry(2, "N1 N2", names: ["Eq", "NatEql"])
    case .notEqual: return Entry(2, "N1 N2", names: ["Ne"])
    case .lessOrEqual: return Entry(2, "N1 N2", names: ["Le"])
    case .greaterOrEqual: return Entry(2, "N1 N2", names: ["Ge"])
    case .less: return Entry(2, "N1 N2", names: ["Lt"])
    case .greater: return Entry(2, "N1 N2", names: ["Gt"])
    case .compareNaturals: return Entry(2, "N1 N2", names: ["NatCmp", "Compare"])
    case .divide: return Entry(2, "N1 N2", names: ["Div"])
    case .remainder: return Entry(2, "N1 N2", names: ["Mod"])
    case .divideWithRemainder: return Entry(2, "N1 N2", names: ["DivMod"])
    case .shiftLeft: return Entry(2, "N1 N2", names: ["Lsh"])
    case .shiftRight: return Entry(2, "N1 N2", names: ["Rsh"])
    case .truncate: return Entry(2, "N1 N2", names: ["Trunc"])
    case .truncate1, .truncate8, .truncate16, .truncate32, .truncate64, .truncate128, .truncate256:
      return Entry(1, "N1")
    case .cut, .wipe: return Entry(3, "N1 N2 N3")
    case .edit: return Entry(4, "N1 N2 N3 N4")
    case .bitLength: return Entry(1, "N1", names: ["Bits", "BitSz"])
    case .testBit: return Entry(2, "N1 N2", names: ["Test"])
    case .setBit: return Entry(2, "N1 N2", names: ["Set"])
    case .clearBit: return Entry(2, "N1 N2", names: ["Clear"])
    case .head: return Entry(1, "E1", names: ["Hd"])
    case .size: return Entry(1, "E1", names: ["Sz"])
    case .branch: return Entry(3, "N1 E2", deferred: true, names: ["Br", "Case"])
    case .case0: return Entry(1, "N1", deferred: true, .microcode)
    case .case1: return Entry(2, "N1", deferred: true, .control)
    case .case2: return Entry(3, "N1", deferred: true, .control)
    case .case3: return Entry(4, "N1", deferred: true, .control, names: ["Case3"])
    case .case4: return Entry(5, "N1", deferred: true, .control)
    case .case5: return Entry(6, "N1", deferred: true, .control)
    case .case6: return Entry(7, "N1", deferred: true, .control)
    case .case7: return Entry(8, "N1", deferred: true, .control)
    case .coup: return Entry(2, "", .microcode, names: ["Coup"])
    case .update: return Entry(3, "N1 E3", names: ["Up"])
    case .updateUnique: return Entry(3, "N1 E3")
    case .index: return Entry(2, "N1 E2", deferred: true, names: ["Ix"])
    case .index0, .index1, .index2, .index3, .index4, .index5, .index6, .index7:
      return Entry(1, "E1", deferred: true)
    case .repeated: return Entry(3, "N3 N1", names: ["Rep"])
    case .row: return Entry(3, "", .microcode, names: ["Row"])
    case .copy: return Entry(5, "N1 N2 N3 E4 E5", names: ["Copy"])
    case .copyUnique: return Entry(5, "N1 N2 N3 E4 E5")
    case .byteLength: return Entry(1, "N1", names: ["Bytes"])
    case .load: return Entry(3, "N1 N2 N3", names: ["Load"])
    case .erase: return Entry(3, "N1 N2 N3")
    case .store: return Entry(4, "N1 N2 N3 N4", names: ["Store"])
    case .load8: return Entry(2, "N1 N2", names: ["Load8", "Bix", "ByteIx"])
    case .load16, .load32, .load64: return Entry(2, "N1 N2")
    case .store8: return Entry(3, "N1 N2 N3", names: ["Store8"])
    case .store16, .store32: return Entry(3, "N1 N2 N3")
    case .store64: return Entry(3, "N1 N2 N3", names: ["Store64"])
    case .sameReference: return Entry(2, "E1 E2")
    case .snore: return Entry(5, "N1 N2 N3 N4 N5")
    case .compareStructure: return Entry(2, "", .microcode, names: ["Cmp"])
    case .profile: return Entry(2, "", .microcode, names: ["Profile"])
    case .trace: return Entry(2, "F1", deferred: true, effect: .trace)
    // The effect depends on the call.
    case .syscall: return Entry(7, "N1 N2 N3 N4 N5 N6 N7", effect: .syscall)
    case .peek: return Entry(3, "N1 N2 N3", effect: .memory)
    case .poke: return Entry(4, "N1 N2 N3 N4", effect: .memory)
    case .attempt: return Entry(2, "", .microcode)
    case .write: return Entry(4, "N1 N2 N3 N4", effect: .write)
    case .read: return Entry(4, "N1 N2 N3 N4", effect: .read)
    case .precommit: return Entry(1, "F1", effect: .store)
    case .commit: return Entry(1, "F1", effect: .store)
    case .addressOf: return Entry(1, "E1", effect: .memory)
    case .makeBuffer: return Entry(1, "N1", effect: .memory)
    case .primitive: return Entry(1, "", .microcode)
    case .send: return Entry(5, "N1 N2 N3 N4 N5", effect: .write)
    case .raise: return Entry(1, "", .microcode)
    case .collect: return Entry(1, "")
    case .specified: return Entry(1, "", .microcode)
    case .specifiedPin: return Entry(1, "E1")
    case .specifiedLaw: return Entry(3, "", .microcode)
    case .setProfile: return Entry(1, "", effect: .profile)
    case .getProfile: return Entry(1, "", effect: .profile)
    }
  }

  /// Keys that stand for something (Fresh, Switch, Splice) that no runtime carries out and no source explains.
  static let undefined: [UInt64] = [30, 93, 98]

  /// The operation that `##15` names by `key`, when a row of `count` operands suits it.
  static func keyed(_ key: UInt64, count: Int) -> Operation? {
    guard key < 110, let operation = Operation(rawValue: UInt8(key)) else { return nil }
    return operation.description.arity == count ? operation : nil
  }

  /// The operation that the pin of the natural `key` takes by a row of `count` operands.
  static func pinnedRow(_ key: UInt64, count: Int) -> Operation? {
    switch (key, count) {
    case (4, 2): .trace
    case (5, 1...7): .syscall
    case (6, 3): .peek
    case (7, 4): .poke
    case (8, 2): .attempt
    case (9, 4): .write
    case (10, 4): .read
    case (16, 5): .send
    default: nil
    }
  }

  /// The operation that the pin of the natural `key` is by itself, when it takes its operands one by one.
  static func pinned(_ key: UInt64) -> Operation? {
    switch key {
    case 0: .makePin
    case 1: .makeLaw
    case 2: .increment
    case 3: .eat
    case 11: .precommit
    case 12: .commit
    case 13: .addressOf
    case 14: .makeBuffer
    case 15: .primitive
    case 18: .collect
    case 19: .setProfile
    case 20: .getProfile
    default: nil
    }
  }

  /// Whether the pin of the natural `key` takes its operands as one row.
  static func isRowPin(_ key: UInt64) -> Bool {
    switch key {
    case 4...10, 16: true
    default: false
    }
  }
}
