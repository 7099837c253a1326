// Reading a store from another process or thread while its writer commits and collects.
//
// A reader holds one state: it does not change, and none of it is reused, until the reader moves on or ends.

import StrataMemory

/// A store that is open for reading only.
public final class BedrockReader {
  public let path: String
  public let place: BedrockPlace
  private let file: any DiskFile
  private let table: any DiskFile
  private let slot: Int
  private var state: OpenedState

  /// Opens the newest whole state. Needs to write to the readers' file beside the store, to be known to the writer.
  public init(_ path: String, on disk: any Disk, at place: BedrockPlace) throws(BedrockFailure) {
    self.path = path
    self.place = place
    do throws(DiskFailure) {
      file = try disk.open(path, .read)
      table = try disk.open(ReaderTable.path(of: path), .create)
    } catch { throw .disk(error) }
    slot = try ReaderTable.enter(table)
    state = try BedrockReader.newest(file, path, place)
    do throws(DiskFailure) {
      try ReaderTable.write(slot, sequence: state.block.sequence, to: table)
      try file.map(from: 0, count: place.byteCount, at: place.base)
    } catch { throw .disk(error) }
  }

  deinit {
    // Closing the files releases the slot; the range is the caller's and goes back to being unreadable.
    try? unmapFiles(at: place.base, count: place.byteCount)
    try? table.close()
    try? file.close()
  }

  private static func newest(
    _ file: any DiskFile, _ path: String, _ place: BedrockPlace
  ) throws(BedrockFailure) -> OpenedState {
    let (states, failures) = try Bedrock.states(of: file, path: path, place: place)
    guard let newest = states.first else { throw failures.first ?? .notAStore(path: path) }
    return newest
  }

  /// The roots of the state that is held.
  public var roots: [StoredRoot] { state.block.roots }
  /// The number of the commit that is held.
  public var sequence: UInt64 { state.block.sequence }

  /// Lets go of the state and takes the newest. What the old roots reached must not be touched any more.
  public func refresh() throws(BedrockFailure) {
    // Everything is held back until the new state is entered.
    do throws(DiskFailure) { try ReaderTable.write(slot, sequence: 0, to: table) } catch { throw .disk(error) }
    state = try BedrockReader.newest(file, path, place)
    do throws(DiskFailure) {
      try ReaderTable.write(slot, sequence: state.block.sequence, to: table)
    } catch { throw .disk(error) }
  }

  /// A check of everything that the held roots reach.
  public func scrub() throws(BedrockFailure) -> Scrub {
    try Scrub(base: place.base, map: state.map, path: path, roots: state.block.roots, lease: nil)
  }
}
