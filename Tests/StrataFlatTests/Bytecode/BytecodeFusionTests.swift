// Joined instructions against the reference evaluator: the same values, failures and steps, wherever a branch leads.

import Testing

@testable import StrataFlat

@Suite struct BytecodeFusionTests {
  /// An element of an element, read and written, inside the arrays, outside the one and outside the other.
  @Test(arguments: ["i64", "f64", "u64", "i32", "u8"]) func elementsOfElements(_ type: String) throws {
    let program = compile(
      """
      work :: (i: i64, j: i64, k: i64) -> i64 {
        a : [4][8]\(type);
        five : \(type) = 5;
        a[i][j] = five;
        s : \(type) = a[i][j] + a[k][j];
        return s.(i64);
      }
      """)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    let function = try #require(program.module.findFunction("work"))
    let listing = try CodeListing.text(of: function, in: program.module)
    #expect(listing.contains("indexAddressThenIndexed64") == type.hasSuffix("64"))
    #expect(listing.contains("indexAddressThenStoreIndexed64") == type.hasSuffix("64"))
    let (machine, reference) = (FlatMachine(module: program.module), ReferenceEvaluator(module: program.module))
    var failures = 0
    for i in Int64(-1)...4 {
      for j in Int64(-1)...8 {
        for k in Int64(-1)...4 {
          let arguments = [i, j, k].map { FlatValue.integer($0) }
          let fast = FlatCases.evaluate(function, arguments, machine)
          #expect(FlatCases.difference(FlatCases.evaluate(function, arguments, reference), fast) == nil)
          if fast.error != nil { failures += 1 }
        }
      }
    }
    #expect(failures == 6 * 10 * 6 - 4 * 8 * 4)
  }

  /// Addresses that are no storage fail at the access, and constants cannot be written to.
  @Test(arguments: [0, 1, 8, 4090, 4096, 1 << 40, -8] as [Int64]) func elementsOfWhatIsNotThere(_ address: Int64) throws
  {
    let program = compile(
      """
      work :: (p: i64, i: i64, j: i64, writes: bool) -> i64 {
        a : *[4][8]i64 = xx p;
        if writes { a.*[i][j] = 5; }
        return a.*[i][j];
      }
      text :: () -> i64 { s := "text"; p : [*]u8 = s.ptr; q : i64 = xx p; return q; }
      """)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    let function = try #require(program.module.findFunction("work"))
    let (machine, reference) = (FlatMachine(module: program.module), ReferenceEvaluator(module: program.module))
    for (i, j) in [(0, 0), (3, 7), (4, 0), (0, 8)] as [(Int64, Int64)] {
      for writes in [false, true] {
        let arguments: [FlatValue] = [.integer(address), .integer(i), .integer(j), .boolean(writes)]
        let fast = FlatCases.evaluate(function, arguments, machine)
        #expect(FlatCases.difference(FlatCases.evaluate(function, arguments, reference), fast) == nil)
        #expect(fast.error != nil || address == 4096)
      }
    }
  }

  /// A branch leads to the access behind an element's address.
  @Test func aBranchBetweenAnAddressAndItsAccess() throws {
    let module = Module()
    let types = module.types
    let row = types.array(of: .i64, count: 4)
    let table = types.array(of: row, count: 4)
    let parameters = [Parameter("i", .i64), Parameter("n", .i64)]
    var builder = FunctionBuilder(module: module, name: "f", parameters: parameters, result: .i64)
    let place = builder.allocate(table)
    let counter = builder.allocate(.i64)
    let sum = builder.allocate(.i64)
    builder.store(builder.integer(0), to: counter)
    builder.store(builder.integer(0), to: sum)
    let first = builder.indexAddress(place, builder.parameter(0), row)
    let loop = builder.addBlock("loop")
    let done = builder.addBlock("done")
    builder.branch(loop)
    builder.position(at: loop)
    let number = builder.load(counter, .i64)
    let element = builder.indexAddress(first, number, .i64)
    let found = builder.load(element, .i64)
    builder.store(builder.binary(.add, found, builder.load(sum, .i64), .i64), to: sum)
    builder.store(builder.binary(.add, number, builder.integer(1), .i64), to: counter)
    builder.branch(if: builder.compare(.less, builder.load(counter, .i64), builder.parameter(1)), loop, else: done)
    builder.position(at: done)
    builder.returnValue(builder.load(sum, .i64))
    let function = module.add(builder.function)
    #expect(module.verify().isEmpty, "\(module.verify())")
    for i in Int64(-1)...4 {
      for n in Int64(1)...5 {
        let arguments: [FlatValue] = [.integer(i), .integer(n)]
        let fast = FlatCases.evaluate(function, arguments, FlatMachine(module: module))
        let slow = FlatCases.evaluate(function, arguments, ReferenceEvaluator(module: module))
        #expect(FlatCases.difference(slow, fast) == nil)
        #expect((fast.error == nil) == (0..<4 ~= i && n <= 4))
      }
    }
  }
}
