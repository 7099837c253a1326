// Looking for references that lead out of a machine's own memory, for a collector of what lies there.

extension Nursery {
  /// Calls `visit` for each reference to an object below `end` that the machine holds: on the stack below its top, in
  /// the frames' spaces, on the trail, and in the commons. Linear in what the machine has in memory. Nothing may move
  /// meanwhile; garbage that was not collected counts.
  public func visitReferences(below end: Int, _ visit: (Word) -> Void) {
    state.pointee.closeCurrentChunk()
    func look(_ raw: UInt64) {
      let word = Word(raw: raw)
      if word.isReference, word.offset < end { visit(word) }
    }
    func look(in objects: Range<Int>) {
      var position = objects.lowerBound
      while position < objects.upperBound {
        let header = Header(raw: base[position])
        if header.isScanned {
          for slot in position + 1..<position + 1 + header.size { look(base[slot]) }
        }
        position += 1 + header.size
      }
    }
    for slot in state.pointee.stack.low..<max(state.pointee.stack.low, state.pointee.stackTop) { look(base[slot]) }
    for entry in stride(from: state.pointee.trail.low, to: state.pointee.trailTop, by: 2) { look(base[entry + 1]) }
    look(in: state.pointee.commons.low + 1..<max(state.pointee.commons.low + 1, state.pointee.commonsTop))
    for number in 0...state.pointee.depth {
      let frame = (state.pointee.frame - number).pointee
      for space in [frame.tenured, frame.young] {
        for first in [space.first, space.firstLarge] {
          var chunk = first
          while chunk != 0 {
            let filled = chunk == space.current ? space.top : Int(base[chunk + 1])
            look(in: chunk + Space.chunkHeaderWords..<max(chunk + Space.chunkHeaderWords, filled))
            chunk = Int(base[chunk + 2])
          }
        }
      }
    }
  }
}
