// The version of the product, in its one place.

/// What `strata --version` prints and the manual page bears.
enum Version {
  static let number = "0.1.0"
}
