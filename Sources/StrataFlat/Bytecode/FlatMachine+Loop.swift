// The instruction loop of the fast machine.
// Guarantees: all state of the loop is in local variables and written back when it leaves or calls out; registers named by
// code lie inside the register stack because a call checks the callee's frame first; storage is touched only after its
// address was checked against the range in use.

import Glibc

extension FlatMachine {
  /// Runs from the start of a function whose arguments are in its first registers, and returns its result.
  func run(
    _ start: UnsafePointer<Code>, _ firstRegister: UnsafeMutablePointer<UInt64>, _ function: UInt32,
    limit firstLimit: UnsafePointer<UInt64>, state: EvaluationState
  ) throws(Fault) -> UInt64 {
    let storage = state.memory
    let base = storage.base
    let first = LinearMemory.firstAddress
    let writable = storage.writableStart
    let lowestMark = storage.lowestMark
    var usable = storage.usable
    var top = storage.top
    var touched = storage.touched
    var pc = start
    var r = firstRegister
    var registerLimit = firstLimit
    var current = function
    var frame = firstFrame + 1
    var frameLimit = firstFrame + 1 + Int(min(budget.depth, 1 << 22))
    var reserve = Int64(clamping: budget.steps)
    var remaining = firstSlice(of: reserve)
    reserve -= remaining
    let entries = self.entries
    var fault = Fault.address

    // Safe throughout the loop: register numbers were assigned below the frame size that each call checks against the
    // register limit; `pc` stays inside its function because verified code ends every block with a transfer of control;
    // storage offsets are below the reservation after the checks shown.
    outer: while true {
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
        case .multiplyAddImmediate:
          let product = r[Int(i.b)] &* UInt64(bitPattern: Int64(i.x))
          r[Int(i.c)] = product
          r[Int(i.a)] = product &+ UInt64(bitPattern: Int64(i.y))
        case .multiplyImmediateAdd:
          let product = r[Int(i.b)] &* UInt64(bitPattern: Int64(i.x))
          r[Int(i.y)] = product
          r[Int(i.a)] = product &+ r[Int(i.c)]
        case .multiplyAdd:
          let product = r[Int(i.b)] &* r[Int(i.c)]
          r[Int(i.y)] = product
          r[Int(i.a)] = product &+ r[Int(i.x)]
        case .divide:
          let divisor = Int64(bitPattern: r[Int(i.c)])
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = UInt64(bitPattern: Scalars.divide(Int64(bitPattern: r[Int(i.b)]), divisor))
        case .divideUnsigned:
          let divisor = r[Int(i.c)]
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = r[Int(i.b)] / divisor
        case .modulo:
          let divisor = Int64(bitPattern: r[Int(i.c)])
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = UInt64(bitPattern: Scalars.modulo(Int64(bitPattern: r[Int(i.b)]), divisor))
        case .moduloUnsigned:
          let divisor = r[Int(i.c)]
          if isZero(divisor, &fault) { break run }
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
        case .lessOrEqualDouble:
          r[Int(i.a)] = Double(bitPattern: r[Int(i.b)]) <= Double(bitPattern: r[Int(i.c)]) ? 1 : 0
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
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = (Double(bitPattern: r[Int(i.b)]) / divisor).bitPattern
        case .moduloDouble:
          let divisor = Double(bitPattern: r[Int(i.c)])
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = Scalars.modulo(Double(bitPattern: r[Int(i.b)]), divisor).bitPattern
        case .negateDouble: r[Int(i.a)] = (-Double(bitPattern: r[Int(i.b)])).bitPattern
        case .addSingle: r[Int(i.a)] = word(single(r[Int(i.b)]) + single(r[Int(i.c)]))
        case .subtractSingle: r[Int(i.a)] = word(single(r[Int(i.b)]) - single(r[Int(i.c)]))
        case .multiplySingle: r[Int(i.a)] = word(single(r[Int(i.b)]) * single(r[Int(i.c)]))
        case .divideSingle:
          let divisor = single(r[Int(i.c)])
          if isZero(divisor, &fault) { break run }
          r[Int(i.a)] = word(single(r[Int(i.b)]) / divisor)
        case .moduloSingle:
          let divisor = single(r[Int(i.c)])
          if isZero(divisor, &fault) { break run }
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
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt8.self))
        case .loadSigned8:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int8.self))
        case .load16:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 2, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt16.self))
        case .loadSigned16:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 2, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int16.self))
        case .load32:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 4, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt32.self))
        case .loadSigned32:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 4, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int32.self))
        case .load64:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 8, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt64.self))
        case .loadBoolean:
          let address = r[Int(i.b)] &+ distance(i)
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = read(base, address, UInt8.self) != 0 ? 1 : 0

        case .store8:
          let address = r[Int(i.a)] &+ distance(i)
          guard isInside(address, 1, writable, top) else { break run }
          write(base, address, UInt8(truncatingIfNeeded: r[Int(i.b)]))
        case .store16:
          let address = r[Int(i.a)] &+ distance(i)
          guard isInside(address, 2, writable, top) else { break run }
          write(base, address, UInt16(truncatingIfNeeded: r[Int(i.b)]))
        case .store32:
          let address = r[Int(i.a)] &+ distance(i)
          guard isInside(address, 4, writable, top) else { break run }
          write(base, address, UInt32(truncatingIfNeeded: r[Int(i.b)]))
        case .store64:
          let address = r[Int(i.a)] &+ distance(i)
          guard isInside(address, 8, writable, top) else { break run }
          write(base, address, UInt64(truncatingIfNeeded: r[Int(i.b)]))

        case .indexed8:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)]
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt8.self))
        case .indexedSigned8:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)]
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int8.self))
        case .indexed16:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)] &* 2
          guard isInside(address, 2, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt16.self))
        case .indexedSigned16:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)] &* 2
          guard isInside(address, 2, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int16.self))
        case .indexed32:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)] &* 4
          guard isInside(address, 4, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt32.self))
        case .indexedSigned32:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)] &* 4
          guard isInside(address, 4, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, Int32.self))
        case .indexed64:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)] &* 8
          guard isInside(address, 8, first, top) else { break run }
          r[Int(i.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt64.self))
        case .indexedBoolean:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let address = r[Int(i.b)] &+ r[Int(i.c)]
          guard isInside(address, 1, first, top) else { break run }
          r[Int(i.a)] = read(base, address, UInt8.self) != 0 ? 1 : 0

        case .storeIndexed8:
          if !isIndex(r[Int(i.b)], i, &fault) { break run }
          let address = r[Int(i.a)] &+ r[Int(i.b)]
          guard isInside(address, 1, writable, top) else { break run }
          write(base, address, UInt8(truncatingIfNeeded: r[Int(i.c)]))
        case .storeIndexed16:
          if !isIndex(r[Int(i.b)], i, &fault) { break run }
          let address = r[Int(i.a)] &+ r[Int(i.b)] &* 2
          guard isInside(address, 2, writable, top) else { break run }
          write(base, address, UInt16(truncatingIfNeeded: r[Int(i.c)]))
        case .storeIndexed32:
          if !isIndex(r[Int(i.b)], i, &fault) { break run }
          let address = r[Int(i.a)] &+ r[Int(i.b)] &* 4
          guard isInside(address, 4, writable, top) else { break run }
          write(base, address, UInt32(truncatingIfNeeded: r[Int(i.c)]))
        case .storeIndexed64:
          if !isIndex(r[Int(i.b)], i, &fault) { break run }
          let address = r[Int(i.a)] &+ r[Int(i.b)] &* 8
          guard isInside(address, 8, writable, top) else { break run }
          write(base, address, UInt64(truncatingIfNeeded: r[Int(i.c)]))
        case .indexAddress:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          r[Int(i.a)] = r[Int(i.b)] &+ r[Int(i.c)] &* UInt64(UInt32(bitPattern: i.y))
        case .indexAddressThenIndexed64:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let start = r[Int(i.b)] &+ r[Int(i.c)] &* UInt64(UInt32(bitPattern: i.y))
          r[Int(i.a)] = start
          // From here on a fault is the second instruction's.
          let access = pc.pointee
          pc += 1
          if !isIndex(r[Int(access.c)], access, &fault) { break run }
          let address = start &+ r[Int(access.c)] &* 8
          guard isInside(address, 8, first, top) else { break run }
          r[Int(access.a)] = UInt64(truncatingIfNeeded: read(base, address, UInt64.self))
        case .indexAddressThenStoreIndexed64:
          if !isIndex(r[Int(i.c)], i, &fault) { break run }
          let start = r[Int(i.b)] &+ r[Int(i.c)] &* UInt64(UInt32(bitPattern: i.y))
          r[Int(i.a)] = start
          let access = pc.pointee
          pc += 1
          if !isIndex(r[Int(access.b)], access, &fault) { break run }
          let address = start &+ r[Int(access.b)] &* 8
          guard isInside(address, 8, writable, top) else { break run }
          write(base, address, UInt64(truncatingIfNeeded: r[Int(access.c)]))
        case .sliceAddress:
          let slice = r[Int(i.b)]
          guard isInside(slice, 16, first, top) else { break run }
          let index = r[Int(i.c)]
          guard index < read(base, slice &+ 8, UInt64.self) else {
            fault = .index
            break run
          }
          r[Int(i.a)] =
            read(base, slice, UInt64.self) &+ index &* UInt64(UInt32(bitPattern: i.y))

        case .allocate:
          let start = roundUp(top, to: UInt64(UInt32(bitPattern: i.y)))
          let end = start &+ max(UInt64(UInt32(bitPattern: i.x)), 1)
          if end > usable {
            if !grow(storage, to: end, &usable, &fault) { break run }
          }
          if end &- start >= LinearMemory.largeBytes, isStopped(storage, &fault) { break run }
          if start < touched { memset(at(base, start), 0, Int(truncatingIfNeeded: min(end, touched) &- start)) }
          if end > touched { touched = end }
          top = end
          r[Int(i.a)] = start
        case .allocateCount:
          let size = r[Int(i.b)]
          guard size <= EvaluationState.largestRequest else {
            fault = .request
            break run
          }
          let start = roundUp(top, to: 16)
          let end = start &+ max(size, 1)
          if end > usable {
            if !grow(storage, to: end, &usable, &fault) { break run }
          }
          if end &- start >= LinearMemory.largeBytes, isStopped(storage, &fault) { break run }
          if start < touched { memset(at(base, start), 0, Int(truncatingIfNeeded: min(end, touched) &- start)) }
          if end > touched { touched = end }
          top = end
          r[Int(i.a)] = start
        case .copyFresh:
          let size = UInt64(UInt32(bitPattern: i.x))
          let source = r[Int(i.b)]
          guard size == 0 || (source >= first && source < top && size <= top &- source) else { break run }
          if size >= LinearMemory.largeBytes, isStopped(storage, &fault) { break run }
          let start = roundUp(top, to: UInt64(UInt32(bitPattern: i.y)))
          let end = start &+ max(size, 1)
          if end > usable {
            if !grow(storage, to: end, &usable, &fault) { break run }
          }
          if size > 0 {
            memcpy(at(base, start), at(base, source), Int(truncatingIfNeeded: size))
          } else if start < touched {
            write(base, start, UInt8(0))
          }
          if end > touched { touched = end }
          top = end
          r[Int(i.a)] = start
        case .mark: r[Int(i.a)] = top
        case .reset:
          guard r[Int(i.a)] >= lowestMark, r[Int(i.a)] <= top else {
            fault = .mark
            break run
          }
          top = r[Int(i.a)]
        case .copy:
          let size = UInt64(UInt32(bitPattern: i.x))
          let target = r[Int(i.a)]
          let source = r[Int(i.b)]
          if size == 0 { break }
          guard source >= first, source < top, size <= top &- source, target >= writable, target < top,
            size <= top &- target
          else { break run }
          if size >= LinearMemory.largeBytes, isStopped(storage, &fault) { break run }
          if size == 16 {
            let (low, high) = (read(base, source, UInt64.self), read(base, source &+ 8, UInt64.self))
            write(base, target, low)
            write(base, target &+ 8, high)
          } else {
            memmove(at(base, target), at(base, source), Int(truncatingIfNeeded: size))
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
          if !pays(&remaining, i, &fault) { break run }
          pc = jumpTarget(pc, i.y)
        case .branchTrue:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] != 0 { pc = jumpTarget(pc, i.y) }
        case .branchFalse:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] == 0 { pc = jumpTarget(pc, i.y) }
        case .branchEqual:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] == r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
        case .branchNotEqual:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] != r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
        case .branchLess:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) < Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
        case .branchLessOrEqual:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) <= Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
        case .branchLessUnsigned:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] < r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
        case .branchLessOrEqualUnsigned:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] <= r[Int(i.b)] { pc = jumpTarget(pc, i.y) }
        case .branchEqualImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) == Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchNotEqualImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) != Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchLessImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) < Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchLessOrEqualImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) <= Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchGreaterImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) > Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchGreaterOrEqualImmediate:
          if !pays(&remaining, i, &fault) { break run }
          if Int64(bitPattern: r[Int(i.a)]) >= Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchMaskZero:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] & UInt64(bitPattern: Int64(i.x)) == 0 { pc = jumpTarget(pc, i.y) }
        case .branchMaskNotZero:
          if !pays(&remaining, i, &fault) { break run }
          if r[Int(i.a)] & UInt64(bitPattern: Int64(i.x)) != 0 { pc = jumpTarget(pc, i.y) }
        case .addImmediateBranchLess:
          if !pays(&remaining, i, &fault) { break run }
          let sum = r[Int(i.a)] &+ UInt64(bitPattern: Int64(i.x))
          r[Int(i.a)] = sum
          if Int64(bitPattern: sum) < Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
        case .addBranchLess:
          if !pays(&remaining, i, &fault) { break run }
          let sum = r[Int(i.a)] &+ r[Int(i.x)]
          r[Int(i.a)] = sum
          if Int64(bitPattern: sum) < Int64(bitPattern: r[Int(i.b)]) { pc = jumpTarget(pc, i.y) }
        case .incrementBranchNotEqual:
          if !pays(&remaining, i, &fault) { break run }
          r[Int(i.b)] = r[Int(i.b)] &+ 1
          if Int64(bitPattern: r[Int(i.a)]) != Int64(i.x) { pc = jumpTarget(pc, i.y) }
        case .branchLessDouble, .branchNotLessDouble:
          if !pays(&remaining, i, &fault) { break run }
          let isLess = Double(bitPattern: r[Int(i.a)]) < Double(bitPattern: r[Int(i.b)])
          if isLess == (i.opcode == .branchLessDouble) { pc = jumpTarget(pc, i.y) }
        case .branchLessOrEqualDouble, .branchNotLessOrEqualDouble:
          if !pays(&remaining, i, &fault) { break run }
          let isLess = Double(bitPattern: r[Int(i.a)]) <= Double(bitPattern: r[Int(i.b)])
          if isLess == (i.opcode == .branchLessOrEqualDouble) { pc = jumpTarget(pc, i.y) }
        case .choose:
          if !pays(&remaining, i, &fault) { break run }
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
          guard
            enter(
              UInt32(bitPattern: i.x), entry, i, &pc, &r, &current, &frame, frameLimit, &registerLimit)
          else {
            fault = .depth
            break run
          }
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
          guard enter(number, target, i, &pc, &r, &current, &frame, frameLimit, &registerLimit) else {
            fault = .depth
            break run
          }
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
          if !pays(&remaining, i, &fault) { break run }
          let value = r[Int(i.a)]
          frame -= 1
          r = frame.pointee.registers
          pc = frame.pointee.pc
          current = frame.pointee.function
          r[Int(pc[-1].a)] = value
        case .returnVoid:
          if !pays(&remaining, i, &fault) { break run }
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
          stop(pc - 1, current, frame, remaining: remaining &+ reserve, fault: nil)
          return r[Int(i.a)]
        }
      }
      storage.top = top
      storage.touched = touched
      if fault.kind == .stepBudget, reserve > 0 {
        do throws(Fault) {
          // The instruction that found the slice used up is charged and run again.
          let slice = try nextSlice(of: reserve, current, frame)
          pc -= 1
          remaining &+= Int64(pc.pointee.c) &+ slice
          reserve -= slice
          fault = .address
          continue outer
        } catch {
          fault = error
        }
      }
      stop(pc - 1, current, frame, remaining: remaining &+ reserve, fault: fault)
      throw fault
    }
  }

  /// Begins the frame of a function whose arguments a call instruction has placed. False when calls are nested too deeply, or
  /// their frames need more registers than there are.
  @inline(__always)
  private func enter(
    _ function: UInt32, _ entry: CodeEntry, _ i: Code, _ pc: inout UnsafePointer<Code>, _ r: inout Registers,
    _ current: inout UInt32, _ frame: inout UnsafeMutablePointer<SavedFrame>,
    _ frameLimit: UnsafeMutablePointer<SavedFrame>, _ registerLimit: inout UnsafePointer<UInt64>
  ) -> Bool {
    guard let start = entry.instructions, frame < frameLimit else { return false }
    if UnsafePointer(r) + Int(i.b) + entry.frameSize > registerLimit {
      guard let moved = moveRegisters(r, frame), moved.registers + Int(i.b) + entry.frameSize <= moved.limit else {
        return false
      }
      (r, registerLimit) = moved
    }
    frame.initialize(to: SavedFrame(pc: pc, registers: r, function: current))
    frame += 1
    r += Int(i.b)
    current = function
    pc = start
    return true
  }
}

// MARK: Pieces of the loop

@inline(__always)
private func single(_ word: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: word)) }

@inline(__always)
private func word(_ value: Float) -> UInt64 { UInt64(value.bitPattern) }

/// Branch immediates are distances in instructions from the branch itself.
@inline(__always)
private func jumpTarget(_ next: UnsafePointer<Code>, _ distance: Int32) -> UnsafePointer<Code> {
  next + Int(distance)
}

/// The distance of an access from the address in its register.
@inline(__always)
private func distance(_ i: Code) -> UInt64 { UInt64(bitPattern: Int64(i.x)) }

/// Charges the steps an instruction carries. False, with the fault noted, when the budget does not cover them.
@inline(__always)
private func pays(_ remaining: inout Int64, _ i: Code, _ fault: inout Fault) -> Bool {
  remaining &-= Int64(i.c)
  if remaining >= 0 { return true }
  fault = .steps
  return false
}

/// Whether a divisor is zero, with the fault noted.
@inline(__always)
private func isZero<Number: Numeric>(_ divisor: Number, _ fault: inout Fault) -> Bool {
  if divisor != 0 { return false }
  fault = .division
  return true
}

/// Whether an index is below the length an instruction carries, or that length is unknown. False notes the fault.
@inline(__always)
private func isIndex(_ index: UInt64, _ i: Code, _ fault: inout Fault) -> Bool {
  if index < UInt64(bitPattern: Int64(i.x)) || i.x < 0 { return true }
  fault = .index
  return false
}

/// Whether an access of a few bytes lies between two addresses. Safe: storage in use is always longer than the widest access,
/// so nothing wraps but an address below `first`, which then is far too large.
@inline(__always)
private func isInside(_ address: UInt64, _ size: UInt64, _ first: UInt64, _ top: UInt64) -> Bool {
  address &- first <= top &- first &- size
}

@inline(__always)
private func at(_ base: UnsafeMutableRawPointer, _ address: UInt64) -> UnsafeMutableRawPointer {
  base + Int(truncatingIfNeeded: address)
}

@inline(__always)
private func read<Number: FixedWidthInteger & BitwiseCopyable>(
  _ base: UnsafeMutableRawPointer, _ address: UInt64, _ type: Number.Type
) -> Number {
  Number(littleEndian: at(base, address).loadUnaligned(as: type))
}

@inline(__always)
private func write<Number: FixedWidthInteger & BitwiseCopyable>(
  _ base: UnsafeMutableRawPointer, _ address: UInt64, _ value: Number
) {
  at(base, address).storeBytes(of: value.littleEndian, as: Number.self)
}

@inline(__always)
private func roundUp(_ address: UInt64, to alignment: UInt64) -> UInt64 {
  (address &+ alignment &- 1) & ~(alignment &- 1)
}

/// Whether somebody has asked the evaluation to stop, with the fault noted.
@inline(never)
private func isStopped(_ storage: LinearMemory, _ fault: inout Fault) -> Bool {
  do throws(Fault) {
    try storage.checkStop()
    return false
  } catch {
    fault = error
    return true
  }
}

/// Makes more of the storage usable. False, with the fault noted, when the budget or the system does not allow it.
@inline(never)
private func grow(_ storage: LinearMemory, to end: UInt64, _ usable: inout UInt64, _ fault: inout Fault) -> Bool {
  do throws(Fault) {
    try storage.use(through: end)
    usable = storage.usable
    return true
  } catch {
    fault = error
    return false
  }
}
