// Lists, where no gate is called.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `lent`, `flop`, `weld` and the like.
  public static let lists = JetFamily(
    "lists",
    [
      Jet("one/two/lent") { (call) throws(Fault) in
        try call.nursery.listCount(call.sample()).map { Word(direct: UInt64($0)) }
      },
      Jet("one/two/flop") { (call) throws(Fault) in
        let list = try call.sample()
        guard try call.nursery.listCount(list) != nil else { return nil }
        return try call.nursery.reversed(list)
      },
      Jet("one/two/weld") { (call) throws(Fault) in
        guard let (first, second) = try call.parts() else { return nil }
        return try joined(first, second, call.nursery)
      },
      Jet("one/two/welp") { (call) throws(Fault) in
        guard let (first, second) = try call.parts() else { return nil }
        return try joined(first, second, call.nursery)
      },
      Jet("one/two/zing") { (call) throws(Fault) in
        let nursery = call.nursery
        var rest = try call.sample()
        guard try nursery.listCount(rest) != nil else { return nil }
        var result = ListBuilder(nursery)
        while rest.isCell {
          var list = nursery.head(rest)
          rest = nursery.tail(rest)
          while list.isCell {
            try result.append(nursery.head(list))
            list = nursery.tail(list)
          }
          guard list == .zero else { return nil }
        }
        return result.finish()
      },
      Jet("one/two/scag") { (call) throws(Fault) in
        let nursery = call.nursery
        guard let (count, list) = try call.parts(), count.isNatural else { return nil }
        var left = count.isDirect ? count.raw : .max
        var rest = list
        var result = ListBuilder(nursery)
        while left > 0, rest != .zero {
          guard rest.isCell else { return nil }
          try result.append(nursery.head(rest))
          rest = nursery.tail(rest)
          left -= 1
        }
        return result.finish()
      },
      Jet("one/two/slag") { (call) throws(Fault) in
        guard let (count, list) = try call.parts(), count.isNatural else { return nil }
        return try dropped(count, list, call.nursery)
      },
      Jet("one/two/snag") { (call) throws(Fault) in
        guard let (count, list) = try call.parts(), count.isNatural else { return nil }
        guard let rest = try dropped(count, list, call.nursery), rest.isCell else { return nil }
        return call.nursery.head(rest)
      },
      Jet("one/two/find") { (call) throws(Fault) in try find(call) },
      Jet("one/two/reap") { (call) throws(Fault) in
        guard let (count, item) = try call.parts(), count.isDirect else { return nil }
        guard count.raw < UInt64(call.nursery.freeBytes / 24) else { throw .bytes }
        var result = Word.zero
        for _ in 0..<count.raw { result = try call.nursery.cell(item, result) }
        return result
      },
      Jet("one/two/snip") { (call) throws(Fault) in
        let nursery = call.nursery
        var rest = try call.sample()
        guard try nursery.listCount(rest) != nil else { return nil }
        var result = ListBuilder(nursery)
        while rest.isCell, nursery.tail(rest).isCell {
          try result.append(nursery.head(rest))
          rest = nursery.tail(rest)
        }
        return result.finish()
      },
      Jet("one/two/need") { (call) throws(Fault) in
        let unit = try call.sample()
        return unit.isCell ? call.nursery.tail(unit) : nil
      },
      Jet("one/two/mate", kelvins: 135...138) { (call) throws(Fault) in
        let nursery = call.nursery
        guard let (a, b) = try call.parts() else { return nil }
        if b == .zero { return a }
        if a == .zero { return b }
        guard a.isCell, b.isCell, try nursery.equal(nursery.tail(a), nursery.tail(b)) else { return nil }
        return a
      },
    ])

  /// `first`, which must be a list, with `second` after it.
  static func joined(_ first: Word, _ second: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    guard try nursery.listCount(first) != nil else { return nil }
    var rest = first
    var result = ListBuilder(nursery)
    while rest.isCell {
      try result.append(nursery.head(rest))
      rest = nursery.tail(rest)
    }
    return result.finish(second)
  }

  /// What is left of a list without its first `count` items; nil if it ends in something else than 0 before.
  private static func dropped(_ count: Word, _ list: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    var left = count.isDirect ? count.raw : .max
    var rest = list
    while left > 0 {
      if rest == .zero { return rest }
      guard rest.isCell else { return nil }
      rest = nursery.tail(rest)
      left -= 1
    }
    return rest
  }

  /// Where the first list occurs in the second, as a unit.
  private static func find(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (needle, stack) = try call.parts() else { return nil }
    guard try nursery.listCount(needle) != nil, try nursery.listCount(stack) != nil else { return nil }
    guard needle.isCell else { return .zero }
    var start = stack
    var index: UInt64 = 0
    while true {
      var wanted = needle
      var rest = start
      while true {
        guard rest.isCell else { return .zero }
        guard try nursery.equal(nursery.head(wanted), nursery.head(rest)) else { break }
        wanted = nursery.tail(wanted)
        rest = nursery.tail(rest)
        if wanted == .zero { return try nursery.unit(Word(direct: index)) }
      }
      start = nursery.tail(start)
      index += 1
      if index & 0xFFFF == 0, let fault = nursery.stopRequested { throw fault }
    }
  }
}
