// Writes the code that no law stands behind: the blocks that the engine itself continues in, and the operations that
// have code of their own.

import StrataMemory

/// Assembles code objects in the nursery; the machine copies them to the commons.
struct StubWriter {
  let engine: Engine

  /// The object with the blocks halt, update, apply and check; their indices are stored by `Stub`.
  func stubs(_ indices: UnsafeMutablePointer<Int>) throws(CompileFailure) -> Word {
    var assembler = Assembler()
    let entry = assembler.makeLabel()
    assembler.place(entry)
    for (stub, opcode, size) in [
      (Stub.halt, Opcode.halt, 1), (.update, .update, 2), (.apply, .applyStep, 2), (.check, .checkInside, 2),
    ] {
      indices[stub.rawValue] = assembler.here
      let block = assembler.beginBlock()
      assembler.emit(opcode)
      assembler.endBlock(block, frameSize: size)
    }
    return try assembler.finish(engine: engine, entry: entry, operation: nil, leading: [])
  }

  private func single(
    frameSize: Int, operation: Operation? = nil, _ body: (inout Assembler) -> Void
  ) throws(CompileFailure) -> Word {
    var assembler = Assembler()
    let entry = assembler.makeLabel()
    assembler.place(entry)
    let block = assembler.beginBlock()
    body(&assembler)
    assembler.endBlock(block, frameSize: frameSize)
    return try assembler.finish(engine: engine, entry: entry, operation: operation, leading: [])
  }

  /// The code of the pins that take their operands as a row.
  func pinnedRow() throws(CompileFailure) -> Word {
    try single(frameSize: 8) { $0.emit(.pinnedRowStep) }
  }

  /// The code of the pins that throw: forces its argument first.
  func raise() throws(CompileFailure) -> Word {
    try single(frameSize: 8) { assembler in
      force(&assembler, slot: 1, top: 2)
      assembler.emit(.raiseStep)
    }
  }

  /// The code of pins that evaluate their argument and have no meaning.
  func meaningless() throws(CompileFailure) -> Word {
    try single(frameSize: 8) { assembler in
      assembler.emit(.evaluate, 1, 0, 0, 2)
      assembler.emit(.fail)
    }
  }

  /// The code of pinned laws that are compared with their operations.
  func checked() throws(CompileFailure) -> Word {
    try single(frameSize: Engine.checkFrameSize) { $0.emit(.checkStep) }
  }

  /// The code of pins that cannot be called.
  func uncallable() throws(CompileFailure) -> Word {
    try single(frameSize: 2) { $0.emit(.uncallable) }
  }

  /// slot := its normal form
  private func force(_ assembler: inout Assembler, slot: Int, top: Int) {
    assembler.emit(.move, top + 4, slot)
    assembler.emit(.clear, slot)
    assembler.emit(.callOperation, slot, top + 3, Int(Operation.force.rawValue))
  }

  /// The code of an operation, on operands in slots 1 on.
  func code(of operation: Operation) throws(CompileFailure) -> Word {
    let arity = operation.entry.arity
    switch operation {
    case .eat: return try single(frameSize: 8, operation: operation) { $0.emit(.eatStep) }
    case .coup: return try single(frameSize: 4, operation: operation) { $0.emit(.coupStep) }
    case .force:
      return try single(frameSize: 4, operation: operation) { assembler in
        assembler.emit(.move, 3, 1)
        assembler.emit(.clear, 1)
        assembler.emit(.forceStep)
      }
    case .sap2, .sap3, .sap4, .sap5, .sap6, .sap7, .sap8:
      return try single(frameSize: arity + 2, operation: operation) { $0.emit(.sapStep, arity) }
    case .compareStructure:
      return try single(frameSize: 6, operation: operation) { assembler in
        assembler.emit(.move, 4, 1)
        assembler.emit(.move, 5, 2)
        assembler.emit(.clear, 1)
        assembler.emit(.clear, 2)
        assembler.emit(.compareStep)
      }
    case .row: return try single(frameSize: 5, operation: operation) { $0.emit(.rowStep) }
    case .primitive: return try single(frameSize: 4, operation: operation) { $0.emit(.primitiveStep) }
    case .specified: return try single(frameSize: 8, operation: operation) { $0.emit(.specifiedStep) }
    case .specifiedLaw: return try single(frameSize: 8, operation: operation) { $0.emit(.specifiedLawStep) }
    case .raise, .case0: return try single(frameSize: 2, operation: operation) { $0.emit(.fail) }
    case .profile:
      return try single(frameSize: 4, operation: operation) { assembler in
        assembler.emit(.profileEnter)
        assembler.emit(.evaluate, 2, 0, 0, 3)
        assembler.emit(.profileLeave)
        assembler.emit(.giveBack, 2)
      }
    case .attempt:
      return try single(frameSize: 12, operation: operation) { assembler in
        force(&assembler, slot: 1, top: 5)
        force(&assembler, slot: 2, top: 5)
        assembler.emit(.attemptEnter)
        assembler.emit(.move, 8, 1)
        assembler.emit(.move, 10, 2)
        assembler.emit(.clear, 1)
        assembler.emit(.clear, 2)
        assembler.emit(.apply, 4, 8, 1)
        force(&assembler, slot: 4, top: 5)
        assembler.emit(.attemptLeave)
        assembler.append(UInt64(Opcode.natural.rawValue) | 5 << 8)
        assembler.closure(6, parts: [5, 4])
        assembler.emit(.giveBack, 6)
      }
    default:
      return try Compiler.compile(engine: engine, operation: operation)
    }
  }
}
