// The table of verbs, in the order in which the overview shows them.

extension Command {
  /// The verbs of the command line, and how each comes to be: a run needs one of them, and making all takes longer than many a
  /// run.
  static let table: [(verb: String, make: @Sendable () -> Command)] = [
    ("jam", { .jam }),
    ("cue", { .cue }),
    ("show", { .show }),
    ("mug", { .mug }),
    ("info", { .info }),
    ("nock", { .nock }),
    ("repl", { .repl }),
    ("kernel", { .kernel }),
    ("pill", { .pill }),
    ("plan", { .plan }),
    ("plan machine new", { .planMachineNew }),
    ("plan machine run", { .planMachineRun }),
    ("plan machine info", { .planMachineInfo }),
    ("plan machine save", { .planMachineSave }),
    ("plan machine scrub", { .planMachineScrub }),
    ("plan machine collect", { .planMachineCollect }),
    ("plan machine export", { .planMachineExport }),
    ("flat", { .flat }),
    ("pier new", { .pierNew }),
    ("pier run", { .pierRun }),
    ("pier poke", { .pierPoke }),
    ("pier peek", { .pierPeek }),
    ("pier log", { .pierLog }),
    ("pier info", { .pierInfo }),
    ("pier fork", { .pierFork }),
    ("pier export", { .pierExport }),
    ("pier import", { .pierImport }),
    ("pier replay", { .pierReplay }),
    ("pier compact", { .pierCompact }),
    ("pier scrub", { .pierScrub }),
    ("app", { .app }),
    ("top", { .top }),
    ("doctor", { .doctor }),
    ("completions", { .completions }),
    ("manual", { .manual }),
  ]

  /// Every verb of the command line.
  static var all: [Command] { table.map { $0.make() } }
}
