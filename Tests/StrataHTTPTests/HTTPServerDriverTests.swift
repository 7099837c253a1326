// The HTTP server driver over real sockets: answers, refusals, limits, and peers that behave badly.

import Foundation
import StrataPier
import StrataTestSupport
import Testing

@testable import StrataHTTP

@Suite struct HTTPServerDriverTests {
  /// Keeps the piers open until the test ends.
  private final class Kept {
    var piers: [DrivenPier] = []
  }
  private let kept = Kept()

  private func serve(
    _ kernel: String, _ change: (inout HTTPServerDriver.Options) -> Void = { _ in }
  ) throws -> (DrivenPier, HTTPServerDriver) {
    var options = HTTPServerDriver.Options()
    change(&options)
    let driver = HTTPServerDriver(options)
    let driven = try DrivenPier(kernel, [driver])
    kept.piers.append(driven)
    return (driven, driver)
  }

  @Test func aKernelAnswersAndItsStateIsDurable() throws {
    let (driven, server) = try serve(Kernels.tally)
    for count in 1...3 {
      let response = try exchange(server.port, get())
      #expect(response.hasPrefix("HTTP/1.1 200 "))
      #expect(response.lowercased().contains("content-type: text/plain\r\n"))
      #expect(parts(response).body == String(repeating: "|", count: count))
    }
    #expect(try driven.state() == "3")
  }

  @Test func oneConnectionServesManyRequests() throws {
    let (driven, server) = try serve(Kernels.tally)
    let connection = try Connection(port: server.port)
    for count in 1...5 {
      connection.send("GET / HTTP/1.1\r\nHost: here\r\n\r\n")
      let response = connection.receive { $0.hasSuffix("\r\n\r\n" + String(repeating: "|", count: count)) }
      #expect(parts(response).body.count == count)
    }
    #expect(try driven.state() == "5")
  }

  @Test func bodiesAndHeadersGoThroughWhole() throws {
    let (_, server) = try serve(Kernels.echo)
    // Zeros at the end are what a natural does not hold.
    let body = "a\u{0}b\u{1}\u{0}\u{0}"
    let response = try exchange(
      server.port,
      "POST /x?y=1 HTTP/1.1\r\nHost: here\r\nX-Mark: seen\r\nConnection: close\r\nContent-Length: 6\r\n\r\n" + body)
    #expect(parts(response).status == 201)
    #expect(parts(response).body == body)
    #expect(response.lowercased().contains("x-mark: seen\r\n"))
    let chunked = try exchange(
      server.port,
      "PUT / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    #expect(parts(chunked).body == "abcde")
    let head = try exchange(server.port, "HEAD / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    #expect(parts(head).status == 201 && parts(head).body == "")
  }

  @Test func whatCannotBeAnsweredIsSaid() throws {
    let (silent, quiet) = try serve(Kernels.silent) { $0.patience = 200_000_000 }
    #expect(parts(try exchange(quiet.port, get())).status == 504)
    #expect(try silent.state() == "1")
    let (broken, failing) = try serve(Kernels.broken)
    #expect(parts(try exchange(failing.port, get())).status == 500)
    #expect(try broken.state() == "0")
    let (wrong, malformed) = try serve(Kernels.wrong)
    #expect(parts(try exchange(malformed.port, get())).status == 500)
    #expect(wrong.notices.all.contains { $0.contains("[%res id status headers body]") })
    let (closed, refused) = try serve(Kernels.tally)
    try closed.pier.close()
    #expect(parts(try exchange(refused.port, get())).status == 503)
  }

  @Test func aKernelCannotEndTheHeadOfAMessage() throws {
    let (_, server) = try serve(Kernels.splitting)
    let response = try exchange(server.port, get())
    #expect(parts(response).status == 200 && parts(response).body == "ok")
    #expect(!response.contains("evil") && !response.contains("y z") && !response.contains("99"))
    #expect(response.contains("good: yes\r\n"))
  }

  @Test func largeAndMalformedRequestsAreRefused() throws {
    let (driven, server) = try serve(Kernels.tally) {
      $0.bodyBytes = 1000
      $0.headerBytes = 2000
    }
    let long = String(repeating: "x", count: 1001)
    let large = try exchange(
      server.port, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n" + long)
    #expect(parts(large).status == 413)
    for request in [
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + long + "\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "y", count: 3000) + "\r\n\r\n",
      "nonsense\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
      "BREW / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    ] {
      let status = parts(try exchange(server.port, request)).status
      #expect(status == 0 || (400...599).contains(status), "\(request.prefix(60)): \(status)")
    }
    #expect(try driven.state() == "0", "none of these may become an event")
    #expect(parts(try exchange(server.port, get())).body == "|", "it still serves")
  }

  @Test func manyClientsAreEachAnsweredOnce() async throws {
    let (driven, server) = try serve(Kernels.tally)
    let port = server.port
    let clients = 12
    let bodies = await withTaskGroup(of: [Int].self) { group in
      for _ in 0..<clients {
        group.addTask { (0..<4).map { _ in (try? exchange(port, get())).map { parts($0).body.count } ?? -1 } }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(bodies.sorted() == Array(1...clients * 4))
    #expect(try driven.state() == "\(clients * 4)")
  }

  @Test func peersThatGoAwayOrSayNothingDoNoHarm() throws {
    let (_, server) = try serve(Kernels.silent) {
      $0.patience = 300_000_000
      $0.idleSeconds = 1
    }
    for _ in 0..<20 { try Connection(port: server.port).send(get()) }
    for _ in 0..<20 { try Connection(port: server.port).send("GET / HTTP/1.1\r\nHo") }
    let mute = try Connection(port: server.port)
    #expect(mute.receive().isEmpty, "an idle connection is closed")
    #expect(parts(try exchange(server.port, get())).status == 504)
  }

  @Test func onlySoManyRequestsMayWait() throws {
    let (_, server) = try serve(Kernels.silent) {
      $0.patience = 1_500_000_000
      $0.mostRequests = 2
    }
    let first = try Connection(port: server.port)
    first.send(get())
    let second = try Connection(port: server.port)
    second.send(get())
    // Both are taken when the third is: the loop takes them in their order.
    #expect(parts(try exchange(server.port, get())).status == 503)
    #expect(parts(first.receive()).status == 504)
    #expect(parts(second.receive()).status == 504)
  }

  @Test func stoppingAnswersWhoWaits() throws {
    let (driven, server) = try serve(Kernels.silent)
    let port = server.port
    let connection = try Connection(port: port)
    connection.send(get())
    while try driven.state() == "0" {}
    driven.stop()
    #expect(parts(connection.receive()).status == 503)
    #expect(throws: (any Error).self) { try Connection(port: port) }
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let (_, server) = try serve(Kernels.tally)
    let port = server.port
    do {
      _ = try serve(Kernels.tally) { $0.port = port }
      Issue.record("two servers on one port")
    } catch { #expect("\(error)".contains("127.0.0.1 port \(port)"), "\(error)") }
  }
}
