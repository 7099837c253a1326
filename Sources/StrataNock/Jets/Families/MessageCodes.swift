// HMAC over whatever hash the caller brings: the arm is given a gate, so the jet calls it up to three times.

import StrataMemory
import StrataNatural
import StrataNoun

extension NativeRoutine {
  /// `[[hash block-size digest-size] key=[wid dat] message=[wid dat]]`. Lengths out of the ordinary are left to Nock.
  static let messageCode = NativeRoutine(registerCount: 4) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    let call = JetCall(machine: activation.machine, nursery: nursery, core: activation.subject)
    guard let sample = try HashSample(call) else {
      return try .tailCall(subject: call.core, formula: call.part(2))
    }
    switch phase {
    case 0:
      let key = try nursery.bits(of: sample.key, from: 0, count: 8 * sample.keyLength)
      if sample.keyLength > sample.blockSize { return try sample.hash(key, length: sample.keyLength, phase: 1) }
      activation[0] = try sample.padded(key, length: sample.keyLength)
    case 1:
      activation[0] = try sample.padded(call.atom(product), length: sample.digestSize)
    case 2:
      let outer = try sample.key(activation[0], mixedWith: 0x5C)
      let text = try nursery.add(
        nursery.shiftLeft(outer, by: Word(direct: UInt64(8 * sample.digestSize))), call.atom(product))
      return try sample.hash(text, length: sample.digestSize + sample.blockSize, phase: 3)
    default:
      return .product(product)
    }
    let inner = try sample.key(activation[0], mixedWith: 0x36)
    let text = try nursery.add(
      nursery.shiftLeft(inner, by: Word(direct: UInt64(8 * sample.messageLength))),
      nursery.bits(of: sample.message, from: 0, count: 8 * sample.messageLength))
    return try sample.hash(text, length: sample.messageLength + sample.blockSize, phase: 2)
  }
}

/// The sample of an HMAC, taken apart.
private struct HashSample {
  let call: JetCall
  let gate: Word
  let blockSize: Int
  let digestSize: Int
  let keyLength: Int
  let key: Word
  let messageLength: Int
  let message: Word

  init?(_ call: JetCall) throws(Fault) {
    guard let gate = try? call.part(24), gate.isCell, call.nursery.tail(gate).isCell,
      let blockSize = call.integer(at: 50), (1...4096).contains(blockSize), let digestSize = call.integer(at: 51),
      digestSize <= 4096, let keyWidth = call.natural(at: 52), let key = call.natural(at: 53),
      let messageWidth = call.natural(at: 54), let message = call.natural(at: 55),
      let keyLength = try call.length(keyWidth, of: key),
      let messageLength = try call.length(messageWidth, of: message)
    else { return nil }
    self.call = call
    self.gate = gate
    self.blockSize = blockSize
    self.digestSize = digestSize
    self.keyLength = keyLength
    self.key = key
    self.messageLength = messageLength
    self.message = message
  }

  /// A key with zero bytes below it up to a block.
  func padded(_ key: Word, length: Int) throws(Fault) -> Word {
    if length >= blockSize { return key }
    return try call.nursery.shiftLeft(key, by: Word(direct: UInt64(8 * (blockSize - length))))
  }

  /// A key with every byte of a block changed.
  func key(_ key: Word, mixedWith byte: UInt8) throws(Fault) -> Word {
    let pad = [UInt8](repeating: byte, count: blockSize)
    return try call.nursery.exclusiveOr(key, call.nursery.natural(bytes: pad))
  }

  /// The hash's gate with `[length text]` as its sample, called.
  func hash(_ text: Word, length: Int, phase: Int) throws(Fault) -> NativeStep {
    let nursery = call.nursery
    let sample = try nursery.cell(Word(direct: UInt64(length)), text)
    let subject = try nursery.cell(nursery.head(gate), nursery.cell(sample, nursery.tail(nursery.tail(gate))))
    // The formula [9 2 0 1] asks for the gate's jet first.
    let place = try nursery.cell(Word(direct: 2), nursery.cell(.zero, .one))
    return try .call(subject: subject, formula: nursery.cell(Word(direct: 9), place), phase: phase)
  }
}
