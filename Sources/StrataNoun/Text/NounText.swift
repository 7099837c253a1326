// Nouns as text, both ways: the syntax in one place, and the entry points of the reader and the writers.
//
//     [1 2 3]               cells nest to the right: this is [1 [2 3]]
//     ~[1 2 3]              a list, ended by 0: [1 2 3 0]; ~[] is 0
//     1.000.000  1000000    decimal; with dots, all groups but the first have three digits
//     0xdead.beef           hexadecimal, groups of four
//     0b1.0101              binary, groups of four
//     0v1.00000  0w1.00000  base 32 (0-9 a-v) and base 64 (0-9 a-z A-Z - ~), groups of five
//     'cord'                the bytes as one natural, the first lowest; escapes \' \\ and \0a (two hexadecimal digits)
//     "tape"                the bytes as a list; escapes \" \\ and \0a
//     %term  %$             a cord of lower-case letters, digits and hyphens; %$ is empty
//     ~ & | %.y %.n %& %|   0, 0, 1, 0, 1, 0, 1
//     :: comment            to the end of the line
//
// Between two nouns there is white space. Groups of digits may be left out, but not be of another size. What the
// writers print without eliding anything, the reader reads back as an equal noun.

import StrataMemory
import StrataText

/// The textual form of nouns.
///
/// Everything here works in time linear in the text, keeps what depends on the input's depth in the nursery or on the
/// C heap and never on the host stack, and never reaches a safe point: nothing moves while a text is read or written.
public enum NounText {
  /// Reads the one noun that `bytes` denotes. Nothing but garbage is left behind when it throws.
  public static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, into nursery: Nursery
  ) throws(NounTextError) -> Word {
    var reader = NounTextReader(bytes: bytes, nursery: nursery)
    return try reader.read()
  }

  /// Reads the one noun that `bytes` denotes. Nothing but garbage is left behind when it throws.
  public static func read(_ bytes: [UInt8], into nursery: Nursery) throws(NounTextError) -> Word {
    try bytes.withUnsafeBufferPointer { (buffer) throws(NounTextError) in try read(buffer, into: nursery) }
  }

  /// Reads the one noun that `source` denotes. The error's diagnostic can be rendered in `source`.
  public static func read(_ source: SourceText, into nursery: Nursery) throws(NounTextError) -> Word {
    try read(source.bytes, into: nursery)
  }

  /// Writes `noun` on one line, without a line feed at its end. Returns false when text was left out because of the
  /// limit on bytes. What is written before it throws stays written; only `sink.finish()` hands all of it to a file.
  @discardableResult
  public static func write(
    _ noun: Word, in nursery: Nursery, _ options: Options = .complete(), to sink: inout TextSink
  ) throws(WriteError) -> Bool {
    var writer = FlatWriter(nursery: nursery, options: options, sink: sink)
    writer.announce(noun)
    return try writer.write(noun, to: &sink)
  }

  /// Writes `noun` for people: broken between elements into lines of `options.width` columns where one line does not
  /// hold it, without a line feed at its end. Returns false when text was left out because of the limit on bytes.
  @discardableResult
  public static func show(
    _ noun: Word, in nursery: Nursery, _ options: Options = .brief(), to sink: inout TextSink
  ) throws(WriteError) -> Bool {
    var writer = try LayoutWriter(nursery: nursery, options: options, sink: sink)
    return try writer.write(noun, to: &sink)
  }

  /// `noun` on one line, as a string.
  public static func string(
    _ noun: Word, in nursery: Nursery, _ options: Options = .complete()
  ) throws(WriteError) -> String {
    var sink = try TextSink()
    try write(noun, in: nursery, options, to: &sink)
    return sink.text
  }
}
