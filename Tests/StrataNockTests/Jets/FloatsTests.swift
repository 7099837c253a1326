// The floating point arms through the registry: modes, canonical NaN, loobeans, and what is left to Nock.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNock

struct FloatsTests {
  private let nearest = Sample.cord("n")

  @Test func arithmeticRoundsAsTheDoorSays() throws {
    let bench = try JetBench([.floats])
    let third = Sample.cell(.hex("3f800000"), .hex("40400000"))
    try bench.expect("one/two/tri/rs/div", third, door: nearest, is: .hex("3eaaaaab"))
    try bench.expect("one/two/tri/rs/div", third, door: .cord("z"), is: .hex("3eaaaaaa"))
    try bench.expect("one/two/tri/rs/div", third, door: .cord("u"), is: .hex("3eaaaaab"))
    try bench.expect("one/two/tri/rs/div", third, door: .cord("d"), is: .hex("3eaaaaaa"))
    try bench.expect(
      "one/two/tri/rd/add", .cell(.hex("3fb999999999999a"), .hex("3fc999999999999a")), door: nearest,
      is: .hex("3fd3333333333334"))
    try bench.expect(
      "one/two/tri/rd/sub", .cell(.hex("3ff0000000000000"), .hex("3ff0000000000000")), door: .cord("d"),
      is: .hex("8000000000000000"))
    try bench.expect("one/two/tri/rh/mul", .cell(.hex("7bff"), .hex("4000")), door: nearest, is: .hex("7c00"))
    // Too large: the arm has its own opinion unless it rounds to the nearest.
    #expect(
      try bench.call("one/two/tri/rh/mul", .cell(.hex("7bff"), .hex("4000")), door: .cord("z")) == .punt)
    try bench.expect(
      "one/two/tri/rq/sqt", .hex("40000000000000000000000000000000"), door: nearest,
      is: .hex("3fff6a09e667f3bcc908b2fb1366ea95"))
    try bench.expect(
      "one/two/tri/rd/fma",
      .tuple(.hex("3ff0000000000001"), .hex("3ff0000000000001"), .hex("bff0000000000002")), door: nearest,
      is: .hex("3970000000000000"))
  }

  @Test func noNumberIsAlwaysTheSame() throws {
    let bench = try JetBench([.floats])
    try bench.expect("one/two/tri/rh/div", .cell(.number(0), .number(0)), door: nearest, is: .hex("7e00"))
    try bench.expect("one/two/tri/rs/add", .cell(.hex("ffc12345"), .number(0)), door: nearest, is: .hex("7fc00000"))
    try bench.expect("one/two/tri/rd/sqt", .hex("bff0000000000000"), door: nearest, is: .hex("7ff8000000000000"))
    try bench.expect(
      "one/two/tri/rq/mul", .cell(.hex("7fff0000000000000000000000000000"), .number(0)), door: nearest,
      is: .hex("7fff8000000000000000000000000000"))
  }

  @Test func comparisonsGiveLoobeans() throws {
    let bench = try JetBench([.floats])
    let one = Sample.hex("3f800000")
    let zero = Sample.hex("80000000")
    let none = Sample.hex("7fc00000")
    for (arm, less, equal, greater) in [
      ("lth", 0, 1, 1), ("lte", 0, 0, 1), ("equ", 1, 0, 1), ("gte", 1, 0, 0), ("gth", 1, 1, 0),
    ] as [(String, UInt64, UInt64, UInt64)] {
      let path = "one/two/tri/rs/" + arm
      try bench.expect(path, .cell(zero, one), door: nearest, is: .number(less))
      try bench.expect(path, .cell(zero, .number(0)), door: nearest, is: .number(equal))
      try bench.expect(path, .cell(one, zero), door: nearest, is: .number(greater))
      try bench.expect(path, .cell(none, none), door: nearest, is: .number(1))
    }
  }

  @Test func whatIsNoNumberOfTheFormatIsLeftToNock() throws {
    let bench = try JetBench([.floats])
    #expect(try bench.call("one/two/tri/rs/add", .cell(.hex("0100000000"), .number(0)), door: nearest) == .punt)
    #expect(try bench.call("one/two/tri/rs/add", .cell(.number(1), .number(0)), door: .cord("a")) == .punt)
    #expect(try bench.call("one/two/tri/rs/add", .number(1), door: nearest) == .punt)
    #expect(try bench.call("one/two/tri/rs/fma", .cell(.number(1), .number(1)), door: nearest) == .punt)
    #expect(
      try bench.call("one/two/tri/rs/add", .cell(.number(1), .cell(.number(1), .number(1))), door: nearest) == .punt)
    #expect(try bench.call("one/two/tri/rh/sqt", .cell(.number(1), .number(1)), door: nearest) == .punt)
  }
}
