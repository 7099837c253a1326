// Writes a value in normal form as a seed. Equal parts are written once; the same value always gives the same bytes.

import StrataMemory
import StrataNatural

/// Turns a value into the graph of naturals and applications that a seed holds, and writes it.
struct SeedWriter {
  private enum Part: Hashable {
    case hole
    case atom(Int)
    case cell(Int, Int)
  }

  private enum Step {
    case value(Word)
    case natural(UInt64)
    case hole
    /// Joins the two newest results into a cell.
    case join
    /// Remembers the newest result as what a reference stands for.
    case remember(UInt64)
  }

  private let machine: PlanMachine
  private var parts: [Part] = []
  private var numbers: [Part: Int] = [:]
  private var uses: [Int] = []
  private var atoms: [[UInt8]] = []
  private var atomNumbers: [[UInt8]: Int] = [:]
  private var known: [UInt64: Int] = [:]

  init(machine: PlanMachine) { self.machine = machine }

  // MARK: Interning

  private mutating func number(_ part: Part) -> Int {
    if let known = numbers[part] { return known }
    parts.append(part)
    uses.append(0)
    numbers[part] = parts.count - 1
    if case .cell(let function, let argument) = part {
      uses[function] += 1
      uses[argument] += 1
    }
    return parts.count - 1
  }

  private mutating func atom(_ bytes: [UInt8]) -> Int {
    if let known = atomNumbers[bytes] { return number(.atom(known)) }
    atoms.append(bytes)
    atomNumbers[bytes] = atoms.count - 1
    return number(.atom(atoms.count - 1))
  }

  private mutating func intern(_ value: Word) throws(PlanFailure) -> Int {
    let engine = machine.engine
    let base = engine.base
    var steps: [Step] = [.value(value)]
    var results: [Int] = []
    while let step = steps.popLast() {
      switch step {
      case .hole: results.append(number(.hole))
      case .natural(let value): results.append(atom(value == 0 ? [] : [UInt8(value)]))
      case .join:
        let argument = results.removeLast()
        let function = results.removeLast()
        results.append(number(.cell(function, argument)))
      case .remember(let raw): known[raw] = results[results.count - 1]
      case .value(let word):
        if word.isNatural {
          results.append(
            atom(try engine.faulting { () throws(Fault) -> [UInt8] in try engine.nursery.bytes(of: word) }))
          continue
        }
        if let number = known[word.raw] {
          results.append(number)
          continue
        }
        steps.append(.remember(word.raw))
        let offset = word.offset
        if word.isPin {
          if base[offset + PinLayout.item] == 0 {
            steps.append(.hole)
          } else if machine.front == .specification {
            steps += [.join, .join, .value(Word(raw: base[offset + PinLayout.item])), .natural(0), .hole]
          } else {
            steps += [.join, .value(Word(raw: base[offset + PinLayout.item])), .hole]
          }
        } else if word.isLaw, machine.front == .specification {
          let arity = try engine.arithmeticResult(
            .decrement, Word(raw: base[offset + LawLayout.arity]), .zero)
          steps += [.join, .join, .value(Word(raw: base[offset + LawLayout.body]))]
          steps += [.join, .value(Word(raw: base[offset + LawLayout.name])), .join, .value(arity), .natural(1), .hole]
        } else if word.isLaw {
          let fields = [LawLayout.body, LawLayout.arity, LawLayout.name].map { Word(raw: base[offset + $0]) }
          for field in fields { steps += [.join, .value(field)] }
          steps += [.join, .natural(1), .hole]
        } else if word.isClosure {
          for index in stride(from: engine.argumentCount(word), through: 1, by: -1) {
            steps += [.join, .value(Word(raw: base[offset + 1 + index]))]
          }
          steps.append(.value(Word(raw: base[offset + 1])))
        } else {
          steps.removeLast()
          throw .crash(.malformedRow)
        }
      }
    }
    return results[0]
  }

  // MARK: Writing

  private var output: [UInt8] = []
  private var bitCount = 0

  private mutating func put(_ value: Int, bits: Int) {
    for index in 0..<bits {
      if bitCount & 7 == 0 { output.append(0) }
      if value >> index & 1 == 1 { output[output.count - 1] |= 1 << UInt8(bitCount & 7) }
      bitCount += 1
    }
  }

  private mutating func put(size: Int) {
    let length = Int.bitWidth - size.leadingZeroBitCount
    put(0, bits: length)
    put(1, bits: 1)
    if length > 1 { put(size & (1 << (length - 1) - 1), bits: length - 1) }
  }

  private mutating func put(word: UInt64) {
    for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
  }

  /// The seed of `value`, which is in normal form.
  mutating func write(_ value: Word) throws(PlanFailure) -> [UInt8] {
    // The hole is always in the table, whether the value has pins or not.
    let hole = number(.hole)
    let top = try intern(value)
    // Naturals from the largest to the smallest: bigs, words, bytes.
    let order = atoms.indices.sorted { isLarger(atoms[$0], atoms[$1]) }
    let bigs = order.filter { atoms[$0].count > 8 }
    let words = order.filter { atoms[$0].count > 1 && atoms[$0].count <= 8 }
    let bytes = order.filter { atoms[$0].count <= 1 }
    let fragments = parts.indices.filter {
      if case .cell = parts[$0] { return uses[$0] > 1 || $0 == top }
      return false
    }
    for count in [1, bigs.count, words.count, bytes.count, fragments.count] { put(word: UInt64(count)) }
    for atom in bigs { put(word: UInt64((atoms[atom].count + 7) / 8)) }
    for atom in bigs { output += atoms[atom] + [UInt8](repeating: 0, count: (8 - atoms[atom].count % 8) % 8) }
    for atom in words { output += atoms[atom] + [UInt8](repeating: 0, count: 8 - atoms[atom].count) }
    for atom in bytes { output.append(atoms[atom].first ?? 0) }
    bitCount = 0
    var places = [Int](repeating: -1, count: parts.count)
    places[hole] = 0
    for (index, atom) in (bigs + words + bytes).enumerated() { places[numbers[.atom(atom)] ?? hole] = 1 + index }
    var tableSize = 1 + atoms.count
    for fragment in fragments {
      put(fragment: fragment, places, tableSize)
      places[fragment] = tableSize
      tableSize += 1
    }
    put(1, bits: 1)
    while output.count & 7 != 0 { output.append(0) }
    return output
  }

  private mutating func put(fragment: Int, _ places: [Int], _ tableSize: Int) {
    let width = tableSize <= 1 ? 0 : Int.bitWidth - (tableSize - 1).leadingZeroBitCount
    var pending = [fragment]
    while let part = pending.popLast() {
      // Down the spine to something that has a place; the fragment itself has none yet.
      var head = part
      var arguments: [Int] = []
      while places.indices.contains(head), places[head] < 0, case .cell(let function, let argument) = parts[head] {
        arguments.append(argument)
        head = function
      }
      put(size: arguments.count)
      put(tableSize - 1 - places[head], bits: width)
      pending += arguments
    }
  }

  /// Whether a natural, as bytes without zeros at the end, is larger than another.
  private func isLarger(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left.count != right.count { return left.count > right.count }
    for index in stride(from: left.count - 1, through: 0, by: -1) where left[index] != right[index] {
      return left[index] > right[index]
    }
    return false
  }
}

extension PlanMachine {
  /// The seed of `value`, which must be in normal form. Loading it gives an equal value.
  public func seed(of value: Word) throws(PlanFailure) -> [UInt8] {
    var writer = SeedWriter(machine: self)
    return try writer.write(value)
  }
}
