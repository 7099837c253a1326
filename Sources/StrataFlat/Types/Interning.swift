// The two pools of names that a module shares with the programs it evaluates: texts and error tags.
// Guarantees: a text is stored once and keeps its number for the life of the pool; numbers are given in order of first
// use, so they are the same in every run.

/// Byte texts by number. Texts are bytes, not Swift strings, because programs may hold any bytes.
public struct StringPool {
  private var texts: [[UInt8]]
  private var numbers: [[UInt8]: StringID]

  /// A pool that holds the empty text as number 0.
  public init() {
    texts = [[]]
    numbers = [[]: .empty]
  }

  public var count: Int { texts.count }

  /// Returns the number of a text, giving it the next one if it is new.
  public mutating func intern(_ bytes: [UInt8]) -> StringID {
    if let known = numbers[bytes] { return known }
    let number = StringID(UInt32(truncatingIfNeeded: texts.count))
    texts.append(bytes)
    numbers[bytes] = number
    return number
  }

  public mutating func intern(_ text: String) -> StringID { intern(Array(text.utf8)) }

  /// The number of a text that is already in the pool.
  public func find(_ bytes: [UInt8]) -> StringID? { numbers[bytes] }

  /// The bytes of a text, or nil when no text has that number.
  public func bytes(_ number: StringID) -> [UInt8]? {
    Int(number.rawValue) < texts.count ? texts[Int(number.rawValue)] : nil
  }
}

/// Names of errors by tag. Names are global to a module: two error sets that name the same error share its tag.
public struct ErrorPool {
  private var names: [String]
  private var tags: [String: ErrorTag]

  /// A pool in which tag 0 is "no error" and has the empty name.
  public init() {
    names = [""]
    tags = [:]
  }

  public var count: Int { names.count }

  /// Returns the tag of a name, giving it the next one if it is new.
  public mutating func intern(_ name: String) -> ErrorTag {
    if let known = tags[name] { return known }
    let tag = ErrorTag(UInt32(truncatingIfNeeded: names.count))
    names.append(name)
    tags[name] = tag
    return tag
  }

  /// The tag of a name that is already in the pool.
  public func find(_ name: String) -> ErrorTag? { tags[name] }

  /// The name of a tag, or nil when there is none of that number.
  public func name(_ tag: ErrorTag) -> String? {
    Int(tag.rawValue) < names.count ? names[Int(tag.rawValue)] : nil
  }
}
