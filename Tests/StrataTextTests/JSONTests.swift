// Checks the JSON reader and writer: exact values, order, errors with offsets, limits.

import StrataText
import Testing

@Suite struct JSONTests {
  func read(_ text: String) throws(JSON.ReadError) -> JSON { try JSON.read(Array(text.utf8)) }

  @Test func readsEveryKindOfValue() throws {
    let value = try read(#" {"b":[1,-2,3.5,1e3,true,false,null],"a":{"x":"q\"\\\n\u00e9\ud83d\ude00"},"e":[],"f":{}} "#)
    #expect(
      value["b"]
        == .array([.integer(1), .integer(-2), .number(3.5), .number(1000), .boolean(true), .boolean(false), .null]))
    #expect(value["a"]?["x"]?.text == "q\"\\\n\u{e9}\u{1F600}")
    #expect(value.fields?.map(\.key) == ["b", "a", "e", "f"])
    #expect(try read("-9223372036854775808") == .integer(.min))
    #expect(try read("9223372036854775808") == .number(9223372036854775808))
  }

  @Test func writesWhatItReads() throws {
    let text = #"{"name":"a\"b\\\u0001","list":[1,[2,{"k":null}],"é"],"x":-1.5}"#
    #expect(try read(text).written == text)
  }

  @Test(arguments: [
    ("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("[1 2]", 3), ("01", 2), ("1.", 2), ("\"\\q\"", 3), ("\"\\ud800\"", 7),
    ("tru", 3), ("1 1", 2), ("\"a", 2), ("\"\n\"", 1), ("{1:2}", 1),
  ]) func faultsCarryTheirOffset(text: String, offset: Int) {
    do throws(JSON.ReadError) {
      _ = try read(text)
      Issue.record("accepted \(text)")
    } catch {
      #expect(error.offset == offset, "\(text): \(error)")
    }
  }

  @Test func nestingIsLimited() throws {
    let deep = 1_000_000
    let text = [UInt8](repeating: UInt8(ascii: "["), count: deep)
    #expect(throws: JSON.ReadError.self) { try JSON.read(text) }
    let within = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(try read(within).written == within)
  }
}
