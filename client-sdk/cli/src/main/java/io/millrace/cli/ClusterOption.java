package io.millrace.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which cluster a command is for. */
public final class ClusterOption {
  static final String VARIABLE = "MILLRACE_CLUSTER";
  static final String DEFAULT = "127.0.0.1:2181/millrace";

  @Option(
      names = "--cluster",
      paramLabel = "ADDRESS",
      description =
          "ZooKeeper's servers and path, as in zk1:2181,zk2:2181/millrace, or brokers, as in"
              + " broker://host:7272,host:7272. Default: $MILLRACE_CLUSTER, else "
              + DEFAULT
              + ".")
  @Nullable String given;

  /** What the user gave, else the environment's, else the default; not checked yet. */
  public String address(Map<String, String> environment) {
    if (given != null) {
      return given;
    }
    String fromEnvironment = environment.getOrDefault(VARIABLE, "");
    return fromEnvironment.isEmpty() ? DEFAULT : fromEnvironment;
  }
}
