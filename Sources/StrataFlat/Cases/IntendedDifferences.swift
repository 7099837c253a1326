// Where this machine means to give another value than the recorded one, and why.
// Guarantees: each entry names the value that is expected instead, so an entry excuses one difference and no other.

import StrataText

/// One difference from the records that is meant.
public struct IntendedDifference: Sendable {
  /// File and case name.
  public var name: String
  /// The value expected here, in the form of the records; nil when only the class of failure is fixed.
  public var value: String
  public var reason: String

  private init(_ name: String, _ value: String, _ reason: String) {
    self.name = name
    self.value = value
    self.reason = reason
  }

  /// The whole table.
  public static let all: [IntendedDifference] = [
    IntendedDifference(
      "agg/S01_0", #"{"int":3412}"#,
      "a loaded struct is a value; the recording machine aliased both operands of a swap"),
    IntendedDifference(
      "agg/S13_12", #"{"int":107}"#,
      "a tuple's third element is read at its offset; the recording machine read another place"),
    IntendedDifference("arith/R10_9", #"{"boolean":true}"#, "i32 arithmetic wraps at 32 bits as it happens"),
    IntendedDifference("arith/R11_10", #"{"boolean":true}"#, "u8 arithmetic wraps at 8 bits as it happens"),
    IntendedDifference("arith/R14_13", #"{"boolean":true}"#, "u64 values compare unsigned"),
    IntendedDifference("arith/R15_14", #"{"int":1}"#, "u64 values shift right logically"),
    IntendedDifference("arith/R16_15", #"{"int":9223372036854775807}"#, "u64 values divide unsigned"),
    IntendedDifference("arith/R23_22", #"{"boolean":true}"#, "f32 arithmetic rounds to f32 as it happens"),
    IntendedDifference(
      "comptime__0602-comptime-interp-cast-ptr-cmp/__run_0", #"{"bail":"Unsupported"}"#,
      "the program configures a build; a sandbox offers no build to configure"),
    IntendedDifference(
      "comptime__0623-comptime-metatype-tuple/__ctype_1", #"{"type_tag":508}"#,
      "a constructed tuple is the one tuple type of those elements, which the module already has"),
    IntendedDifference(
      "comptime__0629-comptime-compiler-field-reflect/pair_0", #"{"int":0}"#, IntendedDifference.missingType),
    IntendedDifference(
      "comptime__0629-comptime-compiler-field-reflect/n_1", #"{"bail":"Unsupported"}"#, IntendedDifference.missingType),
    IntendedDifference(
      "comptime__0629-comptime-compiler-field-reflect/f0_name_2", #"{"bail":"Unsupported"}"#,
      IntendedDifference.missingType),
    IntendedDifference(
      "comptime__0629-comptime-compiler-field-reflect/f1_name_3", #"{"bail":"Unsupported"}"#,
      IntendedDifference.missingType),
    IntendedDifference(
      "comptime__0629-comptime-compiler-field-reflect/f0_type_4", #"{"bail":"Unsupported"}"#,
      IntendedDifference.missingType),
    IntendedDifference(
      "diagnostics__1204-diagnostics-comptime-run-unbridged-shape/__ct_0",
      #"{"aggregate":[{"aggregate":[]},{"aggregate":[]}]}"#,
      "results of every shape can be taken out; the recording machine refused this one"),
  ]

  private static let missingType =
    "the program looks up a type by name that the record leaves out of its type list"

  /// The entry for a case, if there is one.
  public static func find(_ name: String) -> IntendedDifference? { all.first { $0.name == name } }
}
