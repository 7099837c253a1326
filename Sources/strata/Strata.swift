// The entry point of the `strata` command.

@main
struct Strata {
  static func main() {
    print("strata 0.1.0")
  }
}
