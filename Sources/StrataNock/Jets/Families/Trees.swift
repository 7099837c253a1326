// Sets and maps: the arms of `in` and `by`, where no gate is called.
//
// The door's tree is at axis 30 of its gates and of its traps with state, at 14 of `wyt`.

import StrataMemory
import StrataNoun

extension JetFamily {
  /// `in` and `by`.
  public static let trees = JetFamily("sets and maps", common(isMap: false) + common(isMap: true) + sets + maps)

  private static func door(_ call: JetCall) -> Word? { call.place(30) }

  private static func common(isMap: Bool) -> [Jet] {
    let path = isMap ? "one/two/by/" : "one/two/in/"
    return [
      Jet(path + "apt") { (call) throws(Fault) in
        let nursery = call.nursery
        guard let tree = door(call), let (left, right) = try call.parts() else { return nil }
        guard left == .zero || left.isCell, right == .zero || right.isCell else { return nil }
        let bounds = (left.isCell ? nursery.tail(left) : nil, right.isCell ? nursery.tail(right) : nil)
        return try Treaps(nursery, isMap: isMap).isOrdered(tree, after: bounds.0, before: bounds.1)
          .map { Nursery.loobean($0) }
      },
      Jet(path + "del") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        return try Treaps(call.nursery, isMap: isMap).removed(call.sample(), from: tree)
      },
      Jet(path + "dif") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        return try Treaps(call.nursery, isMap: isMap).difference(tree, call.sample())
      },
      Jet(path + "gas") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        return try Treaps(call.nursery, isMap: isMap).inserted(all: call.sample(), in: tree)
      },
      Jet(path + "has") { (call) throws(Fault) in
        guard let tree = door(call), let found = try Treaps(call.nursery, isMap: isMap).find(call.sample(), in: tree)
        else { return nil }
        return Nursery.loobean(found != nil)
      },
      Jet(path + "int") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        return try Treaps(call.nursery, isMap: isMap).intersection(tree, call.sample())
      },
      Jet(path + "tap") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        return try Treaps(call.nursery, isMap: isMap).listed(tree, onto: call.sample())
      },
      Jet(path + "uni") { (call) throws(Fault) in
        guard let tree = door(call) else { return nil }
        let other = try call.sample()
        if !isMap, try call.nursery.equal(tree, other) { return tree }
        return try Treaps(call.nursery, isMap: isMap).union(tree, other)
      },
      Jet(path + "wyt", parentAxis: 3) { (call) throws(Fault) in
        guard let tree = call.place(14), let count = Treaps(call.nursery, isMap: isMap).count(tree) else { return nil }
        return Word(direct: UInt64(count))
      },
      Jet(path + "bif", kelvins: isMap ? 135...138 : 135...140) { (call) throws(Fault) in
        guard let tree = door(call),
          let (left, right) = try Treaps(call.nursery, isMap: isMap).split(tree, at: call.sample())
        else { return nil }
        return try call.nursery.cell(left, right)
      },
    ]
  }

  private static let sets: [Jet] = [
    Jet("one/two/in/put") { (call) throws(Fault) in
      guard let tree = door(call) else { return nil }
      let item = try call.sample()
      return try Treaps(call.nursery, isMap: false).inserted(item, key: item, in: tree)
    }
  ]

  private static let maps: [Jet] = [
    Jet("one/two/by/put") { (call) throws(Fault) in
      let pair = try call.sample()
      guard let tree = door(call), pair.isCell else { return nil }
      return try Treaps(call.nursery, isMap: true).inserted(pair, key: call.nursery.head(pair), in: tree)
    },
    Jet("one/two/by/get") { (call) throws(Fault) in
      guard let tree = door(call), let found = try Treaps(call.nursery, isMap: true).find(call.sample(), in: tree)
      else { return nil }
      guard let found else { return .zero }
      return try call.nursery.unit(call.nursery.tail(found.node))
    },
    Jet("one/two/by/key") { (call) throws(Fault) in
      let nursery = call.nursery
      guard let tree = door(call), var nodes = try Treaps(nursery, isMap: true).listed(tree, onto: .zero) else {
        return nil
      }
      // The set comes out the same in whatever order the keys go in.
      var keys = try call.sample()
      guard Treaps(nursery, isMap: false).isWhole(keys) else { return nil }
      while nodes.isCell {
        let key = nursery.head(nursery.head(nodes))
        guard let next = try Treaps(nursery, isMap: false).inserted(key, key: key, in: keys) else { return nil }
        keys = next
        nodes = nursery.tail(nodes)
      }
      return keys
    },
  ]
}
