// The timeline as trace events, which chrome://tracing, Perfetto and speedscope show: each name is open from the
// sample in which it first appears to the first one in which it does not.

import StrataText

extension Profile {
  /// The events as JSON. Times count from the first moment.
  public var chromeTrace: String {
    var events = [
      "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\(Quoting.json(title))}}"
    ]
    let origin = moments.first?.time ?? 0
    var open: [Int] = []
    func close(to count: Int, at time: UInt64) {
      while open.count > count {
        let name = Quoting.json(names[nodes[open.removeLast()].name])
        events.append("{\"ph\":\"E\",\"name\":\(name),\"pid\":1,\"tid\":1,\"ts\":\(ChromeTrace.microseconds(time))}")
      }
    }
    for moment in moments {
      let time = moment.time &- origin
      let path = path(to: moment.node)
      var shared = 0
      while shared < min(path.count, open.count), path[shared] == open[shared] { shared += 1 }
      close(to: shared, at: time)
      for node in path[shared...] {
        let name = Quoting.json(names[nodes[node].name])
        events.append("{\"ph\":\"B\",\"name\":\(name),\"pid\":1,\"tid\":1,\"ts\":\(ChromeTrace.microseconds(time))}")
        open.append(node)
      }
    }
    close(to: 0, at: endTime &- origin)
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + events.joined(separator: ",\n") + "\n]}\n"
  }
}

/// Pieces of the trace's JSON.
enum ChromeTrace {
  /// Nanoseconds as microseconds with three decimals.
  static func microseconds(_ nanoseconds: UInt64) -> String {
    let fraction = String(nanoseconds % 1000)
    return "\(nanoseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
  }
}
