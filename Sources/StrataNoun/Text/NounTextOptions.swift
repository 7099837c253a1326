// What the writers may leave out and how they show atoms.

extension NounText {
  /// How to write a noun. What is left out is marked by `...`, which the reader refuses by name.
  public struct Options: Sendable, Equatable {
    /// How atoms are shown.
    public enum Atoms: Sendable, Equatable {
      /// As numbers.
      case numbers
      /// As terms and cords where their bytes are printable UTF-8, otherwise as numbers.
      case guessed
    }

    /// How atoms are shown.
    public var atoms = Atoms.numbers
    /// Numbers of more bits than this are written in hexadecimal instead of decimal.
    public var hexadecimalAboveBits: Int?
    /// Brackets nested deeper than this are left out.
    public var depth: Int?
    /// Elements of one bracket beyond this number are left out; at least 1.
    public var elements: Int?
    /// An atom whose text would have more bytes than this is cut; at least 9.
    public var atomBytes: Int?
    /// The largest length of the text; at least 3 when text may be left out. What comes after it is left out, or, unless `elides`, makes the writer throw.
    public var bytes: Int
    /// Whether text beyond `bytes` is left out. (The other limits always leave something out.)
    public var elides: Bool
    /// The columns of a line; only `show` breaks lines.
    public var width = 80

    /// Everything, in the one form that each noun has: dotted decimal numbers, one space between elements. The text may
    /// be at most `bytes` long; a longer one makes the writer throw.
    public static func complete(bytes: Int = 1 << 40) -> Options {
      Options(bytes: bytes, elides: false)
    }

    /// For people: terms and cords where they make sense, and limits on everything.
    public static func brief(bytes: Int = 1 << 14) -> Options {
      var options = Options(bytes: bytes, elides: true)
      options.atoms = .guessed
      options.hexadecimalAboveBits = 128
      options.depth = 24
      options.elements = 64
      options.atomBytes = 1024
      return options
    }

    private init(bytes: Int, elides: Bool) {
      self.bytes = bytes
      self.elides = elides
    }
  }
}
