// Builds one function, instruction by instruction.
// Guarantees: value numbers follow the order of emission whatever the order of blocks; nothing is emitted into a block that
// is already closed (the instruction is dropped and its value is `.none`), so a front end may go on lowering dead code.

/// Collects the blocks and instructions of one function. Typical use:
///
///     var builder = FunctionBuilder(module: module, name: "double", parameters: [Parameter("n", .i64)], result: .i64)
///     let two = builder.integer(2, .i64)
///     builder.returnValue(builder.binary(.multiply, builder.parameter(0), two, .i64))
///     let number = module.add(builder.function)
public struct FunctionBuilder {
  public private(set) var function: Function
  public let module: Module
  /// The block that instructions are appended to.
  public private(set) var current: BlockID
  /// Given to every instruction emitted from now on.
  public var span = SourceSpan.none
  private var closed: [Bool]

  /// Starts a function with an empty entry block, which becomes current.
  public init(module: Module, name: String, parameters: [Parameter], result: TypeID) {
    self.module = module
    function = Function(name: name, parameters: parameters, result: result)
    function.blocks = [Block(name: "entry")]
    current = BlockID(0)
    closed = [false]
  }

  /// Changes flags of the function (role, context, file).
  public mutating func configure(_ change: (inout Function) -> Void) { change(&function) }

  // MARK: Blocks

  /// Adds an empty block without moving to it. Its parameters are values only after `blockParameter` has emitted them at its
  /// head.
  public mutating func addBlock(_ name: String, parameters: [TypeID] = []) -> BlockID {
    function.blocks.append(Block(name: name, parameters: parameters))
    closed.append(false)
    return BlockID(UInt32(truncatingIfNeeded: function.blocks.count - 1))
  }

  /// Makes a block current.
  public mutating func position(at block: BlockID) {
    if Int(block.rawValue) < function.blocks.count { current = block }
  }

  /// True when the current block already ends with a terminator.
  public var isClosed: Bool { closed[Int(current.rawValue)] }

  // MARK: Emitting

  /// Appends an instruction to the current block and returns its value.
  @discardableResult
  public mutating func emit(_ operation: Operation, _ type: TypeID = .void) -> ValueID {
    guard !isClosed else { return .none }
    let value = ValueID(UInt32(truncatingIfNeeded: function.valueCount))
    function.instructions.append(Instruction(operation, type, span))
    function.blocks[Int(current.rawValue)].body.append(value)
    if operation.isTerminator { closed[Int(current.rawValue)] = true }
    return value
  }

  /// The value of a parameter.
  public func parameter(_ index: Int) -> ValueID { ValueID(UInt32(truncatingIfNeeded: index)) }

  /// The type of a value; `unresolved` when there is no such value.
  public func type(of value: ValueID) -> TypeID { function.type(of: value) ?? .unresolved }

  // MARK: Short forms of the common operations

  public mutating func integer(_ value: Int64, _ type: TypeID = .i64) -> ValueID { emit(.integer(value), type) }
  public mutating func float(_ value: Double, _ type: TypeID = .f64) -> ValueID { emit(.float(value), type) }
  public mutating func boolean(_ value: Bool) -> ValueID { emit(.boolean(value), .boolean) }
  public mutating func string(_ bytes: [UInt8]) -> ValueID {
    emit(.string(module.types.strings.intern(bytes)), .string)
  }
  public mutating func string(_ text: String) -> ValueID { string(Array(text.utf8)) }
  public mutating func null(_ type: TypeID) -> ValueID { emit(.null, type) }
  public mutating func undefined(_ type: TypeID) -> ValueID { emit(.undefined, type) }
  public mutating func type(_ type: TypeID) -> ValueID { emit(.type(type), .type) }

  public mutating func binary(_ operation: BinaryOperator, _ left: ValueID, _ right: ValueID, _ type: TypeID) -> ValueID
  {
    emit(.binary(operation, left, right), type)
  }
  /// A comparison; the result is a bool.
  public mutating func compare(_ operation: BinaryOperator, _ left: ValueID, _ right: ValueID) -> ValueID {
    emit(.binary(operation, left, right), .boolean)
  }
  public mutating func unary(_ operation: UnaryOperator, _ operand: ValueID, _ type: TypeID) -> ValueID {
    emit(.unary(operation, operand), type)
  }
  public mutating func convert(_ operation: ConversionOperator, _ operand: ValueID, to type: TypeID) -> ValueID {
    emit(.convert(operation, operand, from: self.type(of: operand)), type)
  }

  /// Storage for one value; yields a pointer to it.
  public mutating func allocate(_ type: TypeID) -> ValueID { emit(.allocate(type), module.types.pointer(to: type)) }
  public mutating func load(_ pointer: ValueID, _ type: TypeID) -> ValueID { emit(.load(pointer), type) }
  public mutating func store(_ value: ValueID, to pointer: ValueID) {
    emit(.store(pointer: pointer, value: value, type: type(of: value)))
  }

  public mutating func aggregate(_ parts: [ValueID], _ type: TypeID) -> ValueID { emit(.aggregate(parts), type) }
  public mutating func field(_ base: ValueID, _ index: Int, _ type: TypeID) -> ValueID {
    emit(.field(base, index: UInt32(truncatingIfNeeded: index), base: nil), type)
  }
  /// The address of a field; yields a pointer to `type`.
  public mutating func fieldAddress(_ base: ValueID, _ index: Int, _ type: TypeID) -> ValueID {
    emit(.fieldAddress(base, index: UInt32(truncatingIfNeeded: index), base: nil), module.types.pointer(to: type))
  }
  public mutating func index(_ base: ValueID, _ index: ValueID, _ element: TypeID) -> ValueID {
    emit(.index(base, index), element)
  }
  /// The address of an element; yields a pointer to `element`.
  public mutating func indexAddress(_ base: ValueID, _ index: ValueID, _ element: TypeID) -> ValueID {
    emit(.indexAddress(base, index), module.types.pointer(to: element))
  }

  public mutating func call(_ function: FunctionID, _ arguments: [ValueID], _ result: TypeID) -> ValueID {
    emit(.call(function, arguments), result)
  }
  public mutating func blockParameter(_ index: Int) -> ValueID {
    let block = function.blocks[Int(current.rawValue)]
    let type = index >= 0 && index < block.parameters.count ? block.parameters[index] : .unresolved
    return emit(.blockParameter(current, index: UInt32(truncatingIfNeeded: index)), type)
  }

  public mutating func branch(_ target: BlockID, _ arguments: [ValueID] = []) { emit(.branch(target, arguments)) }
  public mutating func branch(if condition: ValueID, _ then: BlockID, else otherwise: BlockID) {
    emit(.conditionalBranch(condition, then: then, [], else: otherwise, []))
  }
  public mutating func returnValue(_ value: ValueID) { emit(.returnValue(value), type(of: value)) }
  public mutating func returnVoid() { emit(.returnVoid) }
}
