// The HTTP client driver against servers that behave and servers that do not.

import Foundation
import StrataPier
import StrataTestSupport
import Testing

@testable import StrataHTTP

@Suite struct HTTPClientDriverTests {
  private func client(_ change: (inout HTTPClientDriver.Options) -> Void = { _ in }) throws -> DrivenPier {
    var options = HTTPClientDriver.Options()
    options.patience = 5_000_000_000
    change(&options)
    return try DrivenPier(Kernels.fetcher, [HTTPClientDriver(options)])
  }

  /// Has the kernel ask, and waits for the event that comes of it; gives that as text.
  private func fetch(_ driven: DrivenPier, _ url: String, _ rest: String = "'GET' 0 0") throws -> String {
    let asked = try driven.pier.poke(Poke(try NounJam.jam("[%fetch 7 '\(url)' \(rest)]")))
    let end = Date().addingTimeInterval(120)
    while driven.pier.last <= asked.number, Date() < end { usleep(2000) }
    let state = try driven.pier.peek(NounJam.jam("[0 2]"), notBefore: asked.number + 1).answer
    return try NounJam.text(state)
  }

  @Test func aResponseBecomesAnEvent() throws {
    let server = try ScriptedServer { connection, _ in
      connection.send("HTTP/1.1 203 Fine\r\nX-Kind: good\r\nContent-Length: 5\r\n\r\nhello")
    }
    let driven = try client()
    let event = try fetch(driven, "http://127.0.0.1:\(server.port)/a/b?c=d", "'POST' [['X-Mine' 'yes'] 0] 0 3 'abc'")
    #expect(event.hasPrefix("[%fetched 7 0 203 "), "\(event)")
    #expect(event.contains("%x-kind") && event.contains("%good") && event.hasSuffix(" 0 5 %hello]"), "\(event)")
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("POST /a/b?c=d HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\nabc"), "\(request)")
    #expect(request.contains("X-Mine: yes\r\n") && request.contains("Host: 127.0.0.1:\(server.port)\r\n"))
  }

  @Test func onePierAsksAnother() throws {
    let server = HTTPServerDriver()
    let served = try DrivenPier(Kernels.tally, [server])
    let driven = try client()
    for count in 1...3 {
      let event = try fetch(driven, "http://127.0.0.1:\(server.port)/")
      #expect(event.hasPrefix("[%fetched 7 0 200 ") && event.contains(" 0 \(count) "), "\(event)")
    }
    #expect(try served.state() == "3")
  }

  @Test func redirectionsAreTheKernelsBusiness() throws {
    let server = try ScriptedServer { connection, _ in
      connection.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    }
    #expect(try fetch(client(), "http://127.0.0.1:\(server.port)/").hasPrefix("[%fetched 7 0 302 "))
    #expect(server.requests.count == 1)
  }

  @Test func whatFailsIsAnEventToo() throws {
    let driven = try client {
      $0.patience = 600_000_000
      $0.bodyBytes = 1000
    }
    func failure(_ url: String, _ rest: String = "'GET' 0 0") throws -> Bool {
      let event = try fetch(driven, url, rest)
      if !event.hasPrefix("[%fetched 7 1 ") { Issue.record("\(url): \(event)") }
      return true
    }
    // Says nothing until its client has gone.
    let silent = try ScriptedServer { connection, _ in _ = connection.receive() }
    let short = try ScriptedServer { connection, _ in connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nab")
    }
    let long = try ScriptedServer { connection, _ in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "x", count: 5000))
    }
    let noise = try ScriptedServer { connection, _ in connection.send("what?\r\n\r\n") }
    let slow = try ScriptedServer { connection, _ in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
      // Never idle for long, never done.
      while connection.send("x") { usleep(50_000) }
    }
    #expect(try failure("http://127.0.0.1:\(silent.port)/"))
    #expect(try failure("http://127.0.0.1:\(slow.port)/"))
    #expect(try failure("http://127.0.0.1:\(short.port)/"))
    #expect(try failure("http://127.0.0.1:\(long.port)/"))
    #expect(try failure("http://127.0.0.1:\(noise.port)/"))
    #expect(try failure("http://127.0.0.1:1/"))
    for url in [
      "", "nowhere", "ftp://127.0.0.1/", "http:///", "http://user@127.0.0.1/", "http://127.0.0.1:99999/",
      "http://127.0.0.1:0/", "http://127.0.0.1/a b", "file:///etc/passwd", "http://nobody.invalid/",
    ] { #expect(try failure(url)) }
    #expect(try failure("http://127.0.0.1:\(short.port)/", "'BREW' 0 0"))
    #expect(try failure("http://127.0.0.1:\(short.port)/", "'GET' 0"))
  }

  @Test func onlyListedHostsAreAsked() throws {
    let server = try ScriptedServer { connection, _ in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    let driven = try client { $0.hosts = ["127.0.0.1"] }
    #expect(try fetch(driven, "http://127.0.0.1:\(server.port)/").hasPrefix("[%fetched 7 0 200 "))
    let event = try fetch(driven, "http://localhost:\(server.port)/")
    #expect(event.contains("may not be asked"), "\(event)")
    #expect(server.requests.count == 1)
  }

  @Test func manyAreAskedAtOnce() throws {
    let server = try ScriptedServer { connection, _ in
      usleep(100_000)
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    let driven = try client { $0.mostRequests = 4 }
    for id in 0..<12 {
      _ = try driven.pier.poke(Poke(try NounJam.jam("[%fetch \(id) 'http://127.0.0.1:\(server.port)/' 'GET' 0 0]")))
    }
    let end = Date().addingTimeInterval(120)
    while driven.pier.last < 25, Date() < end { usleep(2000) }
    #expect(driven.pier.last == 25, "each request gives one event")
  }

  /// A server with a certificate of its own, from the system's tool.
  private func secureServer(_ folder: String, name: String) throws -> (Process, UInt16) {
    func run(_ arguments: [String]) throws -> Process {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      process.arguments = arguments
      process.currentDirectoryURL = URL(fileURLWithPath: folder)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      return process
    }
    try run([
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "own.pem", "-days", "2", "-subj",
      "/CN=\(name)", "-addext", "subjectAltName=\(name.first!.isNumber ? "IP" : "DNS"):\(name)",
    ]).waitUntilExit()
    // A port that is free now is free in a moment, too.
    let port = try ScriptedServer { _, _ in }.port
    let server = try run(["s_server", "-accept", "127.0.0.1:\(port)", "-cert", "own.pem", "-key", "key.pem", "-www"])
    for _ in 0..<3000 where (try? Connection(port: port)) == nil { usleep(20_000) }
    return (server, port)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "there is no openssl"))
  func onlyServersThatSomebodyVouchesForAreAsked() throws {
    let folder = NSTemporaryDirectory() + "strata-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (server, port) = try secureServer(folder, name: "127.0.0.1")
    defer { server.terminate() }
    let stranger = try fetch(client(), "https://127.0.0.1:\(port)/")
    #expect(stranger.hasPrefix("[%fetched 7 1 ") && stranger.contains("certificate"), "\(stranger)")
    let known = try client { $0.authorities = folder + "/own.pem" }
    #expect(try fetch(known, "https://127.0.0.1:\(port)/").hasPrefix("[%fetched 7 0 200 "))
    // The same certificate under another name.
    let other = try fetch(known, "https://localhost:\(port)/")
    #expect(other.hasPrefix("[%fetched 7 1 "), "\(other)")
  }
}
