// What an operator sees when HTTP does not give the kernel's response, as the guide tells it: each status, and the command that says more.

import Foundation
import Testing

@testable import strata

@Suite struct PierHTTPTests {
  /// Runs a script beside a new pier `p`. `serve` starts that with a server on a port that the system chooses, `ask` prints
  /// a response's first line.
  private func script(kernel: String, _ text: String) throws -> StrataProcess {
    try StrataProcess(
      shell: Self.words + """
        echo '\(kernel)' > kernel.nock
        strata pier new p kernel.nock > /dev/null
        \(text)
        """)
  }

  /// Takes every event, and has no effects.
  private static let silent = "[[[1 0] 4 0 13] [0 0] 0]"

  private static let words = """
    serve() {
      : > notes # what an earlier server said must not count
      "$STRATA" pier run p --driver "http=127.0.0.1:0$1" > said 2> notes & pid=$!
      wait_for "grep -q 'HTTP on 127.0.0.1 port ' notes"
      port=$(sed -n 's/.*HTTP on 127.0.0.1 port //p' notes)
    }
    ask() {
      exec 3<>/dev/tcp/127.0.0.1/$port
      printf '%b' "$1" >&3
      IFS= read -r line <&3; printf '%s\\n' "${line%$'\\r'}"
      exec 3<&-
    }
    stop() { kill $pid; wait $pid; }
    GET='GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'
    POST='POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100\\r\\nConnection: close\\r\\n\\r\\n'$(printf '%0100d' 0)

    """

  @Test func aFailedEventIsFiveHundredAndInTheLog() throws {
    let run = try script(
      kernel: "[[0 0] [0 0] 0]",
      """
      serve ''; ask "$GET"; stop
      strata pier log p --failed
      strata pier log p --event 2
      """)
    let lines = run.text.split(separator: "\n").map(String.init)
    #expect(lines.first == "HTTP/1.1 500 Internal Server Error", "\(run.text)\(run.error)")
    #expect(lines.dropFirst().first?.contains("2") == true && run.text.contains("failed"), "\(run.text)")
    #expect(run.text.contains("exit: the program crashed"), "\(run.text)")
  }

  @Test func aSilentKernelIsFiveHundredAndFour() throws {
    let run = try script(
      kernel: Self.silent,
      """
      serve ',timeout=0.3'; ask "$GET"; stop
      serve ',timeout=0.3,body=50'; ask "$POST"; ask 'nonsense\\r\\n\\r\\n'; stop
      strata pier log p
      """)
    let lines = run.text.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("HTTP/1.1 504 ") == true, "\(run.text)\(run.error)")
    #expect(lines.dropFirst().first?.hasPrefix("HTTP/1.1 413 ") == true, "\(run.text)\(run.error)")
    #expect(lines.dropFirst(2).first?.hasPrefix("HTTP/1.1 400 ") == true, "\(run.text)\(run.error)")
    #expect(run.text.contains("done"), "\(run.text)")
  }

  @Test func aPortThatIsTakenIsTold() throws {
    let run = try script(
      kernel: Self.silent,
      """
      strata pier new q kernel.nock > /dev/null
      serve ''
      strata pier run q --driver "http=127.0.0.1:$port" > /dev/null; echo "code $?"
      strata pier run q --driver http=192.0.2.1:8080 > /dev/null; echo "code $?"
      stop
      """)
    #expect(run.text == "code 2\ncode 2\n")
    #expect(run.error.contains("Address already in use (choose another)"), "\(run.error)")
    #expect(
      run.error.contains("cannot listen on 192.0.2.1 port 8080: Cannot assign requested address"), "\(run.error)")
  }
}
