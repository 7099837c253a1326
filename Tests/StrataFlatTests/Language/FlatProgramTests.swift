import Foundation
import StrataText
import Testing

@testable import StrataFlat

/// Compiles a text that imports nothing but the library.
func compile(_ text: String, name: String = "t.sx", target: Target = .pointers64) -> FlatProgram {
  FlatProgram.load(SourceText(name: name, text: text), target: target)
}

/// The value of the constant named `R`, or what went wrong. Both machines must agree, and the verifier must be content.
func evaluate(_ text: String, _ name: String = "R", target: Target = .pointers64) -> String {
  let program = compile(text, target: target)
  guard program.isValid else { return program.renderDiagnostics() }
  if let complaint = program.module.verify().first { return "verifier: \(complaint)" }
  guard let constant = program.constants.first(where: { $0.name == name }) else { return "no constant" }
  let evaluator = ReferenceEvaluator(module: program.module)
  let machine = FlatMachine(module: program.module)
  var results: [String] = []
  do throws(EvaluationError) {
    results.append(shown(try evaluator.evaluate(constant.function), program))
  } catch {
    results.append(error.reason)
  }
  do throws(EvaluationError) {
    results.append(shown(try machine.evaluate(constant.function), program))
  } catch {
    results.append(error.reason)
  }
  return results[0] == results[1] ? results[0] : "the machines differ: \(results)"
}

/// A value in a short form.
func shown(_ value: FlatValue, _ program: FlatProgram) -> String {
  switch value {
  case .integer(let number): "\(number)"
  case .unsigned(let number): "\(number)"
  case .float(let number): "\(number)"
  case .single(let number): "\(number)"
  case .boolean(let flag): "\(flag)"
  case .string(let bytes): String(decoding: bytes, as: UTF8.self)
  case .aggregate(let parts): "(" + parts.map { shown($0, program) }.joined(separator: ", ") + ")"
  case .some(let inner): "some(\(shown(inner, program)))"
  case .null: "null"
  case .enumeration(let tag): "#\(tag)"
  case .variant(let tag, let payload): "#\(tag)(\(shown(payload, program)))"
  case .error(let tag): "error.\(program.module.types.errors.name(tag) ?? "?")"
  case .type(let type): program.module.types.name(type)
  default: "\(value)"
  }
}

@Suite struct RecordedProgramTests {
  /// Constants whose values differ on purpose are the same as in the table that the recorded cases use.
  static let skipped = ["__insert", "__ctype"]

  @Test(.enabled(if: LanguageData.isPresent), arguments: LanguageData.sources)
  func givesTheRecordedValues(_ path: String) throws {
    let base = (path as NSString).lastPathComponent.replacingOccurrences(of: ".sx", with: "")
    let long = ["00000", "30000", "collatz_10000", "fib_28", "fib_25", "matmul_32"]
    let source = SourceText(name: base + ".sx", bytes: LanguageData.read(path))
    let program = FlatProgram.load(source)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    guard program.isValid, !long.contains(where: base.contains) else { return }
    let record = path.replacingOccurrences(of: "/sources/", with: "/own/").replacingOccurrences(
      of: ".sx", with: ".json")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(LanguageData.read(record))) as? [String: Any])
    let cases = try #require(json["cases"] as? [[String: Any]])
    for one in cases {
      let name = try #require(one["name"] as? String)
      if Self.skipped.contains(where: name.hasPrefix) { continue }
      let constant = String(name[..<(name.lastIndex(of: "_") ?? name.endIndex)])
      let found = try #require(program.constants.first { $0.name == constant }, "\(name)")
      let evaluator = ReferenceEvaluator(module: program.module)
      let value: FlatValue
      do throws(EvaluationError) {
        value = try evaluator.evaluate(found.function)
      } catch {
        Issue.record("\(base) \(name): \(error)")
        continue
      }
      var expected = Self.shown(one["value"])
      if let intended = IntendedDifference.find("\(base)/\(name)") {
        let data = try JSONSerialization.jsonObject(with: Data(intended.value.utf8))
        expected = Self.shown(data)
      }
      #expect(Self.shown(value) == expected, "\(base) \(name)")
    }
  }

  /// The recorded form of a value as text.
  static func shown(_ record: Any?) -> String {
    guard let object = record as? [String: Any] else { return "?" }
    if let parts = object["aggregate"] as? [Any] { return "(" + parts.map { shown($0) }.joined(separator: ", ") + ")" }
    if let number = object["int"] as? NSNumber { return "\(number.int64Value)" }
    if let flag = object["boolean"] as? Bool { return "\(flag)" }
    if let text = object["string"] as? String { return "\"\(text)\"" }
    if let float = object["float"] as? [String: Any], let bits = float["f64bits"] as? String { return bits }
    if object.keys.contains("null_val") { return "null" }
    return "\(object)"
  }

  /// A value in the form in which it would have been recorded.
  static func shown(_ value: FlatValue) -> String {
    switch value {
    case .integer(let number), .enumeration(let number): "\(number)"
    case .unsigned(let number): "\(Int64(bitPattern: number))"
    case .boolean(let flag): "\(flag)"
    case .string(let bytes): "\"\(String(decoding: bytes, as: UTF8.self))\""
    case .float(let number): "0x" + String(number.bitPattern, radix: 16)
    case .single(let number): "0x" + String(Double(number).bitPattern, radix: 16)
    case .aggregate(let parts): "(" + parts.map { shown($0) }.joined(separator: ", ") + ")"
    case .some(let inner): "(\(shown(inner)), true)"
    case .null: "null"
    case .error(let tag): "\(tag.rawValue)"
    default: "\(value)"
    }
  }
}
