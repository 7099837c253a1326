// Which cores are known, and which jets answer for their arms.
//
//     hot     the jets that this process has, by the path of their core
//     cold    what `%fast` has taught: for every known core its name, its battery and where its parent lies
//     warm    the jets of every known core, derived from both
//
// Everything that the registry refers to is fixed in the commons. When a core with an equal battery elsewhere in memory is
// met, its head is made to refer to the fixed battery, so that it is known by identity from then on.

import StrataMemory
import StrataNoun

/// A known core.
struct Location {
  /// The name, such as `add` or `k139`.
  var name: String
  /// The names of the parents and its own, outermost first, separated by slashes.
  var path: String
  /// The location of the parent, or -1 for a root.
  var parent: Int
  /// Where the parent lies in the core; 0 for a root.
  var parentAxis: UInt64
  /// The battery; for a root the whole core.
  var battery: Word
  /// The frame in which it was learned.
  var depth: Int
  /// Its jets: the arm's axis and the jet's number.
  var jets: [(arm: UInt64, jet: Int)]
  /// The axes of its arms and parts by the names that the clue gave them.
  var hooks: [(name: String, axis: UInt64)] = []
  /// The next location with an equal battery, or -1.
  var next: Int
}

/// What matching a core needs of a location.
struct LocationLink {
  /// The location of the parent, or -1 for a root.
  var parent: Int
  /// Where the parent lies in the core; 0 for a root.
  var parentAxis: UInt64
  /// The battery; for a root the whole core.
  var battery: Word
  /// A core that was found to match, as it was before anything moved; all ones for none.
  var matched: UInt64 = .max
}

/// What a `%fast` instruction has registered last, so that doing it again costs two comparisons.
struct RegistrationSite {
  var battery: UInt64 = .max
  /// The clue, and the location that it stands for, or -1.
  var clue: UInt64 = .max
  var location = -1
  var parent: UInt64 = .max
  var parentAxis: UInt64 = 0
  /// Whether battery and clue stay when things move.
  var keepsBattery = false
  /// Whether the site is among those that forget when things move.
  var isVolatile = false
}

/// The cores and jets of one machine.
public final class JetRegistry: RootProvider {
  let nursery: Nursery
  /// All jets, by number.
  var jets: [Jet] {
    admitPending()
    return admitted
  }
  /// The jets that have been looked at. None is before the first core is learned, since many programs learn none.
  private var admitted: [Jet] = []
  /// Those that have not been.
  private var pending: [(families: () -> [JetFamily], extraRoots: [String])] = []
  /// Hears of every jet when it gets its number.
  var whenAdmitted: (Jet) -> Void = { (_) in }
  /// Of each jet, a hash of its path below the root, such as `one/add`.
  private var pathHashes: [UInt64] = []
  /// Of each jet, roots beyond those of its kelvins.
  private var extraRoots: [[String]] = []
  /// How often each jet has answered, by number.
  let answers = TrustedTable<UInt64>([])
  /// A jet that is left out, for comparing it with its own Nock; -1 for none.
  var disabledJet = -1 {
    didSet { epoch.pointee += 1 }
  }
  private(set) var locations: [Location] = []
  /// Of each location what matching needs.
  private var links = UnsafeMutablePointer<LocationLink>.allocate(capacity: 0)
  private var linkCapacity = 0
  /// The batteries of the locations, by value.
  private var batteries = FixedNouns()
  /// Of each battery, the newest location.
  private var newest: [Int] = []
  /// From a fixed battery's word to its newest location + 1.
  private var byIdentity = WordTable()
  /// Rises whenever a core or a jet becomes known.
  let epoch: UnsafeMutablePointer<UInt64>
  private(set) var sites: [UnsafeMutablePointer<RegistrationSite>] = []
  private var volatileSites: [UnsafeMutablePointer<RegistrationSite>] = []
  /// What was wrong with registrations, counted; only the first of each kind is worth telling.
  public private(set) var rejected: [String: Int] = [:]

  init(_ nursery: Nursery) {
    self.nursery = nursery
    epoch = .allocate(capacity: 1)
    epoch.initialize(to: 1)
    nursery.add(self)
  }

  deinit {
    epoch.deallocate()
    links.deallocate()
    for site in sites { site.deallocate() }
    batteries.free()
    byIdentity.free()
  }

  /// Adds jets under every root that they hold for, and under `extraRoots`. What they are is asked when there is a core
  /// that they may be for.
  func add(_ families: @escaping () -> [JetFamily], extraRoots: [String]) {
    pending.append((families, extraRoots))
    if !locations.isEmpty { admitPending() }
  }

  /// Gives the jets that were added their numbers, and finds the cores that they are for.
  private func admitPending() {
    if pending.isEmpty { return }
    let batches = pending
    pending = []
    for batch in batches {
      for family in batch.families() {
        admitted.reserveCapacity(admitted.count + family.jets.count)
        for jet in family.jets {
          admitted.append(jet)
          pathHashes.append(JetRegistry.hash(jet.path))
          answers.append(0)
          extraRoots.append(batch.extraRoots)
          whenAdmitted(jet)
        }
      }
    }
    for index in locations.indices { locations[index].jets = jets(at: locations[index]) }
    epoch.pointee += 1
  }

  /// FNV-1a over the path's bytes.
  private static func hash(_ path: String) -> UInt64 {
    path.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// The paths of all known cores, in the order in which they were learned.
  public var paths: [String] { locations.map { $0.path } }

  private func jets(at location: Location) -> [(arm: UInt64, jet: Int)] {
    guard let slash = location.path.firstIndex(of: "/") else { return [] }
    let root = location.path[..<slash]
    let path = String(location.path[location.path.index(after: slash)...])
    let kelvin = (135...140).first { root == "k\($0)" }
    let hash = JetRegistry.hash(path)
    return pathHashes.indices.compactMap { number in
      guard pathHashes[number] == hash else { return nil }
      let jet = admitted[number]
      guard jet.path == path, jet.parentAxis == location.parentAxis,
        kelvin.map(jet.kelvins.contains) == true || extraRoots[number].contains(where: { $0 == root })
      else { return nil }
      return (jet.arm, number)
    }
  }

  func makeSite() -> UnsafeMutablePointer<RegistrationSite> {
    let site = UnsafeMutablePointer<RegistrationSite>.allocate(capacity: 1)
    site.initialize(to: RegistrationSite())
    sites.append(site)
    return site
  }

  // MARK: Matching

  private func firstLocation(of battery: Word) throws(Fault) -> Int {
    if nursery.isFixed(battery), battery.isReference, let known = byIdentity.value(of: battery.raw) {
      return Int(known) - 1
    }
    guard battery.isCell else { return -1 }
    let number = try batteries.search(battery, in: nursery).number
    if number < 0 { return -1 }
    let index = newest[number]
    if nursery.isFixed(battery) { try byIdentity.set(battery.raw, to: UInt64(index + 1)) }
    return index
  }

  /// Makes a location the newest of its battery; returns the one that was.
  private func enter(_ index: Int, _ battery: Word) throws(Fault) -> Int {
    if battery.isReference { try byIdentity.set(battery.raw, to: UInt64(index + 1)) }
    let search = try batteries.search(battery, in: nursery)
    if search.number >= 0 {
      defer { newest[search.number] = index }
      return newest[search.number]
    }
    try batteries.add(battery, after: search)
    newest.append(index)
    return -1
  }

  /// Where `core` is known, or nil.
  func location(of core: Word) throws(Fault) -> Int? {
    guard core.isCell else { return nil }
    var index = try firstLocation(of: nursery.head(core))
    while index >= 0 {
      if try matches(core, index) { return index }
      index = locations[index].next
    }
    return nil
  }

  /// Whether `core` is one that the location stands for: the same battery, and the same of all its parents.
  func matches(_ core: Word, _ location: Int) throws(Fault) -> Bool {
    let links = self.links
    let fixedEnd = nursery.state.pointee.fixedEnd
    let start = core
    var core = core
    var link = links + location
    // Where in memory the word `core` was read from, or 0.
    var slot = 0
    while link.pointee.matched != core.raw {
      let parent = link.pointee.parent
      if parent < 0 {
        guard try nursery.equal(core, link.pointee.battery) else { return false }
        if slot >= fixedEnd { nursery.base[slot] = link.pointee.battery.raw }
        break
      }
      guard core.isCell else { return false }
      let battery = nursery.head(core)
      if battery != link.pointee.battery {
        guard try nursery.equal(battery, link.pointee.battery) else { return false }
        adopt(link.pointee.battery, in: core)
      }
      guard let next = self.slot(of: core, at: link.pointee.parentAxis) else { return false }
      slot = next
      core = Word(raw: nursery.base[slot])
      link = links + parent
    }
    note(start, location, upTo: link)
    return true
  }

  /// Remembers the parents of a core that was found to match, up to the one that was known to. The core itself is left
  /// out: it is seldom met again.
  private func note(_ core: Word, _ location: Int, upTo last: UnsafeMutablePointer<LocationLink>) {
    var link = links + location
    var core = core
    while link != last, let slot = slot(of: core, at: link.pointee.parentAxis) {
      core = Word(raw: nursery.base[slot])
      link = links + link.pointee.parent
      link.pointee.matched = core.raw
    }
  }

  /// Makes a core refer to the fixed battery that equals its own.
  private func adopt(_ battery: Word, in core: Word) {
    if !nursery.isFixed(core) { nursery.base[core.offset + 1] = battery.raw }
  }

  /// The offset of the word at `axis` (at least 2) of a noun.
  @inline(__always)
  private func slot(of noun: Word, at axis: UInt64) -> Int? {
    var noun = noun
    var slot = 0
    var step = 63 - axis.leadingZeroBitCount
    while step > 0 {
      step -= 1
      guard noun.isCell else { return nil }
      slot = noun.offset + 1 + Int(axis >> UInt64(step) & 1)
      noun = Word(raw: nursery.base[slot])
    }
    return slot
  }

  @inline(__always)
  func part(of noun: Word, at axis: UInt64) -> Word? {
    axis <= 1 ? noun : slot(of: noun, at: axis).map { Word(raw: nursery.base[$0]) }
  }

  /// The jet that answers for the arm at `axis` of `core`, and the core's location.
  func jet(for core: Word, arm axis: UInt64) throws(Fault) -> (jet: Int, location: Int)? {
    // With a core the jets are known.
    guard !locations.isEmpty, !admitted.isEmpty, let location = try location(of: core) else { return nil }
    return locations[location].jets.first { $0.arm == axis && $0.jet != disabledJet }.map { ($0.jet, location) }
  }

  // MARK: Registration

  /// Learns that `core` is what `clue` says: `[name parent-formula hooks]`. A clue that makes no sense, or a
  /// parent that is not known, teaches nothing.
  func register(
    _ core: Word, clue: Word, site: UnsafeMutablePointer<RegistrationSite>
  ) throws(Fault) {
    guard core.isCell else { return }
    if site.pointee.battery == nursery.head(core).raw, site.pointee.clue == clue.raw,
      let parent = part(of: core, at: site.pointee.parentAxis)
    {
      if parent.raw == site.pointee.parent { return }
      if site.pointee.location >= 0, try matches(core, site.pointee.location) {
        remember(core, clue, site.pointee.location, site.pointee.parentAxis, at: site)
        return
      }
    }
    guard clue.isCell, let name = name(nursery.head(clue)), nursery.tail(clue).isCell,
      let axis = parentAxis(nursery.head(nursery.tail(clue)))
    else {
      rejected["a clue that is no [name parent hooks]", default: 0] += 1
      return
    }
    var location = -1
    if axis == 0 {
      try registerRoot(core, name)
    } else {
      guard let parentCore = part(of: core, at: axis), let parent = try parentLocation(of: parentCore) else {
        rejected["\(name): its parent at \(axis) is not known", default: 0] += 1
        return
      }
      location = try registerChild(core, name, axis, parent, hooks: hooks(nursery.tail(nursery.tail(clue))))
    }
    remember(core, clue, location, axis == 0 ? 1 : axis, at: site)
  }

  private func remember(
    _ core: Word, _ clue: Word, _ location: Int, _ axis: UInt64, at site: UnsafeMutablePointer<RegistrationSite>
  ) {
    guard let parent = part(of: core, at: axis) else { return }
    let battery = nursery.head(core)
    let isNoted = site.pointee.isVolatile
    let isFixed = nursery.isFixed(battery) && nursery.isFixed(clue)
    site.pointee = RegistrationSite(
      battery: battery.raw, clue: clue.raw, location: location, parent: parent.raw, parentAxis: axis,
      keepsBattery: isFixed, isVolatile: isNoted)
    if !isNoted, !isFixed || !nursery.isFixed(parent) {
      site.pointee.isVolatile = true
      volatileSites.append(site)
    }
  }

  private func parentLocation(of core: Word) throws(Fault) -> Int? {
    if let known = try location(of: core) { return known }
    // A root may be no core at all.
    for (index, known) in locations.enumerated() where known.parent < 0 {
      if try nursery.equal(known.battery, core) { return index }
    }
    return nil
  }

  private func registerRoot(_ core: Word, _ name: String) throws(Fault) {
    for known in locations where known.parent < 0 {
      if try nursery.equal(known.battery, core) { return }
    }
    try learn(name, path: name, parent: -1, axis: 0, battery: core)
  }

  private func registerChild(
    _ core: Word, _ name: String, _ axis: UInt64, _ parent: Int, hooks: [(name: String, axis: UInt64)]
  ) throws(Fault) -> Int {
    var index = try firstLocation(of: nursery.head(core))
    while index >= 0 {
      let known = locations[index]
      if known.name == name, known.parent == parent, known.parentAxis == axis {
        adopt(known.battery, in: core)
        return index
      }
      index = known.next
    }
    try learn(
      name, path: "\(locations[parent].path)/\(name)", parent: parent, axis: axis, battery: nursery.head(core),
      hooks: hooks)
    adopt(locations[locations.count - 1].battery, in: core)
    return locations.count - 1
  }

  func learn(
    _ name: String, path: String, parent: Int, axis: UInt64, battery: Word,
    hooks: [(name: String, axis: UInt64)] = []
  ) throws(Fault) {
    let fixed = try nursery.copyToCommons(battery)
    admitPending()
    var location = Location(
      name: name, path: path, parent: parent, parentAxis: axis, battery: fixed, depth: nursery.state.pointee.depth,
      jets: [], hooks: hooks, next: -1)
    location.jets = jets(at: location)
    location.next = try enter(locations.count, fixed)
    if locations.count == linkCapacity { growLinks() }
    (links + locations.count).initialize(to: LocationLink(parent: parent, parentAxis: axis, battery: fixed))
    locations.append(location)
    epoch.pointee += 1
  }

  private func growLinks() {
    let larger = max(64, linkCapacity * 2)
    let fresh = UnsafeMutablePointer<LocationLink>.allocate(capacity: larger)
    fresh.moveInitialize(from: links, count: locations.count)
    links.deallocate()
    links = fresh
    linkCapacity = larger
  }

  /// A name: a cord, or `[cord number]` as `[%k 139]`.
  private func name(_ noun: Word) -> String? {
    if noun.isNatural { return text(noun) }
    guard nursery.tail(noun).isDirect, let prefix = text(nursery.head(noun)) else { return nil }
    return prefix + String(nursery.tail(noun).raw)
  }

  func text(_ atom: Word, allowsSlash: Bool = false) -> String? {
    var bytes: [UInt8] = []
    if atom.isDirect {
      var rest = atom.raw
      while rest != 0 {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    } else if atom.isIndirect, nursery.header(atom).size <= 128 {
      for limb in 0..<nursery.header(atom).size {
        let value = nursery.base[atom.offset + 1 + limb]
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(byte * 8))) }
      }
      while bytes.last == 0 { bytes.removeLast() }
    } else {
      return nil
    }
    let isBad = bytes.contains { $0 < 0x20 || $0 > 0x7E || $0 == 0x2F && !allowsSlash }
    return isBad ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// The names that a clue gives to axes: a list of `[name formula]`, the formula being `[9 axis 0 1]` or `[0 axis]`.
  private func hooks(_ list: Word) -> [(name: String, axis: UInt64)] {
    var hooks: [(name: String, axis: UInt64)] = []
    var rest = list
    while rest.isCell, hooks.count < 256 {
      let item = nursery.head(rest)
      rest = nursery.tail(rest)
      guard item.isCell, let name = name(nursery.head(item)) else { continue }
      var formula = nursery.tail(item)
      while formula.isCell, nursery.head(formula) == Word(direct: 11), nursery.tail(formula).isCell {
        formula = nursery.tail(nursery.tail(formula))
      }
      guard formula.isCell else { continue }
      let argument = nursery.tail(formula)
      if nursery.head(formula) == .zero, argument.isDirect {
        hooks.append((name, argument.raw))
      } else if nursery.head(formula) == Word(direct: 9), argument.isCell, nursery.head(argument).isDirect {
        hooks.append((name, nursery.head(argument).raw))
      }
    }
    return hooks
  }

  /// The axis that the clue of this core called `name`.
  func hook(_ name: String, of core: Word) throws(Fault) -> UInt64? {
    guard let location = try location(of: core) else { return nil }
    return locations[location].hooks.first { $0.name == name }?.axis
  }

  /// Where a clue's parent formula says that the parent lies: 0 for a root, nil if it is neither.
  private func parentAxis(_ formula: Word) -> UInt64? {
    var formula = formula
    while formula.isCell {
      let operation = nursery.head(formula)
      let argument = nursery.tail(formula)
      if operation == Word(direct: 11), argument.isCell {
        formula = nursery.tail(argument)
      } else if operation == .one {
        return argument == .zero ? 0 : nil
      } else if operation == .zero {
        return argument.isDirect && argument.raw > 1 ? argument.raw : nil
      } else {
        return nil
      }
    }
    return nil
  }

  // MARK: Frames

  public func visitRoots(_ collector: inout Collector) { forgetVolatile() }

  public func frameEnded(depth: Int, bailed: Bool) {
    forgetVolatile()
    guard let last = locations.last, last.depth > depth else { return }
    if !bailed {
      var index = locations.count - 1
      while index >= 0, locations[index].depth > depth {
        locations[index].depth = depth
        index -= 1
      }
      return
    }
    while let last = locations.last, last.depth > depth { locations.removeLast() }
    rebuild()
  }

  private func forgetVolatile() {
    for site in volatileSites {
      site.pointee.parent = .max
      if !site.pointee.keepsBattery { site.pointee.battery = .max }
      site.pointee.isVolatile = false
    }
    volatileSites.removeAll(keepingCapacity: true)
    for index in 0..<locations.count { links[index].matched = .max }
  }

  /// Makes the tables anew from the locations.
  private func rebuild() {
    batteries.removeAll()
    newest.removeAll(keepingCapacity: true)
    byIdentity.removeAll()
    for site in sites { site.pointee.battery = .max }
    for index in locations.indices {
      // The tables keep their size, and no core got lost but by a refusal to compare: it would only be run by Nock.
      locations[index].next = (try? enter(index, locations[index].battery)) ?? -1
    }
    epoch.pointee += 1
  }
}
