// What compiled formulas are called: by `%fast` where they are arms of known cores, else by the first `%mean` or `%spot`
// in them, else by the mug and the beginning of the formula.

import StrataMemory
import StrataNoun

/// Names of the code of one machine.
final class CodeNames {
  private let machine: NockMachine
  private var nursery: Nursery { machine.nursery }
  /// By index in the cache: the path of the core and the arm.
  private var armNames: [Int: String] = [:]
  private var epoch: UInt64 = 0
  private var codeCount = 0
  /// Names that come from the code itself, which does not change.
  private var ownNames: [Int: String] = [:]

  init(_ machine: NockMachine) { self.machine = machine }

  /// The name of the code at an index in the cache.
  func name(_ index: Int) -> String {
    guard machine.cache.codes.indices.contains(index) else { return "?" }
    findArms()
    if let known = armNames[index] { return known }
    if let known = ownNames[index] { return known }
    let code = machine.cache.codes[index]
    let name = hinted(code) ?? formulaText(code)
    ownNames[index] = name
    return name
  }

  /// The name of an open activation.
  func name(_ frame: OpenFrame) -> String {
    switch frame {
    case .code(let index): return name(index)
    case .routine(NockMachine.virtualRun): return "virtual run"
    case .routine(NockMachine.scryAnswer): return "scry"
    case .routine(let number):
      return number < machine.routineJets.count && machine.routineJets[number] >= 0
        ? jetName(machine.routineJets[number]) : "native routine"
    }
  }

  /// The name of a jet.
  func jetName(_ number: Int) -> String {
    let jets = machine.jets.jets
    return jets.indices.contains(number) ? "jet \(jets[number].path)" : "jet"
  }

  /// Looks in the batteries of all known cores for formulas that have code.
  private func findArms() {
    let codes = machine.cache.codes
    guard epoch != machine.jets.epoch.pointee || codeCount != codes.count else { return }
    epoch = machine.jets.epoch.pointee
    codeCount = codes.count
    armNames.removeAll(keepingCapacity: true)
    for location in machine.jets.locations where location.parent >= 0 && location.battery.isCell {
      // A battery is one formula, or a tree of formulas.
      var nodes: [(noun: Word, axis: UInt64)] = [(location.battery, 2)]
      var seen = 0
      while let (noun, axis) = nodes.popLast(), seen < 4096 {
        seen += 1
        if let index = machine.cache.knownIndex(of: noun) {
          if armNames[index] == nil { armNames[index] = axis == 2 ? location.path : "\(location.path)+\(axis)" }
          continue
        }
        guard axis < 1 << 61 else { continue }
        let head = nursery.head(noun)
        let tail = nursery.tail(noun)
        if tail.isCell { nodes.append((tail, axis * 2 + 1)) }
        if head.isCell { nodes.append((head, axis * 2)) }
      }
    }
  }

  /// What the first constant `%mean` or `%spot` of the code says.
  private func hinted(_ code: UnsafeMutablePointer<Code>) -> String? {
    var constants: [Int: Word] = [:]
    var offset = 0
    while offset < code.pointee.wordCount {
      let instruction = Instruction(raw: code.pointee.start[offset])
      guard let operation = instruction.operation else { return nil }
      if operation == .constant { constants[instruction.a] = Word(raw: code.pointee.start[offset + 1]) }
      if operation == .pushTrace, let clue = constants[instruction.b] {
        let text = TankText(nursery)
        let tag = code.pointee.start[offset + 1]
        if tag == cord("spot"), let place = TraceReader(nursery).place(clue) { return "\(place.file):\(place.start)" }
        if tag == cord("mean"), clue.isNatural, let name = text.text(ofCord: clue) { return name }
      }
      offset += 1 + operation.wordCount
    }
    return nil
  }

  private func formulaText(_ code: UnsafeMutablePointer<Code>) -> String {
    let mug = String((try? nursery.mug(code.pointee.formula)) ?? 0, radix: 16)
    return "\(mug) \(TankText(nursery).noun(code.pointee.formula, bytes: 40))"
  }
}
