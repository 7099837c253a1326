// What must hold after each pop, bail and flip. Checked in debug builds, and by tests whenever they like.

extension Nursery {
  #if DEBUG
    /// Debug builds check heaps up to this many words at every pop and flip; larger ones only on demand.
    static let checkedExtent = 1 << 13

    func checkInvariants() {
      let frame = state.pointee.frame.pointee
      if frame.tenured.extent + frame.young.extent <= Nursery.checkedExtent, let broken = firstBrokenInvariant() {
        assertionFailure(broken)
      }
    }
  #else
    @inline(__always) func checkInvariants() {}
  #endif

  /// A description of the first broken invariant of the innermost frame, or nil: no forwarding word is
  /// left, tenured objects refer to nothing young (but for trailed slots), nothing refers into the free
  /// middle, and there are no cycles but through thunks. Linear in the frame's size; a tool for tests.
  public func firstBrokenInvariant() -> String? {
    state.pointee.closeCurrentChunk()
    let frame = state.pointee.frame.pointee
    let (west, east) = state.pointee.middle
    if west > east { return "the ends of the arena overlap" }
    var trailed = Set<Int>()
    var entry = frame.trailBase
    while entry < state.pointee.trailTop {
      trailed.insert(Int(base[entry]))
      entry += 2
    }
    var objects: [Int] = []
    for space in [frame.tenured, frame.young] {
      if let broken = walk(space, into: &objects) { return broken }
    }
    let known = Set(objects)
    for object in objects {
      let header = Header(raw: base[object])
      guard header.isScanned else { continue }
      for slot in object + 1..<object + 1 + header.size {
        let word = Word(raw: base[slot])
        guard word.isReference else { continue }
        let target = word.offset
        if target >= west && target < east { return "slot \(slot) refers into the free middle" }
        if frame.tenured.contains(target) || frame.young.contains(target) {
          if !known.contains(target) { return "slot \(slot) does not refer to an object's header" }
        }
        if frame.tenured.contains(slot), frame.young.contains(target), !trailed.contains(slot) {
          return "slot \(slot) is senior to what it refers to"
        }
      }
    }
    return firstCycle(objects, known)
  }

  private func walk(_ space: Space, into objects: inout [Int]) -> String? {
    for first in [space.first, space.firstLarge] {
      var chunk = first
      while chunk != 0 {
        let end = chunk == space.current ? space.top : Int(base[chunk + 1])
        var position = chunk + Space.chunkHeaderWords
        if chunk >= space.high || chunk < space.low { return "chunk \(chunk) lies outside its space" }
        while position < end {
          let header = Header(raw: base[position])
          if header.isForwarding { return "a forwarding word is left at \(position)" }
          if header.kind == nil { return "no header at \(position)" }
          objects.append(position)
          position += 1 + header.size
        }
        if first == space.first, position != end { return "objects of chunk \(chunk) do not end where it does" }
        chunk = Int(base[chunk + 2])
      }
    }
    return nil
  }

  private func firstCycle(_ objects: [Int], _ known: Set<Int>) -> String? {
    var finished = Set<Int>()
    var active = Set<Int>()
    for root in objects where !finished.contains(root) {
      var path: [(object: Int, slot: Int)] = [(root, 0)]
      active.insert(root)
      while let (object, slot) = path.last {
        let header = Header(raw: base[object])
        if slot >= header.size || !header.isScanned || header.kind == .thunk {
          finished.insert(object)
          active.remove(object)
          path.removeLast()
          continue
        }
        path[path.count - 1].slot = slot + 1
        let word = Word(raw: base[object + 1 + slot])
        guard word.isReference, known.contains(word.offset), !finished.contains(word.offset) else { continue }
        if active.contains(word.offset) { return "object \(word.offset) reaches itself" }
        active.insert(word.offset)
        path.append((word.offset, 0))
      }
    }
    return nil
  }
}
