// Effects: denied unless granted, confined to what the program itself made, and right when they are granted.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

/// A host with files in memory and a clock that stands.
private final class Host: PlanHost {
  var files: [String: [UInt8]] = [:]
  var open: [UInt64: (path: String, position: Int)] = [:]
  var slept: [UInt64] = []

  func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int {
    guard let (path, position) = open[descriptor] else { return -9 }
    files[path, default: []] += Array(bytes)
    open[descriptor] = (path, position + bytes.count)
    return bytes.count
  }

  func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    guard let (path, position) = open[descriptor], let content = files[path] else { return -9 }
    let part = content.dropFirst(position).prefix(bytes.count)
    bytes.copyBytes(from: part)
    open[descriptor] = (path, position + part.count)
    return part.count
  }

  func trace(_ line: [UInt8]) {}

  func open(path: [UInt8], flags: UInt64, mode: UInt64) -> Int {
    let name = String(decoding: path, as: UTF8.self)
    if flags & 64 != 0, files[name] == nil { files[name] = [] }
    guard files[name] != nil else { return -2 }
    open[7] = (name, 0)
    return 7
  }

  func close(descriptor: UInt64) -> Int { open.removeValue(forKey: descriptor) == nil ? -9 : 0 }
  func time(clock: UInt64) -> (seconds: Int64, nanoseconds: Int64)? { clock < 2 ? (1234, 5678) : nil }

  func sleep(seconds: UInt64, nanoseconds: UInt64) -> Int {
    slept.append(seconds * 1_000_000_000 + nanoseconds)
    return 0
  }
}

@Suite struct EffectsTests {
  /// A session: values are read from text, evaluated, and kept under names while they neither move nor go away.
  private struct Session {
    let machine: PlanMachine
    var names: [String: Word] = [:]

    init(_ effects: [PlanEffect], host: any PlanHost) throws {
      machine = try PlanMachine(grants: PlanGrants(effects.map { PlanGrants($0) }), host: host)
    }

    @discardableResult
    mutating func run(_ text: String, as name: String? = nil) throws -> String {
      let known = names
      let word = try machine.force(machine.read(text: Array(text.utf8)) { known[$0] })
      if let name {
        try #require(machine.nursery.isFixed(word))
        names[name] = word
      }
      return machine.text(word)
    }
  }

  @Test func nothingIsDoneWithoutAGrant() throws {
    let cases: [(String, PlanEffect)] = [
      ("(#4 [1 2])", .trace), ("(#9 [1 %a 1 0])", .write), ("(#10 [0 (#14 9) 3 0])", .read), ("(#11 #1)", .store),
      ("(#12 1)", .store), ("(#13 1)", .memory), ("(#6 [1 0 1])", .memory), ("(#7 [1 1 0 1])", .memory),
      ("(#16 [1 %a 1 0 0])", .write), ("(#19 1)", .profile), ("(#20 0)", .profile), ("(#5 [0 0 1 1])", .read),
      ("(#5 [1 1 1 1])", .write), ("(#5 [2 1 0 0])", .files), ("(#5 [228 0 1])", .time), ("(#5 [318 1 1 0])", .syscall),
      ("(#5 [59 1 1 1])", .syscall),
    ]
    for (text, effect) in cases {
      // Everything but that one effect is granted.
      let host = Host()
      var session = try Session(PlanEffect.allCases.filter { $0 != effect }, host: host)
      #expect(throws: PlanFailure.denied(effect), "\(text)") { try session.run(text) }
      #expect(host.files.isEmpty && host.slept.isEmpty)
    }
  }

  @Test func buffersAreChangedInPlaceAndNothingElseIs() throws {
    var session = try Session([.memory], host: Host())
    try session.run("(#14 20)", as: "b")
    #expect(try session.run("(#13 b)") == "\(1 << 20)")
    #expect(try session.run("(#7 [\(1 << 20) %hello 3 5])") == "0")
    #expect(try session.run("(Load 3 5 b)") == "478560413032")
    #expect(try session.run("(Bytes b)") == "21")
    // Shorter naturals are filled up with zeros; the copy takes the marker.
    #expect(try session.run("(#7 [(#13 b) %ab 4 3])") == "0")
    #expect(try session.run("(Eq (#6 [(#13 b) 3 6]) 0x01006f00626168)") == "1")
    // The next buffer lies behind a gap, and small ones have no address.
    try session.run("(#14 8)", as: "c")
    #expect(try session.run("(#13 c)") == "\(1 << 20 + 8192)")
    #expect(try session.run("[(#13 (#14 7)) (#13 [b]) (#13 0xffffffffffffffffffff)]") == "[0 0 0]")
    for bad in [
      "(#7 [(#13 b) 1 20 1])", "(#6 [(#13 b) 0 21])", "(#6 [(#13 b) 0xffffffffffffffff 1])", "(#6 [0 0 1])",
      "(#7 [\(1 << 20 + 20) 1 0 1])", "(#6 [(#13 b) 19 2])", "(#6 [0x7fffffffffffffff 0x7fffffffffffffff 9])",
    ] {
      #expect(throws: PlanFailure.crash(.badBuffer), "\(bad)") { try session.run(bad) }
    }
    #expect(try session.run("(#6 [(#13 b) 20 0])") == "1")
    // A pin keeps what it was made of.
    let pin = try session.machine.share(
      session.machine.force(session.machine.read(text: Array("#[0]".utf8)) { _ in nil }))
    #expect(pin.isPin)
    let held = try session.machine.engine.makePin(try #require(session.names["b"]))
    let shared = try session.machine.share(held)
    let before = session.machine.text(shared)
    try session.run("(#7 [(#13 b) 0xffff 0 2])")
    #expect(session.machine.text(shared) == before)
  }

  @Test func filesAreOpenedWrittenAndRead() throws {
    let host = Host()
    var session = try Session([.memory, .files, .read, .write], host: host)
    try session.run("(#14 16)", as: "path")
    try session.run("(#7 [(#13 path) %note 0 5])")
    #expect(try session.run("(#5 [257 0xffffffffffffff9c (#13 path) 0 0])") == "0xfffffffffffffffe", "not there")
    #expect(try session.run("(#5 [257 0xffffffffffffff9c (#13 path) 65 0])") == "7")
    #expect(try session.run("(#9 [7 %hello 5 0])") == "5")
    #expect(try session.run("[(#5 [3 7]) (#5 [3 7])]") == "[0 0xfffffffffffffff7]")
    #expect(host.files == ["note": Array("hello".utf8)])
    try session.run("(#5 [2 (#13 path) 0 0])")
    try session.run("(#14 64)", as: "b")
    // Reading into a buffer fills it in place, and the call itself reads to any address in it.
    #expect(try session.run("(Sz (#10 [7 b 2 4]))") == "1")
    #expect(try session.run("(Load 4 2 b)") == "25960")
    #expect(try session.run("(#5 [0 7 (Add 10 (#13 b)) 20])") == "3")
    #expect(try session.run("(Load 10 4 b)") == "7302252")
    #expect(try session.run("(#5 [0 7 (Add 60 (#13 b)) 20])") == "0xfffffffffffffff2", "beyond the buffer")
    #expect(try session.run("(#5 [1 7 (#13 b) 3])") == "3")
    // A path ends in the buffer that it begins in.
    try session.run("(#7 [(#13 c) 0xffffffffffffffff 0 8])".replacingOccurrences(of: "c", with: "path"))
    try session.run("(#7 [(#13 path) 0xffffffffffffffffffffffffffffffff 0 16])")
    #expect(try session.run("(#5 [2 (#13 path) 0 0])") == "0xfffffffffffffff2")
  }

  @Test func timeIsTheHosts() throws {
    let host = Host()
    var session = try Session([.memory, .time], host: host)
    try session.run("(#14 16)", as: "t")
    #expect(try session.run("(#5 [228 0 (#13 t)])") == "0")
    #expect(try session.run("[(Load 0 8 t) (Load 8 8 t)]") == "[1234 5678]")
    #expect(try session.run("(#5 [228 9 (#13 t)])") == "0xffffffffffffffea")
    try session.run("(#5 [35 (#13 t) 0])")
    #expect(host.slept == [1_234_000_005_678])
  }

  @Test func theSystemsFilesAreThoseThatTheProgramOpened() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let host = SystemHost()
    let path = Array((folder.path + "/note").utf8)
    // A descriptor of the process's own is none of the program's.
    let own = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero"))
    var bytes: [UInt8] = [1, 2, 3]
    let number = UInt64(own.fileDescriptor)
    #expect(bytes.withUnsafeMutableBytes { host.read(descriptor: number, into: $0) } == -9)
    #expect(host.close(descriptor: number) == -9)
    let made = host.open(path: path, flags: 66, mode: 0o600)
    try #require(made > 2)
    #expect(bytes.withUnsafeBytes { host.write(descriptor: UInt64(made), bytes: $0) } == 3)
    #expect(host.sync(descriptor: UInt64(made)) == 0)
    #expect(host.seek(descriptor: UInt64(made), offset: -1, origin: 2) == 2)
    #expect(bytes.withUnsafeMutableBytes { host.read(descriptor: UInt64(made), into: $0) } == 1)
    #expect(bytes == [3, 2, 3])
    #expect(host.close(descriptor: UInt64(made)) == 0)
    #expect(host.change(.makeDirectory(path, mode: 0o700)) == -17)
    #expect(host.change(.rename(path, to: path + [0x32])) == 0)
    #expect(host.change(.remove(path)) == -2)
    #expect(host.change(.remove(path + [0x32])) == 0)
    let time = try #require(host.time(clock: 1))
    #expect(host.sleep(seconds: 0, nanoseconds: 1_000_000) == 0)
    let later = try #require(host.time(clock: 1))
    #expect((later.seconds, later.nanoseconds) > (time.seconds, time.nanoseconds))
    #expect(bytes.withUnsafeMutableBytes { host.random(into: $0) } == 3)
    withExtendedLifetime(own) {}
  }

  @Test func slicesByBitsAreWhatTheirNamesSay() throws {
    var session = try Session([], host: Host())
    func word(_ text: String) throws -> UInt64 { try #require(UInt64(session.run(text))) }
    var random = Random(seed: 60)
    for _ in 0..<200 * testScale {
      let value = random.next() >> 20
      let patch = random.next() >> UInt64(random.below(64))
      let start = UInt64(random.below(50))
      let width = UInt64(random.below(12))
      let mask = (UInt64(1) << width - 1) << start
      #expect(try word("(#15 [60 \(start) \(width) \(value)])".asOperation) == value >> start & (1 << width - 1))
      #expect(try word("(#15 [61 \(start) \(width) \(value)])".asOperation) == value & ~mask)
      #expect(
        try word("(#15 [62 \(start) \(width) \(patch >> 1) \(value)])".asOperation)
          == value & ~mask | (patch >> 1) << start & mask)
      let byteMask = start < 6 ? (width > 7 ? UInt64.max : (UInt64(1) << (8 * width) - 1)) << (8 * start) : 0
      #expect(try word("(#15 [96 \(start) \(width) \(value)])".asOperation) == value & ~byteMask)
    }
    #expect(try session.run("(#15 60[0xffffffffffffffffffff 5 7])") == "0")
    #expect(try session.run("(#15 61[1 0xffffffffffffffffffff 7])") == "1")
  }
}

extension String {
  /// `[60 a b]` as the row of operation 60: `60[a b]`.
  fileprivate var asOperation: String {
    guard let bracket = firstIndex(of: "["), let space = self[bracket...].firstIndex(of: " ") else { return self }
    return self[..<bracket] + self[index(after: bracket)..<space] + "[" + self[index(after: space)...]
  }
}
