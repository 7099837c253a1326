// Damaged modules: whatever is done to them, the verifier or a clean error answers, and where the verifier finds nothing
// both evaluators still agree.

import StrataTestSupport
import Testing

@testable import StrataFlat

@Suite struct MutationTests {
  /// A random operation whose operands may be anything.
  static func operation(_ random: inout Random, _ function: Function, _ types: [TypeID]) -> Operation {
    func value(_ random: inout Random) -> ValueID {
      switch random.below(20) {
      case 0: return .none
      case 1: return ValueID(UInt32(function.valueCount + random.below(3)))
      default: return ValueID(UInt32(random.below(function.valueCount)))
      }
    }
    func block(_ random: inout Random) -> BlockID { BlockID(UInt32(random.below(function.blocks.count + 1))) }
    let (a, b, c) = (value(&random), value(&random), value(&random))
    let type = types[random.below(types.count)]
    switch random.below(34) {
    case 0: return .binary(BinaryOperator.allCases[random.below(BinaryOperator.allCases.count)], a, b)
    case 1: return .unary(UnaryOperator.allCases[random.below(3)], a)
    case 2: return .convert(ConversionOperator.allCases[random.below(5)], a, from: type)
    case 3: return .allocate(type)
    case 4: return .load(a)
    case 5: return .store(pointer: a, value: b, type: random.chance(50) ? .void : type)
    case 6: return .addressOf(a)
    case 7: return .aggregate([a, b, c].dropLast(random.below(4)))
    case 8: return .field(a, index: UInt32(random.below(4)), base: random.chance(50) ? nil : type)
    case 9: return .fieldAddress(a, index: UInt32(random.below(4)), base: random.chance(50) ? nil : type)
    case 10: return .index(a, b)
    case 11: return .indexAddress(a, b)
    case 12: return .length(a)
    case 13: return .dataPointer(a)
    case 14: return .arrayToSlice(a)
    case 15: return .subslice(a, low: b, high: c, base: type)
    case 16: return .optionalWrap(a)
    case 17: return .optionalUnwrap(a)
    case 18: return .optionalCoalesce(a, b)
    case 19: return .enumeration(tag: Int64(random.below(4)), payload: random.chance(50) ? .none : a)
    case 20: return .enumerationTag(a)
    case 21: return .enumerationPayload(a, variant: 1, base: random.chance(50) ? nil : type)
    case 22: return .boxAny(a, source: type)
    case 23: return .unboxAny(a)
    case 24: return .callIndirect(a, [b, c].dropLast(random.below(3)))
    case 25: return .callClosure(a, [b, c].dropLast(random.below(3)))
    case 26:
      return .callBuiltin(Builtin.allCases[random.below(Builtin.allCases.count)], [a, b].dropLast(random.below(3)))
    case 27: return .branch(block(&random), [a].dropLast(random.below(2)))
    case 28: return .conditionalBranch(a, then: block(&random), [], else: block(&random), [b].dropLast(random.below(2)))
    case 29: return .returnValue(a)
    case 30: return .null
    case 31: return .closure(FunctionID(UInt32(random.below(6))), environment: random.chance(50) ? .none : a)
    case 32: return .call(FunctionID(UInt32(random.below(6))), [a, b, c].dropLast(random.below(4)))
    default: return .vectorSplat(a)
    }
  }

  /// True for operations that yield an address, or read through one a value of whatever type they now have. Where damage turns
  /// an address into a plain number, or a read into one that passes the end of what is there, the result shows where storage
  /// happened to be, on which the evaluators need not agree.
  static func yieldsAddress(_ operation: Operation) -> Bool {
    switch operation {
    case .allocate, .addressOf, .fieldAddress, .indexAddress, .dataPointer, .anyData, .globalAddress, .arrayToSlice,
      .boxAny, .unboxAny, .closure, .subslice, .load, .field, .string, .index, .call, .callBuiltin:
      return true
    default: return false
    }
  }

  /// Damages a function. Returns true if the damage may show an address as a number.
  static func mutate(_ function: inout Function, _ random: inout Random, _ types: [TypeID], _ table: TypeTable) -> Bool
  {
    let before = function
    damage(&function, &random, types)
    func takesAddress(_ operation: Operation, _ function: Function) -> Bool {
      operation.operands.contains { operand in
        guard let type = function.type(of: operand) else { return false }
        switch table[type] {
        case .pointer, .manyPointer, .function, .cString: return true
        default: return false
        }
      }
    }
    return zip(before.instructions, function.instructions).contains {
      $0 != $1
        && (yieldsAddress($0.operation) || yieldsAddress($1.operation) || takesAddress($0.operation, before)
          || takesAddress($1.operation, function))
    } || before.parameters != function.parameters || before.result != function.result
  }

  private static func damage(_ function: inout Function, _ random: inout Random, _ types: [TypeID]) {
    let index = random.below(function.instructions.count)
    let block = random.below(function.blocks.count)
    switch random.below(9) {
    case 0, 1, 2: function.instructions[index].operation = operation(&random, function, types)
    case 3: function.instructions[index].type = types[random.below(types.count)]
    case 4: function.instructions[index] = function.instructions[random.below(function.instructions.count)]
    case 5:
      if !function.blocks[block].body.isEmpty {
        function.blocks[block].body.remove(at: random.below(function.blocks[block].body.count))
      }
    case 6:
      let count = function.blocks[block].body.count
      if count > 1 { function.blocks[block].body.swapAt(random.below(count), random.below(count)) }
    case 7:
      if !function.parameters.isEmpty {
        function.parameters[random.below(function.parameters.count)].type = types[random.below(types.count)]
      } else {
        function.result = types[random.below(types.count)]
      }
    default:
      function.blocks[block].parameters.append(types[random.below(types.count)])
    }
  }

  /// Damage had made one evaluator drop the vector and the other look for it at address 0.
  @Test func aVectorWithALaneReplacedIsAVector() {
    let module = Module()
    let vector = module.types.intern(.vector(element: .f32, length: 4))
    for (result, isSound) in [(vector, true), (.void, false), (.i64, false)] as [(TypeID, Bool)] {
      var builder = FunctionBuilder(module: module, name: "f", parameters: [], result: .i64)
      let lane = builder.float(0.5, .f32)
      let whole = builder.emit(.vectorSplat(lane), vector)
      _ = builder.emit(.vectorInsert(whole, lane, builder.integer(1)), result)
      builder.returnValue(builder.integer(7))
      let function = module.add(builder.function)
      #expect(module.verify(function).isEmpty == isSound)
      let fast = FlatCases.evaluate(function, [], FlatMachine(module: module))
      #expect(FlatCases.difference(FlatCases.evaluate(function, [], ReferenceEvaluator(module: module)), fast) == nil)
      #expect((fast.error == nil) == isSound)
    }
  }

  @Test func damagedModulesEndCleanly() {
    var sound = 0
    var refused = 0
    var differences: [String] = []
    for seed in 1...UInt64(600 * testScale) {
      let generated = ModuleGenerator(seed: seed % 97 + 1)
      let module = generated.module
      var random = Random(seed: seed &* 7919)
      var types = (0..<UInt32(20)).map { TypeID($0) }
      types += (TypeID.firstUser..<UInt32(module.types.count)).map { TypeID($0) }
      types.append(TypeID(UInt32(module.types.count + 5)))
      var showsAddresses = false
      for number in generated.entries {
        guard var function = module.function(number) else { continue }
        for _ in 0...random.below(2) where MutationTests.mutate(&function, &random, types, module.types) {
          showsAddresses = true
        }
        module.replace(number, with: function)
      }
      let reference = ReferenceEvaluator(module: module, budget: ParityTests.budget)
      let machine = FlatMachine(module: module, budget: ParityTests.budget)
      for number in generated.entries {
        if module.verify(number).isEmpty { sound += 1 } else { refused += 1 }
        guard let function = module.function(number), let arguments = ParityTests.zeroes(function, module.types) else {
          continue
        }
        let fast = FlatCases.evaluate(number, arguments, machine)
        let slow = FlatCases.evaluate(number, arguments, reference)
        if !showsAddresses, let difference = FlatCases.difference(slow, fast) {
          differences.append("seed \(seed), \(function.name): \(difference)")
        }
      }
    }
    print("damaged modules: \(600 * testScale) (functions: \(sound) sound, \(refused) refused)")
    #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(5).joined(separator: "\n"))")
    #expect(sound > 50 && refused > 200, "\(sound) sound, \(refused) refused")
  }
}

extension Operation {
  /// Every value the operation uses.
  fileprivate var operands: [ValueID] {
    var operands: [ValueID] = []
    forEachOperand { operands.append($0) }
    return operands
  }
}
