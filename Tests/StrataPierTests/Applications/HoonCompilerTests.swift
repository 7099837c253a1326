// The Hoon compiler in a pier: the jam that it writes is the one that another runtime wrote.

import Foundation
import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct KernelStateFileTests {
  private let magic: [UInt8] = [253, 0x45, 0x58, 0x50, 0x4A, 0x41, 0x4D, 0, 0]
  private let hash = [UInt8](repeating: 7, count: 32)

  private func content(of bytes: [UInt8]) throws -> [UInt8] {
    try bytes.withUnsafeBytes { Array($0[try KernelStateFile.jamStart(in: $0)...]) }
  }

  @Test func aJamIsItself() throws {
    #expect(try content(of: [1, 2, 3]) == [1, 2, 3])
    #expect(try content(of: []) == [])
  }

  @Test func theHeaderOfAnExportIsTakenAway() throws {
    #expect(try content(of: magic + [0] + hash + [1, 2] + [8, 9]) == [8, 9])
    let long = [UInt8](repeating: 5, count: 300)
    #expect(try content(of: magic + [0] + hash + [252, 1, 2, 3, 4, 251, 44, 1] + long) == long)
  }

  @Test func aBrokenHeaderIsRefused() {
    let whole = magic + [0] + hash + [1, 2] + [8, 9]
    for count in magic.count..<whole.count {
      #expect(throws: PierFailure.self, "\(count) bytes") { try content(of: Array(whole.prefix(count))) }
    }
    #expect(throws: PierFailure.self) { try content(of: magic + [1] + hash + [1, 2] + [8, 9]) }
    #expect(throws: PierFailure.self) { try content(of: whole + [10]) }
  }
}

@Suite struct LoadTests {
  @Test func aGateTakesAStateAndAReplayGivesItAgain() throws {
    let scratch = try Scratch()
    let options = testOptions()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), keepsHistory: true, options)
    _ = try pier.poke(Poke(jam("0")))
    let result = try pier.load(state: jam("41"))
    #expect(result.isDone && result.number == 3)
    _ = try pier.poke(Poke(jam("0")))
    #expect(try text(pier.peek(jam("[0 1]"), notBefore: 4).answer) == "42")
    try pier.close()
    #expect(try Pier.rebuild(scratch.pier, options).replayedEvents == 4)
    let again = try Pier.open(scratch.pier, options)
    #expect(try text(again.peek(jam("[0 1]")).answer) == "42")
    try again.close()
  }
}

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct HoonCompilerTests {
  @Test(.enabled(if: !isDebug, "takes minutes without optimisation"))
  func aPreparedCompilerWritesWhatWasRecorded() throws {
    let folder = try #require(recordedData) + "/nock/"
    let scratch = try Scratch()
    let source = scratch.path + "/app"
    try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
    try Data("%trivial\n".utf8).write(to: URL(fileURLWithPath: source + "/trivial.hoon"))
    let hub = DriverHub([FileDriver(root: scratch.path), ExitDriver()])
    let options = testOptions {
      $0.loomBytes = 64 << 30
      $0.store = .init()
      $0.effects = { number, effects in hub.take(number, effects) }
    }
    let pier = try Pier.create(scratch.pier, .nockapp, kernel: contents(of: folder + "hoonc.jam"), options)
    let compiler = HoonCompiler(pier)
    #expect(try !compiler.isBooted())
    let exported = try contents(of: folder + "hoonc-prewarm.jam")
    let state = Array(exported[try exported.withUnsafeBytes(KernelStateFile.jamStart)...])
    #expect(try pier.load(state: state).isDone)
    #expect(try compiler.isBooted())
    hub.attach(pier)
    try hub.start()
    let sources = try HoonSources(root: source, entry: source + "/trivial.hoon")
    let result = try compiler.build(sources, isArbitrary: true, target: "/built.jam")
    hub.drain()
    hub.stop()
    #expect(result.isDone && result.failure == nil)
    #expect(hub.exitCode == 0)
    let recorded = try contents(of: folder + "expected-trivial-arbitrary.out.jam")
    #expect(try contents(of: scratch.path + "/built.jam") == recorded)
    try pier.close()
  }
}
