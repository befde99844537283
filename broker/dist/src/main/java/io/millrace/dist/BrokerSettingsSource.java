package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.SettingProblem;
import io.millrace.server.config.SettingsLoader;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Loads a broker's settings and tells people what is wrong with them. */
final class BrokerSettingsSource {
  private BrokerSettingsSource() {}

  /**
   * @throws CommandFailedException with {@link ServerExit#MISCONFIGURED}, after all problems but
   *     the last have been written to the error stream
   */
  static BrokerSettings load(
      Optional<ConfigurationFile> file,
      Map<String, String> environment,
      Map<String, String> overrides,
      PrintStream error) {
    SettingsLoader.Outcome outcome =
        SettingsLoader.load(
            file.map(read -> new SettingsLoader.File(read.name(), read.content())),
            environment,
            overrides);
    if (outcome instanceof SettingsLoader.Outcome.Loaded loaded) {
      loaded.warnings().forEach(warning -> error.println("millrace: " + warning));
      return loaded.settings();
    }
    List<SettingProblem> problems = ((SettingsLoader.Outcome.Refused) outcome).problems();
    int last = problems.size() - 1;
    problems.subList(0, last).forEach(problem -> error.println("millrace: " + problem.message()));
    throw ServerExit.MISCONFIGURED.because(problems.get(last).message());
  }
}
