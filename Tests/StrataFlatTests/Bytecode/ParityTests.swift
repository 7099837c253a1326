// The two evaluators on generated functions: same values to the bit, same failures, same steps, same output.

import StrataTestSupport
import Testing

@testable import StrataFlat

@Suite struct ParityTests {
  static let budget = Budget(steps: 200_000, bytes: 64 << 20, depth: 64)

  /// Runs every argumentless function of a module on both evaluators.
  static func compare(seed: UInt64, _ counts: inout (values: Int, failures: Int)) -> String? {
    let generated = ModuleGenerator(seed: seed)
    if let issue = generated.module.verify().first { return "seed \(seed): \(issue)" }
    let reference = ReferenceEvaluator(module: generated.module, budget: budget)
    let machine = FlatMachine(module: generated.module, budget: budget)
    for function in generated.entries {
      guard let definition = generated.module.function(function) else { continue }
      // Functions with parameters run with zeroes, which suit every type but text.
      guard let arguments = zeroes(definition, generated.module.types) else { continue }
      let fast = FlatCases.evaluate(function, arguments, machine)
      let slow = FlatCases.evaluate(function, arguments, reference)
      if slow.error == nil { counts.values += 1 } else { counts.failures += 1 }
      if let difference = FlatCases.difference(slow, fast) {
        return "seed \(seed), \(definition.name): \(difference)"
      }
    }
    return nil
  }

  static func zeroes(_ function: Function, _ types: TypeTable) -> [FlatValue]? {
    var values: [FlatValue] = []
    for parameter in function.parameters {
      guard let zero = zero(parameter.type, types) else { return nil }
      values.append(zero)
    }
    return values
  }

  static func zero(_ type: TypeID, _ types: TypeTable) -> FlatValue? {
    switch types[type] {
    case .boolean: return .boolean(false)
    case .signed, .signedSize: return .integer(0)
    case .unsigned, .unsignedSize: return .unsigned(0)
    case .float32: return .single(0)
    case .float64: return .float(0)
    case .optional, .pointer: return .null
    case .taggedUnion: return .variant(tag: 0, payload: .void)
    case .structure, .tuple, .array:
      var parts: [FlatValue] = []
      for index in 0..<(types.memberCount(type) ?? 0) {
        guard let member = types.memberType(index, of: type), let part = zero(member, types) else { return nil }
        parts.append(part)
      }
      return .aggregate(parts)
    default: return nil
    }
  }

  @Test func evaluatorsAgreeOnGeneratedModules() {
    var counts = (values: 0, failures: 0)
    var differences: [String] = []
    for seed in 1...UInt64(300 * testScale) {
      if let difference = ParityTests.compare(seed: seed, &counts) { differences.append(difference) }
    }
    #expect(differences.isEmpty, "\(differences.prefix(5).joined(separator: "\n"))")
    print("generated functions: \(counts)")
    #expect(counts.values > 100, "most generated functions should give values: \(counts)")
  }

  /// Seeds that have shown a difference, and what they had in common by itself below.
  @Test(arguments: [223_165, 282_409] as [UInt64]) func evaluatorsAgreeWhereTheyDidNot(seed: UInt64) {
    var counts = (values: 0, failures: 0)
    #expect(ParityTests.compare(seed: seed, &counts) == nil)
  }

  /// A part of what was read from memory is used in another block, after the memory has changed.
  @Test(arguments: [1, 2, 3]) func partsOfWhatWasReadOutliveChanges(depth: Int) throws {
    let module = Module()
    let types = module.types
    var nested = [types.intern(.structure(StructureType(name: "S0", fields: [Member("a", .i64), Member("b", .i64)])))]
    for level in 1...depth {
      nested.append(
        types.intern(
          .structure(StructureType(name: "S\(level)", fields: [Member("n", .u8), Member("inner", nested[level - 1])]))))
    }
    var builder = FunctionBuilder(module: module, name: "f", parameters: [Parameter("p", nested[depth])], result: .i64)
    let place = builder.allocate(nested[depth])
    builder.store(builder.parameter(0), to: place)
    var part = builder.load(place, nested[depth])
    for level in (0..<depth).reversed() { part = builder.field(part, 1, nested[level]) }
    let rest = builder.addBlock("rest")
    builder.branch(rest)
    builder.position(at: rest)
    var address = place
    for level in (0..<depth).reversed() { address = builder.fieldAddress(address, 1, nested[level]) }
    builder.store(builder.integer(99), to: builder.fieldAddress(address, 0, .i64))
    builder.returnValue(builder.field(part, 0, .i64))
    let function = module.add(builder.function)
    #expect(module.verify().isEmpty, "\(module.verify())")
    var argument = FlatValue.aggregate([.integer(5), .integer(6)])
    for _ in 0..<depth { argument = .aggregate([.unsigned(1), argument]) }
    #expect(try ReferenceEvaluator(module: module).evaluate(function, [argument]) == .integer(5))
    #expect(try FlatMachine(module: module).evaluate(function, [argument]) == .integer(5))
  }
}
