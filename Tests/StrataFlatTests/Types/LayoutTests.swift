// Checks layout against values observed on the recorded machine.

import StrataFlat
import Testing

@Suite struct LayoutTests {
  @Test func structFieldsTakeTheirNaturalPlaces() throws {
    let types = TypeTable()
    let a = types.intern(
      .structure(
        StructureType(
          name: "A",
          fields: [Member("a", .u8), Member("b", .i32), Member("c", .u16), Member("d", .f64), Member("e", .boolean)])))
    #expect(try types.layout(a) == TypeLayout(size: 32, alignment: 8))
    #expect(try (0..<5).map { try types.offset(of: $0, in: a) } == [0, 4, 8, 16, 24])
    let f = types.intern(
      .structure(
        StructureType(
          name: "F",
          fields: [Member("a", types.signed(12)), Member("b", types.unsigned(3)), Member("c", types.signed(24))])))
    #expect(try types.layout(f) == TypeLayout(size: 8, alignment: 4))
  }

  @Test func unionsEnumerationsAndOptionals() throws {
    let types = TypeTable()
    let tagged = types.intern(
      .taggedUnion(TaggedUnionType(name: "B", fields: [Member("x", .i64), Member("y", .u8), Member("z", .void)])))
    #expect(try types.layout(tagged) == TypeLayout(size: 16, alignment: 8))
    let union = types.intern(
      .union(UnionType(name: "D", fields: [Member("f", .f32), Member("i", .i16)])))
    #expect(try types.layout(union) == TypeLayout(size: 4, alignment: 8))
    let small = types.intern(.enumeration(EnumerationType(name: "G", variants: ["p", "q"], backing: .u8)))
    #expect(try types.layout(small) == TypeLayout(size: 1, alignment: 1))
    #expect(try types.layout(types.optional(.u8)) == TypeLayout(size: 2, alignment: 1))
    #expect(try types.layout(types.optional(.i64)) == TypeLayout(size: 16, alignment: 8))
    #expect(try types.layout(types.optional(.string)) == TypeLayout(size: 24, alignment: 8))
    #expect(try types.layout(types.optional(types.pointer(to: .i64))) == TypeLayout(size: 8, alignment: 8))
    #expect(
      try types.layout(types.intern(.vector(element: .f32, length: 3))) == TypeLayout(size: 16, alignment: 16))
  }

  @Test func pointersFollowTheTarget() throws {
    let types = TypeTable(target: .pointers32)
    #expect(try types.layout(types.pointer(to: .i64)).size == 4)
    #expect(try types.layout(types.closure([], .void)).size == 8)
    #expect(try types.layout(.string).size == 16)
  }

  @Test func selfContainmentIsAnErrorAndDepthIsNot() throws {
    let types = TypeTable()
    let name = types.declare("Loop")
    #expect(throws: LayoutError.undefined(name)) { try types.layout(name) }
    try types.define(name, as: .structure(StructureType(name: "Loop", fields: [Member("again", name)])))
    #expect(throws: LayoutError.containsItself(name)) { try types.layout(name) }
    var deep = TypeID.u8
    for _ in 0..<100_000 { deep = types.intern(.array(element: deep, length: 1)) }
    #expect(try types.layout(deep) == TypeLayout(size: 1, alignment: 1))
    #expect(types.name(deep).hasSuffix("..."))
  }

  @Test func identityFollowsContentOrName() throws {
    let types = TypeTable()
    #expect(types.pointer(to: .i64) == types.pointer(to: .i64))
    #expect(types.pointer(to: .i64).rawValue >= TypeID.firstUser)
    let slot = types.declare("Node")
    #expect(!types.isDefined(slot))
    let node = types.intern(
      .structure(StructureType(name: "Node", fields: [Member("next", types.pointer(to: slot))])))
    #expect(node == slot)
    #expect(types.find("Node") == slot)
    #expect(types.name(types.pointer(to: node)) == "*Node")
    #expect(types.name(types.tuple([.i64])) == "(i64,)")
  }
}
