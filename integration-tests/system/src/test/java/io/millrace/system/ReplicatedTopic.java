package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.millrace.checker.log.LogDiffer;
import io.millrace.checker.log.LogProblem;
import io.millrace.checker.log.ReplicaLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A topic with a replica on each of three brokers, and what its partitions look like. */
record ReplicatedTopic(Servers servers, String name, int partitions) {
  private static final int REPLICAS = 3;

  static ReplicatedTopic create(Servers servers, String name, int partitions) {
    servers.run(
        "topic",
        "create",
        name,
        "--partitions",
        Integer.toString(partitions),
        "--replicas",
        Integer.toString(REPLICAS),
        "--set",
        "min.in.sync=2");
    return new ReplicatedTopic(servers, name, partitions);
  }

  /** As a broker that answers sees one of the partitions. */
  private JsonObject described(int partition) {
    CommandRun run = servers.attempt("topic", "describe", name, "--output", "json");
    if (run.exit() != 0) {
      return new JsonObject();
    }
    JsonObject topic = JsonParser.parseString(run.out()).getAsJsonArray().get(0).getAsJsonObject();
    return topic.getAsJsonArray("partitions").get(partition).getAsJsonObject();
  }

  /** Waits until somebody other than this broker leads; returns who. */
  int awaitLeaderOtherThan(int broker, int partition) {
    return await(
            partition,
            "a leader other than " + broker,
            p -> p.has("leader") && !p.get("leader").isJsonNull() && leader(p) != broker)
        .get("leader")
        .getAsInt();
  }

  int leader(int partition) {
    return awaitLeaderOtherThan(-1, partition);
  }

  private static int leader(JsonObject partition) {
    return partition.get("leader").getAsInt();
  }

  /** Waits until all replicas of all partitions are in sync, and somebody leads. */
  void awaitInSync() {
    for (int partition = 0; partition < partitions; partition++) {
      await(
          partition,
          "all replicas in sync",
          p -> p.has("inSync") && p.getAsJsonArray("inSync").size() == REPLICAS);
      leader(partition);
    }
  }

  /** Waits until each partition is led by its first replica again. */
  void awaitPreferredLeaders() {
    for (int partition = 0; partition < partitions; partition++) {
      await(
          partition,
          "its first replica for a leader",
          p -> p.has("leader") && p.get("leader").equals(p.getAsJsonArray("replicas").get(0)));
    }
  }

  private JsonObject await(int partition, String what, Predicate<JsonObject> condition) {
    JsonObject[] last = {new JsonObject()};
    Awaitility.await()
        .atMost(MillraceProcess.PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              last[0] = described(partition);
              assertThat(condition.test(last[0]))
                  .as("%s/%d: %s, but %s", name, partition, what, last[0])
                  .isTrue();
            });
    return last[0];
  }

  /** Compares what brokers that have stopped keep on their disks. */
  void assertSameOnDisks(Set<Integer> brokers) {
    List<LogProblem> problems = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      List<ReplicaLog> replicas = new ArrayList<>();
      for (int broker : new TreeSet<>(brokers)) {
        replicas.add(replica(broker, partition));
      }
      long watermark = replicas.stream().mapToLong(ReplicaLog::endOffset).min().orElse(0);
      assertThat(watermark).as("end of " + name + "/" + partition).isPositive();
      problems.addAll(LogDiffer.compare(replicas, watermark));
    }
    assertThat(problems).as(name).isEmpty();
  }

  private ReplicaLog replica(int broker, int partition) {
    try (Stream<Path> directories = Files.list(servers.data(broker))) {
      Path directory =
          directories
              .filter(path -> path.getFileName().toString().startsWith(name + "~"))
              .filter(path -> path.getFileName().toString().endsWith("-" + partition))
              .findFirst()
              .orElseThrow();
      return ReplicaLog.read("broker " + broker, directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
