// What the operations on aggregates become in machine instructions.
// Guarantees: see `BytecodeCompiler`. A built aggregate lies in fresh storage that nothing else refers to.

extension BytecodeCompiler {
  /// Emits the code of an operation on aggregates.
  mutating func lowerAggregate(_ instruction: Instruction) {
    let type = instruction.type
    let form = types.form(type)
    switch instruction.operation {
    case .aggregate(let parts):
      let target = result()
      emitAllocate(target, type)
      for (index, part) in parts.enumerated() {
        guard let member = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
          continue
        }
        emitWrite(target, offset, part, member)
      }
    case .field(let base, let index, let override), .unionField(let base, let index, let override):
      guard let offset = analysis.fieldOffset(base, index, override),
        let member = types.memberType(Int(index), of: types.withoutPointer(override ?? analysis.type(base)))
      else { return }
      read(base, offset, member, as: type)
    case .fieldAddress(let base, let index, let override), .unionFieldAddress(let base, let index, let override):
      guard let offset = analysis.fieldOffset(base, index, override) else { return }
      let source = addressOf(base)
      let target = result()
      emitMove(target, at(source, offset))
    case .index(let base, let index): lowerIndex(base, index, type)
    case .indexAddress(let base, let index):
      guard let element = types.pointee(type) ?? types.elementType(analysis.type(base)) else { return }
      lowerElementAddress(base, index, element, into: nil)
    case .length(let operand):
      let subject = types.withoutPointer(analysis.type(operand))
      if let count = types.staticLength(subject) {
        emitImmediate(result(), Scalars.canonical(count, form))
      } else {
        read(operand, 8, .i64, as: type)
      }
    case .dataPointer(let operand), .anyData(let operand): read(operand, 0, .u64, as: type)
    case .arrayToSlice(let operand):
      let count = types.staticLength(types.withoutPointer(analysis.type(operand))) ?? 0
      let source = addressOf(operand)
      buildPair(source, constant: count)
    case .subslice(let base, let low, let high, _): lowerSubslice(base, low, high, type)
    case .optionalWrap(let operand): lowerWrap(operand, type)
    case .optionalHasValue(let operand):
      let presence = presence(operand)
      let target = result()
      emit(Code(.notEqualImmediate, a: target, b: presence, x: 0))
    case .optionalUnwrap(let operand):
      emit(Code(.requireValue, a: presence(operand)))
      readPayload(operand, as: type, into: result())
    case .optionalCoalesce(let operand, let otherwise):
      let presence = presence(operand)
      let target = result()
      emit(Code(.branchFalse, a: presence))
      let skip = code.count - 1
      readPayload(operand, as: type, into: target)
      emit(Code(.jump))
      let end = code.count - 1
      code[skip].y = Int32(code.count)
      if form == .aggregate {
        let source = self.operand(otherwise)
        emitMove(target, source)
      } else {
        emitMove(target, coerced(otherwise, to: type))
      }
      code[end].y = Int32(code.count)
      if form == .aggregate, analysis.mustCopy[Int(value.rawValue)] {
        emitCopyFresh(target, from: target, type, size(type))
      }
    case .enumeration(let tag, let payload): lowerEnumeration(tag, payload, type)
    case .enumerationTag(let operand):
      guard case .taggedUnion(let union) = types[types.withoutPointer(analysis.type(operand))] else {
        let source = coerced(operand, to: type)
        emitMove(result(), source)
        return
      }
      read(operand, 0, union.tag ?? .i64, as: type)
    case .enumerationPayload(let base, _, let override):
      guard case .taggedUnion(let union) = types[types.withoutPointer(override ?? analysis.type(base))],
        let header = try? types.header(union)
      else { return }
      read(base, header, type, as: type)
    case .boxAny(let operand, let source):
      let address = addressOf(operand)
      buildPair(address, constant: UInt64(source.rawValue))
    case .unboxAny(let operand):
      let (base, offset) = address(operand)
      let data = temporary()
      emitLoad(data, base, offset, .u64)
      readAt(data, 0, type, as: type)
    case .makeAny(let tag, let data):
      let (tag, data) = (self.operand(tag), self.operand(data))
      let target = result()
      emitAllocate(target, size: 16, alignment: 8)
      emitStoreWord(target, 0, data, 8)
      emitStoreWord(target, 8, tag, 8)
    case .fieldName(let subject, let index):
      let index = operand(index)
      emit(slow: .fieldName(result: result(), subject, index: index))
    case .fieldValue(let base, let index, let subject):
      let (index, address) = (operand(index), addressOf(base))
      emit(slow: .fieldValue(result: result(), base: address, index: index, type: subject))
    case .errorName(let operand):
      let tag = self.operand(operand)
      emit(slow: .errorName(result: result(), tag))
    case .traceResolve(let operand):
      let word = self.operand(operand)
      emit(slow: .traceResolve(result: result(), word, type: type))
    default: lowerVector(instruction)
    }
  }

  // MARK: Reading parts

  /// Reads a part of a value or behind a pointer.
  private mutating func read(_ base: ValueID, _ offset: UInt64, _ member: TypeID, as type: TypeID) {
    let (register, distance) = address(base)
    guard let sum = Int32(exactly: Int64(distance) &+ Int64(offset)) else {
      let start = at(register, UInt64(bitPattern: Int64(distance)))
      readAt(at(start, offset), 0, member, as: type)
      return
    }
    readAt(register, sum, member, as: type)
  }

  private mutating func readAt(_ base: UInt16, _ offset: Int32, _ member: TypeID, as type: TypeID) {
    let form = types.form(type)
    if form == .nothing { return }
    let target = result()
    if form == .aggregate {
      let source = at(base, UInt64(bitPattern: Int64(offset)))
      if analysis.mustCopy[Int(value.rawValue)] {
        emitCopyFresh(target, from: source, type, size(type))
      } else {
        emitCheck(source, 0, size(type))
        emitMove(target, source)
      }
      return
    }
    emitLoad(target, base, offset, member)
    coerce(target, types.form(member), form)
  }

  /// Builds a 16-byte pair of an address and a constant.
  private mutating func buildPair(_ address: UInt16, constant: UInt64) {
    let target = result()
    emitAllocate(target, size: 16, alignment: 8)
    emitStoreWord(target, 0, address, 8)
    let word = temporary()
    emitImmediate(word, constant)
    emitStoreWord(target, 8, word, 8)
  }

  // MARK: Elements

  private mutating func lowerIndex(_ base: ValueID, _ index: ValueID, _ type: TypeID) {
    let place = temporary()
    lowerElementAddress(base, index, type, into: place)
    readAt(place, 0, type, as: type)
  }

  /// Computes the address of an element, checked wherever a length is known.
  private mutating func lowerElementAddress(_ base: ValueID, _ index: ValueID, _ element: TypeID, into place: UInt16?) {
    let size = size(element)
    let baseType = analysis.type(base)
    var length: UInt64 = .max
    var register: UInt16
    switch types[baseType] {
    case .slice, .string:
      let (slice, index) = (operand(base), operand(index))
      let target = place ?? result()
      if let small = Int32(exactly: size) {
        emit(Code(.sliceAddress, a: target, b: slice, c: index, y: small))
      } else {
        emit(slow: .sliceAddress(result: target, slice: slice, index: index, size: size))
      }
      return
    case .array(_, let count), .vector(_, let count):
      length = UInt64(count)
      register = operand(base)
      if place == nil {
        // The reference checks the index before it copies the value.
        let copy = temporary()
        let position = operand(index)
        let checked = temporary()
        emitElement(checked, register, position, length, size)
        emitCopyFresh(copy, from: register, baseType, self.size(baseType))
        register = copy
      }
    case .pointer(let pointee):
      register = operand(base)
      if let count = types.checkedLength(pointee, element: element) { length = count }
    default: register = operand(base)
    }
    let position = operand(index)
    emitElement(place ?? result(), register, position, length, size)
  }

  private mutating func emitElement(_ target: UInt16, _ base: UInt16, _ index: UInt16, _ length: UInt64, _ size: UInt64)
  {
    if let small = Int32(exactly: size), length == .max || length <= UInt64(Int32.max) {
      emit(Code(.indexAddress, a: target, b: base, c: index, x: length == .max ? -1 : Int32(length), y: small))
    } else {
      emit(slow: .indexAddress(result: target, base: base, index: index, length: length, size: size))
    }
  }

  private mutating func lowerSubslice(_ base: ValueID, _ low: ValueID, _ high: ValueID, _ type: TypeID) {
    let element = types.elementType(type) ?? .u8
    let (low, high) = (operand(low), operand(high))
    var start: UInt16
    var length: UInt16?
    var limit = UInt64.max >> 1
    switch types[analysis.type(base)] {
    case .slice, .string:
      let (register, offset) = address(base)
      start = temporary()
      emitLoad(start, register, offset, .u64)
      let count = temporary()
      emitLoad(count, register, offset &+ 8, .u64)
      length = count
    case .array(_, let count):
      start = addressOf(base)
      limit = UInt64(count)
    case .pointer(let pointee):
      start = operand(base)
      if let count = types.checkedLength(pointee, element: element) { limit = count }
    default: start = operand(base)
    }
    emit(
      slow: .subslice(
        result: result(), start: start, length: length, limit: limit, low: low, high: high, size: size(element)))
  }

  // MARK: Optionals and unions

  private func optional(_ value: ValueID) -> (TypeID, TypeTable.OptionalForm)? {
    guard case .optional(let child) = types[analysis.type(value)], let form = try? types.optionalForm(child: child)
    else {
      return nil
    }
    return (child, form)
  }

  /// A register that is zero exactly when the optional is absent.
  private mutating func presence(_ value: ValueID) -> UInt16 {
    guard let (_, form) = optional(value) else { return operand(value) }
    switch form {
    case .pointer: return operand(value)
    case .nullFirstWord:
      let (base, offset) = address(value)
      let register = temporary()
      emitLoad(register, base, offset, types.pointer(to: .void))
      return register
    case .flag(let distance):
      let place = at(operand(value), distance)
      let register = temporary()
      emit(Code(.load8, a: register, b: place))
      return register
    }
  }

  private mutating func readPayload(_ value: ValueID, as type: TypeID, into target: UInt16) {
    guard let (child, optionalForm) = optional(value) else { return }
    let form = types.form(type)
    if form == .nothing { return }
    if optionalForm == .pointer {
      emitMove(target, operand(value))
      coerce(target, types.form(child), form)
      return
    }
    if form == .aggregate {
      let source = operand(value)
      if analysis.mustCopy[Int(self.value.rawValue)], case .optionalUnwrap = analysis.operation(self.value) {
        emitCopyFresh(target, from: source, type, size(type))
      } else {
        emitMove(target, source)
      }
      return
    }
    let (base, offset) = address(value)
    emitLoad(target, base, offset, child)
    coerce(target, types.form(child), form)
  }

  private mutating func lowerWrap(_ payload: ValueID, _ type: TypeID) {
    guard case .optional(let child) = types[type], let form = try? types.optionalForm(child: child) else { return }
    if form == .pointer {
      let source = coerced(payload, to: child)
      emitMove(result(), source)
      return
    }
    let target = result()
    emitAllocate(target, type)
    emitWrite(target, 0, payload, child)
    if case .flag(let offset) = form {
      let one = temporary()
      emitImmediate(one, 1)
      emitStoreWord(at(target, offset), 0, one, 1)
    }
  }

  private mutating func lowerEnumeration(_ tag: Int64, _ payload: ValueID, _ type: TypeID) {
    guard case .taggedUnion(let union) = types[type], let header = try? types.header(union) else {
      emitImmediate(result(), Scalars.canonical(UInt64(bitPattern: tag), types.form(type)))
      return
    }
    let target = result()
    emitAllocate(target, type)
    if tag != 0 {
      let word = temporary()
      emitImmediate(word, UInt64(bitPattern: tag))
      emitStoreWord(target, 0, word, size(union.tag ?? .i64))
    }
    if payload != .none { emitWrite(target, header, payload, analysis.type(payload)) }
  }

  // MARK: Vectors

  private mutating func lowerVector(_ instruction: Instruction) {
    let type = instruction.type
    switch instruction.operation {
    case .vectorSplat(let operand):
      guard case .vector(let element, let lanes) = types[type] else { return }
      let target = result()
      emitAllocate(target, type)
      let size = size(element)
      for lane in 0..<UInt64(min(lanes, 4096)) { emitWrite(target, lane * size, operand, element) }
    case .vectorExtract(let vector, let lane):
      guard case .vector(let element, let lanes) = types[analysis.type(vector)] else { return }
      let (base, index) = (operand(vector), operand(lane))
      let place = temporary()
      emitElement(place, base, index, UInt64(lanes), size(element))
      readAt(place, 0, element, as: type)
    case .vectorInsert(let vector, let operand, let lane):
      guard case .vector(let element, let lanes) = types[analysis.type(vector)] else { return }
      let (base, index) = (self.operand(vector), self.operand(lane))
      let checked = temporary()
      emitElement(checked, base, index, UInt64(lanes), size(element))
      let target = result()
      emitCopyFresh(target, from: base, type, size(type))
      let place = temporary()
      emitElement(place, target, index, UInt64(lanes), size(element))
      emitWrite(place, 0, operand, element)
    default: break
    }
  }
}
