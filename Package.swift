// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target shares: a warning is an error, so the build stays silent.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// How the command is linked. Without shared libraries it starts four times as fast; `make build` asks for that, where static
/// forms of all C libraries are at hand. Tests link the command's code into programs of their own, which are not static.
let commandLinks: [LinkerSetting] =
  Context.environment["STRATA_STATIC"] == nil ? [] : [.unsafeFlags(["-static-executable"])]

/// A library module and the tests that mirror it.
func module(_ name: String, uses dependencies: [Target.Dependency], testsUse extra: [Target.Dependency] = [])
  -> [Target]
{
  [
    .target(name: name, dependencies: dependencies, swiftSettings: strict),
    .testTarget(
      name: "\(name)Tests", dependencies: [.target(name: name), "StrataTestSupport"] + dependencies + extra,
      swiftSettings: strict),
  ]
}

/// A small program that shows how the libraries are used; the tests run it.
func example(_ name: String, folder: String, uses dependencies: [Target.Dependency], exclude: [String]) -> Target {
  .executableTarget(
    name: "example-\(name)", dependencies: dependencies, path: "Examples/\(folder)",
    exclude: ["README.md"] + exclude, swiftSettings: strict)
}

let package = Package(
  name: "strata",
  products: [
    .library(name: "StrataCrypto", targets: ["StrataCrypto"]),
    .library(name: "StrataFlat", targets: ["StrataFlat"]),
    .library(name: "StrataFloat", targets: ["StrataFloat"]),
    .library(name: "StrataHTTP", targets: ["StrataHTTP"]),
    .library(name: "StrataMemory", targets: ["StrataMemory"]),
    .library(name: "StrataNatural", targets: ["StrataNatural"]),
    .library(name: "StrataNock", targets: ["StrataNock"]),
    .library(name: "StrataNoun", targets: ["StrataNoun"]),
    .library(name: "StrataProfile", targets: ["StrataProfile"]),
    .library(name: "StrataPier", targets: ["StrataPier"]),
    .library(name: "StrataPlan", targets: ["StrataPlan"]),
    .library(name: "StrataPlanStore", targets: ["StrataPlanStore"]),
    .library(name: "StrataStore", targets: ["StrataStore"]),
    .library(name: "StrataText", targets: ["StrataText"]),
    .executable(name: "strata", targets: ["strata"]),
  ],
  targets: [
    .target(name: "CPlatform"),
    .systemLibrary(name: "CGMP", pkgConfig: "gmp", providers: [.apt(["libgmp-dev"])]),
    // Without pkgConfig: its flags would ask for the shared libraries, and all of these but libsodium are linked statically.
    .systemLibrary(name: "CArgon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CEvent", providers: [.apt(["libevent-dev", "libssl-dev"])]),
    .systemLibrary(name: "CSecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CMPFR", pkgConfig: "mpfr", providers: [.apt(["libmpfr-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .executableTarget(
      name: "strata",
      dependencies: [
        "CPlatform", "StrataMemory", "StrataNatural", "StrataNoun", "StrataNock", "StrataPlan", "StrataFlat",
        "StrataProfile", "StrataText", "StrataPier", "StrataHTTP", "StrataPlanStore",
        "StrataStore",
      ],
      swiftSettings: strict,
      linkerSettings: commandLinks),
    .target(name: "CBaseline", path: "Benchmarks/CBaseline"),
    .executableTarget(
      name: "strata-bench",
      dependencies: [
        "CBaseline", "CGMP", "StrataFlat", "StrataMemory", "StrataNatural", "StrataNoun", "StrataPier", "StrataPlan",
        "StrataStore", "StrataTestSupport",
        "StrataText",
      ],
      path: "Benchmarks",
      exclude: ["CBaseline", "Programs"],
      swiftSettings: strict),
    example(
      "jet", folder: "a-jet-of-your-own", uses: ["StrataMemory", "StrataNatural", "StrataNock", "StrataNoun"],
      exclude: ["triangle.nock"]),
    example("pier", folder: "pier-in-a-server", uses: ["StrataPier"], exclude: []),
    example(
      "host-function", folder: "flat-host-function", uses: ["StrataFlat", "StrataText"], exclude: ["main.sx"]),
    .testTarget(
      name: "strataTests",
      dependencies: ["strata", "StrataTestSupport", "example-jet", "example-host-function", "example-pier"],
      swiftSettings: strict),
    .target(
      name: "StrataFuzz", dependencies: ["StrataMemory", "StrataNock", "StrataNoun", "StrataPlan", "StrataText"],
      path: "FuzzTesting/StrataFuzz",
      swiftSettings: strict),
    .target(
      name: "StrataTestSupport", dependencies: ["StrataMemory"], path: "Tests/StrataTestSupport", swiftSettings: strict),
    .testTarget(name: "HouseTests", dependencies: ["StrataFuzz"], swiftSettings: strict),
  ]
    + module("StrataText", uses: [])
    + module("StrataCrypto", uses: ["CCrypto", "CSecp256k1", "CSodium"], testsUse: ["CArgon2"])
    + module("StrataFloat", uses: [], testsUse: ["CMPFR"])
    + module("StrataMemory", uses: ["CPlatform"])
    + module("StrataNatural", uses: ["StrataMemory", "CGMP"])
    + module("StrataNoun", uses: ["CPlatform", "StrataMemory", "StrataNatural", "StrataText"])
    + module("StrataProfile", uses: ["StrataText"])
    + module(
      "StrataNock",
      uses: [
        "CPlatform", "StrataCrypto", "StrataFloat", "StrataMemory", "StrataNatural", "StrataNoun", "StrataProfile",
        "StrataText",
      ])
    + module("StrataStore", uses: ["StrataMemory", "CPlatform", "CSQLite"])
    + module(
      "StrataPier", uses: ["StrataMemory", "StrataNoun", "StrataNock", "StrataStore", "StrataText", "CPlatform"])
    + module("StrataHTTP", uses: ["StrataMemory", "StrataNoun", "StrataPier", "CEvent"])
    + module("StrataPlan", uses: ["CPlatform", "StrataMemory", "StrataNatural", "StrataProfile"])
    + module("StrataPlanStore", uses: ["StrataMemory", "StrataPlan", "StrataStore"])
    + module("StrataFlat", uses: ["StrataMemory", "StrataText"]),
  swiftLanguageModes: [.v6]
)

// The fuzzer brings its own `main`, so that its driver links in no ordinary build; `scripts/fuzz` asks for it.
if Context.environment["STRATA_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(name: "strata-fuzz", dependencies: ["StrataFuzz"], path: "FuzzTesting/Driver"))
}
