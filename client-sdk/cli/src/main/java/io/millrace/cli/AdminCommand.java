package io.millrace.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** What the commands have in common that ask or change the cluster by an admin client. */
abstract class AdminCommand implements Callable<Integer> {
  final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  AdminCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public final Integer call() throws Exception {
    prepare();
    try (AdminSession session = AdminSession.open(surroundings, cluster)) {
      return run(session);
    }
  }

  /** Before anybody is contacted: judges what was typed, or asks the person who typed it. */
  void prepare() throws IOException {}

  /** Returns the exit code. */
  abstract int run(AdminSession session) throws Exception;
}
