// Finding operations by name, and the table of descriptions by number.

extension Operation {
  /// Descriptions by raw value; numbers without an operation have none.
  static let descriptions: [OperationDescription?] = (0..<256).map { Operation(rawValue: UInt8($0))?.description }

  /// What the table says of this operation, without building the entry anew.
  var entry: OperationDescription { Operation.descriptions[Int(rawValue)] ?? description }

  /// Operations by name and arity: the name's bytes as a natural, with the arity above them.
  private static let byName: [UInt64: Operation] = {
    var table: [UInt64: Operation] = [:]
    for operation in Operation.allCases {
      for name in operation.entry.names {
        var key: UInt64 = 0
        for byte in name.utf8.reversed() { key = key << 8 | UInt64(byte) }
        table[key | UInt64(operation.entry.arity) << 60] = operation
      }
    }
    return table
  }()

  /// The operation whose name is the natural `name`, with `arity` operands. Names are at most seven bytes long.
  static func named(_ name: UInt64, arity: Int) -> Operation? {
    guard name < 1 << 56, arity > 0, arity < 16 else { return nil }
    return byName[name | UInt64(arity) << 60]
  }
}
