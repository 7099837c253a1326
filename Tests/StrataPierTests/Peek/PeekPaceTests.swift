// Questions that follow each other without a pause leave nearly all of the time to others; single ones do not wait.

import Testing

@testable import StrataPier

@Suite struct PeekPaceTests {
  @Test func oneShortQuestionIsFollowedByNoRest() {
    var pace = PeekPace()
    pace.note(from: 1000, to: 6000)
    #expect(pace.restsUntil == 0)
  }

  @Test(arguments: [3_000, 50_000, 700_000] as [UInt64])
  func endlessQuestionsTakeATwentyFifthOfTheTime(each: UInt64) {
    var pace = PeekPace()
    let begin: UInt64 = 1 << 40
    var now = begin
    var busy: UInt64 = 0
    for _ in 0..<10_000 {
      now = max(now, pace.restsUntil)
      pace.note(from: now, to: now + each)
      now += each
      busy += each
    }
    now = max(now, pace.restsUntil)
    let share = Double(busy) / Double(now - begin)
    #expect(0.036...0.044 ~= share, "of the time: \(share)")
  }

  @Test func noRestIsLong() {
    var pace = PeekPace()
    pace.note(from: 5, to: 60_000_000_005)
    #expect(pace.restsUntil == 60_000_000_005 + PeekPace.longestRest)
  }
}
