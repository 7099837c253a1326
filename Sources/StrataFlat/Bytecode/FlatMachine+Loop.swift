// The instruction loop of the fast machine.
// Guarantees: all state of the loop is in local variables and written back when it leaves or calls out; registers named by
// code lie inside the register stack because a call checks the callee's frame first; storage is touched only after its
// address was checked against the range in use.

import Glibc

extension FlatMachine {
  /// Runs from the start of a function whose arguments are in its first registers, and returns its result.
  func run(
    _ start: UnsafePointer<Code>, _ firstRegister: UnsafeMutablePointer<UInt64>, _ function: UInt32,
    limit registerLimit: UnsafePointer<UInt64>, state: EvaluationState
  ) throws(Fault) -> UInt64 {
    let storage = state.memory
    let base = storage.base
    let first = LinearMemory.firstAddress
    let writable = storage.writableStart
    let storageLimit = storage.limit
    var top = storage.top
    var touched = storage.touched
    var pc = start
    var r = firstRegister
    var current = function
    var frame = firstFrame + 1
    var frameLimit = firstFrame + 1 + Int(min(budget.depth, 1 << 22))
    var remaining = Int64(clamping: budget.steps)
    let entries = self.entries
    var fault = Fault.address

    // Safe throughout the loop: register numbers were assigned below the frame size that each call checks against the
    // register limit; `pc` stays inside its function because verified code ends every block with a transfer of control;
    // storage offsets are below the reservation after the checks shown.
    run: while true {
      let i = pc.pointee
      pc += 1
      switch i.opcode {
      case .move: r[Int(i.a)] = r[Int(i.b)]
      case .immediate: r[Int(i.a)] = i.wide

      case .add: r[Int(i.a)] = r[Int(i.b)] &+ r[Int(i.c)]
      case .subtract: r[Int(i.a)] = r[Int(i.b)] &- r[Int(i.c)]
      case .multiply: r[Int(i.a)] = r[Int(i.b)] &* r[Int(i.c)]
      case .and: r[Int(i.a)] = r[Int(i.b)] & r[Int(i.c)]
      case .or: r[Int(i.a)] = r[Int(i.b)] | r[Int(i.c)]
      case .xor: r[Int(i.a)] = r[Int(i.b)] ^ r[Int(i.c)]
      case .addImmediate: r[Int(i.a)] = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
      case .multiplyImmediate: r[Int(i.a)] = r[Int(i.b)] &* UInt64(bitPattern: Int64(i.x))
      case .andImmediate: r[Int(i.a)] = r[Int(i.b)] & UInt64(bitPattern: Int64(i.x))
      case .shiftLeft: r[Int(i.a)] = Scalars.shiftLeft(r[Int(i.b)], r[Int(i.c)])
      case .shiftRight: r[Int(i.a)] = Scalars.shiftRight(r[Int(i.b)], r[Int(i.c)], isSigned: true)
      case .shiftRightUnsigned: r[Int(i.a)] = Scalars.shiftRight(r[Int(i.b)], r[Int(i.c)], isSigned: false)
      case .shiftLeftImmediate: r[Int(i.a)] = r[Int(i.b)] &<< UInt64(truncatingIfNeeded: i.x)
      case .shiftRightImmediate:
        r[Int(i.a)] = UInt64(bitPattern: Int64(bitPattern: r[Int(i.b)]) &>> Int64(i.x))
      case .shiftRightUnsignedImmediate: r[Int(i.a)] = r[Int(i.b)] &>> UInt64(truncatingIfNeeded: i.x)
      case .divide:
        let divisor = Int64(bitPattern: r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = UInt64(bitPattern: Scalars.divide(Int64(bitPattern: r[Int(i.b)]), divisor))
      case .divideUnsigned:
        let divisor = r[Int(i.c)]
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = r[Int(i.b)] / divisor
      case .modulo:
        let divisor = Int64(bitPattern: r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = UInt64(bitPattern: Scalars.modulo(Int64(bitPattern: r[Int(i.b)]), divisor))
      case .moduloUnsigned:
        let divisor = r[Int(i.c)]
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = r[Int(i.b)] % divisor
      case .divideImmediate:
        r[Int(i.a)] = UInt64(bitPattern: Scalars.divide(Int64(bitPattern: r[Int(i.b)]), Int64(i.x)))
      case .moduloImmediate:
        r[Int(i.a)] = UInt64(bitPattern: Scalars.modulo(Int64(bitPattern: r[Int(i.b)]), Int64(i.x)))
      case .dividePower:
        let value = Int64(bitPattern: r[Int(i.b)])
        let power = Int64(i.x)
        // A negative number is rounded towards zero by adding what the shift would lose.
        let lost = (value &>> 63) & ((1 &<< power) &- 1)
        r[Int(i.a)] = UInt64(bitPattern: (value &+ lost) &>> power)
      case .negate: r[Int(i.a)] = 0 &- r[Int(i.b)]
      case .not: r[Int(i.a)] = ~r[Int(i.b)]
      case .booleanNot: r[Int(i.a)] = r[Int(i.b)] == 0 ? 1 : 0
      case .extend8: r[Int(i.a)] = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: r[Int(i.b)])))
      case .extend16: r[Int(i.a)] = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: r[Int(i.b)])))
      case .extend32: r[Int(i.a)] = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: r[Int(i.b)])))
      case .zero8: r[Int(i.a)] = r[Int(i.b)] & 0xFF
      case .zero16: r[Int(i.a)] = r[Int(i.b)] & 0xFFFF
      case .zero32: r[Int(i.a)] = r[Int(i.b)] & 0xFFFF_FFFF
      case .extend:
        r[Int(i.a)] = Scalars.canonical(r[Int(i.b)], bits: UInt8(truncatingIfNeeded: i.x), isSigned: true)
      case .zero:
        r[Int(i.a)] = Scalars.canonical(r[Int(i.b)], bits: UInt8(truncatingIfNeeded: i.x), isSigned: false)
      case .toBoolean: r[Int(i.a)] = r[Int(i.b)] != 0 ? 1 : 0

      case .equal: r[Int(i.a)] = r[Int(i.b)] == r[Int(i.c)] ? 1 : 0
      case .notEqual: r[Int(i.a)] = r[Int(i.b)] != r[Int(i.c)] ? 1 : 0
      case .less: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) < Int64(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .lessOrEqual: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) <= Int64(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .lessUnsigned: r[Int(i.a)] = r[Int(i.b)] < r[Int(i.c)] ? 1 : 0
      case .lessOrEqualUnsigned: r[Int(i.a)] = r[Int(i.b)] <= r[Int(i.c)] ? 1 : 0
      case .equalImmediate: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) == Int64(i.x) ? 1 : 0
      case .notEqualImmediate: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) != Int64(i.x) ? 1 : 0
      case .lessImmediate: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) < Int64(i.x) ? 1 : 0
      case .greaterImmediate: r[Int(i.a)] = Int64(bitPattern: r[Int(i.b)]) > Int64(i.x) ? 1 : 0
      case .equalDouble: r[Int(i.a)] = Double(bitPattern: r[Int(i.b)]) == Double(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .notEqualDouble: r[Int(i.a)] = Double(bitPattern: r[Int(i.b)]) != Double(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .lessDouble: r[Int(i.a)] = Double(bitPattern: r[Int(i.b)]) < Double(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .lessOrEqualDouble: r[Int(i.a)] = Double(bitPattern: r[Int(i.b)]) <= Double(bitPattern: r[Int(i.c)]) ? 1 : 0
      case .equalSingle: r[Int(i.a)] = single(r[Int(i.b)]) == single(r[Int(i.c)]) ? 1 : 0
      case .notEqualSingle: r[Int(i.a)] = single(r[Int(i.b)]) != single(r[Int(i.c)]) ? 1 : 0
      case .lessSingle: r[Int(i.a)] = single(r[Int(i.b)]) < single(r[Int(i.c)]) ? 1 : 0
      case .lessOrEqualSingle: r[Int(i.a)] = single(r[Int(i.b)]) <= single(r[Int(i.c)]) ? 1 : 0

      case .addDouble:
        r[Int(i.a)] = (Double(bitPattern: r[Int(i.b)]) + Double(bitPattern: r[Int(i.c)])).bitPattern
      case .subtractDouble:
        r[Int(i.a)] = (Double(bitPattern: r[Int(i.b)]) - Double(bitPattern: r[Int(i.c)])).bitPattern
      case .multiplyDouble:
        r[Int(i.a)] = (Double(bitPattern: r[Int(i.b)]) * Double(bitPattern: r[Int(i.c)])).bitPattern
      case .divideDouble:
        let divisor = Double(bitPattern: r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = (Double(bitPattern: r[Int(i.b)]) / divisor).bitPattern
      case .moduloDouble:
        let divisor = Double(bitPattern: r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = Scalars.modulo(Double(bitPattern: r[Int(i.b)]), divisor).bitPattern
      case .negateDouble: r[Int(i.a)] = (-Double(bitPattern: r[Int(i.b)])).bitPattern
      case .addSingle: r[Int(i.a)] = word(single(r[Int(i.b)]) + single(r[Int(i.c)]))
      case .subtractSingle: r[Int(i.a)] = word(single(r[Int(i.b)]) - single(r[Int(i.c)]))
      case .multiplySingle: r[Int(i.a)] = word(single(r[Int(i.b)]) * single(r[Int(i.c)]))
      case .divideSingle:
        let divisor = single(r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = word(single(r[Int(i.b)]) / divisor)
      case .moduloSingle:
        let divisor = single(r[Int(i.c)])
        guard divisor != 0 else {
          fault = .division
          break run
        }
        r[Int(i.a)] = word(Scalars.modulo(single(r[Int(i.b)]), divisor))
      case .negateSingle: r[Int(i.a)] = word(-single(r[Int(i.b)]))

      case .signedToDouble: r[Int(i.a)] = Double(Int64(bitPattern: r[Int(i.b)])).bitPattern
      case .unsignedToDouble: r[Int(i.a)] = Double(r[Int(i.b)]).bitPattern
      case .signedToSingle: r[Int(i.a)] = word(Float(Int64(bitPattern: r[Int(i.b)])))
      case .unsignedToSingle: r[Int(i.a)] = word(Float(r[Int(i.b)]))
      case .doubleToSingle: r[Int(i.a)] = word(Float(Double(bitPattern: r[Int(i.b)])))
      case .singleToDouble: r[Int(i.a)] = Double(single(r[Int(i.b)])).bitPattern
      case .doubleToInteger, .singleToInteger:
        let value =
          i.opcode == .doubleToInteger ? Double(bitPattern: r[Int(i.b)]) : Double(single(r[Int(i.b)]))
        guard
          let whole = Scalars.integer(value, .integer(bits: UInt8(truncatingIfNeeded: i.x), isSigned: i.y != 0))
        else {
          fault = .conversion
          break run
        }
        r[Int(i.a)] = whole

      case .load8:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 1 else { break run }
        r[Int(i.a)] = UInt64((base + Int(address)).load(as: UInt8.self))
      case .loadSigned8:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 1 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).load(as: Int8.self)))
      case .load16:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 2 else { break run }
        r[Int(i.a)] = UInt64((base + Int(address)).loadUnaligned(as: UInt16.self).littleEndian)
      case .loadSigned16:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 2 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).loadUnaligned(as: Int16.self).littleEndian))
      case .load32:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 4 else { break run }
        r[Int(i.a)] = UInt64((base + Int(address)).loadUnaligned(as: UInt32.self).littleEndian)
      case .loadSigned32:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 4 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).loadUnaligned(as: Int32.self).littleEndian))
      case .load64:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 8 else { break run }
        r[Int(i.a)] = (base + Int(address)).loadUnaligned(as: UInt64.self).littleEndian
      case .loadBoolean:
        let address = r[Int(i.b)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- first <= top &- first &- 1 else { break run }
        r[Int(i.a)] = (base + Int(address)).load(as: UInt8.self) != 0 ? 1 : 0

      case .store8:
        let address = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- writable <= top &- writable &- 1 else { break run }
        (base + Int(address)).storeBytes(of: UInt8(truncatingIfNeeded: r[Int(i.b)]), as: UInt8.self)
      case .store16:
        let address = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- writable <= top &- writable &- 2 else { break run }
        (base + Int(address)).storeBytes(of: UInt16(truncatingIfNeeded: r[Int(i.b)]).littleEndian, as: UInt16.self)
      case .store32:
        let address = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- writable <= top &- writable &- 4 else { break run }
        (base + Int(address)).storeBytes(of: UInt32(truncatingIfNeeded: r[Int(i.b)]).littleEndian, as: UInt32.self)
      case .store64:
        let address = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.x))
        guard address &- writable <= top &- writable &- 8 else { break run }
        (base + Int(address)).storeBytes(of: r[Int(i.b)].littleEndian, as: UInt64.self)

      case .indexed8, .indexedBoolean:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index
        guard address &- first <= top &- first &- 1 else { break run }
        let byte = UInt64((base + Int(address)).load(as: UInt8.self))
        r[Int(i.a)] = i.opcode == .indexed8 ? byte : (byte != 0 ? 1 : 0)
      case .indexedSigned8:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index
        guard address &- first <= top &- first &- 1 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).load(as: Int8.self)))
      case .indexed16:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index &* 2
        guard address &- first <= top &- first &- 2 else { break run }
        r[Int(i.a)] = UInt64((base + Int(address)).loadUnaligned(as: UInt16.self).littleEndian)
      case .indexedSigned16:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index &* 2
        guard address &- first <= top &- first &- 2 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).loadUnaligned(as: Int16.self).littleEndian))
      case .indexed32:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index &* 4
        guard address &- first <= top &- first &- 4 else { break run }
        r[Int(i.a)] = UInt64((base + Int(address)).loadUnaligned(as: UInt32.self).littleEndian)
      case .indexedSigned32:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index &* 4
        guard address &- first <= top &- first &- 4 else { break run }
        r[Int(i.a)] = UInt64(bitPattern: Int64((base + Int(address)).loadUnaligned(as: Int32.self).littleEndian))
      case .indexed64:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.b)] &+ index &* 8
        guard address &- first <= top &- first &- 8 else { break run }
        r[Int(i.a)] = (base + Int(address)).loadUnaligned(as: UInt64.self).littleEndian

      case .storeIndexed8:
        let index = r[Int(i.b)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.a)] &+ index
        guard address &- writable <= top &- writable &- 1 else { break run }
        (base + Int(address)).storeBytes(of: UInt8(truncatingIfNeeded: r[Int(i.c)]), as: UInt8.self)
      case .storeIndexed16:
        let index = r[Int(i.b)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.a)] &+ index &* 2
        guard address &- writable <= top &- writable &- 2 else { break run }
        (base + Int(address)).storeBytes(of: UInt16(truncatingIfNeeded: r[Int(i.c)]).littleEndian, as: UInt16.self)
      case .storeIndexed32:
        let index = r[Int(i.b)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.a)] &+ index &* 4
        guard address &- writable <= top &- writable &- 4 else { break run }
        (base + Int(address)).storeBytes(of: UInt32(truncatingIfNeeded: r[Int(i.c)]).littleEndian, as: UInt32.self)
      case .storeIndexed64:
        let index = r[Int(i.b)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        let address = r[Int(i.a)] &+ index &* 8
        guard address &- writable <= top &- writable &- 8 else { break run }
        (base + Int(address)).storeBytes(of: r[Int(i.c)].littleEndian, as: UInt64.self)
      case .indexAddress:
        let index = r[Int(i.c)]
        guard index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 else {
          fault = .index
          break run
        }
        r[Int(i.a)] = r[Int(i.b)] &+ index &* UInt64(UInt32(bitPattern: i.y))
      case .sliceAddress:
        let slice = r[Int(i.b)]
        guard slice &- first <= top &- first &- 16 else { break run }
        let index = r[Int(i.c)]
        guard index < (base + Int(slice) + 8).loadUnaligned(as: UInt64.self).littleEndian else {
          fault = .index
          break run
        }
        r[Int(i.a)] =
          (base + Int(slice)).loadUnaligned(as: UInt64.self).littleEndian &+ index &* UInt64(UInt32(bitPattern: i.y))

      case .allocate, .copyFresh:
        let size = UInt64(UInt32(bitPattern: i.x))
        let alignment = UInt64(UInt32(bitPattern: i.y))
        let start = (top &+ alignment &- 1) & ~(alignment &- 1)
        let end = start &+ max(size, 1)
        guard end <= storageLimit else {
          fault = .bytes
          break run
        }
        let source = r[Int(i.b)]
        if i.opcode == .copyFresh, size > 0 {
          guard source >= first, source < top, size <= top &- source else { break run }
          if start < touched { memset(base + Int(start), 0, Int(min(end, touched) &- start)) }
          memcpy(base + Int(start), base + Int(source), Int(size))
        } else if start < touched {
          memset(base + Int(start), 0, Int(min(end, touched) &- start))
        }
        if end > touched { touched = end }
        top = end
        r[Int(i.a)] = start
      case .copy:
        let size = UInt64(UInt32(bitPattern: i.x))
        let target = r[Int(i.a)]
        let source = r[Int(i.b)]
        if size == 0 { break }
        guard source >= first, source < top, size <= top &- source, target >= writable, target < top,
          size <= top &- target
        else { break run }
        if size == 16 {
          let low = (base + Int(source)).loadUnaligned(as: UInt64.self)
          let high = (base + Int(source) + 8).loadUnaligned(as: UInt64.self)
          (base + Int(target)).storeBytes(of: low, as: UInt64.self)
          (base + Int(target) + 8).storeBytes(of: high, as: UInt64.self)
        } else {
          memmove(base + Int(target), base + Int(source), Int(size))
        }
      case .check:
        let size = UInt64(UInt32(bitPattern: i.x))
        let address = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.y))
        if size == 0 { break }
        guard address >= first, address < top, size <= top &- address else { break run }
      case .requireValue:
        guard r[Int(i.a)] != 0 else {
          fault = .absent
          break run
        }

      case .jump:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        pc = jumpTarget(pc, i.y)
      case .branchTrue:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] != 0 { pc = jumpTarget(pc, i.y) }
      case .branchFalse:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] == 0 { pc = jumpTarget(pc, i.y) }
      case .branchEqual:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] == r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
      case .branchNotEqual:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] != r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
      case .branchLess:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) < Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
      case .branchLessOrEqual:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) <= Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
      case .branchLessUnsigned:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] < r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
      case .branchLessOrEqualUnsigned:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] <= r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
      case .branchEqualImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) == Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchNotEqualImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) != Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchLessImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) < Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchLessOrEqualImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) <= Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchGreaterImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) > Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchGreaterOrEqualImmediate:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if Int64(bitPattern: r[Int(i.a)]) >= Int64(i.x) { pc = jumpTarget(pc, i.y) }
      case .branchMaskZero:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] & UInt64(bitPattern: Int64(i.x)) == 0 { pc = jumpTarget(pc, i.y) }
      case .branchMaskNotZero:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        if r[Int(i.a)] & UInt64(bitPattern: Int64(i.x)) != 0 { pc = jumpTarget(pc, i.y) }
      case .branchLessDouble, .branchNotLessDouble:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        let isLess = Double(bitPattern: r[Int(i.a)]) < Double(bitPattern: r[Int(i.b)])
        if isLess == (i.opcode == .branchLessDouble) { pc = jumpTarget(pc, i.y) }
      case .branchLessOrEqualDouble, .branchNotLessOrEqualDouble:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        let isLess = Double(bitPattern: r[Int(i.a)]) <= Double(bitPattern: r[Int(i.b)])
        if isLess == (i.opcode == .branchLessOrEqualDouble) { pc = jumpTarget(pc, i.y) }
      case .choose:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        pc = choose(Int64(bitPattern: r[Int(i.a)]), table: Int(i.x), current, from: pc)

      case .call:
        remaining &-= Int64(i.c)
        var entry = entries[Int(i.x)]
        if entry.instructions == nil {
          do throws(Fault) {
            try compile(UInt32(bitPattern: i.x))
          } catch {
            fault = error
            break run
          }
          entry = entries[Int(i.x)]
        }
        let callee = r + Int(i.b)
        guard let target = entry.instructions, frame < frameLimit, callee + entry.frameSize <= registerLimit else {
          fault = .depth
          break run
        }
        frame.initialize(to: SavedFrame(pc: pc, registers: r, function: current))
        frame += 1
        r = callee
        current = UInt32(bitPattern: i.x)
        pc = target
      case .callIndirect:
        remaining &-= Int64(i.c)
        let word = r[Int(i.y)]
        let target: CodeEntry
        let number: UInt32
        if word &- 1 == UInt64(cachedCallee(current, Int(i.x))) {
          number = UInt32(truncatingIfNeeded: word &- 1)
          target = entries[Int(number)]
        } else {
          storage.top = top
          storage.touched = touched
          do throws(Fault) {
            let found = try resolve(word, site: Int(i.x), current, r + Int(i.b), r + Int(i.a), state)
            top = storage.top
            touched = storage.touched
            guard let found else { continue run }
            number = found
            target = entries[Int(number)]
          } catch {
            fault = error
            break run
          }
        }
        let callee = r + Int(i.b)
        guard let start = target.instructions, frame < frameLimit, callee + target.frameSize <= registerLimit else {
          fault = .depth
          break run
        }
        frame.initialize(to: SavedFrame(pc: pc, registers: r, function: current))
        frame += 1
        r = callee
        current = number
        pc = start
      case .callService:
        storage.top = top
        storage.touched = touched
        do throws(Fault) {
          r[Int(i.a)] = try serve(UInt32(bitPattern: i.x), r + Int(i.b), Int(i.y), state)
        } catch {
          fault = error
          break run
        }
        top = storage.top
        touched = storage.touched
      case .returnValue:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        let value = r[Int(i.a)]
        frame -= 1
        r = frame.pointee.registers
        pc = frame.pointee.pc
        current = frame.pointee.function
        r[Int(pc[-1].a)] = value
      case .returnVoid:
        remaining &-= Int64(i.c)
        guard remaining >= 0 else {
          fault = .steps
          break run
        }
        frame -= 1
        r = frame.pointee.registers
        pc = frame.pointee.pc
        current = frame.pointee.function
      case .prepareGlobal:
        if globalIsReady[Int(i.x)] { break }
        storage.top = top
        storage.touched = touched
        do throws(Fault) {
          let start = try prepareGlobal(UInt32(bitPattern: i.x), r + Int(i.b), registerLimit, state)
          top = storage.top
          touched = storage.touched
          if let start {
            guard frame < frameLimit else { throw .depth }
            frame.initialize(to: SavedFrame(pc: pc, registers: r, function: current))
            frame += 1
            // The frame of the initializing code is no call of the program's.
            frameLimit += 1
            r += Int(i.b)
            current = UInt32(bitPattern: i.x) | FlatMachine.initializerFlag
            pc = start
          }
        } catch {
          fault = error
          break run
        }
      case .finishGlobal:
        do throws(Fault) {
          storage.top = top
          storage.touched = touched
          try finishGlobal(UInt32(bitPattern: i.x), r[Int(i.a)], state)
          top = storage.top
          touched = storage.touched
        } catch {
          fault = error
          break run
        }
        frame -= 1
        frameLimit -= 1
        r = frame.pointee.registers
        pc = frame.pointee.pc
        current = frame.pointee.function
      case .globalAddress:
        if i.c != 0, !globalIsReady[Int(i.x)] {
          do throws(Fault) {
            try claimGlobal(UInt32(bitPattern: i.x), state)
          } catch {
            fault = error
            break run
          }
        }
        r[Int(i.a)] = globalAddresses[Int(i.x)]
      case .text:
        if textIsReady[Int(i.x)] {
          r[Int(i.a)] = textAddresses[Int(i.x)]
        } else {
          storage.top = top
          storage.touched = touched
          do throws(Fault) {
            r[Int(i.a)] = try prepareText(UInt32(bitPattern: i.x), state)
          } catch {
            fault = error
            break run
          }
          top = storage.top
          touched = storage.touched
        }
      case .charge: remaining &-= Int64(i.x)
      case .unreachable:
        remaining &-= Int64(i.c)
        fault =
          remaining < 0 ? .steps : Fault(.unreachable, "control reached a place marked unreachable")
        break run
      case .slow:
        storage.top = top
        storage.touched = touched
        do throws(Fault) {
          try perform(Int(i.x), r, current, frame, state)
        } catch {
          fault = error
          break run
        }
        top = storage.top
        touched = storage.touched
      case .halt:
        storage.top = top
        storage.touched = touched
        stop(pc - 1, current, frame, remaining: remaining, fault: nil)
        return r[Int(i.a)]
      }
    }
    storage.top = top
    storage.touched = touched
    stop(pc - 1, current, frame, remaining: remaining, fault: fault)
    throw fault
  }

  @inline(__always)
  private func single(_ word: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: word)) }

  @inline(__always)
  private func word(_ value: Float) -> UInt64 { UInt64(value.bitPattern) }

  /// Branch immediates are distances in instructions from the branch itself.
  @inline(__always)
  private func jumpTarget(_ next: UnsafePointer<Code>, _ distance: Int32) -> UnsafePointer<Code> {
    next + Int(distance)
  }
}
