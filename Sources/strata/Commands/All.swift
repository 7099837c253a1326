// The table of verbs, in the order in which the overview shows them.

extension Command {
  /// Every verb of the command line.
  static let all: [Command] = [
    .jam, .cue, .show, .mug, .info, .nock, .repl, .kernel, .pill, .plan,
    .planMachineNew, .planMachineRun, .planMachineInfo, .planMachineSave, .planMachineScrub, .planMachineCollect,
    .planMachineExport, .flat,
    .pierNew, .pierRun, .pierPoke, .pierPeek, .pierLog, .pierInfo, .pierFork, .pierExport, .pierImport, .pierReplay,
    .pierCompact, .pierScrub, .app, .top, .doctor, .completions, .manual,
  ]
}
